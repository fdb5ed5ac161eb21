// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {
    AlloraConsumerNetworkInferenceData,
    IAlloraConsumer,
    NetworkInferenceData,
    TopicValue
} from "./IAlloraConsumer.sol";
import {IInferenceFeed, Topic} from "./IInferenceFeed.sol";

/// @title The interface of Allora's AlloraConsumer, answered from proofs
/// @notice Topics are the feed's. A topic of one value has no confidence interval; a topic of six has its value first,
/// then those at the network's five percentiles. `extraData` is empty for the topic's publisher, else
/// `abi.encode(worker)`.
///
/// Where the original asks whether a known key has signed, this asks whether the feed has stored the same numbers from
/// a proof: what a reader trusts is what `InferenceFeed` says. The order of the interval's values is the model's, and
/// is not checked.
/// @dev There is no switch, no list of providers and no owner, hence none of the original's functions for these. Nor is
/// there `getNetworkInferenceMessage`: nobody signs that message here.
contract AlloraConsumerAdapter is IAlloraConsumer {
    using Address for address;

    /// @notice How far in the future the timestamp of an inference may be, seconds; as the original has it.
    uint256 public constant FUTURE_DATA_VALIDITY_SECONDS = 5 minutes;

    /// @dev Values of a topic that has a confidence interval: the value and one for each percentile.
    uint256 private constant VALUES_WITH_INTERVAL = 6;

    /// @notice Where the values are from.
    IInferenceFeed public immutable feed;

    /// @notice The interface has no place for this number, which is negative or too large: read it from the feed.
    error NotRepresentable(int256 number, IInferenceFeed feed);
    /// @notice A topic has one value or six to be read here.
    error UnsupportedTopic(uint256 topicId, uint256 values);
    /// @notice Neither empty nor an address.
    error InvalidExtraData(bytes extraData);
    /// @notice The inference is not the one that was proven.
    error WrongInference(uint256 proven, uint256 found);
    /// @notice The signature is neither empty nor a call of the feed's `postSigned`.
    error InvalidPost();

    /// @param feed_ Where the values are from; trusted, and fixed for good.
    constructor(IInferenceFeed feed_) {
        feed = feed_;
    }

    /// @inheritdoc IAlloraConsumer
    /// @notice `recentValueTime` is when the inference was posted.
    function getTopicValue(uint256 topicId, bytes calldata extraData) external view returns (TopicValue memory value) {
        (value,,) = _read(topicId, extraData);
    }

    /// @inheritdoc IAlloraConsumer
    /// @notice The inference and its interval are to be those that the feed has, which is to be fresh. Its timestamp is
    /// the caller's word and is held against the clock only, by the topic's freshness window and the original's
    /// allowance for the future; `getTopicValue` says when the inference was posted.
    ///
    /// `signature` carries the proof where the original's carries a signature: it is empty for an inference that the
    /// feed has already, else the call of the feed's `postSigned`, which is made first unless the feed has that epoch
    /// or a later one (so nobody stops this call by posting the proof before it).
    function verifyNetworkInference(AlloraConsumerNetworkInferenceData calldata nd)
        external
        returns (uint256, uint256[] memory, uint256[] memory, address)
    {
        if (nd.signature.length > 0) _post(nd.signature);
        NetworkInferenceData calldata inference = nd.networkInference;
        emit AlloraConsumerVerifiedNetworkInferenceDataAndInterval(
            inference.networkInference, inference.timestamp, inference.topicId, inference.extraData
        );
        return _verify(inference);
    }

    /// @inheritdoc IAlloraConsumer
    /// @notice As `verifyNetworkInference`, of an inference that the feed has already: `signature` is not looked at.
    function verifyNetworkInferenceViewOnly(AlloraConsumerNetworkInferenceData calldata nd)
        external
        view
        returns (uint256, uint256[] memory, uint256[] memory, address)
    {
        return _verify(nd.networkInference);
    }

    /// @dev Anyone may make this call of the feed, so nothing is gained by making it through here.
    function _post(bytes calldata data) private {
        if (data.length < 4 + 3 * 32 || bytes4(data) != IInferenceFeed.postSigned.selector) revert InvalidPost();
        (uint256 topicId, uint64 epoch, address worker) = abi.decode(data[4:], (uint256, uint64, address));
        if (epoch > feed.lastEpoch(topicId, worker)) address(feed).functionCall(data);
    }

    function _verify(NetworkInferenceData calldata nd)
        private
        view
        returns (uint256, uint256[] memory, uint256[] memory, address)
    {
        (TopicValue memory value, address worker, uint256 maxAge) = _read(nd.topicId, nd.extraData);
        if (nd.timestamp > block.timestamp + FUTURE_DATA_VALIDITY_SECONDS || nd.timestamp + maxAge < block.timestamp) {
            revert AlloraConsumerInvalidDataTime();
        }
        if (nd.networkInference != value.recentValue) revert WrongInference(value.recentValue, nd.networkInference);
        if (
            !_equal(nd.confidenceIntervalPercentiles, value.confidenceIntervalPercentiles)
                || !_equal(nd.confidenceIntervalValues, value.confidenceIntervalValues)
        ) revert AlloraConsumerInvalidConfidenceIntervals();
        return (value.recentValue, value.confidenceIntervalPercentiles, value.confidenceIntervalValues, worker);
    }

    /// @dev The fresh value of a topic, whose it is, and the topic's freshness window.
    function _read(uint256 topicId, bytes calldata extraData)
        private
        view
        returns (TopicValue memory value, address worker, uint256 maxAge)
    {
        Topic memory topic = feed.topic(topicId);
        worker = _worker(topic, extraData);
        maxAge = topic.maxAge;
        (int256[] memory values, uint64 postedAt) = _values(topicId, worker);
        value.recentValue = uint192(_unsigned(values[0]));
        value.recentValueTime = postedAt;
        if (values.length == 1) return (value, worker, maxAge);
        if (values.length != VALUES_WITH_INTERVAL) revert UnsupportedTopic(topicId, values.length);

        value.confidenceIntervalPercentiles = _percentiles();
        value.confidenceIntervalValues = new uint256[](values.length - 1);
        for (uint256 i = 1; i < values.length; ++i) {
            value.confidenceIntervalValues[i - 1] = _unsigned(values[i]);
        }
    }

    function _values(uint256 topicId, address worker) private view returns (int256[] memory, uint64) {
        try feed.values(topicId, worker) returns (int256[] memory values, uint64, uint64 postedAt) {
            return (values, postedAt);
        } catch (bytes memory reason) {
            if (bytes4(reason) == IInferenceFeed.Stale.selector) revert AlloraConsumerInvalidDataTime();
            LowLevelCall.bubbleRevert(reason);
        }
    }

    function _unsigned(int256 number) private view returns (uint256) {
        if (number < 0 || number > int256(uint256(type(uint192).max))) revert NotRepresentable(number, feed);
        return uint256(number);
    }

    function _worker(Topic memory topic, bytes calldata extraData) private pure returns (address) {
        if (extraData.length == 0) {
            if (topic.publisher == address(0)) revert AlloraConsumerInvalidDataProvider();
            return topic.publisher;
        }
        uint256 word = uint256(bytes32(extraData));
        if (extraData.length != 32 || word > type(uint160).max) revert InvalidExtraData(extraData);
        return address(uint160(word));
    }

    /// @dev Those that the network computes, of a normal distribution's one and two standard deviations.
    function _percentiles() private pure returns (uint256[] memory list) {
        list = new uint256[](VALUES_WITH_INTERVAL - 1);
        (list[0], list[1], list[2], list[3], list[4]) = (2.28e18, 15.87e18, 50e18, 84.13e18, 97.72e18);
    }

    function _equal(uint256[] calldata found, uint256[] memory expected) private pure returns (bool) {
        return keccak256(abi.encodePacked(found)) == keccak256(abi.encodePacked(expected));
    }
}
