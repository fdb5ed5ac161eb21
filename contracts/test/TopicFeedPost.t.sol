// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EpochKind} from "../src/IEpochSource.sol";
import {ISumcastVerifier, Statement} from "../src/ISumcastVerifier.sol";
import {ITopicFeed} from "../src/ITopicFeed.sol";
import {TopicFeed} from "../src/TopicFeed.sol";
import {Synthesis, TopicFeedTest} from "./support/TopicFeedTest.sol";
import {bound, vm} from "./support/Vm.sol";

/// @notice What a post needs beside members and attestation, and what is read.
contract TopicFeedPostTest is TopicFeedTest {
    function testAnyonePosts(address caller) public {
        Synthesis memory s = _synthesis(5);
        bytes memory data = _ready(s);
        vm.expectEmit(address(network));
        emit ITopicFeed.NetworkInferencePosted(
            topic,
            5,
            synthesisModel,
            -2.5e18,
            [int256(-3e18), -2e18, -1e18, 0, 1e18],
            0,
            s.members,
            keccak256(_forecasts(s))
        );
        vm.prank(caller);
        _accept(data);
        (int256 value, uint64 epoch, uint64 postedAt) = network.value(topic);
        vm.assertEq(abi.encode(value, epoch, postedAt), abi.encode(int256(-2.5e18), 5, block.timestamp));
        (value, epoch, postedAt) = network.latest(topic);
        vm.assertEq(abi.encode(value, epoch, postedAt), abi.encode(int256(-2.5e18), 5, block.timestamp));
        vm.assertEq(network.lastEpoch(topic), 5);
    }

    function testTheInterval() public {
        _accept(_ready(_synthesis(5)));
        (uint256[] memory percentiles, int256[] memory values, uint64 epoch, uint64 postedAt) = network.interval(topic);
        uint256[] memory expected = new uint256[](5);
        (expected[0], expected[1], expected[2]) = (2_280_000_000_000_000_000, 15_870_000_000_000_000_000, 50 * 10 ** 18);
        (expected[3], expected[4]) = (84_130_000_000_000_000_000, 97_720_000_000_000_000_000);
        vm.assertEq(percentiles, expected);
        int256[] memory five = new int256[](5);
        (five[0], five[1], five[2], five[3], five[4]) = (-3e18, -2e18, -1e18, 0, 1e18);
        vm.assertEq(values, five);
        vm.assertEq(abi.encode(epoch, postedAt), abi.encode(5, block.timestamp));
    }

    function testValuesAreRoundedAsInTheWorkersFeed(int64 v) public {
        Synthesis memory s = _synthesis(1);
        (s.value, s.percentile) = (v, v);
        _accept(_ready(s));
        (int256 value,,) = network.latest(topic);
        vm.assertEq(value, int256(v) * 1e18 / int256(1 << VALUE_FRACTION));
        (, int256[] memory values,,) = network.interval(topic);
        vm.assertEq(values[0], int256(v) * 1e18 / int256(1 << INTERVAL_FRACTION));
    }

    function testKeysCountForTheirKindAndTopic() public {
        Synthesis memory s = _synthesis(1);
        bytes memory tensors = _prove(s);
        bytes memory sourceData = _attest(1, EpochKind.Synthesis, _digestOf(s));
        bytes memory data = abi.encodeCall(network.post, (topic, 1, settleModel, s.members, tensors, PROOF, sourceData));
        _refuse(data, _notAccepted(topic, settleModel, EpochKind.Synthesis));
        data = abi.encodeCall(network.settle, (topic, 1, synthesisModel, tensors, PROOF, sourceData));
        _refuse(data, _notAccepted(topic, synthesisModel, EpochKind.Settlement));
        data = abi.encodeCall(network.post, (99, 1, synthesisModel, s.members, tensors, PROOF, sourceData));
        _refuse(data, _notAccepted(99, synthesisModel, EpochKind.Synthesis));
        data = abi.encodeCall(network.post, (topic, 1, modelOfOne, s.members, tensors, PROOF, sourceData));
        _refuse(data, _notAccepted(topic, modelOfOne, EpochKind.Synthesis));
        network.removeKey(topic, synthesisModel);
        _refuse(_call(s, tensors, sourceData), _notAccepted(topic, synthesisModel, EpochKind.Synthesis));
    }

    function testEpochsGoUp(uint64 next) public {
        _accept(_ready(_synthesis(7)));
        next = uint64(bound(next, 0, 7));
        // The workers' feed refuses an earlier epoch, so this is one that was attested before.
        Synthesis memory s;
        s.epoch = next;
        (s.members, s.slots, s.state) = (new address[](SLOTS), new int256[](SLOTS), _state(0));
        for (uint256 i = 0; i < SLOTS; ++i) {
            s.slots[i] = ABSENT;
        }
        _refuse(_ready(s), abi.encodeWithSelector(ITopicFeed.EpochTooLow.selector, next, 7, 1));
        s.epoch = 8;
        _accept(_ready(s));
    }

    function testAPostIsNotReplayed() public {
        bytes memory data = _ready(_synthesis(7));
        _accept(data);
        _refuse(data, abi.encodeWithSelector(ITopicFeed.EpochTooLow.selector, 7, 7, 1));
    }

    function testEpochsBeginAtTheTopics(uint64 minEpoch) public {
        minEpoch = uint64(bound(minEpoch, 1, type(uint64).max));
        network.configureTopic(topic, attestors, FRESH, minEpoch);
        bytes memory refused = abi.encodeWithSelector(ITopicFeed.EpochTooLow.selector, minEpoch - 1, 0, minEpoch);
        if (minEpoch > 1) _refuse(_ready(_synthesis(minEpoch - 1)), refused);
        _refuse(_ready(_settlement(minEpoch - 1)), refused);
        _accept(_ready(_synthesis(minEpoch)));
        _accept(_ready(_settlement(minEpoch)));
    }

    function testAProofCountsInItsContextOnly() public {
        Synthesis memory s = _synthesis(3);
        bytes memory refused = abi.encodeWithSelector(ISumcastVerifier.OpeningFailed.selector);
        bytes memory tensors = _tensorsOf(s, SLOT_BITS);
        bytes memory data = _call(s, tensors, _attest(3, EpochKind.Synthesis, _digestOf(s)));
        _refuse(data, refused);
        bytes32[4] memory contexts = [
            network.context(topic + 1, 3, EpochKind.Synthesis),
            network.context(topic, 2, EpochKind.Synthesis),
            network.context(topic, 3, EpochKind.Settlement),
            new TopicFeed(feed).context(topic, 3, EpochKind.Synthesis)
        ];
        for (uint256 i = 0; i < 4; ++i) {
            book.accept(synthesisKey, Statement(contexts[i], tensors), PROOF);
            _refuse(data, refused);
        }
        uint256 here = vm.getChainId();
        vm.chainId(here + 1);
        bytes32 elsewhere = network.context(topic, 3, EpochKind.Synthesis);
        vm.chainId(here);
        book.accept(synthesisKey, Statement(elsewhere, tensors), PROOF);
        _refuse(data, refused);
        _prove(s);
        _accept(data);
    }

    function testContext(uint256 topicId, uint64 epoch) public view {
        bytes32 typehash =
            keccak256("SumcastEpoch(uint256 chainId,address feed,uint256 topicId,uint64 epoch,uint8 kind)");
        vm.assertEq(
            network.context(topicId, epoch, EpochKind.Settlement),
            keccak256(abi.encode(typehash, block.chainid, address(network), topicId, epoch, 2))
        );
    }

    function testReadsAreFreshOrRefused(uint32 maxAge, uint32 age) public {
        network.configureTopic(topic, attestors, maxAge, 1);
        _accept(_ready(_synthesis(1)));
        vm.warp(vm.getBlockTimestamp() + age);
        bytes memory stale = abi.encodeWithSelector(ITopicFeed.Stale.selector, age, maxAge);
        if (age > maxAge) vm.expectRevert(stale);
        network.value(topic);
        if (age > maxAge) vm.expectRevert(stale);
        network.interval(topic);
        network.latest(topic);
    }

    function testTheLastFreshSecond(uint32 maxAge) public {
        testReadsAreFreshOrRefused(maxAge, maxAge);
    }

    function testThereIsNothingToRead() public {
        bytes memory none = abi.encodeWithSelector(ITopicFeed.NoNetworkInference.selector, topic);
        vm.expectRevert(none);
        network.latest(topic);
        vm.expectRevert(none);
        network.value(topic);
        vm.expectRevert(none);
        network.interval(topic);
        vm.assertEq(network.lastEpoch(topic), 0);
    }

    function _notAccepted(uint256 topicId, bytes32 modelId, EpochKind kind) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ITopicFeed.KeyNotAccepted.selector, topicId, modelId, kind);
    }
}
