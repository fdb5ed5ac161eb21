// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice The value of a topic.
/// @param recentValue The value, 18 decimals.
/// @param recentValueTime When it came to this chain.
/// @param confidenceIntervalPercentiles In percent, 18 decimals.
/// @param confidenceIntervalValues The value at each percentile, 18 decimals.
struct TopicValue {
    uint192 recentValue;
    uint64 recentValueTime;
    uint256[] confidenceIntervalPercentiles;
    uint256[] confidenceIntervalValues;
}

/// @notice An inference as the network's API gives it.
struct NetworkInferenceData {
    uint256 networkInference;
    uint256[] confidenceIntervalPercentiles;
    uint256[] confidenceIntervalValues;
    uint256 timestamp;
    uint256 topicId;
    bytes extraData;
}

/// @notice An inference with what vouches for it.
struct AlloraConsumerNetworkInferenceData {
    bytes signature;
    NetworkInferenceData networkInference;
    bytes extraData;
}

/// @title What contracts call on Allora's AlloraConsumer
interface IAlloraConsumer {
    /// @notice An inference was verified.
    event AlloraConsumerVerifiedNetworkInferenceDataAndInterval(
        uint256 networkInference, uint256 timestamp, uint256 topicId, bytes extraData
    );

    /// @notice The contract is switched off. Only the original has a switch.
    error AlloraConsumerNotSwitchedOn();
    /// @notice The confidence interval is not the inference's.
    error AlloraConsumerInvalidConfidenceIntervals();
    /// @notice The inference or its timestamp is too old, or the timestamp is in the future.
    error AlloraConsumerInvalidDataTime();
    /// @notice Nobody vouches for the inference.
    error AlloraConsumerInvalidDataProvider();

    /// @notice Verifies an inference.
    function verifyNetworkInference(AlloraConsumerNetworkInferenceData calldata nd)
        external
        returns (
            uint256 networkInference,
            uint256[] memory confidenceIntervalPercentiles,
            uint256[] memory confidenceIntervalValues,
            address dataProvider
        );

    /// @notice Verifies an inference and changes nothing.
    function verifyNetworkInferenceViewOnly(AlloraConsumerNetworkInferenceData calldata nd)
        external
        view
        returns (
            uint256 networkInference,
            uint256[] memory confidenceIntervalPercentiles,
            uint256[] memory confidenceIntervalValues,
            address dataProvider
        );

    /// @notice A topic's value.
    function getTopicValue(uint256 topicId, bytes calldata extraData) external view returns (TopicValue memory);
}
