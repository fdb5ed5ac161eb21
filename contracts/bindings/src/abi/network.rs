//! Of network inferences: the feed of topics, and those who attest its epochs.

use alloy_sol_types::sol;

sol! {
    #[derive(Debug, PartialEq, Eq)]
    enum EpochKind {
        None,
        Synthesis,
        Settlement
    }

    #[derive(Debug, PartialEq, Eq)]
    struct NetworkTopic {
        address owner;
        uint32 maxAge;
        uint64 minEpoch;
        address pendingOwner;
        address source;
        uint256 inferenceTopic;
    }

    #[derive(Debug, PartialEq, Eq)]
    interface ITopicFeed {
        event TopicCreated(uint256 indexed topicId, address indexed owner, uint256 inferenceTopic);
        event TopicConfigured(uint256 indexed topicId, address source, uint32 maxAge, uint64 minEpoch);
        event KeyAdded(uint256 indexed topicId, bytes32 indexed modelId, EpochKind kind);
        event GenesisSet(uint256 indexed topicId, bytes32[2] state);
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
        event EpochSettled(
            uint256 indexed topicId,
            uint64 indexed epoch,
            bytes32 indexed modelId,
            uint64 settledEpoch,
            bytes32 reportsHash,
            bytes32[2] state
        );

        // NotTopicOwner, NotPendingOwner, EpochTooLow and Stale are the same as those of IInferenceFeed.
        error UnknownInferenceTopic(uint256 inferenceTopic);
        error NoSource(address source);
        error GenesisExists(uint256 topicId);
        error InvalidKind();
        error WrongTensorCount(bytes32 modelId, uint256 expected, uint256 found);
        error WrongTensorKind(bytes32 modelId, uint256 tensor);
        error WrongTensorLength(bytes32 modelId, uint256 tensor, uint256 length);
        error WrongTensorScale(bytes32 modelId, uint256 tensor);
        error WrongStateShape(bytes32 modelId, uint256 tensor);
        error KeyNotAccepted(uint256 topicId, bytes32 modelId, EpochKind kind);
        error StateMismatch(bytes32 expected, bytes32 found);
        error WrongMemberCount(uint256 expected, uint256 found);
        error WrongAbsence(uint256 slot, address member);
        error InferenceOfAnotherEpoch(address member, uint64 expected, uint64 found);
        error WrongInference(address member, int256 expected, int256 found);
        error NotAttested(address source);
        error NoNetworkInference(uint256 topicId);

        function inferences() external view returns (address);
        function registry() external view returns (address);
        function topic(uint256 topicId) external view returns (NetworkTopic memory);
        function keyKind(uint256 topicId, bytes32 modelId) external view returns (EpochKind);
        function state(uint256 topicId) external view returns (bytes32 stateHash, uint64 settledEpoch);
        function context(uint256 topicId, uint64 epoch, EpochKind kind) external view returns (bytes32);
        function synthesisDigest(
            bytes32 modelId,
            uint64 settledEpoch,
            address[] calldata members,
            bytes32 forecastsHash
        ) external pure returns (bytes32);
        function settlementDigest(bytes32 modelId, uint64 settledEpoch, bytes32 reportsHash, bytes32 stateHash)
            external
            pure
            returns (bytes32);
        function createTopic(uint256 inferenceTopic, address source, uint32 maxAge, uint64 minEpoch)
            external
            returns (uint256 topicId);
        function configureTopic(uint256 topicId, address source, uint32 maxAge, uint64 minEpoch) external;
        function addKey(uint256 topicId, bytes32 modelId, EpochKind kind) external;
        function removeKey(uint256 topicId, bytes32 modelId) external;
        function setGenesis(uint256 topicId, bytes32[2] calldata state) external;
        function post(
            uint256 topicId,
            uint64 epoch,
            bytes32 modelId,
            address[] calldata members,
            bytes calldata tensors,
            bytes calldata proof,
            bytes calldata sourceData
        ) external;
        function settle(
            uint256 topicId,
            uint64 epoch,
            bytes32 modelId,
            bytes calldata tensors,
            bytes calldata proof,
            bytes calldata sourceData
        ) external;
        function lastEpoch(uint256 topicId) external view returns (uint64);
        function latest(uint256 topicId) external view returns (int256 value, uint64 epoch, uint64 postedAt);
        function value(uint256 topicId) external view returns (int256 value, uint64 epoch, uint64 postedAt);
        function interval(uint256 topicId)
            external
            view
            returns (uint256[] memory percentiles, int256[] memory values, uint64 epoch, uint64 postedAt);
    }

    #[derive(Debug, PartialEq, Eq)]
    interface IAttestors {
        error InvalidThreshold(uint256 threshold, uint256 signers);
        error SignersNotAscending(uint256 index);
        error WrongSignatures(uint256 expectedBytes, uint256 foundBytes);
        error NotSigner(uint256 index, address recovered);
        error SignaturesNotAscending(uint256 index);
        // Of the library that recovers signers.
        error ECDSAInvalidSignature();
        error ECDSAInvalidSignatureLength(uint256 length);
        error ECDSAInvalidSignatureS(bytes32 s);

        function threshold() external view returns (uint256);
        function isSigner(address account) external view returns (bool);
        function signers() external view returns (address[] memory);
        function attestation(address feed, uint256 topicId, uint64 epoch, EpochKind kind, bytes32 digest)
            external
            view
            returns (bytes32);
        function check(uint256 topicId, uint64 epoch, EpochKind kind, bytes32 digest, bytes calldata sourceData)
            external
            view
            returns (bytes4 accepted);
    }
}
