// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IInferenceFeed, Topic} from "../src/IInferenceFeed.sol";
import {IModelRegistry} from "../src/IModelRegistry.sol";
import {ISumcastVerifier, Statement} from "../src/ISumcastVerifier.sol";
import {InferenceFeed} from "../src/InferenceFeed.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {FeedTest} from "./support/FeedTest.sol";
import {Keys} from "./support/Keys.sol";
import {AcceptsAll} from "./support/ProofBook.sol";
import {bound, vm} from "./support/Vm.sol";

/// @notice Topics, models, who may post, epochs, freshness, values.
contract InferenceFeedTest is FeedTest {
    address private constant STRANGER = address(0xbad);

    function testCreateTopic(uint16 outputs, uint32 maxAge, uint64 minEpoch, address publisher, address owner) public {
        vm.assume(outputs != 0 && owner != address(0));
        vm.expectEmit(address(feed));
        emit IInferenceFeed.TopicCreated(3, owner, outputs);
        vm.expectEmit(address(feed));
        emit IInferenceFeed.TopicConfigured(3, maxAge, minEpoch, publisher);
        vm.prank(owner);
        uint256 topicId = feed.createTopic(outputs, maxAge, minEpoch, publisher);
        vm.assertEq(topicId, 3);
        vm.assertEq(feed.topicCount(), 3);
        vm.assertEq(
            abi.encode(feed.topic(topicId)), abi.encode(Topic(owner, maxAge, minEpoch, address(0), outputs, publisher))
        );
        vm.assertEq(address(feed.registry()), address(registry));
    }

    function testATopicHasOutputs() public {
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.NoOutputs.selector));
        feed.createTopic(0, 1, 1, worker);
    }

    function testConfigureTopic(uint32 maxAge, uint64 minEpoch, address publisher) public {
        vm.expectEmit(address(feed));
        emit IInferenceFeed.TopicConfigured(six, maxAge, minEpoch, publisher);
        feed.configureTopic(six, maxAge, minEpoch, publisher);
        vm.assertEq(
            abi.encode(feed.topic(six)), abi.encode(Topic(address(this), maxAge, minEpoch, address(0), 6, publisher))
        );
    }

    function testOnlyTheOwnerDecides(address caller) public {
        vm.assume(caller != address(this));
        bytes memory refused = abi.encodeWithSelector(IInferenceFeed.NotTopicOwner.selector, one, caller);
        vm.expectRevert(refused);
        vm.prank(caller);
        feed.configureTopic(one, 1, 1, caller);
        vm.expectRevert(refused);
        vm.prank(caller);
        feed.offerTopic(one, caller);
        vm.expectRevert(refused);
        vm.prank(caller);
        feed.addModel(one, modelOfOne);
        vm.expectRevert(refused);
        vm.prank(caller);
        feed.removeModel(one, modelOfOne);
    }

    function testATopicIsHandedOverInTwoSteps(address next) public {
        vm.assume(next != address(this) && next != STRANGER && next != address(0));
        vm.expectEmit(address(feed));
        emit IInferenceFeed.TopicOffered(one, next);
        feed.offerTopic(one, next);
        vm.assertEq(feed.topic(one).owner, address(this));
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.NotPendingOwner.selector, one, STRANGER));
        vm.prank(STRANGER);
        feed.acceptTopic(one);
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.NotPendingOwner.selector, six, next));
        vm.prank(next);
        feed.acceptTopic(six);

        vm.expectEmit(address(feed));
        emit IInferenceFeed.TopicTransferred(one, next);
        vm.prank(next);
        feed.acceptTopic(one);
        vm.assertEq(abi.encode(feed.topic(one)), abi.encode(Topic(next, MAX_AGE, 1, address(0), 1, worker)));
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.NotTopicOwner.selector, one, address(this)));
        feed.offerTopic(one, address(this));
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.NotPendingOwner.selector, one, next));
        vm.prank(next);
        feed.acceptTopic(one);
    }

    function testAnOfferIsTakenBack() public {
        feed.offerTopic(one, STRANGER);
        feed.offerTopic(one, address(0));
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.NotPendingOwner.selector, one, STRANGER));
        vm.prank(STRANGER);
        feed.acceptTopic(one);
    }

    function testAddAndRemoveModel() public {
        vm.assertFalse(feed.isAccepted(one, keccak256("other")));
        bytes memory vk = _key(1);
        bytes32 modelId = registry.register(bytes.concat(vk, "other"));
        vm.expectEmit(address(feed));
        emit IInferenceFeed.ModelAdded(one, modelId);
        feed.addModel(one, modelId);
        vm.assertTrue(feed.isAccepted(one, modelId));
        vm.assertFalse(feed.isAccepted(six, modelId));
        vm.expectEmit(address(feed));
        emit IInferenceFeed.ModelRemoved(one, modelId);
        feed.removeModel(one, modelId);
        vm.assertFalse(feed.isAccepted(one, modelId));
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.ModelNotAccepted.selector, one, modelId));
        feed.removeModel(one, modelId);
    }

    function testModelsThatATopicCannotHave() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, bytes32("?")));
        feed.addModel(one, "?");
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.WrongOutputs.selector, modelOfSix, 1, 6));
        feed.addModel(one, modelOfSix);
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.WrongOutputs.selector, modelOfOne, 6, 1));
        feed.addModel(six, modelOfOne);
        bytes32 hidden = registry.register(
            Keys.key(bytes.concat(Keys.tensor(Keys.INPUT, 8, 0, 1), Keys.tensor(Keys.HIDDEN_OUTPUT, 8, 0, 1)), "")
        );
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.CommittedOutput.selector, hidden, 1));
        feed.addModel(one, hidden);
    }

    function testTheWorkerPosts() public {
        bytes memory tensors = _prove(one, 5, worker, _list(-3 << FRACTION));
        vm.expectEmit(address(feed));
        emit IInferenceFeed.InferencePosted(one, worker, 5, modelOfOne, _list(-3e18), _inputsHash(tensors));
        vm.prank(worker);
        feed.post(one, 5, worker, modelOfOne, tensors, PROOF);
        _expectAll(one, 5, _list(-3e18));
        vm.assertEq(feed.lastEpoch(one, worker), 5);
    }

    function testARelayerPosts(address relayer) public {
        vm.assume(relayer != worker);
        bytes memory tensors = _prove(one, 1, worker, _list(1));
        bytes memory refused = abi.encodeWithSelector(IInferenceFeed.NotWorker.selector, worker, relayer);
        vm.expectRevert(refused);
        vm.prank(relayer);
        feed.post(one, 1, worker, modelOfOne, tensors, PROOF);
        // Somebody else's relayer.
        feed.setRelayer(relayer, true);
        vm.expectRevert(refused);
        vm.prank(relayer);
        feed.post(one, 1, worker, modelOfOne, tensors, PROOF);

        vm.expectEmit(address(feed));
        emit IInferenceFeed.RelayerSet(worker, relayer, true);
        vm.prank(worker);
        feed.setRelayer(relayer, true);
        vm.assertTrue(feed.isRelayer(worker, relayer));
        vm.prank(relayer);
        feed.post(one, 1, worker, modelOfOne, tensors, PROOF);

        vm.expectEmit(address(feed));
        emit IInferenceFeed.RelayerSet(worker, relayer, false);
        vm.prank(worker);
        feed.setRelayer(relayer, false);
        tensors = _prove(one, 2, worker, _list(1));
        vm.expectRevert(refused);
        vm.prank(relayer);
        feed.post(one, 2, worker, modelOfOne, tensors, PROOF);
    }

    function testAModelThatDoesNotCount() public {
        bytes memory tensors = _prove(one, 2, worker, _list(1));
        _post(1, 4);
        feed.removeModel(one, modelOfOne);
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.ModelNotAccepted.selector, one, modelOfOne));
        vm.prank(worker);
        feed.post(one, 2, worker, modelOfOne, tensors, PROOF);
        _expectAll(one, 1, _list(4e18));
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.ModelNotAccepted.selector, 99, modelOfOne));
        vm.prank(worker);
        feed.post(99, 1, worker, modelOfOne, tensors, PROOF);
    }

    function testEpochsGoUp(uint64 epoch, uint64 next) public {
        epoch = uint64(bound(epoch, 1, type(uint64).max));
        _post(epoch, 1);
        bytes memory tensors = _prove(one, next, worker, _raw(_list(2)));
        if (next <= epoch) {
            vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.EpochTooLow.selector, next, epoch, 1));
        }
        vm.prank(worker);
        feed.post(one, next, worker, modelOfOne, tensors, PROOF);
        _expectAll(one, next > epoch ? next : epoch, _list(next > epoch ? int256(2e18) : int256(1e18)));
    }

    function testEpochsBeginAtTheTopics(uint64 minEpoch) public {
        minEpoch = uint64(bound(minEpoch, 1, type(uint64).max));
        feed.configureTopic(one, MAX_AGE, minEpoch, worker);
        bytes memory tensors = _prove(one, minEpoch - 1, worker, _list(2));
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.EpochTooLow.selector, minEpoch - 1, 0, minEpoch));
        vm.prank(worker);
        feed.post(one, minEpoch - 1, worker, modelOfOne, tensors, PROOF);
        _post(minEpoch, 1);
        vm.assertEq(feed.lastEpoch(one, worker), minEpoch);
    }

    function testEpochZeroIsNone() public {
        feed.configureTopic(one, MAX_AGE, 0, worker);
        bytes memory tensors = _prove(one, 0, worker, _list(2));
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.EpochTooLow.selector, 0, 0, 0));
        vm.prank(worker);
        feed.post(one, 0, worker, modelOfOne, tensors, PROOF);
    }

    function testWorkersAndTopicsHaveTheirOwnEpochs() public {
        _post(9, 1);
        _postSix(3, _list(1, 2, 3, 4, 5, 6));
        bytes memory tensors = _prove(one, 2, STRANGER, _raw(_list(8)));
        vm.prank(STRANGER);
        feed.post(one, 2, STRANGER, modelOfOne, tensors, PROOF);
        vm.assertEq(feed.lastEpoch(one, worker), 9);
        vm.assertEq(feed.lastEpoch(six, worker), 3);
        vm.assertEq(feed.lastEpoch(one, STRANGER), 2);
        (int256 value,,) = feed.latest(one, STRANGER);
        vm.assertEq(value, 8e18);
        _expectAll(one, 9, _list(1e18));
    }

    function testTheLastFreshSecond(uint32 maxAge) public {
        testReadsAreFreshOrRefused(maxAge, maxAge);
    }

    function testReadsAreFreshOrRefused(uint32 maxAge, uint32 age) public {
        feed.configureTopic(one, maxAge, 1, worker);
        _post(1, 2);
        uint64 postedAt = uint64(vm.getBlockTimestamp());
        vm.warp(vm.getBlockTimestamp() + age);
        bytes memory stale = abi.encodeWithSelector(IInferenceFeed.Stale.selector, age, maxAge);
        if (age > maxAge) vm.expectRevert(stale);
        (int256 value, uint64 epoch, uint64 time) = feed.value(one, worker);
        if (age > maxAge) vm.expectRevert(stale);
        feed.value(one);
        if (age > maxAge) vm.expectRevert(stale);
        feed.values(one, worker);
        if (age > maxAge) vm.expectRevert(stale);
        feed.values(one);
        if (age <= maxAge) vm.assertEq(abi.encode(value, epoch, time), abi.encode(int256(2e18), 1, postedAt));
        (value, epoch, time) = feed.latest(one, worker);
        vm.assertEq(abi.encode(value, epoch, time), abi.encode(int256(2e18), 1, postedAt));
    }

    function testThereIsNothingToRead() public {
        bytes memory none = abi.encodeWithSelector(IInferenceFeed.NoInference.selector, one, worker);
        vm.expectRevert(none);
        feed.latest(one, worker);
        vm.expectRevert(none);
        feed.latest(one);
        vm.expectRevert(none);
        feed.value(one, worker);
        vm.expectRevert(none);
        feed.values(one, worker);
        vm.assertEq(feed.lastEpoch(one, worker), 0);
    }

    function testThePublisherIsReadByDefault() public {
        _post(1, 2);
        feed.configureTopic(one, MAX_AGE, 1, STRANGER);
        bytes memory none = abi.encodeWithSelector(IInferenceFeed.NoInference.selector, one, STRANGER);
        vm.expectRevert(none);
        feed.latest(one);
        vm.expectRevert(none);
        feed.value(one);
        vm.expectRevert(none);
        feed.values(one);
    }

    /// @dev Two output tensors of different scales, hidden inputs, inputs between outputs.
    function testOutputsInOrder() public {
        bytes memory vk = Keys.key(
            bytes.concat(
                Keys.tensor(Keys.OUTPUT, 100, 1, 2),
                Keys.tensor(Keys.HIDDEN_INPUT, 8, 0, 1025),
                Keys.tensor(Keys.HIDDEN_INPUT, 8, 0, 1024),
                Keys.tensor(Keys.OUTPUT, 100, 2, 4),
                Keys.tensor(Keys.INPUT, 8, 0, 1)
            ),
            ""
        );
        bytes32 modelId = registry.register(vk);
        feed.addModel(six, modelId);
        // Rows have 2^10 elements: the hidden inputs have two points and one.
        bytes memory points = new bytes(192);
        (points[0], points[127], points[191]) = (0x11, 0x12, 0x13);
        bytes memory last = _pack(-13, 8);
        bytes memory tensors = bytes.concat(_pack(1, 100), _pack(-3, 100), points);
        tensors = bytes.concat(tensors, _pack(5, 100), _pack(0, 100), _pack(0, 100), _pack(7, 100), last);
        book.accept(vk, Statement(feed.context(six, 1, worker), tensors), PROOF);

        int256[] memory values = _list(0.5e18, -1.5e18, 1.25e18, 0, 0, 1.75e18);
        bytes32 inputsHash = keccak256(bytes.concat(points, last));
        vm.expectEmit(address(feed));
        emit IInferenceFeed.InferencePosted(six, worker, 1, modelId, values, inputsHash);
        vm.prank(worker);
        feed.post(six, 1, worker, modelId, tensors, PROOF);
        _expectAll(six, 1, values);
        _postSix(2, _list(1, 2, 3, -4, 5, 6));
        _expectAll(six, 2, _decimals(_list(1, 2, 3, -4, 5, 6)));
    }

    function testValuesAreRoundedTowardZero(int256 v, uint8 fraction) public {
        v = v % 2 ** 100;
        bytes memory vk =
            Keys.key(bytes.concat(Keys.tensor(Keys.INPUT, 40, 0, 3), Keys.tensor(Keys.OUTPUT, 100, fraction, 1)), "");
        bytes32 modelId = registry.register(vk);
        feed.addModel(one, modelId);
        bytes memory tensors = bytes.concat(new bytes(INPUTS_SIZE), _pack(v, 100));
        book.accept(vk, Statement(feed.context(one, 1, worker), tensors), PROOF);
        vm.prank(worker);
        feed.post(one, 1, worker, modelId, tensors, PROOF);

        (int256 value,,) = feed.latest(one);
        uint256 exact = uint256(v < 0 ? -v : v) * 1e18;
        int256 expected = int256(fraction < 160 ? exact / 2 ** fraction : 0);
        vm.assertEq(value, v < 0 ? -expected : expected);
    }

    function testAProofCountsInItsContextOnly() public {
        bytes memory tensors = _prove(one, 1, worker, _list(1));
        bytes memory refused = abi.encodeWithSelector(ISumcastVerifier.OpeningFailed.selector);

        vm.expectRevert(refused);
        vm.prank(worker);
        feed.post(one, 2, worker, modelOfOne, tensors, PROOF);

        uint256 other = feed.createTopic(1, MAX_AGE, 1, worker);
        feed.addModel(other, modelOfOne);
        vm.expectRevert(refused);
        vm.prank(worker);
        feed.post(other, 1, worker, modelOfOne, tensors, PROOF);

        vm.expectRevert(refused);
        vm.prank(STRANGER);
        feed.post(one, 1, STRANGER, modelOfOne, tensors, PROOF);

        InferenceFeed second = new InferenceFeed(registry);
        second.createTopic(1, MAX_AGE, 1, worker);
        second.addModel(one, modelOfOne);
        vm.expectRevert(refused);
        vm.prank(worker);
        second.post(one, 1, worker, modelOfOne, tensors, PROOF);

        uint256 here = vm.getChainId();
        vm.chainId(here + 1);
        vm.expectRevert(refused);
        vm.prank(worker);
        feed.post(one, 1, worker, modelOfOne, tensors, PROOF);
        vm.chainId(here);

        vm.expectRevert(refused);
        vm.prank(worker);
        feed.post(one, 1, worker, modelOfOne, tensors, "another proof");

        vm.prank(worker);
        feed.post(one, 1, worker, modelOfOne, tensors, PROOF);
    }

    function testContext(uint256 topicId, uint64 epoch, address worker_) public view {
        bytes32 typehash =
            keccak256("SumcastInference(uint256 chainId,address feed,uint256 topicId,uint64 epoch,address worker)");
        vm.assertEq(
            feed.context(topicId, epoch, worker_),
            keccak256(abi.encode(typehash, block.chainid, address(feed), topicId, epoch, worker_))
        );
    }

    /// @dev 244 inputs, a proof of 3,000 bytes, one output, new slots and then old ones: what the feed and the registry
    /// take beside the verifier, without the transaction's own 21,000 and its bytes.
    function testGasOfPostingAndReading() public {
        ModelRegistry cheap = new ModelRegistry(new AcceptsAll());
        feed = new InferenceFeed(cheap);
        feed.createTopic(1, MAX_AGE, 1, worker);
        bytes32 modelId = cheap.register(
            Keys.key(
                bytes.concat(Keys.tensor(Keys.INPUT, 40, 8, 244), Keys.tensor(Keys.OUTPUT, 40, 8, 1)), new bytes(969)
            )
        );
        feed.addModel(1, modelId);
        bytes memory tensors = bytes.concat(new bytes(244 * 6), _pack(1, 40));
        bytes memory proof = new bytes(3000);
        vm.assertLt(_gasOf(abi.encodeCall(feed.post, (1, 1, worker, modelId, tensors, proof))), 74_000);
        tensors = bytes.concat(new bytes(244 * 6), _pack(2, 40));
        vm.assertLt(_gasOf(abi.encodeCall(feed.post, (1, 2, worker, modelId, tensors, proof))), 40_000);
        // `value` and `values` have one and the same gas but for the list.
        vm.assertLt(_gasOf(abi.encodeWithSignature("latest(uint256,address)", 1, worker)), 6_000);
        vm.assertLt(_gasOf(abi.encodeWithSignature("value(uint256,address)", 1, worker)), 8_000);
    }

    /// @dev By the worker, all storage it touches cold.
    function _gasOf(bytes memory data) private returns (uint256 gas) {
        vm.cool(address(feed));
        vm.prank(worker);
        gas = gasleft();
        (bool done,) = address(feed).call(data);
        gas -= gasleft();
        vm.assertTrue(done);
    }

    function _expectAll(uint256 topicId, uint64 epoch, int256[] memory expected) private view {
        bytes memory first = abi.encode(expected[0], epoch, uint64(block.timestamp));
        {
            (int256 value, uint64 epoch_, uint64 postedAt) = feed.latest(topicId, worker);
            vm.assertEq(abi.encode(value, epoch_, postedAt), first);
            (value, epoch_, postedAt) = feed.latest(topicId);
            vm.assertEq(abi.encode(value, epoch_, postedAt), first);
            (value, epoch_, postedAt) = feed.value(topicId, worker);
            vm.assertEq(abi.encode(value, epoch_, postedAt), first);
            (value, epoch_, postedAt) = feed.value(topicId);
            vm.assertEq(abi.encode(value, epoch_, postedAt), first);
        }
        bytes memory all = abi.encode(expected, epoch, uint64(block.timestamp));
        (int256[] memory values, uint64 epoch__, uint64 time) = feed.values(topicId, worker);
        vm.assertEq(abi.encode(values, epoch__, time), all);
        (values, epoch__, time) = feed.values(topicId);
        vm.assertEq(abi.encode(values, epoch__, time), all);
    }
}
