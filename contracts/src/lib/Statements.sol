// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISumcastVerifier, Statement} from "../ISumcastVerifier.sol";
import {DOMAIN, R} from "./Constants.sol";
import {Curve} from "./Curve.sol";
import {Memory} from "./Field.sol";
import {Key, Keys} from "./Keys.sol";

/// @title Reads a statement (`docs/protocol.md` 2 and 9).
library Statements {
    /// @notice Copies a statement to memory. Checks its length, and the points of committed tensors.
    /// @return state The transcript's first state (section 8, step 0).
    /// @return tensors For each tensor a pointer to its packed integers, which `evaluate` checks, or to its points.
    function read(Key memory key, Statement calldata statement)
        internal
        pure
        returns (uint256 state, uint256 tensors)
    {
        unchecked {
            bytes calldata packed = statement.tensors;
            uint256 count = key.tensorCount;
            tensors = Memory.allocate(count);
            uint256 start = Memory.allocate(3 + (packed.length + 31) / 32);
            Memory.store(start, 0, DOMAIN);
            Memory.store(start, 1, key.modelId);
            Memory.store(start, 2, uint256(statement.context));
            assembly ("memory-safe") {
                calldatacopy(add(start, 96), packed.offset, packed.length)
                state := keccak256(start, add(96, packed.length))
            }
            uint256 cursor = start + 96;
            uint256 end = cursor + packed.length;
            for (uint256 i = 0; i < count; i++) {
                (bool committed,, uint256 bits, uint256 length) = Keys.tensor(key, i);
                uint256 rows = Keys.tensorRows(key, length);
                uint256 size = committed ? 64 * rows : (bits / 8 + 1) * length;
                if (cursor + size > end) invalid(count);
                Memory.store(tensors, i, cursor);
                if (committed && Curve.firstInvalid(cursor, rows) != rows) invalid(i);
                cursor += size;
            }
            if (cursor != end) invalid(count);
        }
    }

    /// @notice The extension of a public tensor at a point.
    /// @param from Its packed integers, `count` of them.
    /// @return value The extension.
    /// @return wrong Whether an integer is `2^bits` or more in magnitude.
    function evaluate(uint256 from, uint256 count, uint256 bits, uint256 point, uint256 length)
        internal
        pure
        returns (uint256 value, uint256 wrong)
    {
        unchecked {
            uint256 low;
            assembly ("memory-safe") {
                // In free memory, which is not kept: `eq` of the first two coordinates, then by doubling that of the others.
                low := mload(0x40)
                let z0 := 0
                let z1 := 0
                if length { z0 := mload(point) }
                if gt(length, 1) { z1 := mload(add(point, 32)) }
                let both := mulmod(z0, z1, R)
                mstore(add(low, 96), both)
                mstore(add(low, 64), add(z1, sub(R, both)))
                mstore(add(low, 32), add(z0, sub(R, both)))
                mstore(low, add(sub(add(R, 1), z0), sub(add(R, both), z1)))
                let high := add(low, 128)
                let end := add(high, 32)
                mstore(high, 1)
                for { let k := 2 } lt(k, length) { k := add(k, 1) } {
                    let z := mload(add(point, shl(5, k)))
                    let upper := end
                    for { let i := high } lt(i, upper) { i := add(i, 32) } {
                        let one := mulmod(mload(i), z, R)
                        mstore(end, one)
                        mstore(i, addmod(mload(i), sub(R, one), R))
                        end := add(end, 32)
                    }
                }
            }
            uint256 width = bits / 8 + 1;
            return _evaluate(from, count, low, low + 128, width, 256 - 8 * width, (1 << bits) - 1);
        }
    }

    /// @notice The sum of `count` integers of `width` bytes, each times one of four factors at `low` in turn and, for each
    /// four, one at `high`.
    /// @param shift What is left of a word beside an integer, bits.
    /// @param bound The largest magnitude.
    function _evaluate(
        uint256 from,
        uint256 count,
        uint256 low,
        uint256 high,
        uint256 width,
        uint256 shift,
        uint256 bound
    ) private pure returns (uint256 value, uint256 wrong) {
        if (count == 0) return (0, 0);
        assembly ("memory-safe") {
            // From -bound to bound: sums from 0 to twice that, which no other number has. Sums of four products are below
            // 2^256.
            for { let end := add(high, shl(5, shr(2, count))) } lt(high, end) { high := add(high, 32) } {
                let v := sar(shift, mload(from))
                from := add(from, width)
                wrong := or(wrong, gt(add(v, bound), shl(1, bound)))
                let sum := mulmod(add(v, R), mload(low), R)
                v := sar(shift, mload(from))
                from := add(from, width)
                wrong := or(wrong, gt(add(v, bound), shl(1, bound)))
                sum := add(sum, mulmod(add(v, R), mload(add(low, 32)), R))
                v := sar(shift, mload(from))
                from := add(from, width)
                wrong := or(wrong, gt(add(v, bound), shl(1, bound)))
                sum := add(sum, mulmod(add(v, R), mload(add(low, 64)), R))
                v := sar(shift, mload(from))
                from := add(from, width)
                wrong := or(wrong, gt(add(v, bound), shl(1, bound)))
                sum := add(sum, mulmod(add(v, R), mload(add(low, 96)), R))
                value := addmod(value, mulmod(sum, mload(high), R), R)
            }
            for { let end := add(low, shl(5, and(count, 3))) } lt(low, end) { low := add(low, 32) } {
                let v := sar(shift, mload(from))
                from := add(from, width)
                wrong := or(wrong, gt(add(v, bound), shl(1, bound)))
                value := addmod(value, mulmod(mulmod(add(v, R), mload(low), R), mload(high), R), R)
            }
        }
    }

    function invalid(uint256 tensor) internal pure {
        revert ISumcastVerifier.InvalidStatement(tensor);
    }
}
