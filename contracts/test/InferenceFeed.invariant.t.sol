// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {FeedTest} from "./support/FeedTest.sol";
import {bound, vm} from "./support/Vm.sol";

/// @notice Posts by whoever, allowed or not, and keeps what has to be stored.
contract Poster is FeedTest {
    struct Last {
        int256 number;
        uint64 epoch;
        uint64 postedAt;
    }

    mapping(uint256 => Last) public lasts;
    bool public intruded;

    function secretOf(uint256 i) public pure returns (uint256) {
        return 0x1000 + i;
    }

    function workerOf(uint256 i) public pure returns (address) {
        return vm.addr(secretOf(i));
    }

    function relayerOf(uint256 i) public pure returns (address) {
        return address(uint160(0x2000 + i));
    }

    function wait(uint16 time) external {
        vm.warp(vm.getBlockTimestamp() + time);
    }

    function allow(uint8 who, uint8 relayer, bool allowed) external {
        vm.prank(workerOf(who % 3));
        feed.setRelayer(relayerOf(relayer % 3), allowed);
    }

    function reset(uint8 minEpoch) external {
        feed.configureTopic(one, MAX_AGE, minEpoch % 16, worker);
    }

    function post(uint8 who, uint8 caller, uint8 step, bool proven, int64 number) external {
        who %= 3;
        caller %= 6;
        address sender = caller < 3 ? workerOf(caller) : relayerOf(caller - 3);
        uint64 epoch = _epoch(who, step);
        bytes memory tensors = _tensorsFor(who, epoch, proven, number);
        bool allowed = caller == who || (caller >= 3 && feed.isRelayer(workerOf(who), sender));
        vm.prank(sender);
        try feed.post(one, epoch, workerOf(who), modelOfOne, tensors, PROOF) {
            _accepted(who, epoch, number, allowed && proven);
        } catch {}
    }

    function postSigned(uint8 who, uint8 signer, uint8 step, bool proven, bool other, int64 number) external {
        who %= 3;
        signer %= 3;
        uint64 epoch = _epoch(who, step);
        bytes memory tensors = _tensorsFor(who, epoch, proven, number);
        int256[] memory values = _list(int256(number) * 1e18 + (other ? int256(1) : int256(0)));
        bytes32 digest =
            _digest(feed, one, epoch, workerOf(who), modelOfOne, _inputsHash(tensors), values, block.timestamp);
        bytes memory signature = _sign(secretOf(signer), digest);
        try feed.postSigned(one, epoch, workerOf(who), modelOfOne, tensors, PROOF, block.timestamp, signature) {
            _accepted(who, epoch, number, signer == who && proven && !other);
        } catch {}
    }

    function stored(uint256 who) external view returns (bytes memory) {
        (int256 value, uint64 epoch, uint64 postedAt) = feed.latest(one, workerOf(who));
        return abi.encode(value, epoch, postedAt);
    }

    function lastEpoch(uint256 who) external view returns (uint64) {
        return feed.lastEpoch(one, workerOf(who));
    }

    function _epoch(uint8 who, uint8 step) private view returns (uint64) {
        uint64 last = lasts[who].epoch;
        return step < 64 ? last - (step < last ? step : last) : last + 1 + step % 4;
    }

    function _tensorsFor(uint8 who, uint64 epoch, bool proven, int64 number) private returns (bytes memory tensors) {
        tensors = _tensors(_raw(_list(number)));
        if (proven) _prove(one, epoch, workerOf(who), _raw(_list(number)));
        // No proof in the book has this input.
        else tensors[0] = 0x01;
    }

    function _accepted(uint8 who, uint64 epoch, int64 number, bool allowed) private {
        if (!allowed || epoch <= lasts[who].epoch || epoch < feed.topic(one).minEpoch) intruded = true;
        lasts[who] = Last(number, epoch, uint64(block.timestamp));
    }
}

/// @notice Whatever is called in whatever order.
contract InferenceFeedInvariantTest {
    Poster private poster;

    function setUp() public {
        poster = new Poster();
        poster.setUp();
    }

    /// @dev Read by forge.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(poster);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev Read by forge.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(poster), new bytes4[](5));
        targets[0].selectors[0] = Poster.wait.selector;
        targets[0].selectors[1] = Poster.allow.selector;
        targets[0].selectors[2] = Poster.post.selector;
        targets[0].selectors[3] = Poster.postSigned.selector;
        targets[0].selectors[4] = Poster.reset.selector;
    }

    /// @dev The value, epoch and time of each worker are those of its last accepted post; `Poster` has seen
    /// epochs go up only.
    function invariant_theLastAcceptedPostIsStored() public view {
        for (uint256 who = 0; who < 3; ++who) {
            (int256 number, uint64 epoch, uint64 postedAt) = poster.lasts(who);
            vm.assertEq(poster.lastEpoch(who), epoch);
            if (epoch != 0) vm.assertEq(poster.stored(who), abi.encode(number * 1e18, epoch, postedAt));
        }
    }

    /// @dev No post got in without a proof, without the worker's will, or out of order.
    function invariant_nobodyIntrudes() public view {
        vm.assertFalse(poster.intruded());
    }
}
