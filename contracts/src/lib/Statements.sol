// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISumcastVerifier, Statement} from "../ISumcastVerifier.sol";
import {DOMAIN} from "./Constants.sol";
import {Curve} from "./Curve.sol";
import {Memory} from "./Field.sol";
import {Key, Keys} from "./Keys.sol";

/// @title Reads a statement (`docs/protocol.md` 2).
library Statements {
    /// @notice Checks a statement and copies it to memory.
    /// @return state The transcript's first state (section 8, step 0).
    /// @return tensors Pointers to the tensors' words.
    function read(Key memory key, Statement calldata statement)
        internal
        pure
        returns (uint256 state, uint256 tensors)
    {
        unchecked {
            uint256 count = key.tensorCount;
            if (statement.tensors.length != count) revert ISumcastVerifier.InvalidStatement(statement.tensors.length);
            tensors = Memory.allocate(count);
            uint256 start = Memory.allocate(3);
            Memory.store(start, 0, DOMAIN);
            Memory.store(start, 1, key.modelId);
            Memory.store(start, 2, uint256(statement.context));
            for (uint256 i = 0; i < count; i++) {
                // One after another, so that the transcript has them as they lie.
                Memory.store(tensors, i, _read(key, i, statement.tensors[i]));
            }
            assembly ("memory-safe") {
                state := keccak256(start, sub(mload(0x40), start))
            }
        }
    }

    function _read(Key memory key, uint256 number, int256[] calldata words) private pure returns (uint256 to) {
        unchecked {
            (bool committed,, uint256 bits, uint256 length) = Keys.tensor(key, number);
            uint256 rows = Keys.tensorRows(key, length);
            if (committed) length = 2 * rows;
            if (words.length != length) revert ISumcastVerifier.InvalidStatement(number);
            to = Memory.allocate(length);
            bool valid = true;
            assembly ("memory-safe") {
                let size := shl(5, length)
                calldatacopy(to, words.offset, size)
                if iszero(committed) {
                    let bound := sub(shl(bits, 1), 1)
                    let range := shl(1, bound)
                    for { let i := 0 } lt(i, size) { i := add(i, 32) } {
                        if gt(add(mload(add(to, i)), bound), range) { valid := 0 }
                    }
                }
            }
            if (committed) valid = Curve.firstInvalid(to, rows) == rows;
            if (!valid) revert ISumcastVerifier.InvalidStatement(number);
        }
    }
}
