// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISumcastVerifier, Statement} from "../ISumcastVerifier.sol";
import {DOMAIN, R} from "./Constants.sol";
import {Curve} from "./Curve.sol";
import {Memory} from "./Field.sol";
import {Key, Keys} from "./Keys.sol";

/// @title Reads a statement (`docs/protocol.md` 2 and 9).
library Statements {
    /// @notice Checks a statement and copies it to memory.
    /// @return state The transcript's first state (section 8, step 0).
    /// @return tensors For each tensor a pointer: to the integers of a public one as scalars, not reduced, with three
    /// zeros after them; or to the points of a committed one.
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
                uint256 width = bits / 8 + 1;
                uint256 size = committed ? 64 * rows : width * length;
                if (cursor + size > end) _invalid(count);
                bool valid;
                if (committed) {
                    Memory.store(tensors, i, cursor);
                    valid = Curve.firstInvalid(cursor, rows) == rows;
                } else {
                    uint256 words = Memory.allocate(length + 3);
                    Memory.store(tensors, i, words);
                    valid = _unpack(cursor, words, length, width, bits);
                }
                if (!valid) _invalid(i);
                cursor += size;
            }
            if (cursor != end) _invalid(count);
        }
    }

    /// @notice Unpacks integers of `width` bytes to scalars; whether all are below `2^bits` in magnitude.
    function _unpack(uint256 from, uint256 to, uint256 count, uint256 width, uint256 bits)
        private
        pure
        returns (bool valid)
    {
        assembly ("memory-safe") {
            let bound := sub(shl(bits, 1), 1)
            let range := add(bound, bound)
            let shift := sub(256, shl(3, width))
            let wrong := 0
            for { let end := add(to, shl(5, count)) } lt(to, end) { to := add(to, 32) } {
                let value := sar(shift, mload(from))
                // From -bound to bound: sums from 0 to twice that, which no other value has.
                wrong := or(wrong, gt(add(value, bound), range))
                mstore(to, add(value, R))
                from := add(from, width)
            }
            mstore(to, 0)
            mstore(add(to, 32), 0)
            mstore(add(to, 64), 0)
            valid := iszero(wrong)
        }
    }

    function _invalid(uint256 tensor) private pure {
        revert ISumcastVerifier.InvalidStatement(tensor);
    }
}
