//! Calls, events and errors of the contracts, as `contracts/src/` documents them. A test compares them with the
//! compiled contracts.
#![allow(missing_docs, clippy::too_many_arguments)]

mod network;

pub use network::*;

use alloy_sol_types::sol;

sol! {
    #[derive(Debug, PartialEq, Eq)]
    struct Statement {
        bytes32 context;
        bytes tensors;
    }

    #[derive(Debug, PartialEq, Eq)]
    enum KeyPart {
        Header,
        Srs,
        Tensor,
        Form,
        Claim,
        Product,
        Lookup,
        FixedRow,
        End,
        Helpers,
        Steps,
        Masks
    }

    #[derive(Debug, PartialEq, Eq)]
    struct TensorSpec {
        bool output;
        bool committed;
        uint8 bits;
        uint8 fraction;
        uint32 length;
    }

    #[derive(Debug, PartialEq, Eq)]
    interface ISumcastVerifier {
        error WrongSrs();
        error InvalidKey(KeyPart part, uint256 index);
        error InvalidStatement(uint256 tensor);
        error InvalidProofLength(uint256 expected, uint256 found);
        error InvalidScalar(uint256 offset);
        error InvalidPoint(uint256 offset);
        error ConstraintsFailed();
        error OpeningFailed();
        error PrecompileFailed(uint256 precompile);

        function verify(bytes calldata vk, Statement calldata statement, bytes calldata proof) external view;
        function isValid(bytes calldata vk, Statement calldata statement, bytes calldata proof)
            external
            view
            returns (bool);
        function checkKey(bytes calldata vk) external view returns (bytes32 modelId);
    }

    #[derive(Debug, PartialEq, Eq)]
    interface IModelRegistry {
        event ModelRegistered(bytes32 indexed modelId, address indexed registrant, address store);

        error UnknownModel(bytes32 modelId);
        error ModelExists(bytes32 modelId);
        error StoreFailed();

        function verifier() external view returns (address);
        function register(bytes calldata vk) external returns (bytes32 modelId);
        function isRegistered(bytes32 modelId) external view returns (bool);
        function key(bytes32 modelId) external view returns (bytes memory);
        function tensors(bytes32 modelId) external view returns (TensorSpec[] memory);
        function verify(bytes32 modelId, Statement calldata statement, bytes calldata proof) external view;
        function isValid(bytes32 modelId, Statement calldata statement, bytes calldata proof)
            external
            view
            returns (bool);
    }

    #[derive(Debug, PartialEq, Eq)]
    struct Topic {
        address owner;
        uint32 maxAge;
        uint64 minEpoch;
        address pendingOwner;
        uint16 outputs;
        address publisher;
    }

    #[derive(Debug, PartialEq, Eq)]
    interface IInferenceFeed {
        event TopicCreated(uint256 indexed topicId, address indexed owner, uint16 outputs);
        event InferencePosted(
            uint256 indexed topicId,
            address indexed worker,
            uint64 indexed epoch,
            bytes32 modelId,
            int256[] values,
            bytes32 inputsHash
        );

        error NoOutputs();
        error NotTopicOwner(uint256 topicId, address caller);
        error NotPendingOwner(uint256 topicId, address caller);
        error WrongOutputs(bytes32 modelId, uint256 expected, uint256 found);
        error CommittedOutput(bytes32 modelId, uint256 tensor);
        error ModelNotAccepted(uint256 topicId, bytes32 modelId);
        error NotWorker(address worker, address caller);
        error Expired(uint256 deadline);
        error InvalidSignature(address worker);
        error EpochTooLow(uint64 epoch, uint64 last, uint64 minEpoch);
        error NoInference(uint256 topicId, address worker);
        error Stale(uint256 age, uint256 maxAge);
        // Of the library that feeds hash posts with.
        error InvalidShortString();
        error StringTooLong(string str);

        function registry() external view returns (address);
        function topic(uint256 topicId) external view returns (Topic memory);
        function isAccepted(uint256 topicId, bytes32 modelId) external view returns (bool);
        function context(uint256 topicId, uint64 epoch, address worker) external view returns (bytes32);
        function createTopic(uint16 outputs, uint32 maxAge, uint64 minEpoch, address publisher)
            external
            returns (uint256 topicId);
        function addModel(uint256 topicId, bytes32 modelId) external;
        function setRelayer(address relayer, bool allowed) external;
        function post(
            uint256 topicId,
            uint64 epoch,
            address worker,
            bytes32 modelId,
            bytes calldata tensors,
            bytes calldata proof
        ) external;
        function lastEpoch(uint256 topicId, address worker) external view returns (uint64);
        function latest(uint256 topicId, address worker)
            external
            view
            returns (int256 value, uint64 epoch, uint64 postedAt);
        function values(uint256 topicId, address worker)
            external
            view
            returns (int256[] memory values, uint64 epoch, uint64 postedAt);
    }

    #[derive(Debug, PartialEq, Eq)]
    struct TopicValue {
        uint192 recentValue;
        uint64 recentValueTime;
        uint256[] confidenceIntervalPercentiles;
        uint256[] confidenceIntervalValues;
    }

    #[derive(Debug, PartialEq, Eq)]
    interface IAlloraConsumerAdapter {
        error AlloraConsumerNotSwitchedOn();
        error AlloraConsumerInvalidConfidenceIntervals();
        error AlloraConsumerInvalidDataTime();
        error AlloraConsumerInvalidDataProvider();
        error NotRepresentable(int256 number, address feed);
        error UnsupportedTopic(uint256 topicId, uint256 values);
        error InvalidExtraData(bytes extraData);
        error WrongInference(uint256 proven, uint256 found);
        error InvalidPost();
        // Of the library that makes its calls.
        error AddressEmptyCode(address target);
        error FailedCall();
        error InsufficientBalance(uint256 balance, uint256 needed);

        function feed() external view returns (address);
        function getTopicValue(uint256 topicId, bytes calldata extraData)
            external
            view
            returns (TopicValue memory value);
    }
}
