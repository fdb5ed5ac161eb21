// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EpochKind, IEpochSource} from "./IEpochSource.sol";
import {IInferenceFeed} from "./IInferenceFeed.sol";
import {IModelRegistry} from "./IModelRegistry.sol";
import {Statement} from "./ISumcastVerifier.sol";
import {ITopicFeed, NetworkTopic} from "./ITopicFeed.sol";
import {EpochKey, EpochKeys, INTERVAL} from "./lib/EpochKeys.sol";
import {Packed} from "./lib/Packed.sol";

/// @title Network inferences of topics, each proven from the workers' proven inferences
/// @notice A proof says that the network inference follows from the inferences, the forecasts and the state. That the
/// inferences are the workers' is what the workers' feed says, and the state is the one that the proofs of settlements
/// left. Who the members are, what they forecast and what reputers reported is what the topic's source says.
/// `docs/topic-feed.md` says who is trusted for what. There is no owner of the feed.
/// @dev Other contracts are called only by static calls (registry and workers' feed, fixed for good, and the topic's
/// source), so nothing can come back while a post is under way.
contract TopicFeed is ITopicFeed {
    /// @notice First word of what a proof's context is the hash of.
    bytes32 public constant CONTEXT_TYPEHASH =
        keccak256("SumcastEpoch(uint256 chainId,address feed,uint256 topicId,uint64 epoch,uint8 kind)");
    /// @notice First word of what `synthesisDigest` is the hash of.
    bytes32 public constant SYNTHESIS_TYPEHASH =
        keccak256("Synthesis(bytes32 modelId,uint64 settledEpoch,address[] members,bytes32 forecastsHash)");
    /// @notice First word of what `settlementDigest` is the hash of.
    bytes32 public constant SETTLEMENT_TYPEHASH =
        keccak256("Settlement(bytes32 modelId,uint64 settledEpoch,bytes32 reportsHash,bytes32 stateHash)");

    /// @dev A topic's last network inference, 18 decimals.
    struct Inference {
        uint64 epoch;
        uint64 postedAt;
        int256 value;
        int256[INTERVAL] interval;
    }

    /// @dev A topic's state: the Keccak-256 of its commitment, the epoch that was settled last, and what the states of
    /// its keys have in common.
    struct State {
        bytes32 hash;
        uint64 epoch;
        uint64 shape;
    }

    /// @inheritdoc ITopicFeed
    IInferenceFeed public immutable inferences;
    /// @inheritdoc ITopicFeed
    IModelRegistry public immutable registry;
    /// @inheritdoc ITopicFeed
    uint256 public topicCount;

    mapping(uint256 topicId => NetworkTopic) private _topics;
    mapping(uint256 topicId => mapping(bytes32 modelId => EpochKey)) private _keys;
    mapping(uint256 topicId => State) private _states;
    mapping(uint256 topicId => Inference) private _inferences;

    modifier onlyTopicOwner(uint256 topicId) {
        if (msg.sender != _topics[topicId].owner) revert NotTopicOwner(topicId, msg.sender);
        _;
    }

    /// @param inferences_ Where the workers' inferences are; trusted with its registry, and fixed for good.
    constructor(IInferenceFeed inferences_) {
        inferences = inferences_;
        registry = inferences_.registry();
    }

    /// @inheritdoc ITopicFeed
    function createTopic(uint256 inferenceTopic, IEpochSource source, uint32 maxAge, uint64 minEpoch)
        external
        returns (uint256 topicId)
    {
        if (inferenceTopic == 0 || inferenceTopic > inferences.topicCount()) {
            revert UnknownInferenceTopic(inferenceTopic);
        }
        topicId = ++topicCount;
        _topics[topicId].owner = msg.sender;
        _topics[topicId].inferenceTopic = inferenceTopic;
        emit TopicCreated(topicId, msg.sender, inferenceTopic);
        _configure(topicId, source, maxAge, minEpoch);
    }

    /// @inheritdoc ITopicFeed
    function configureTopic(uint256 topicId, IEpochSource source, uint32 maxAge, uint64 minEpoch)
        external
        onlyTopicOwner(topicId)
    {
        _configure(topicId, source, maxAge, minEpoch);
    }

    /// @inheritdoc ITopicFeed
    function offerTopic(uint256 topicId, address newOwner) external onlyTopicOwner(topicId) {
        _topics[topicId].pendingOwner = newOwner;
        emit TopicOffered(topicId, newOwner);
    }

    /// @inheritdoc ITopicFeed
    function acceptTopic(uint256 topicId) external {
        NetworkTopic storage topic_ = _topics[topicId];
        if (msg.sender != topic_.pendingOwner) revert NotPendingOwner(topicId, msg.sender);
        topic_.owner = msg.sender;
        topic_.pendingOwner = address(0);
        emit TopicTransferred(topicId, msg.sender);
    }

    /// @inheritdoc ITopicFeed
    function addKey(uint256 topicId, bytes32 modelId, EpochKind kind) external onlyTopicOwner(topicId) {
        uint8 rowBits = Packed.rowBits(registry.key(modelId));
        (EpochKey memory key, uint64 shape) = EpochKeys.read(modelId, kind, registry.tensors(modelId), rowBits);
        State storage state_ = _states[topicId];
        if (state_.shape == 0) state_.shape = shape;
        if (shape != state_.shape) revert WrongStateShape(modelId, EpochKeys.STATE);
        _keys[topicId][modelId] = key;
        emit KeyAdded(topicId, modelId, kind);
    }

    /// @inheritdoc ITopicFeed
    function removeKey(uint256 topicId, bytes32 modelId) external onlyTopicOwner(topicId) {
        if (keyKind(topicId, modelId) == EpochKind.None) revert KeyNotAccepted(topicId, modelId, EpochKind.None);
        delete _keys[topicId][modelId];
        emit KeyRemoved(topicId, modelId);
    }

    /// @inheritdoc ITopicFeed
    function setGenesis(uint256 topicId, bytes32[2] calldata state_) external onlyTopicOwner(topicId) {
        if (_states[topicId].hash != 0) revert GenesisExists(topicId);
        _states[topicId].hash = keccak256(abi.encodePacked(state_));
        emit GenesisSet(topicId, state_);
    }

    /// @inheritdoc ITopicFeed
    function post(
        uint256 topicId,
        uint64 epoch,
        bytes32 modelId,
        address[] calldata members,
        bytes calldata tensors,
        bytes calldata proof,
        bytes calldata sourceData
    ) external {
        uint64 last = _inferences[topicId].epoch;
        EpochKey memory key = _verify(topicId, epoch, EpochKind.Synthesis, last, modelId, tensors, proof);
        uint256 forecasts = _checkMembers(topicId, epoch, members, key, tensors);
        bytes32 forecastsHash = keccak256(tensors[forecasts:key.state]);
        uint64 settledEpoch = _states[topicId].epoch;
        bytes32 digest = synthesisDigest(modelId, settledEpoch, members, forecastsHash);
        _attest(topicId, epoch, EpochKind.Synthesis, digest, sourceData);
        Inference memory inference = _read(key, epoch, tensors);
        _inferences[topicId] = inference;
        emit NetworkInferencePosted(
            topicId, epoch, modelId, inference.value, inference.interval, settledEpoch, members, forecastsHash
        );
    }

    /// @inheritdoc ITopicFeed
    function settle(
        uint256 topicId,
        uint64 epoch,
        bytes32 modelId,
        bytes calldata tensors,
        bytes calldata proof,
        bytes calldata sourceData
    ) external {
        uint64 last = _states[topicId].epoch;
        EpochKey memory key = _verify(topicId, epoch, EpochKind.Settlement, last, modelId, tensors, proof);
        bytes32 reportsHash = keccak256(tensors[:key.state]);
        bytes calldata newState = tensors[key.newState:key.newState + Packed.POINT_SIZE];
        bytes32 stateHash = keccak256(newState);
        bytes32 digest = settlementDigest(modelId, last, reportsHash, stateHash);
        _attest(topicId, epoch, EpochKind.Settlement, digest, sourceData);
        (_states[topicId].hash, _states[topicId].epoch) = (stateHash, epoch);
        emit EpochSettled(topicId, epoch, modelId, last, reportsHash, abi.decode(newState, (bytes32[2])));
    }

    /// @inheritdoc ITopicFeed
    function topic(uint256 topicId) external view returns (NetworkTopic memory) {
        return _topics[topicId];
    }

    /// @inheritdoc ITopicFeed
    function state(uint256 topicId) external view returns (bytes32, uint64) {
        return (_states[topicId].hash, _states[topicId].epoch);
    }

    /// @inheritdoc ITopicFeed
    function lastEpoch(uint256 topicId) external view returns (uint64) {
        return _inferences[topicId].epoch;
    }

    /// @inheritdoc ITopicFeed
    function interval(uint256 topicId)
        external
        view
        returns (uint256[] memory percentiles, int256[] memory values, uint64 epoch, uint64 postedAt)
    {
        (, epoch, postedAt) = value(topicId);
        values = new int256[](INTERVAL);
        for (uint256 i = 0; i < INTERVAL; ++i) {
            values[i] = _inferences[topicId].interval[i];
        }
        percentiles = new uint256[](INTERVAL);
        (percentiles[0], percentiles[1], percentiles[2], percentiles[3], percentiles[4]) =
        (2.28e18, 15.87e18, 50e18, 84.13e18, 97.72e18);
    }

    /// @inheritdoc ITopicFeed
    function keyKind(uint256 topicId, bytes32 modelId) public view returns (EpochKind) {
        return _keys[topicId][modelId].kind;
    }

    /// @inheritdoc ITopicFeed
    function context(uint256 topicId, uint64 epoch, EpochKind kind) public view returns (bytes32) {
        return keccak256(abi.encode(CONTEXT_TYPEHASH, block.chainid, address(this), topicId, epoch, kind));
    }

    /// @inheritdoc ITopicFeed
    function latest(uint256 topicId) public view returns (int256, uint64, uint64) {
        Inference storage inference = _inferences[topicId];
        (uint64 epoch, uint64 postedAt) = (inference.epoch, inference.postedAt);
        if (epoch == 0) revert NoNetworkInference(topicId);
        return (inference.value, epoch, postedAt);
    }

    /// @inheritdoc ITopicFeed
    function value(uint256 topicId) public view returns (int256 value_, uint64 epoch, uint64 postedAt) {
        (value_, epoch, postedAt) = latest(topicId);
        uint256 age = block.timestamp - postedAt;
        uint256 maxAge = _topics[topicId].maxAge;
        if (age > maxAge) revert Stale(age, maxAge);
    }

    /// @inheritdoc ITopicFeed
    function synthesisDigest(bytes32 modelId, uint64 settledEpoch, address[] calldata members, bytes32 forecastsHash)
        public
        pure
        returns (bytes32)
    {
        bytes32 membersHash = keccak256(abi.encodePacked(members));
        return keccak256(abi.encode(SYNTHESIS_TYPEHASH, modelId, settledEpoch, membersHash, forecastsHash));
    }

    /// @inheritdoc ITopicFeed
    function settlementDigest(bytes32 modelId, uint64 settledEpoch, bytes32 reportsHash, bytes32 stateHash)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(SETTLEMENT_TYPEHASH, modelId, settledEpoch, reportsHash, stateHash));
    }

    function _configure(uint256 topicId, IEpochSource source, uint32 maxAge, uint64 minEpoch) private {
        if (address(source).code.length == 0) revert NoSource(address(source));
        NetworkTopic storage topic_ = _topics[topicId];
        topic_.source = source;
        topic_.maxAge = maxAge;
        topic_.minEpoch = minEpoch;
        emit TopicConfigured(topicId, source, maxAge, minEpoch);
    }

    /// @dev Checks key, epoch, proof and state. The proof says that the tensors have the lengths that the key has.
    function _verify(
        uint256 topicId,
        uint64 epoch,
        EpochKind kind,
        uint64 last,
        bytes32 modelId,
        bytes calldata tensors,
        bytes calldata proof
    ) private view returns (EpochKey memory key) {
        key = _keys[topicId][modelId];
        if (key.kind != kind) revert KeyNotAccepted(topicId, modelId, kind);
        uint64 minEpoch = _topics[topicId].minEpoch;
        if (epoch <= last || epoch < minEpoch) revert EpochTooLow(epoch, last, minEpoch);
        registry.verify(modelId, Statement(context(topicId, epoch, kind), tensors), proof);
        bytes32 expected = _states[topicId].hash;
        bytes32 found = keccak256(tensors[key.state:key.state + Packed.POINT_SIZE]);
        if (found != expected) revert StateMismatch(expected, found);
    }

    /// @dev Each slot has the inference that its member has posted for the epoch, or is absent and has no member.
    /// @return end Where the inferences end in the statement.
    function _checkMembers(
        uint256 topicId,
        uint64 epoch,
        address[] calldata members,
        EpochKey memory key,
        bytes calldata tensors
    ) private view returns (uint256 end) {
        if (members.length != key.slots) revert WrongMemberCount(key.slots, members.length);
        uint256 inferenceTopic = _topics[topicId].inferenceTopic;
        uint256 width = Packed.width(key.bits);
        int256 absent = 1 - int256(1 << key.bits);
        for (uint256 i = 0; i < members.length; ++i) {
            address member = members[i];
            int256 found = Packed.integer(tensors, end, width);
            end += width;
            if ((member == address(0)) != (found == absent)) revert WrongAbsence(i, member);
            if (member == address(0)) continue;
            (int256 posted, uint64 postedEpoch,) = inferences.latest(inferenceTopic, member);
            if (postedEpoch != epoch) revert InferenceOfAnotherEpoch(member, epoch, postedEpoch);
            int256 expected = Packed.fromDecimal(posted, key.fraction);
            if (found != expected) revert WrongInference(member, expected, found);
        }
    }

    function _attest(uint256 topicId, uint64 epoch, EpochKind kind, bytes32 digest, bytes calldata sourceData)
        private
        view
    {
        IEpochSource source = _topics[topicId].source;
        if (source.check(topicId, epoch, kind, digest, sourceData) != IEpochSource.check.selector) {
            revert NotAttested(address(source));
        }
    }

    /// @dev What the feed keeps of a verified statement: its value and interval come right after the state.
    function _read(EpochKey memory key, uint64 epoch, bytes calldata tensors)
        private
        view
        returns (Inference memory inference)
    {
        inference.epoch = epoch;
        inference.postedAt = uint64(block.timestamp);
        uint256 cursor = key.state + Packed.POINT_SIZE;
        uint256 width = Packed.width(key.valueBits);
        inference.value = Packed.decimal(Packed.integer(tensors, cursor, width), key.valueFraction);
        cursor += width;
        width = Packed.width(key.intervalBits);
        for (uint256 i = 0; i < INTERVAL; ++i) {
            int256 v = Packed.integer(tensors, cursor + i * width, width);
            inference.interval[i] = Packed.decimal(v, key.intervalFraction);
        }
    }
}
