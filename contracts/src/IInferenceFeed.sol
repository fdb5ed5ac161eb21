// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "./IModelRegistry.sol";

/// @notice What inferences are of, and whose rules they follow.
/// @param owner Chooses the models and the settings.
/// @param maxAge Reads that check freshness refuse an inference posted more than this many seconds ago.
/// @param minEpoch Posts of an earlier epoch are refused.
/// @param pendingOwner To whom the owner has offered the topic, or zero.
/// @param outputs Number of values in an inference; fixed at creation.
/// @param publisher The worker that is read where a reader names none, or zero.
struct Topic {
    address owner;
    uint32 maxAge;
    uint64 minEpoch;
    address pendingOwner;
    uint16 outputs;
    address publisher;
}

/// @title Inferences of workers, each proven to be what a model says
/// @notice Values are signed and have 18 decimals.
interface IInferenceFeed {
    /// @notice A topic was created.
    event TopicCreated(uint256 indexed topicId, address indexed owner, uint16 outputs);
    /// @notice A topic has these settings from now on.
    event TopicConfigured(uint256 indexed topicId, uint32 maxAge, uint64 minEpoch, address publisher);
    /// @notice The owner of a topic has offered it.
    event TopicOffered(uint256 indexed topicId, address indexed pendingOwner);
    /// @notice A topic has a new owner.
    event TopicTransferred(uint256 indexed topicId, address indexed owner);
    /// @notice Inferences of this model count, for this topic.
    event ModelAdded(uint256 indexed topicId, bytes32 indexed modelId);
    /// @notice Inferences of this model no longer count; those posted stay.
    event ModelRemoved(uint256 indexed topicId, bytes32 indexed modelId);
    /// @notice Whether an account may post for a worker.
    event RelayerSet(address indexed worker, address indexed relayer, bool allowed);
    /// @notice An inference was proven and stored.
    /// @param values All outputs of the model, in order, 18 decimals.
    /// @param inputsHash Keccak-256 of the input tensors of the statement, packed as they are there.
    event InferencePosted(
        uint256 indexed topicId,
        address indexed worker,
        uint64 indexed epoch,
        bytes32 modelId,
        int256[] values,
        bytes32 inputsHash
    );

    /// @notice An inference has at least one value.
    error NoOutputs();
    /// @notice Only the topic's owner may do this.
    error NotTopicOwner(uint256 topicId, address caller);
    /// @notice The topic was not offered to the caller.
    error NotPendingOwner(uint256 topicId, address caller);
    /// @notice The model has another number of outputs than the topic.
    error WrongOutputs(bytes32 modelId, uint256 expected, uint256 found);
    /// @notice The model hides an output: there would be nothing to read.
    error CommittedOutput(bytes32 modelId, uint256 tensor);
    /// @notice The topic does not count this model.
    error ModelNotAccepted(uint256 topicId, bytes32 modelId);
    /// @notice The caller is neither the worker nor a relayer of its.
    error NotWorker(address worker, address caller);
    /// @notice The worker's signature ended at this time.
    error Expired(uint256 deadline);
    /// @notice The worker has not signed this post.
    error InvalidSignature(address worker);
    /// @notice The epoch is not after the worker's last one, or is before the topic's first.
    error EpochTooLow(uint64 epoch, uint64 last, uint64 minEpoch);
    /// @notice The worker has posted nothing to this topic.
    error NoInference(uint256 topicId, address worker);
    /// @notice The last inference is older than the topic allows, seconds.
    error Stale(uint256 age, uint256 maxAge);

    /// @notice The models' registry, whose verifier decides what is proven.
    function registry() external view returns (IModelRegistry);

    /// @notice Number of topics. They are numbered from 1.
    function topicCount() external view returns (uint256);

    /// @notice A topic; all zero where there is none.
    function topic(uint256 topicId) external view returns (Topic memory);

    /// @notice Whether a topic counts inferences of a model.
    function isAccepted(uint256 topicId, bytes32 modelId) external view returns (bool);

    /// @notice Whether an account may post for a worker.
    function isRelayer(address worker, address relayer) external view returns (bool);

    /// @notice The context that a proof for this post must have.
    function context(uint256 topicId, uint64 epoch, address worker) external view returns (bytes32);

    /// @notice Creates a topic, which the caller owns.
    /// @param outputs Number of values in an inference.
    /// @param maxAge In seconds; 0 means that only an inference of this very block is fresh.
    /// @param minEpoch The first epoch that may be posted. Epochs are above 0.
    /// @param publisher The worker that is read by default, or zero.
    function createTopic(uint16 outputs, uint32 maxAge, uint64 minEpoch, address publisher)
        external
        returns (uint256 topicId);

    /// @notice Changes a topic's settings.
    function configureTopic(uint256 topicId, uint32 maxAge, uint64 minEpoch, address publisher) external;

    /// @notice Offers a topic to a new owner, who has to accept. Zero takes an offer back.
    function offerTopic(uint256 topicId, address newOwner) external;

    /// @notice Takes over a topic that was offered.
    function acceptTopic(uint256 topicId) external;

    /// @notice Counts inferences of a registered model whose outputs are public and as many as the topic's.
    function addModel(uint256 topicId, bytes32 modelId) external;

    /// @notice Counts a model no longer. Inferences that were posted stay.
    function removeModel(uint256 topicId, bytes32 modelId) external;

    /// @notice Lets an account post for the caller, to every topic, or no longer. A relayer chooses what it proves:
    /// allow only who may choose the inputs and epochs.
    function setRelayer(address relayer, bool allowed) external;

    /// @notice Posts an inference; the caller is the worker or its relayer.
    /// @param tensors The tensors of the statement, packed, as `IModelRegistry.verify` takes them.
    /// @param proof A proof of them in the context of this topic, epoch and worker.
    function post(
        uint256 topicId,
        uint64 epoch,
        address worker,
        bytes32 modelId,
        bytes calldata tensors,
        bytes calldata proof
    ) external;

    /// @notice Posts an inference that the worker has signed; anyone may call.
    /// @param deadline The last second at which the signature counts.
    /// @param signature The worker's, by EIP-712 or ERC-1271, over
    /// `Post(uint256 topicId,uint64 epoch,address worker,bytes32 modelId,bytes32 inputsHash,bytes32 outputsHash,uint256
    /// deadline)`, where `inputsHash` is that of `InferencePosted` and `outputsHash` the Keccak-256 of its values, 32
    /// bytes each.
    function postSigned(
        uint256 topicId,
        uint64 epoch,
        address worker,
        bytes32 modelId,
        bytes calldata tensors,
        bytes calldata proof,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice The epoch a worker has posted last, or 0.
    function lastEpoch(uint256 topicId, address worker) external view returns (uint64);

    /// @notice The first value of a worker's last inference, however old.
    function latest(uint256 topicId, address worker) external view returns (int256 value, uint64 epoch, uint64 postedAt);

    /// @notice The same, of the topic's publisher.
    function latest(uint256 topicId) external view returns (int256 value, uint64 epoch, uint64 postedAt);

    /// @notice The first value of a worker's last inference, not older than the topic allows.
    function value(uint256 topicId, address worker) external view returns (int256 value, uint64 epoch, uint64 postedAt);

    /// @notice The same, of the topic's publisher.
    function value(uint256 topicId) external view returns (int256 value, uint64 epoch, uint64 postedAt);

    /// @notice All values of a worker's last inference, not older than the topic allows.
    function values(uint256 topicId, address worker)
        external
        view
        returns (int256[] memory values, uint64 epoch, uint64 postedAt);

    /// @notice The same, of the topic's publisher.
    function values(uint256 topicId) external view returns (int256[] memory values, uint64 epoch, uint64 postedAt);
}
