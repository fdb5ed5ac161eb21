// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AlloraConsumerAdapter} from "../src/AlloraConsumerAdapter.sol";
import {
    AlloraConsumerNetworkInferenceData,
    IAlloraConsumer,
    NetworkInferenceData,
    TopicValue
} from "../src/IAlloraConsumer.sol";
import {IInferenceFeed} from "../src/IInferenceFeed.sol";
import {FeedTest} from "./support/FeedTest.sol";
import {bound, vm} from "./support/Vm.sol";

contract AlloraConsumerAdapterTest is FeedTest {
    AlloraConsumerAdapter private adapter;

    function setUp() public override {
        super.setUp();
        adapter = new AlloraConsumerAdapter(feed);
    }

    function _percentiles() private pure returns (uint256[] memory list) {
        list = new uint256[](5);
        (list[0], list[1], list[2], list[3], list[4]) =
        (2280000000000000000, 15870000000000000000, 50e18, 84130000000000000000, 97720000000000000000);
    }

    /// @dev The interval that `_postSix(_, _list(3365, 3300, 3330, 3360, 3390, 3420))` posts.
    function _interval() private pure returns (uint256[] memory list) {
        list = new uint256[](5);
        (list[0], list[1], list[2], list[3], list[4]) = (3300e18, 3330e18, 3360e18, 3390e18, 3420e18);
    }

    function _sixNumbers() private pure returns (int256[] memory) {
        return _list(3365, 3300, 3330, 3360, 3390, 3420);
    }

    /// @dev What the network's API would give for these six.
    function _data() private view returns (AlloraConsumerNetworkInferenceData memory nd) {
        nd.networkInference = NetworkInferenceData(3365e18, _percentiles(), _interval(), block.timestamp, six, "");
    }

    function _expectRefused(AlloraConsumerNetworkInferenceData memory nd, bytes memory reason) private {
        _expectRefusedViewOnly(nd, reason);
        vm.expectRevert(reason);
        adapter.verifyNetworkInference(nd);
    }

    function _expectVerified(AlloraConsumerNetworkInferenceData memory nd, address provider) private {
        bytes memory expected = abi.encode(
            nd.networkInference.networkInference,
            nd.networkInference.confidenceIntervalPercentiles,
            nd.networkInference.confidenceIntervalValues,
            provider
        );
        vm.expectEmit(address(adapter));
        emit IAlloraConsumer.AlloraConsumerVerifiedNetworkInferenceDataAndInterval(
            nd.networkInference.networkInference,
            nd.networkInference.timestamp,
            nd.networkInference.topicId,
            nd.networkInference.extraData
        );
        (uint256 value, uint256[] memory pcts, uint256[] memory values, address found) =
            adapter.verifyNetworkInference(nd);
        vm.assertEq(abi.encode(value, pcts, values, found), expected);
        (value, pcts, values, found) = adapter.verifyNetworkInferenceViewOnly(nd);
        vm.assertEq(abi.encode(value, pcts, values, found), expected);
    }

    /// @dev Those of the deployed AlloraConsumer.
    function testSelectorsOfTheErrors() public pure {
        vm.assertEq(uint32(IAlloraConsumer.AlloraConsumerNotSwitchedOn.selector), 0x4906b59b);
        vm.assertEq(uint32(IAlloraConsumer.AlloraConsumerInvalidConfidenceIntervals.selector), 0xca99d314);
        vm.assertEq(uint32(IAlloraConsumer.AlloraConsumerInvalidDataTime.selector), 0xe684c295);
        vm.assertEq(uint32(IAlloraConsumer.AlloraConsumerInvalidDataProvider.selector), 0xd2f31aac);
    }

    function testATopicOfOneValue(uint64 number, uint32 age) public {
        age %= MAX_AGE + 1;
        _post(1, int256(uint256(number)));
        uint64 postedAt = uint64(vm.getBlockTimestamp());
        vm.warp(postedAt + age);
        TopicValue memory expected = TopicValue(uint192(number) * 1e18, postedAt, new uint256[](0), new uint256[](0));
        vm.assertEq(abi.encode(adapter.getTopicValue(one, "")), abi.encode(expected));
        vm.assertEq(abi.encode(adapter.getTopicValue(one, abi.encode(worker))), abi.encode(expected));
        vm.assertEq(address(adapter.feed()), address(feed));
    }

    function testATopicOfSixValues() public {
        _postSix(1, _sixNumbers());
        vm.assertEq(
            abi.encode(adapter.getTopicValue(six, "")),
            abi.encode(TopicValue(3365e18, uint64(block.timestamp), _percentiles(), _interval()))
        );
    }

    function testATopicOfAnotherNumberOfValues() public {
        uint256 topicId = feed.createTopic(2, MAX_AGE, 1, worker);
        bytes32 modelId = registry.register(_key(2));
        feed.addModel(topicId, modelId);
        keyOfSix = _key(2);
        bytes memory tensors = _prove(topicId, 1, worker, new int256[](2));
        vm.prank(worker);
        feed.post(topicId, 1, worker, modelId, tensors, PROOF);
        vm.expectRevert(abi.encodeWithSelector(AlloraConsumerAdapter.UnsupportedTopic.selector, topicId, 2));
        adapter.getTopicValue(topicId, "");
    }

    function testNegativeNumbersAreReadFromTheFeed(uint8 which, int64 number) public {
        vm.assume(number < 0);
        int256[] memory numbers = _sixNumbers();
        numbers[which % 6] = number;
        _postSix(1, numbers);
        vm.expectRevert(
            abi.encodeWithSelector(AlloraConsumerAdapter.NotRepresentable.selector, int256(number) * 1e18, feed)
        );
        adapter.getTopicValue(six, "");
    }

    /// @dev The book has no limit on integers, as the verifier has.
    function testTooLargeNumbersAreReadFromTheFeed(uint8 which) public {
        int256 tooLarge = int256(uint256(2 ** 192) / 1e18 + 1);
        int256[] memory numbers = _sixNumbers();
        numbers[which % 6] = tooLarge - 1;
        _postSix(1, numbers);
        adapter.getTopicValue(six, "");
        numbers[which % 6] = tooLarge;
        _postSix(2, numbers);
        vm.expectRevert(abi.encodeWithSelector(AlloraConsumerAdapter.NotRepresentable.selector, tooLarge * 1e18, feed));
        adapter.getTopicValue(six, "");
    }

    function testStaleNumbers(uint32 late) public {
        _postSix(1, _sixNumbers());
        vm.warp(vm.getBlockTimestamp() + MAX_AGE + 1 + late);
        bytes memory stale = abi.encodeWithSelector(IAlloraConsumer.AlloraConsumerInvalidDataTime.selector);
        vm.expectRevert(stale);
        adapter.getTopicValue(six, "");
        _expectRefused(_data(), stale);
    }

    function testWhoseNumbers(address other) public {
        vm.assume(other != worker && other != address(0));
        _post(1, 2);
        bytes memory none = abi.encodeWithSelector(IInferenceFeed.NoInference.selector, one, other);
        vm.expectRevert(none);
        adapter.getTopicValue(one, abi.encode(other));

        feed.configureTopic(one, MAX_AGE, 1, address(0));
        vm.expectRevert(abi.encodeWithSelector(IAlloraConsumer.AlloraConsumerInvalidDataProvider.selector));
        adapter.getTopicValue(one, "");
        vm.assertEq(adapter.getTopicValue(one, abi.encode(worker)).recentValue, 2e18);
    }

    function testExtraDataIsAnAddress(bytes calldata extraData, uint96 dirt) public {
        vm.assume(extraData.length != 0 && extraData.length != 32);
        vm.assume(dirt != 0);
        _post(1, 2);
        vm.expectRevert(abi.encodeWithSelector(AlloraConsumerAdapter.InvalidExtraData.selector, extraData));
        adapter.getTopicValue(one, extraData);
        bytes memory dirty = abi.encodePacked(dirt, worker);
        vm.expectRevert(abi.encodeWithSelector(AlloraConsumerAdapter.InvalidExtraData.selector, dirty));
        adapter.getTopicValue(one, dirty);
    }

    function testVerifyWhatTheFeedHas(bytes calldata outerExtraData) public {
        _postSix(1, _sixNumbers());
        AlloraConsumerNetworkInferenceData memory nd = _data();
        _expectVerified(nd, worker);
        nd.extraData = outerExtraData;
        nd.networkInference.extraData = abi.encode(worker);
        _expectVerified(nd, worker);

        _post(1, 7);
        nd.networkInference = NetworkInferenceData(7e18, new uint256[](0), new uint256[](0), block.timestamp, one, "");
        _expectVerified(nd, worker);
    }

    function testVerifyRefusesOtherNumbers(uint256 found) public {
        vm.assume(found != 3365e18);
        _postSix(1, _sixNumbers());
        AlloraConsumerNetworkInferenceData memory nd = _data();
        nd.networkInference.networkInference = found;
        _expectRefused(nd, abi.encodeWithSelector(AlloraConsumerAdapter.WrongInference.selector, 3365e18, found));
    }

    function testVerifyRefusesOtherIntervals(uint8 which, uint256 found, bool percentile) public {
        which %= 5;
        _postSix(1, _sixNumbers());
        bytes memory refused = abi.encodeWithSelector(IAlloraConsumer.AlloraConsumerInvalidConfidenceIntervals.selector);
        AlloraConsumerNetworkInferenceData memory nd = _data();
        uint256[] memory list = percentile
            ? nd.networkInference.confidenceIntervalPercentiles
            : nd.networkInference.confidenceIntervalValues;
        vm.assume(found != list[which]);
        list[which] = found;
        _expectRefused(nd, refused);

        nd = _data();
        if (percentile) nd.networkInference.confidenceIntervalPercentiles = new uint256[](0);
        else nd.networkInference.confidenceIntervalValues = new uint256[](0);
        _expectRefused(nd, refused);
    }

    /// @dev The inference is posted a while before; its timestamp is the caller's.
    function testVerifyHoldsTheTimestampAgainstTheClock(uint256 timestamp) public {
        _postSix(1, _sixNumbers());
        vm.warp(vm.getBlockTimestamp() + 10);
        uint256 today = vm.getBlockTimestamp();
        AlloraConsumerNetworkInferenceData memory nd = _data();
        bytes memory refused = abi.encodeWithSelector(IAlloraConsumer.AlloraConsumerInvalidDataTime.selector);
        nd.networkInference.timestamp = bound(timestamp, today - MAX_AGE, today + 300);
        _expectVerified(nd, worker);
        nd.networkInference.timestamp = today - MAX_AGE;
        _expectVerified(nd, worker);
        nd.networkInference.timestamp = today + 300;
        _expectVerified(nd, worker);
        nd.networkInference.timestamp = bound(timestamp, 0, today - MAX_AGE - 1);
        _expectRefused(nd, refused);
        nd.networkInference.timestamp = bound(timestamp, today + 301, type(uint256).max);
        _expectRefused(nd, refused);
        nd.networkInference.timestamp = today - MAX_AGE - 1;
        _expectRefused(nd, refused);
        nd.networkInference.timestamp = today + 301;
        _expectRefused(nd, refused);
    }

    /// @dev The call of `postSigned` for the six numbers.
    function _carried(uint64 epoch) private returns (bytes memory) {
        bytes memory tensors = _prove(six, epoch, worker, _raw(_sixNumbers()));
        bytes32 digest = _digest(
            feed, six, epoch, worker, modelOfSix, _inputsHash(tensors), _decimals(_sixNumbers()), block.timestamp
        );
        bytes memory signature = _sign(WORKER_SECRET, digest);
        return
            abi.encodeCall(
                feed.postSigned, (six, epoch, worker, modelOfSix, tensors, PROOF, block.timestamp, signature)
            );
    }

    function testOneCallCarriesTheProof(address caller) public {
        AlloraConsumerNetworkInferenceData memory nd = _data();
        nd.signature = _carried(8);
        _expectRefusedViewOnly(nd, abi.encodeWithSelector(IInferenceFeed.NoInference.selector, six, worker));
        vm.prank(caller);
        adapter.verifyNetworkInference(nd);
        vm.assertEq(feed.lastEpoch(six, worker), 8);
        // Again, or after somebody else has posted it.
        _expectVerified(nd, worker);
        vm.assertEq(adapter.getTopicValue(six, "").recentValueTime, block.timestamp);
    }

    function testACarriedPostThatIsOlder() public {
        AlloraConsumerNetworkInferenceData memory nd = _data();
        nd.signature = _carried(8);
        int256[] memory numbers = _sixNumbers();
        numbers[0] += 1;
        _postSix(9, numbers);
        vm.expectRevert(abi.encodeWithSelector(AlloraConsumerAdapter.WrongInference.selector, 3366e18, 3365e18));
        adapter.verifyNetworkInference(nd);
    }

    function testACarriedPostThatTheFeedRefuses() public {
        AlloraConsumerNetworkInferenceData memory nd = _data();
        nd.signature = _carried(8);
        vm.warp(vm.getBlockTimestamp() + 1);
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.Expired.selector, vm.getBlockTimestamp() - 1));
        adapter.verifyNetworkInference(nd);
    }

    function testACarriedPostOfOtherNumbers() public {
        AlloraConsumerNetworkInferenceData memory nd = _data();
        nd.signature = _carried(8);
        nd.networkInference.networkInference += 1;
        vm.expectRevert(abi.encodeWithSelector(AlloraConsumerAdapter.WrongInference.selector, 3365e18, 3365e18 + 1));
        adapter.verifyNetworkInference(nd);
    }

    /// @dev The adapter makes no other call of the feed, whoever has allowed it what.
    function testOnlySignedPostsAreCarried() public {
        vm.prank(worker);
        feed.setRelayer(address(adapter), true);
        bytes memory tensors = _prove(six, 1, worker, _raw(_sixNumbers()));
        AlloraConsumerNetworkInferenceData memory nd = _data();
        bytes memory refused = abi.encodeWithSelector(AlloraConsumerAdapter.InvalidPost.selector);
        nd.signature = abi.encodeCall(feed.post, (six, 1, worker, modelOfSix, tensors, PROOF));
        vm.expectRevert(refused);
        adapter.verifyNetworkInference(nd);
        nd.signature = abi.encodePacked(feed.postSigned.selector, six, uint256(1), uint248(uint160(worker)));
        vm.expectRevert(refused);
        adapter.verifyNetworkInference(nd);
        nd.signature = hex"00";
        vm.expectRevert(refused);
        adapter.verifyNetworkInference(nd);
    }

    function _expectRefusedViewOnly(AlloraConsumerNetworkInferenceData memory nd, bytes memory reason) private {
        vm.expectRevert(reason);
        adapter.verifyNetworkInferenceViewOnly(nd);
    }
}
