// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {InferenceFeed} from "../../src/InferenceFeed.sol";
import {ModelRegistry} from "../../src/ModelRegistry.sol";
import {Statement} from "../../src/ISumcastVerifier.sol";
import {Keys} from "./Keys.sol";
import {ProofBook} from "./ProofBook.sol";
import {vm} from "./Vm.sol";

/// @notice A feed with a topic of one value and a topic of six, and a worker who publishes in both.
abstract contract FeedTest {
    uint256 internal constant WORKER_SECRET = 0xbee;
    uint32 internal constant MAX_AGE = 600;
    uint8 internal constant FRACTION = 16;
    /// @dev More than the verifier allows: there are tests of numbers that are too large for the adapter.
    uint8 internal constant BITS = 200;
    uint256 internal constant INPUTS_SIZE = 3 * 6;
    bytes internal constant PROOF = "a proof";
    bytes32 internal constant POST_TYPEHASH = keccak256(
        "Post(uint256 topicId,uint64 epoch,address worker,bytes32 modelId,bytes32 inputsHash,bytes32 outputsHash,uint256 deadline)"
    );

    address internal immutable worker = vm.addr(WORKER_SECRET);
    ProofBook internal book;
    ModelRegistry internal registry;
    InferenceFeed internal feed;
    /// @dev Models of three inputs, and of one output and six.
    bytes internal keyOfOne;
    bytes internal keyOfSix;
    bytes32 internal modelOfOne;
    bytes32 internal modelOfSix;
    /// @dev Topics of these.
    uint256 internal one;
    uint256 internal six;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        book = new ProofBook();
        registry = new ModelRegistry(book);
        feed = new InferenceFeed(registry);
        keyOfOne = _key(1);
        keyOfSix = _key(6);
        modelOfOne = registry.register(keyOfOne);
        modelOfSix = registry.register(keyOfSix);
        one = feed.createTopic(1, MAX_AGE, 1, worker);
        six = feed.createTopic(6, MAX_AGE, 1, worker);
        feed.addModel(one, modelOfOne);
        feed.addModel(six, modelOfSix);
    }

    function _key(uint32 outputs) internal pure returns (bytes memory) {
        return Keys.key(
            bytes.concat(Keys.tensor(Keys.INPUT, 40, 8, 3), Keys.tensor(Keys.OUTPUT, BITS, FRACTION, outputs)), ""
        );
    }

    /// @dev The tensors of a statement with these outputs, as integers of the model.
    function _tensors(int256[] memory outputs) internal pure returns (bytes memory) {
        return bytes.concat(_pack(7, 40), _pack(0, 40), _pack(-9, 40), _pack(outputs, BITS));
    }

    function _pack(int256 v, uint256 bits) internal pure returns (bytes memory packed) {
        uint256 width = bits / 8 + 1;
        packed = new bytes(width);
        for (uint256 i = 0; i < width; ++i) {
            packed[width - 1 - i] = bytes1(uint8(int8(v >> (8 * i))));
        }
    }

    function _pack(int256[] memory list, uint256 bits) internal pure returns (bytes memory packed) {
        for (uint256 i = 0; i < list.length; ++i) {
            packed = bytes.concat(packed, _pack(list[i], bits));
        }
    }

    function _list(int256 a) internal pure returns (int256[] memory list) {
        list = new int256[](1);
        list[0] = a;
    }

    function _list(int256 a, int256 b, int256 c, int256 d, int256 e, int256 f)
        internal
        pure
        returns (int256[] memory list)
    {
        list = new int256[](6);
        (list[0], list[1], list[2], list[3], list[4], list[5]) = (a, b, c, d, e, f);
    }

    /// @dev Integers of the model that stand for these whole numbers.
    function _raw(int256[] memory numbers) internal pure returns (int256[] memory raw) {
        raw = new int256[](numbers.length);
        for (uint256 i = 0; i < raw.length; ++i) {
            raw[i] = numbers[i] << FRACTION;
        }
    }

    /// @dev These whole numbers with 18 decimals.
    function _decimals(int256[] memory numbers) internal pure returns (int256[] memory list) {
        list = new int256[](numbers.length);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = numbers[i] * 1e18;
        }
    }

    /// @dev Makes `PROOF` a proof of these outputs.
    function _prove(uint256 topicId, uint64 epoch, address worker_, int256[] memory outputs)
        internal
        returns (bytes memory tensors)
    {
        tensors = _tensors(outputs);
        Statement memory statement = Statement(feed.context(topicId, epoch, worker_), tensors);
        book.accept(outputs.length == 1 ? keyOfOne : keyOfSix, statement, PROOF);
    }

    /// @dev The worker posts one whole number.
    function _post(uint64 epoch, int256 number) internal {
        bytes memory tensors = _prove(one, epoch, worker, _raw(_list(number)));
        vm.prank(worker);
        feed.post(one, epoch, worker, modelOfOne, tensors, PROOF);
    }

    /// @dev The worker posts six whole numbers.
    function _postSix(uint64 epoch, int256[] memory numbers) internal {
        bytes memory tensors = _prove(six, epoch, worker, _raw(numbers));
        vm.prank(worker);
        feed.post(six, epoch, worker, modelOfSix, tensors, PROOF);
    }

    function _inputsHash(bytes memory tensors) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := keccak256(add(tensors, 32), INPUTS_SIZE)
        }
    }

    function _digest(
        InferenceFeed feed_,
        uint256 topicId,
        uint64 epoch,
        address worker_,
        bytes32 modelId,
        bytes32 inputsHash,
        int256[] memory values,
        uint256 deadline
    ) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("SumcastInferenceFeed"),
                keccak256("1"),
                block.chainid,
                feed_
            )
        );
        bytes32 outputsHash = keccak256(abi.encodePacked(values));
        bytes32 message =
            keccak256(abi.encode(POST_TYPEHASH, topicId, epoch, worker_, modelId, inputsHash, outputsHash, deadline));
        return keccak256(abi.encodePacked(hex"1901", domain, message));
    }

    function _sign(uint256 secret, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, digest);
        return abi.encodePacked(r, s, v);
    }
}
