// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TensorSpec} from "../IModelRegistry.sol";

/// @title Reads the packed tensors of a verified statement (`docs/protocol.md` 9).
library Packed {
    /// @notice Bytes of a point of a committed tensor.
    uint256 internal constant POINT_SIZE = 64;

    /// @dev Where a key has its `m`: after magic, version, kind of the SRS and a point in G2.
    uint256 private constant ROW_BITS = 4 + 2 + 1 + 128;

    /// @notice A key's `m`, 8 to 20: a row has `2^m` elements.
    function rowBits(bytes memory vk) internal pure returns (uint8) {
        return uint8(vk[ROW_BITS]);
    }

    /// @notice Bytes of an integer of a public tensor.
    function width(uint256 bits) internal pure returns (uint256) {
        return bits / 8 + 1;
    }

    /// @notice Bytes of a tensor: its integers, or a commitment for each row of `2^rowBits_` elements.
    function size(TensorSpec memory spec, uint256 rowBits_) internal pure returns (uint256) {
        if (!spec.committed) return width(spec.bits) * spec.length;
        return POINT_SIZE * ((spec.length + (1 << rowBits_) - 1) >> rowBits_);
    }

    /// @notice The integer of `width_` bytes that begins at `offset`.
    function integer(bytes calldata tensors, uint256 offset, uint256 width_) internal pure returns (int256) {
        return int256(uint256(bytes32(tensors[offset:offset + width_]))) >> (256 - 8 * width_);
    }

    /// @notice `v / 2^fraction` with 18 decimals, rounded toward zero.
    /// @dev Nothing overflows: a verified statement has `|v| < 2^100`, and `1e18 < 2^60`.
    function decimal(int256 v, uint8 fraction) internal pure returns (int256) {
        uint256 magnitude = (uint256(v < 0 ? -v : v) * 1e18) >> fraction;
        return v < 0 ? -int256(magnitude) : int256(magnitude);
    }

    /// @notice `d / 10^18 * 2^fraction` to the nearest integer, ties away from zero.
    /// @dev Nothing overflows: a value with 18 decimals is below `2^160` in magnitude, and `fraction` is at most 95.
    function fromDecimal(int256 d, uint8 fraction) internal pure returns (int256) {
        uint256 magnitude = (uint256(d < 0 ? -d : d) * (1 << fraction) + 0.5e18) / 1e18;
        return d < 0 ? -int256(magnitude) : int256(magnitude);
    }
}
