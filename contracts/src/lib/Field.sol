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
            if (a < b) return a + R - b;
            return a - b;
        }
    }

    /// @notice Products of the first `n` factors `eq(a_k, b_k)`, for each `n` up to `length`.
    /// @param known A table that begins as this one does, for `n` up to `start`.
    function eqPrefixes(uint256 a, uint256 b, uint256 length, uint256 known, uint256 start)
        internal
        pure
        returns (uint256 table)
    {
        table = Memory.allocate(length + 1);
        // Four times `R` is below 2^256, so the sums are reduced by the multiplication that follows.
        assembly ("memory-safe") {
            mcopy(table, known, shl(5, add(start, 1)))
            let product := mload(add(table, shl(5, start)))
            b := sub(b, a)
            let to := sub(table, a)
            let end := add(a, shl(5, length))
            for { a := add(a, shl(5, start)) } lt(a, end) {} {
                let x := mload(a)
                let y := mload(add(a, b))
                let xy := mulmod(x, y, R)
                product := mulmod(product, sub(add(add(xy, xy), add(shl(1, R), 1)), add(x, y)), R)
                a := add(a, 32)
                mstore(add(a, to), product)
            }
        }
    }

    /// @notice `eq(point, bits)`: the product of `z_k` or `1 - z_k` after the bits.
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

    /// @notice The extension of `count` values below `2R`, with zeros beyond up to a multiple of four.
    function evaluate(uint256 values, uint256 count, uint256 point, uint256 length)
        internal
        pure
        returns (uint256 value)
    {
        assembly ("memory-safe") {
            // In free memory, which is not kept: `eq` of the coordinates from the third on, by doubling.
            let table := mload(0x40)
            let end := add(table, 32)
            mstore(table, 1)
            for { let k := 2 } lt(k, length) { k := add(k, 1) } {
                let z := mload(add(point, shl(5, k)))
                let upper := end
                for { let from := table } lt(from, upper) { from := add(from, 32) } {
                    let one := mulmod(mload(from), z, R)
                    mstore(end, one)
                    mstore(from, add(mload(from), sub(R, one)))
                    end := add(end, 32)
                }
            }
            // Four values at a time, by the first two coordinates. Sums of four products are below 2^256.
            let z0 := 0
            let z1 := 0
            if length { z0 := mload(point) }
            if gt(length, 1) { z1 := mload(add(point, 32)) }
            let eq3 := mulmod(z0, z1, R)
            let eq2 := add(z1, sub(R, eq3))
            let eq1 := add(z0, sub(R, eq3))
            let eq0 := add(sub(add(R, 1), z0), sub(add(R, eq3), z1))
            for { end := add(values, shl(5, count)) } lt(values, end) { values := add(values, 128) } {
                let four := add(
                    add(mulmod(mload(values), eq0, R), mulmod(mload(add(values, 32)), eq1, R)),
                    add(mulmod(mload(add(values, 64)), eq2, R), mulmod(mload(add(values, 96)), eq3, R))
                )
                value := add(mulmod(four, mload(table), R), mod(value, R))
                table := add(table, 32)
            }
            value := mod(value, R)
        }
    }

    /// @notice `prod_k (1 - u_k + u_k x^(2^k))` over `length` coordinates (`P_u` of section 7), at two points.
    function eqPolynomial(uint256 u, uint256 length, uint256 x1, uint256 x2)
        internal
        pure
        returns (uint256 product1, uint256 product2)
    {
        assembly ("memory-safe") {
            product1 := 1
            product2 := 1
            for { let end := add(u, shl(5, length)) } lt(u, end) { u := add(u, 32) } {
                let z := mload(u)
                product1 := mulmod(product1, add(1, mulmod(z, add(x1, sub(R, 1)), R)), R)
                product2 := mulmod(product2, add(1, mulmod(z, add(x2, sub(R, 1)), R)), R)
                x1 := mulmod(x1, x1, R)
                x2 := mulmod(x2, x2, R)
            }
        }
    }

    /// @notice `base^exponent`.
    function power(uint256 base, uint256 exponent) internal pure returns (uint256 result) {
        result = 1;
        for (; exponent != 0; exponent >>= 1) {
            if (exponent & 1 == 1) result = mulmod(result, base, R);
            base = mulmod(base, base, R);
        }
    }

    /// @notice Replaces `count` scalars by their inverses, by one call of the precompile of EIP-198.
    /// @return valid Whether none of them is 0; they are lost if one is.
    function invert(uint256 list, uint256 count) internal view returns (bool valid) {
        bool success;
        assembly ("memory-safe") {
            // In free memory, which is not kept: the products of all before each, then the call.
            let products := sub(mload(0x40), list)
            let end := add(list, shl(5, count))
            let a := 1
            for { let i := list } lt(i, end) { i := add(i, 32) } {
                mstore(add(products, i), a)
                a := mulmod(a, mload(i), R)
            }
            let p := add(products, end)
            mstore(p, 32)
            mstore(add(p, 32), 32)
            mstore(add(p, 64), 32)
            mstore(add(p, 96), a)
            mstore(add(p, 128), sub(R, 2))
            mstore(add(p, 160), R)
            success := staticcall(gas(), 5, p, 192, p, 32)
            success := and(success, eq(returndatasize(), 32))
            a := mload(p)
            valid := iszero(iszero(a))
            for { let i := end } gt(i, list) {} {
                i := sub(i, 32)
                let inverse := mulmod(a, mload(add(products, i)), R)
                a := mulmod(a, mload(i), R)
                mstore(i, inverse)
            }
        }
        if (!success) revert ISumcastVerifier.PrecompileFailed(5);
    }
}
