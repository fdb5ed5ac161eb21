// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IInferenceFeed, Topic} from "./IInferenceFeed.sol";
import {IModelRegistry, TensorSpec} from "./IModelRegistry.sol";
import {Statement} from "./ISumcastVerifier.sol";
import {Packed} from "./lib/Packed.sol";

/// @title Inferences of workers, each proven to be what a model says
/// @notice A proof says that a model, for the inputs of the statement, has the outputs of the statement. It does not
/// say that the inputs are true: the worker answers for these, and anyone can compare them with the world. So a reader
/// trusts the worker it reads for the inputs, the topic's owner for the models and the freshness window, and the
/// verifier for the rest. There is no owner of the feed.
/// @dev Other contracts are called only by static calls (the registry, fixed for good, and a worker that is a contract,
/// for its signature), so nothing can come back while a post is under way.
contract InferenceFeed is IInferenceFeed, EIP712 {
    /// @notice First word of what a proof's context is the hash of.
    bytes32 public constant CONTEXT_TYPEHASH =
        keccak256("SumcastInference(uint256 chainId,address feed,uint256 topicId,uint64 epoch,address worker)");
    /// @notice EIP-712 type of what a worker signs.
    bytes32 public constant POST_TYPEHASH = keccak256(
        "Post(uint256 topicId,uint64 epoch,address worker,bytes32 modelId,bytes32 inputsHash,bytes32 outputsHash,uint256 deadline)"
    );

    /// @dev A worker's last inference in a topic: two slots, and one for each value after the first.
    struct Inference {
        int256 first;
        uint64 epoch;
        uint64 postedAt;
        uint16 outputs;
        mapping(uint256 i => int256) further;
    }

    /// @inheritdoc IInferenceFeed
    IModelRegistry public immutable registry;
    /// @inheritdoc IInferenceFeed
    uint256 public topicCount;
    /// @inheritdoc IInferenceFeed
    mapping(address worker => mapping(address relayer => bool)) public isRelayer;

    /// @dev Of a model that a topic counts, the `m` of its key (8 to 20), of another 0.
    mapping(uint256 topicId => mapping(bytes32 modelId => uint8)) private _rowBits;
    mapping(uint256 topicId => Topic) private _topics;
    mapping(uint256 topicId => mapping(address worker => Inference)) private _inferences;

    modifier onlyTopicOwner(uint256 topicId) {
        if (msg.sender != _topics[topicId].owner) revert NotTopicOwner(topicId, msg.sender);
        _;
    }

    /// @param registry_ The models' registry; trusted, and fixed for good.
    constructor(IModelRegistry registry_) EIP712("SumcastInferenceFeed", "1") {
        registry = registry_;
    }

    /// @inheritdoc IInferenceFeed
    function createTopic(uint16 outputs, uint32 maxAge, uint64 minEpoch, address publisher)
        external
        returns (uint256 topicId)
    {
        if (outputs == 0) revert NoOutputs();
        topicId = ++topicCount;
        _topics[topicId].owner = msg.sender;
        _topics[topicId].outputs = outputs;
        emit TopicCreated(topicId, msg.sender, outputs);
        _configure(topicId, maxAge, minEpoch, publisher);
    }

    /// @inheritdoc IInferenceFeed
    function configureTopic(uint256 topicId, uint32 maxAge, uint64 minEpoch, address publisher)
        external
        onlyTopicOwner(topicId)
    {
        _configure(topicId, maxAge, minEpoch, publisher);
    }

    /// @inheritdoc IInferenceFeed
    function offerTopic(uint256 topicId, address newOwner) external onlyTopicOwner(topicId) {
        _topics[topicId].pendingOwner = newOwner;
        emit TopicOffered(topicId, newOwner);
    }

    /// @inheritdoc IInferenceFeed
    function acceptTopic(uint256 topicId) external {
        Topic storage topic_ = _topics[topicId];
        if (msg.sender != topic_.pendingOwner) revert NotPendingOwner(topicId, msg.sender);
        topic_.owner = msg.sender;
        topic_.pendingOwner = address(0);
        emit TopicTransferred(topicId, msg.sender);
    }

    /// @inheritdoc IInferenceFeed
    function addModel(uint256 topicId, bytes32 modelId) external onlyTopicOwner(topicId) {
        TensorSpec[] memory specs = registry.tensors(modelId);
        uint256 found = 0;
        for (uint256 i = 0; i < specs.length; ++i) {
            if (!specs[i].output) continue;
            if (specs[i].committed) revert CommittedOutput(modelId, i);
            found += specs[i].length;
        }
        uint256 expected = _topics[topicId].outputs;
        if (found != expected) revert WrongOutputs(modelId, expected, found);
        _rowBits[topicId][modelId] = Packed.rowBits(registry.key(modelId));
        emit ModelAdded(topicId, modelId);
    }

    /// @inheritdoc IInferenceFeed
    function removeModel(uint256 topicId, bytes32 modelId) external onlyTopicOwner(topicId) {
        if (!isAccepted(topicId, modelId)) revert ModelNotAccepted(topicId, modelId);
        _rowBits[topicId][modelId] = 0;
        emit ModelRemoved(topicId, modelId);
    }

    /// @inheritdoc IInferenceFeed
    function setRelayer(address relayer, bool allowed) external {
        isRelayer[msg.sender][relayer] = allowed;
        emit RelayerSet(msg.sender, relayer, allowed);
    }

    /// @inheritdoc IInferenceFeed
    function post(
        uint256 topicId,
        uint64 epoch,
        address worker,
        bytes32 modelId,
        bytes calldata tensors,
        bytes calldata proof
    ) external {
        if (msg.sender != worker && !isRelayer[worker][msg.sender]) {
            revert NotWorker(worker, msg.sender);
        }
        (int256[] memory outputs, bytes32 inputsHash) = _verify(topicId, epoch, worker, modelId, tensors, proof);
        _store(topicId, epoch, worker, modelId, outputs, inputsHash);
    }

    /// @inheritdoc IInferenceFeed
    function postSigned(
        uint256 topicId,
        uint64 epoch,
        address worker,
        bytes32 modelId,
        bytes calldata tensors,
        bytes calldata proof,
        uint256 deadline,
        bytes calldata signature
    ) external {
        if (block.timestamp > deadline) revert Expired(deadline);
        (int256[] memory outputs, bytes32 inputsHash) = _verify(topicId, epoch, worker, modelId, tensors, proof);
        bytes32 outputsHash = keccak256(abi.encodePacked(outputs));
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(POST_TYPEHASH, topicId, epoch, worker, modelId, inputsHash, outputsHash, deadline))
        );
        if (!SignatureChecker.isValidSignatureNowCalldata(worker, digest, signature)) revert InvalidSignature(worker);
        _store(topicId, epoch, worker, modelId, outputs, inputsHash);
    }

    /// @inheritdoc IInferenceFeed
    function topic(uint256 topicId) external view returns (Topic memory) {
        return _topics[topicId];
    }

    /// @inheritdoc IInferenceFeed
    function lastEpoch(uint256 topicId, address worker) external view returns (uint64) {
        return _inferences[topicId][worker].epoch;
    }

    /// @inheritdoc IInferenceFeed
    function latest(uint256 topicId) external view returns (int256, uint64, uint64) {
        return latest(topicId, _topics[topicId].publisher);
    }

    /// @inheritdoc IInferenceFeed
    function value(uint256 topicId) external view returns (int256, uint64, uint64) {
        return value(topicId, _topics[topicId].publisher);
    }

    /// @inheritdoc IInferenceFeed
    function values(uint256 topicId) external view returns (int256[] memory, uint64, uint64) {
        return values(topicId, _topics[topicId].publisher);
    }

    /// @inheritdoc IInferenceFeed
    function isAccepted(uint256 topicId, bytes32 modelId) public view returns (bool) {
        return _rowBits[topicId][modelId] != 0;
    }

    /// @inheritdoc IInferenceFeed
    function context(uint256 topicId, uint64 epoch, address worker) public view returns (bytes32) {
        return keccak256(abi.encode(CONTEXT_TYPEHASH, block.chainid, address(this), topicId, epoch, worker));
    }

    /// @inheritdoc IInferenceFeed
    function latest(uint256 topicId, address worker) public view returns (int256, uint64, uint64) {
        Inference storage inference = _inferences[topicId][worker];
        (uint64 epoch, uint64 postedAt) = (inference.epoch, inference.postedAt);
        if (epoch == 0) revert NoInference(topicId, worker);
        return (inference.first, epoch, postedAt);
    }

    /// @inheritdoc IInferenceFeed
    function value(uint256 topicId, address worker) public view returns (int256 first, uint64 epoch, uint64 postedAt) {
        (first, epoch, postedAt) = latest(topicId, worker);
        uint256 age = block.timestamp - postedAt;
        uint256 maxAge = _topics[topicId].maxAge;
        if (age > maxAge) revert Stale(age, maxAge);
    }

    /// @inheritdoc IInferenceFeed
    function values(uint256 topicId, address worker)
        public
        view
        returns (int256[] memory all, uint64 epoch, uint64 postedAt)
    {
        int256 first;
        (first, epoch, postedAt) = value(topicId, worker);
        Inference storage inference = _inferences[topicId][worker];
        all = new int256[](inference.outputs);
        all[0] = first;
        for (uint256 i = 1; i < all.length; ++i) {
            all[i] = inference.further[i];
        }
    }

    function _configure(uint256 topicId, uint32 maxAge, uint64 minEpoch, address publisher) private {
        Topic storage topic_ = _topics[topicId];
        topic_.maxAge = maxAge;
        topic_.minEpoch = minEpoch;
        topic_.publisher = publisher;
        emit TopicConfigured(topicId, maxAge, minEpoch, publisher);
    }

    function _store(
        uint256 topicId,
        uint64 epoch,
        address worker,
        bytes32 modelId,
        int256[] memory outputs,
        bytes32 inputsHash
    ) private {
        Inference storage inference = _inferences[topicId][worker];
        inference.first = outputs[0];
        inference.epoch = epoch;
        inference.postedAt = uint64(block.timestamp);
        inference.outputs = uint16(outputs.length);
        for (uint256 i = 1; i < outputs.length; ++i) {
            inference.further[i] = outputs[i];
        }
        emit InferencePosted(topicId, worker, epoch, modelId, outputs, inputsHash);
    }

    /// @dev Checks everything but who posts.
    function _verify(
        uint256 topicId,
        uint64 epoch,
        address worker,
        bytes32 modelId,
        bytes calldata tensors,
        bytes calldata proof
    ) private view returns (int256[] memory outputs, bytes32 inputsHash) {
        uint256 rowBits = _rowBits[topicId][modelId];
        if (rowBits == 0) revert ModelNotAccepted(topicId, modelId);
        (uint64 last, uint64 minEpoch) = (_inferences[topicId][worker].epoch, _topics[topicId].minEpoch);
        if (epoch <= last || epoch < minEpoch) revert EpochTooLow(epoch, last, minEpoch);
        registry.verify(modelId, Statement(context(topicId, epoch, worker), tensors), proof);
        return _unpack(registry.tensors(modelId), rowBits, tensors, _topics[topicId].outputs);
    }

    /// @dev The outputs of a verified statement with 18 decimals, and the hash of its inputs.
    function _unpack(TensorSpec[] memory specs, uint256 rowBits, bytes calldata tensors, uint256 count)
        private
        pure
        returns (int256[] memory outputs, bytes32)
    {
        outputs = new int256[](count);
        bytes memory inputs;
        uint256 filled = 0;
        uint256 cursor = 0;
        for (uint256 i = 0; i < specs.length; ++i) {
            TensorSpec memory spec = specs[i];
            uint256 width = Packed.width(spec.bits);
            uint256 end = cursor + Packed.size(spec, rowBits);
            if (!spec.output) {
                inputs = bytes.concat(inputs, tensors[cursor:end]);
                cursor = end;
            }
            for (; cursor < end; cursor += width) {
                outputs[filled++] = Packed.decimal(Packed.integer(tensors, cursor, width), spec.fraction);
            }
        }
        return (outputs, keccak256(inputs));
    }
}
