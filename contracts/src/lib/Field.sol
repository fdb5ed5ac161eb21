// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {HALF, R} from "./Constants.sol";

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
        // eq(x, y) is (2 x - 1)(y - 1/2) + 1/2. Four times `R` is below 2^256, so sums are reduced by the multiplication
        // that follows.
        assembly ("memory-safe") {
            mcopy(table, known, shl(5, add(start, 1)))
            let product := mload(add(table, shl(5, start)))
            b := sub(b, a)
            let to := sub(table, a)
            let end := add(a, shl(5, length))
            a := add(a, shl(5, start))
            if and(sub(length, start), 1) {
                let factor := mulmod(add(shl(1, mload(a)), sub(R, 1)), add(mload(add(a, b)), sub(HALF, 1)), R)
                product := mulmod(product, add(factor, HALF), R)
                a := add(a, 32)
                mstore(add(a, to), product)
            }
            for {} lt(a, end) {} {
                let factor := mulmod(add(shl(1, mload(a)), sub(R, 1)), add(mload(add(a, b)), sub(HALF, 1)), R)
                product := mulmod(product, add(factor, HALF), R)
                a := add(a, 32)
                mstore(add(a, to), product)
                factor := mulmod(add(shl(1, mload(a)), sub(R, 1)), add(mload(add(a, b)), sub(HALF, 1)), R)
                product := mulmod(product, add(factor, HALF), R)
                a := add(a, 32)
                mstore(add(a, to), product)
            }
        }
    }

    /// @notice `prod_k (1 - z_k)`.
    function corner(uint256 point, uint256 length) internal pure returns (uint256 product) {
        product = 1;
        if (length == 0) return product;
        assembly ("memory-safe") {
            for { let end := add(point, shl(5, length)) } lt(point, end) { point := add(point, 32) } {
                product := mulmod(product, sub(add(R, 1), mload(point)), R)
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

    /// @notice Replaces `count` scalars by their inverses.
    /// @param inverse The inverse of their product.
    /// @return valid Whether it is.
    function invert(uint256 list, uint256 count, uint256 inverse) internal pure returns (bool valid) {
        assembly ("memory-safe") {
            // In free memory, which is not kept: the products of all before each.
            let products := sub(mload(0x40), list)
            let end := add(list, shl(5, count))
            let all := 1
            for { let i := list } lt(i, end) { i := add(i, 32) } {
                mstore(add(products, i), all)
                all := mulmod(all, mload(i), R)
            }
            valid := eq(mulmod(all, inverse, R), 1)
            for { let i := end } gt(i, list) {} {
                i := sub(i, 32)
                let one := mulmod(inverse, mload(add(products, i)), R)
                inverse := mulmod(inverse, mload(i), R)
                mstore(i, one)
            }
        }
    }
}
