// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice What is stated of an epoch: a topic's network inference, or the settlement of its losses.
enum EpochKind {
    None,
    Synthesis,
    Settlement
}

/// @title Knows what happened in a topic's epochs on the chain they are of
/// @notice Attestors are one; a light client can be another.
interface IEpochSource {
    /// @notice Reverts unless what `digest` is the hash of is true of an epoch. The feed it is true for is the caller.
    /// @param topicId The caller's number of the topic.
    /// @param digest `ITopicFeed.synthesisDigest` or `ITopicFeed.settlementDigest`.
    /// @param sourceData What convinces the source; its own format.
    /// @return accepted The selector of this function, which no other contract returns by chance.
    function check(uint256 topicId, uint64 epoch, EpochKind kind, bytes32 digest, bytes calldata sourceData)
        external
        view
        returns (bytes4 accepted);
}
