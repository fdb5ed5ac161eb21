// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {R} from "./Constants.sol";

/// @title The Fiat-Shamir transcript (`docs/protocol.md` 8).
library Transcript {
    /// @notice `Keccak-256(state || label || message)`, the message being `length` bytes of calldata.
    function absorb(uint256 state, uint256 label, uint256 offset, uint256 length)
        internal
        pure
        returns (uint256 next)
    {
        assembly ("memory-safe") {
            // In free memory, which is not kept.
            let p := mload(0x40)
            mstore(p, state)
            mstore8(add(p, 32), label)
            calldatacopy(add(p, 33), offset, length)
            next := keccak256(p, add(33, length))
        }
    }

    /// @notice The challenge a state gives.
    function challenge(uint256 state) internal pure returns (uint256) {
        return state % R;
    }
}
