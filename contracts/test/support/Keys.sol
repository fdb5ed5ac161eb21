// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice Verifying keys for tests: a head as `docs/protocol.md` 9 has it, then anything.
library Keys {
    /// @dev Kinds of tensors.
    uint8 internal constant INPUT = 0;
    uint8 internal constant OUTPUT = 1;
    uint8 internal constant HIDDEN_INPUT = 2;
    uint8 internal constant HIDDEN_OUTPUT = 3;

    function tensor(uint8 kind, uint8 bits, uint8 fraction, uint32 length) internal pure returns (bytes memory) {
        return abi.encodePacked(kind, uint8(0), bits, fraction, length);
    }

    /// @param tensors Entries as `tensor` makes them, one after another.
    function key(bytes memory tensors, bytes memory rest) internal pure returns (bytes memory) {
        return abi.encodePacked(
            "SCVK", uint16(4), uint8(1), new bytes(128), uint8(10), uint8(tensors.length / 8), tensors, rest
        );
    }
}
