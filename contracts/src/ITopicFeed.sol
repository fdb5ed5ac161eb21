// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EpochKind, IEpochSource} from "./IEpochSource.sol";
import {IInferenceFeed} from "./IInferenceFeed.sol";
import {IModelRegistry} from "./IModelRegistry.sol";

/// @notice What network inferences are of, and whose rules they follow.
/// @param owner Chooses the keys, the source, the genesis and the settings.
/// @param maxAge Reads that check freshness refuse an inference posted more than this many seconds ago.
/// @param minEpoch Earlier epochs are neither posted nor settled.
/// @param pendingOwner To whom the owner has offered the topic, or zero.
/// @param source Knows what happened in an epoch.
/// @param inferenceTopic The topic of the workers' feed that the inferences are from; fixed at creation.
struct NetworkTopic {
    address owner;
    uint32 maxAge;
    uint64 minEpoch;
    address pendingOwner;
    IEpochSource source;
    uint256 inferenceTopic;
}

/// @title Network inferences of topics, each proven from the workers' proven inferences
/// @notice Values are signed and have 18 decimals.
interface ITopicFeed {
    /// @notice A topic was created.
    event TopicCreated(uint256 indexed topicId, address indexed owner, uint256 inferenceTopic);
    /// @notice A topic has these settings from now on.
    event TopicConfigured(uint256 indexed topicId, IEpochSource source, uint32 maxAge, uint64 minEpoch);
    /// @notice The owner of a topic has offered it.
    event TopicOffered(uint256 indexed topicId, address indexed pendingOwner);
    /// @notice A topic has a new owner.
    event TopicTransferred(uint256 indexed topicId, address indexed owner);
    /// @notice Proofs of this key count, for this topic.
    event KeyAdded(uint256 indexed topicId, bytes32 indexed modelId, EpochKind kind);
    /// @notice Proofs of this key no longer count; what they have proven stays.
    event KeyRemoved(uint256 indexed topicId, bytes32 indexed modelId);
    /// @notice The state that the first settlement starts from.
    /// @param state A point: the commitment of the state.
    event GenesisSet(uint256 indexed topicId, bytes32[2] state);
    /// @notice A network inference was proven and stored.
    /// @param value 18 decimals, as `interval`.
    /// @param interval Values at the percentiles 2.28, 15.87, 50, 84.13 and 97.72.
    /// @param settledEpoch Whose settlement left the state that it was computed with; 0 for the genesis.
    /// @param members The worker of each slot; zero where a slot is empty.
    /// @param forecastsHash Keccak-256 of the forecasts, packed as they are in the statement.
    event NetworkInferencePosted(
        uint256 indexed topicId,
        uint64 indexed epoch,
        bytes32 indexed modelId,
        int256 value,
        int256[5] interval,
        uint64 settledEpoch,
        address[] members,
        bytes32 forecastsHash
    );
    /// @notice The losses of an epoch were settled.
    /// @param settledEpoch The epoch that was settled before it; 0 for the genesis.
    /// @param reportsHash Keccak-256 of the stakes and the reports, packed as they are in the statement.
    /// @param state A point: the commitment of the state from now on.
    event EpochSettled(
        uint256 indexed topicId,
        uint64 indexed epoch,
        bytes32 indexed modelId,
        uint64 settledEpoch,
        bytes32 reportsHash,
        bytes32[2] state
    );

    /// @notice The workers' feed has no such topic.
    error UnknownInferenceTopic(uint256 inferenceTopic);
    /// @notice There is no contract that could be a source.
    error NoSource(address source);
    /// @notice Only the topic's owner may do this.
    error NotTopicOwner(uint256 topicId, address caller);
    /// @notice The topic was not offered to the caller.
    error NotPendingOwner(uint256 topicId, address caller);
    /// @notice The topic has its genesis, which never changes.
    error GenesisExists(uint256 topicId);
    /// @notice A key is for the synthesis or for the settlement.
    error InvalidKind();
    /// @notice The statement of this key has another number of tensors than one of its kind.
    error WrongTensorCount(bytes32 modelId, uint256 expected, uint256 found);
    /// @notice This tensor goes in where it should go out, or is public where it should be committed, or vice versa.
    error WrongTensorKind(bytes32 modelId, uint256 tensor);
    /// @notice This tensor is longer or shorter than one of its kind; a state is longer than a row.
    error WrongTensorLength(bytes32 modelId, uint256 tensor, uint256 length);
    /// @notice The integers of this tensor are at a scale that a value cannot be compared at.
    error WrongTensorScale(bytes32 modelId, uint256 tensor);
    /// @notice The states of this topic have another length, scale or row than this one.
    error WrongStateShape(bytes32 modelId, uint256 tensor);
    /// @notice The topic does not count proofs of this kind by this key.
    error KeyNotAccepted(uint256 topicId, bytes32 modelId, EpochKind kind);
    /// @notice The epoch is not after the last one of its kind, or is before the topic's first.
    error EpochTooLow(uint64 epoch, uint64 last, uint64 minEpoch);
    /// @notice The state of the statement is not the one that the topic has. Of each the Keccak-256.
    error StateMismatch(bytes32 expected, bytes32 found);
    /// @notice There are as many members as slots.
    error WrongMemberCount(uint256 expected, uint256 found);
    /// @notice A slot is absent in the statement and has a member, or has none and is not absent.
    error WrongAbsence(uint256 slot, address member);
    /// @notice The last inference that this member has posted is of another epoch.
    error InferenceOfAnotherEpoch(address member, uint64 expected, uint64 found);
    /// @notice The member has posted another value than the statement has.
    error WrongInference(address member, int256 expected, int256 found);
    /// @notice What is at the source's address has not confirmed the epoch.
    error NotAttested(address source);
    /// @notice Nothing was posted to this topic.
    error NoNetworkInference(uint256 topicId);
    /// @notice The last inference is older than the topic allows, seconds.
    error Stale(uint256 age, uint256 maxAge);

    /// @notice Where the workers' inferences are.
    function inferences() external view returns (IInferenceFeed);

    /// @notice The models' registry, whose verifier decides what is proven: that of the workers' feed.
    function registry() external view returns (IModelRegistry);

    /// @notice Number of topics. They are numbered from 1.
    function topicCount() external view returns (uint256);

    /// @notice A topic; all zero where there is none.
    function topic(uint256 topicId) external view returns (NetworkTopic memory);

    /// @notice Of which kind the proofs of a key are that a topic counts; `None` where it counts none.
    function keyKind(uint256 topicId, bytes32 modelId) external view returns (EpochKind);

    /// @notice The state that a topic has.
    /// @return stateHash Keccak-256 of its commitment, 64 bytes; zero before the genesis.
    /// @return settledEpoch The epoch that was settled last; 0 if none was.
    function state(uint256 topicId) external view returns (bytes32 stateHash, uint64 settledEpoch);

    /// @notice The context that a proof for this epoch must have.
    function context(uint256 topicId, uint64 epoch, EpochKind kind) external view returns (bytes32);

    /// @notice What the source is asked to confirm of a synthesis.
    /// @param modelId The key, which says what the bytes of the forecasts mean.
    /// @param settledEpoch Whose settlement left the state it is computed with; 0 for the genesis.
    /// @param members The worker of each slot; zero where a slot is empty.
    /// @param forecastsHash Keccak-256 of the forecasts, packed as they are in the statement.
    function synthesisDigest(bytes32 modelId, uint64 settledEpoch, address[] calldata members, bytes32 forecastsHash)
        external
        pure
        returns (bytes32);

    /// @notice What the source is asked to confirm of a settlement.
    /// @param modelId The key, which says what the bytes of stakes and reports mean.
    /// @param settledEpoch The epoch that was settled before it; 0 for the genesis.
    /// @param reportsHash Keccak-256 of the stakes and the reports, packed as they are in the statement.
    /// @param stateHash Keccak-256 of the commitment of the state after it.
    function settlementDigest(bytes32 modelId, uint64 settledEpoch, bytes32 reportsHash, bytes32 stateHash)
        external
        pure
        returns (bytes32);

    /// @notice Creates a topic, which the caller owns.
    /// @param inferenceTopic The topic of the workers' feed that the inferences are from.
    /// @param source A contract; see `IEpochSource`.
    /// @param maxAge In seconds; 0 means that only an inference of this very block is fresh.
    /// @param minEpoch The first epoch that may be posted or settled. Epochs are above 0.
    function createTopic(uint256 inferenceTopic, IEpochSource source, uint32 maxAge, uint64 minEpoch)
        external
        returns (uint256 topicId);

    /// @notice Changes a topic's settings.
    function configureTopic(uint256 topicId, IEpochSource source, uint32 maxAge, uint64 minEpoch) external;

    /// @notice Offers a topic to a new owner, who has to accept. Zero takes an offer back.
    function offerTopic(uint256 topicId, address newOwner) external;

    /// @notice Takes over a topic that was offered.
    function acceptTopic(uint256 topicId) external;

    /// @notice Counts proofs of a registered key that has the form of its kind (`docs/topic-feed.md`). All keys of a topic
    /// have states of one shape: that of the first key that was added.
    function addKey(uint256 topicId, bytes32 modelId, EpochKind kind) external;

    /// @notice Counts proofs of a key no longer. What they have proven stays.
    function removeKey(uint256 topicId, bytes32 modelId) external;

    /// @notice Sets the state that the topic's first epochs are computed with, once and for good.
    /// @param state A point: the commitment of the state.
    function setGenesis(uint256 topicId, bytes32[2] calldata state) external;

    /// @notice Posts a network inference; anyone may call.
    /// @param members The worker of each slot; zero where a slot is empty.
    /// @param tensors The tensors of the statement, packed, as `IModelRegistry.verify` takes them.
    /// @param proof A proof of them in the context of this topic, epoch and `EpochKind.Synthesis`.
    /// @param sourceData What convinces the topic's source of `synthesisDigest`.
    function post(
        uint256 topicId,
        uint64 epoch,
        bytes32 modelId,
        address[] calldata members,
        bytes calldata tensors,
        bytes calldata proof,
        bytes calldata sourceData
    ) external;

    /// @notice Settles an epoch: replaces the topic's state; anyone may call.
    /// @param tensors The tensors of the statement, packed, as `IModelRegistry.verify` takes them.
    /// @param proof A proof of them in the context of this topic, epoch and `EpochKind.Settlement`.
    /// @param sourceData What convinces the topic's source of `settlementDigest`.
    function settle(
        uint256 topicId,
        uint64 epoch,
        bytes32 modelId,
        bytes calldata tensors,
        bytes calldata proof,
        bytes calldata sourceData
    ) external;

    /// @notice The epoch that was posted last, or 0.
    function lastEpoch(uint256 topicId) external view returns (uint64);

    /// @notice The last network inference, however old.
    function latest(uint256 topicId) external view returns (int256 value, uint64 epoch, uint64 postedAt);

    /// @notice The last network inference, not older than the topic allows.
    function value(uint256 topicId) external view returns (int256 value, uint64 epoch, uint64 postedAt);

    /// @notice The confidence interval of the last network inference, not older than the topic allows.
    /// @return percentiles 2.28, 15.87, 50, 84.13 and 97.72, 18 decimals.
    /// @return values The values at these, in order, as the synthesis has them.
    function interval(uint256 topicId)
        external
        view
        returns (uint256[] memory percentiles, int256[] memory values, uint64 epoch, uint64 postedAt);
}
