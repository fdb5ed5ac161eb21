// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISumcastVerifier} from "../ISumcastVerifier.sol";
import {Q} from "./Constants.sol";
import {Memory} from "./Field.sol";

/// @title Points of BN254 in memory: two words, the identity two zeros (`docs/protocol.md` 9).
/// @notice Every point is checked before it meets a precompile: a precompile that fails takes all its gas with it.
library Curve {
    /// @notice Whether both coordinates are canonical and the point is on the curve.
    function isPoint(uint256 point) internal pure returns (bool valid) {
        assembly ("memory-safe") {
            let x := mload(point)
            let y := mload(add(point, 32))
            let left := mulmod(y, y, Q)
            let right := addmod(mulmod(mulmod(x, x, Q), x, Q), 3, Q)
            valid := and(and(lt(x, Q), lt(y, Q)), or(eq(left, right), iszero(or(x, y))))
        }
    }

    /// @notice The first of `count` points that is none, or `count`.
    function firstInvalid(uint256 points, uint256 count) internal pure returns (uint256 i) {
        unchecked {
            while (i < count && isPoint(points + 64 * i)) i++;
        }
    }

    /// @notice Adds to a point, in place, `scalar x point` over `count` pointers to points and scalars. EIP-196, at
    /// addresses 6 and 7.
    function addProducts(uint256 to, uint256 points, uint256 scalars, uint256 count) internal view {
        // The sum, then room for a product and a scalar.
        uint256 sum = Memory.allocate(5);
        bool success = true;
        assembly ("memory-safe") {
            mcopy(sum, to, 64)
            let product := add(sum, 64)
            for { let end := add(points, shl(5, count)) } lt(points, end) { points := add(points, 32) } {
                mcopy(product, mload(points), 64)
                mstore(add(sum, 128), mload(scalars))
                // Without the precompile, or out of gas, nothing is returned. The right-most argument is evaluated first.
                success := and(success, and(eq(returndatasize(), 64), staticcall(gas(), 7, product, 96, product, 64)))
                success := and(success, and(eq(returndatasize(), 64), staticcall(gas(), 6, sum, 128, sum, 64)))
                scalars := add(scalars, 32)
            }
            mcopy(to, sum, 64)
        }
        if (!success) revert ISumcastVerifier.PrecompileFailed(7);
    }

    /// @notice `-point`, in place.
    function negate(uint256 point) internal pure {
        unchecked {
            uint256 y = Memory.load(point, 1);
            if (y != 0) Memory.store(point, 1, Q - y);
        }
    }

    /// @notice Whether the product of two pairings is one. EIP-197, at address 8.
    /// @param pairs Twice six words: a point of G1, a point of G2.
    function pairing(uint256 pairs) internal view returns (bool one) {
        bool success;
        assembly ("memory-safe") {
            success := staticcall(gas(), 8, pairs, 384, 0, 32)
            success := and(success, eq(returndatasize(), 32))
            one := eq(mload(0), 1)
        }
        if (!success) revert ISumcastVerifier.PrecompileFailed(8);
    }
}
