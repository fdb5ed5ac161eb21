// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISumcastVerifier} from "../ISumcastVerifier.sol";
import {R} from "./Constants.sol";

/// @title Words in memory.
/// @notice Vectors are pointers to consecutive words. Pointers come from `allocate` alone.
library Memory {
    /// @notice Room for `words` words; what is in it is unknown.
    function allocate(uint256 words) internal pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := mload(0x40)
            mstore(0x40, add(pointer, shl(5, words)))
        }
    }

    /// @notice Room for `words` zeros.
    function zeros(uint256 words) internal pure returns (uint256 pointer) {
        pointer = allocate(words);
        assembly ("memory-safe") {
            calldatacopy(pointer, calldatasize(), shl(5, words))
        }
    }

    /// @notice Word `i` of a vector.
    function load(uint256 pointer, uint256 i) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(pointer, shl(5, i)))
        }
    }

    /// @notice Sets word `i` of a vector.
    function store(uint256 pointer, uint256 i, uint256 word) internal pure {
        assembly ("memory-safe") {
            mstore(add(pointer, shl(5, i)), word)
        }
    }
}

/// @title Scalars and multilinear extensions (`docs/protocol.md` 1). Scalars are below `R` throughout.
library Field {
    /// @notice `a - b`.
    function sub(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            return addmod(a, R - b, R);
        }
    }

    /// @notice Four times `R` is below `2^256`, so the sums here are reduced by the multiplication that follows.
    /// @return table Products of the first `n` factors `eq(a_k, b_k)`, for each `n` up to `length`.
    function eqPrefixes(uint256 a, uint256 b, uint256 length) internal pure returns (uint256 table) {
        table = Memory.allocate(length + 1);
        assembly ("memory-safe") {
            let to := table
            let product := 1
            mstore(to, product)
            for { let end := add(a, shl(5, length)) } lt(a, end) { a := add(a, 32) } {
                let x := mload(a)
                let y := mload(b)
                let xy := mulmod(x, y, R)
                product := mulmod(product, sub(add(add(xy, xy), add(shl(1, R), 1)), add(x, y)), R)
                to := add(to, 32)
                mstore(to, product)
                b := add(b, 32)
            }
        }
    }

    /// @notice `eq(point, index)` : the product of `z_k` or `1 - z_k` after the bits of `index`.
    function select(uint256 point, uint256 length, uint256 bits) internal pure returns (uint256 product) {
        assembly ("memory-safe") {
            product := 1
            for { let end := add(point, shl(5, length)) } lt(point, end) { point := add(point, 32) } {
                let z := mload(point)
                if iszero(and(bits, 1)) { z := sub(add(R, 1), z) }
                product := mulmod(product, z, R)
                bits := shr(1, bits)
            }
        }
    }

    /// @notice The extension of the vector `0, 1, 2, ..`: `sum_k 2^k z_k`.
    function index(uint256 point, uint256 length) internal pure returns (uint256 sum) {
        assembly ("memory-safe") {
            for { let from := add(point, shl(5, length)) } gt(from, point) {} {
                from := sub(from, 32)
                sum := addmod(addmod(sum, sum, R), mload(from), R)
            }
        }
    }

    /// @notice The extension of `count` integers, two's complement words, zero beyond their end.
    function evaluate(uint256 integers, uint256 count, uint256 point, uint256 length)
        internal
        pure
        returns (uint256 value)
    {
        assembly ("memory-safe") {
            // In free memory, which is not kept.
            let values := mload(0x40)
            let bytes_ := shl(5, count)
            for { let i := 0 } lt(i, bytes_) { i := add(i, 32) } {
                let v := mload(add(integers, i))
                mstore(add(values, i), add(v, mul(R, slt(v, 0))))
            }
            for { let end := add(point, shl(5, length)) } lt(point, end) { point := add(point, 32) } {
                // An odd one out is beside a zero.
                mstore(add(values, bytes_), 0)
                let z := mload(point)
                let to := values
                for { let from := values } lt(from, add(values, bytes_)) { from := add(from, 64) } {
                    let low := mload(from)
                    mstore(to, addmod(low, mulmod(z, add(mload(add(from, 32)), sub(R, low)), R), R))
                    to := add(to, 32)
                }
                bytes_ := sub(to, values)
            }
            if bytes_ { value := mload(values) }
        }
    }

    /// @notice `prod_k (1 - u_k + u_k x^(2^k))` over `length` coordinates (`P_u` of section 7).
    function eqPolynomial(uint256 u, uint256 length, uint256 x) internal pure returns (uint256 product) {
        assembly ("memory-safe") {
            product := 1
            for { let end := add(u, shl(5, length)) } lt(u, end) { u := add(u, 32) } {
                product := mulmod(product, add(1, mulmod(mload(u), add(x, sub(R, 1)), R)), R)
                x := mulmod(x, x, R)
            }
        }
    }

    /// @notice `1 / a`, by the precompile of EIP-198; 0 for 0.
    function inverse(uint256 a) internal view returns (uint256 result) {
        bool success;
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore(p, 32)
            mstore(add(p, 32), 32)
            mstore(add(p, 64), 32)
            mstore(add(p, 96), a)
            mstore(add(p, 128), sub(R, 2))
            mstore(add(p, 160), R)
            success := staticcall(gas(), 5, p, 192, p, 32)
            success := and(success, eq(returndatasize(), 32))
            result := mload(p)
        }
        if (!success) revert ISumcastVerifier.PrecompileFailed(5);
    }
}
