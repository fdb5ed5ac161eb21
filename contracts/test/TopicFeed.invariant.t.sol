// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EpochKind} from "../src/IEpochSource.sol";
import {Settlement, Synthesis, TopicFeedTest} from "./support/TopicFeedTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice Posts and settles whatever, and keeps what has to be stored.
contract Network is TopicFeedTest {
    int256 public value;
    uint64 public epoch;
    uint64 public postedAt;
    bytes32 public stateHash;
    uint64 public settledEpoch;
    bool public intruded;
    bool public hindered;

    uint256 private _states;
    mapping(uint256 => bytes32[2]) private _stateOf;

    function setUp() public override {
        super.setUp();
        _stateOf[0] = _state(0);
        stateHash = _hash(_state(0));
    }

    function wait(uint16 time) external {
        vm.warp(vm.getBlockTimestamp() + time);
    }

    /// @param step How far the epoch is after the last one, or before.
    /// @param wrong Which part is not as it should be: 0 the proof, 1 the attestation, 2 the state, 3 an inference,
    /// 4 a member, 5 the epoch settled before; above these all is right.
    function post(uint8 step, uint8 wrong, uint8 slot, int64 number) external {
        slot %= uint8(SLOTS);
        wrong %= 9;
        uint64 lastPosted = feed.lastEpoch(one, _workerOf(0));
        uint64 next = lastPosted + 1 + step % 4;
        Synthesis memory s = _synthesis(next);
        if (step > 200) s.epoch = epoch - (step - 200 > epoch ? epoch : step - 200);
        (s.state, s.value) = (_stateOf[settledEpoch], number);
        if (wrong == 2) s.state = _state(type(uint256).max);
        if (wrong == 3) s.slots[slot] += 1;
        if (wrong == 4) s.members[slot] = _workerOf(SLOTS);
        if (wrong == 5) s.settledEpoch += 1;
        bytes memory tensors = wrong == 0 ? _tensorsOf(s, SLOT_BITS) : _prove(s);
        if (wrong == 0) tensors[SLOTS * 8] = 0x01;
        bytes memory sourceData = wrong == 1 ? new bytes(130) : _attest(s.epoch, EpochKind.Synthesis, _digestOf(s));
        bool allowed = wrong > 5 && s.epoch > epoch && s.epoch == next;
        (bool done,) = address(network).call(_call(s, tensors, sourceData));
        _record(done, allowed);
        if (!done) return;
        value = int256(number) * 1e18 / int256(1 << VALUE_FRACTION);
        (epoch, postedAt) = (s.epoch, uint64(block.timestamp));
    }

    /// @param wrong 0 the proof, 1 the attestation, 2 the state, 3 the epoch settled before; above these all is right.
    function settle(uint8 step, uint8 wrong) external {
        wrong %= 7;
        Settlement memory s = _settlement(settledEpoch + 1 + step % 4);
        if (step > 200) s.epoch = settledEpoch - (step - 200 > settledEpoch ? settledEpoch : step - 200);
        (s.state, s.newState) = (_stateOf[settledEpoch], _state(++_states));
        if (wrong == 2) s.state = _state(type(uint256).max);
        if (wrong == 3) s.settledEpoch += 1;
        bytes memory tensors = wrong == 0 ? _tensorsOf(s) : _prove(s);
        bytes memory sourceData = wrong == 1 ? new bytes(130) : _attest(s.epoch, EpochKind.Settlement, _digestOf(s));
        bool allowed = wrong > 3 && s.epoch > settledEpoch;
        (bool done,) = address(network).call(_call(s, tensors, sourceData));
        _record(done, allowed);
        if (!done) return;
        (stateHash, settledEpoch) = (_hash(s.newState), s.epoch);
        _stateOf[settledEpoch] = s.newState;
    }

    function stored() external view returns (bytes memory) {
        (bytes32 hash, uint64 settled) = network.state(topic);
        if (epoch == 0) return abi.encode(value, network.lastEpoch(topic), postedAt, hash, settled);
        (int256 value_, uint64 epoch_, uint64 postedAt_) = network.latest(topic);
        return abi.encode(value_, epoch_, postedAt_, hash, settled);
    }

    function _record(bool done, bool allowed) private {
        if (done && !allowed) intruded = true;
        if (!done && allowed) hindered = true;
    }
}

/// @notice Whatever is called in whatever order.
contract TopicFeedInvariantTest {
    Network private network;

    function setUp() public {
        network = new Network();
        network.setUp();
    }

    /// @dev Read by forge.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(network);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev Read by forge.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(network), new bytes4[](3));
        targets[0].selectors[0] = Network.wait.selector;
        targets[0].selectors[1] = Network.post.selector;
        targets[0].selectors[2] = Network.settle.selector;
    }

    /// @dev Value, epoch and time are those of the last accepted post, the state that of the last accepted settlement.
    function invariant_theLastAcceptedIsStored() public view {
        bytes memory expected = abi.encode(
            network.value(), network.epoch(), network.postedAt(), network.stateHash(), network.settledEpoch()
        );
        vm.assertEq(network.stored(), expected);
    }

    /// @dev Nothing got in that was not proven, attested and in order, and nothing else was kept out.
    function invariant_whatIsRightGetsInAndNothingElse() public view {
        vm.assertFalse(network.intruded());
        vm.assertFalse(network.hindered());
    }
}
