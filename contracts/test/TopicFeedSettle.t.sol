// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EpochKind} from "../src/IEpochSource.sol";
import {InferenceFeed} from "../src/InferenceFeed.sol";
import {ISumcastVerifier} from "../src/ISumcastVerifier.sol";
import {ITopicFeed} from "../src/ITopicFeed.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {TopicFeed} from "../src/TopicFeed.sol";
import {AcceptsAll} from "./support/ProofBook.sol";
import {Settlement, Synthesis, TopicFeedTest} from "./support/TopicFeedTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice States, and settlements that replace them.
contract TopicFeedSettleTest is TopicFeedTest {
    function testTheStateIsTheOneThatIsKept() public {
        Synthesis memory s = _synthesis(1);
        s.state = _state(9);
        _refuse(_ready(s), _mismatch(_state(0), _state(9)));
        Settlement memory t = _settlement(1);
        t.state = _state(9);
        _refuse(_ready(t), _mismatch(_state(0), _state(9)));
        // Half of a point is not enough.
        s.state = [_state(0)[0], _state(9)[1]];
        _refuse(_ready(s), _mismatch(_state(0), s.state));
    }

    function testNothingCountsBeforeTheGenesis() public {
        topic = network.createTopic(one, attestors, FRESH, 1);
        network.addKey(topic, synthesisModel, EpochKind.Synthesis);
        network.addKey(topic, settleModel, EpochKind.Settlement);
        bytes memory refused = abi.encodeWithSelector(ITopicFeed.StateMismatch.selector, bytes32(0), _hash(_state(0)));
        bytes memory post = _ready(_synthesis(1));
        bytes memory settle = _ready(_settlement(1));
        _refuse(post, refused);
        _refuse(settle, refused);
        network.setGenesis(topic, _state(0));
        _accept(post);
        _accept(settle);
    }

    function testThreeEpochsInAChain() public {
        for (uint64 epoch = 1; epoch <= 3; ++epoch) {
            Synthesis memory s = _synthesis(epoch);
            bytes memory early = _ready(s);
            _accept(early);
            Settlement memory t = _settlement(epoch);
            vm.assertEq(t.settledEpoch, epoch - 1);
            bytes memory data = _ready(t);
            vm.expectEmit(address(network));
            emit ITopicFeed.EpochSettled(topic, epoch, settleModel, epoch - 1, keccak256(_reports(t)), _state(epoch));
            _accept(data);
            _refuse(data, abi.encodeWithSelector(ITopicFeed.EpochTooLow.selector, epoch, epoch, 1));
            (bytes32 stateHash, uint64 settledEpoch) = network.state(topic);
            vm.assertEq(stateHash, _hash(_state(epoch)));
            vm.assertEq(settledEpoch, epoch);
        }
        // What was proven with the state before counts no longer.
        Synthesis memory old = _synthesis(4);
        (old.state, old.settledEpoch) = (_state(2), 2);
        _refuse(_ready(old), _mismatch(_state(3), _state(2)));
    }

    function testAnEpochIsSettledOnce() public {
        _accept(_ready(_settlement(5)));
        Settlement memory again = _settlement(5);
        again.newState = _state(6);
        _refuse(_ready(again), abi.encodeWithSelector(ITopicFeed.EpochTooLow.selector, 5, 5, 1));
        again.epoch = 4;
        _refuse(_ready(again), abi.encodeWithSelector(ITopicFeed.EpochTooLow.selector, 4, 5, 1));
    }

    function testASettlementNeedsItsProof() public {
        Settlement memory s = _settlement(1);
        bytes memory data = _call(s, _tensorsOf(s), _attest(1, EpochKind.Settlement, _digestOf(s)));
        _refuse(data, abi.encodeWithSelector(ISumcastVerifier.OpeningFailed.selector));
        _prove(s);
        _accept(data);
    }

    function testTopicsHaveTheirOwn() public {
        _accept(_ready(_synthesis(5)));
        _accept(_ready(_settlement(5)));
        uint256 first = topic;
        topic = network.createTopic(one, attestors, FRESH, 1);
        network.addKey(topic, synthesisModel, EpochKind.Synthesis);
        network.addKey(topic, settleModel, EpochKind.Settlement);
        network.setGenesis(topic, _state(0));
        _accept(_ready(_synthesis(6)));
        _accept(_ready(_settlement(1)));
        vm.assertEq(network.lastEpoch(first), 5);
        vm.assertEq(network.lastEpoch(topic), 6);
        (, uint64 settledEpoch) = network.state(first);
        vm.assertEq(settledEpoch, 5);
    }

    /// @dev Five members, five slots, a threshold of two, a first epoch and a later one, all storage cold: what feed,
    /// attestors and registry take beside the verifier, without the transaction's own 21,000 and its bytes.
    function testGasOfAnEpoch() public {
        registry = new ModelRegistry(new AcceptsAll());
        feed = new InferenceFeed(registry);
        feed.createTopic(1, MAX_AGE, 1, worker);
        feed.addModel(one, registry.register(keyOfOne));
        network = new TopicFeed(feed);
        network.createTopic(one, attestors, FRESH, 1);
        // Keys of a length that real ones have.
        bytes memory rest = new bytes(4000);
        network.addKey(topic, synthesisModel = registry.register(bytes.concat(synthesisKey, rest)), EpochKind.Synthesis);
        network.addKey(topic, settleModel = registry.register(bytes.concat(settleKey, rest)), EpochKind.Settlement);
        network.setGenesis(topic, _state(0));
        vm.assertLt(_gasOf(_ready(_synthesis(1))), 225_000);
        vm.assertLt(_gasOf(_ready(_settlement(1))), 47_000);
        vm.assertLt(_gasOf(_ready(_synthesis(2))), 107_000);
        vm.assertLt(_gasOf(_ready(_settlement(2))), 47_000);
        vm.assertLt(_gasOf(abi.encodeCall(network.value, (topic))), 8_000);
        vm.assertLt(_gasOf(abi.encodeCall(network.interval, (topic))), 22_500);
    }

    function _gasOf(bytes memory data) private returns (uint256 gas) {
        vm.cool(address(network));
        vm.cool(address(attestors));
        vm.cool(address(feed));
        vm.cool(address(registry));
        gas = gasleft();
        (bool done,) = address(network).call(data);
        gas -= gasleft();
        vm.assertTrue(done);
    }

    function _mismatch(bytes32[2] memory expected, bytes32[2] memory found) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ITopicFeed.StateMismatch.selector, _hash(expected), _hash(found));
    }
}
