// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IInferenceFeed} from "../src/IInferenceFeed.sol";
import {InferenceFeed} from "../src/InferenceFeed.sol";
import {FeedTest} from "./support/FeedTest.sol";
import {bound, vm} from "./support/Vm.sol";

/// @notice A worker that is a contract and signs by a list.
contract Wallet is IERC1271 {
    mapping(bytes32 => bool) private _signed;

    function sign(bytes32 digest) external {
        _signed[digest] = true;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return _signed[digest] ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

/// @notice Posts by the worker's signature.
contract InferenceFeedSignedTest is FeedTest {
    uint64 private constant EPOCH = 4;
    bytes private tensors;
    uint256 private deadline;

    function setUp() public override {
        super.setUp();
        deadline = block.timestamp + 60;
        tensors = _prove(one, EPOCH, worker, _raw(_list(-2)));
    }

    /// @dev The worker's signature over the post that `setUp` has prepared.
    function _signature() private view returns (bytes memory) {
        return _sign(
            WORKER_SECRET, _digest(feed, one, EPOCH, worker, modelOfOne, _inputsHash(tensors), _list(-2e18), deadline)
        );
    }

    function _submit(address caller, bytes memory signature) private {
        vm.prank(caller);
        feed.postSigned(one, EPOCH, worker, modelOfOne, tensors, PROOF, deadline, signature);
    }

    function _expectInvalid() private {
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.InvalidSignature.selector, worker));
    }

    function testTheTypeHash() public view {
        vm.assertEq(feed.POST_TYPEHASH(), POST_TYPEHASH);
    }

    function testAnyonePostsWhatTheWorkerSigned(address caller) public {
        vm.expectEmit(address(feed));
        emit IInferenceFeed.InferencePosted(one, worker, EPOCH, modelOfOne, _list(-2e18), _inputsHash(tensors));
        _submit(caller, _signature());
        (int256 value, uint64 epoch, uint64 postedAt) = feed.value(one, worker);
        vm.assertEq(abi.encode(value, epoch, postedAt), abi.encode(int256(-2e18), EPOCH, uint64(block.timestamp)));
    }

    function testASignatureCountsOnce(address caller) public {
        bytes memory signature = _signature();
        _submit(caller, signature);
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.EpochTooLow.selector, EPOCH, EPOCH, 1));
        _submit(caller, signature);
    }

    function testASignatureEnds(uint32 late) public {
        bytes memory signature = _signature();
        vm.warp(deadline + 1 + late);
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.Expired.selector, deadline));
        _submit(address(this), signature);
        vm.warp(deadline);
        _submit(address(this), signature);
    }

    function testSomebodyElsesSignature(uint256 secret) public {
        secret = bound(secret, 1, 2 ** 128);
        vm.assume(secret != WORKER_SECRET);
        bytes32 digest = _digest(feed, one, EPOCH, worker, modelOfOne, _inputsHash(tensors), _list(-2e18), deadline);
        bytes memory signature = _sign(secret, digest);
        _expectInvalid();
        _submit(vm.addr(secret), signature);
    }

    function testTheSignatureIsNeededEvenByTheWorker() public {
        _expectInvalid();
        _submit(worker, "");
        vm.prank(worker);
        feed.setRelayer(address(this), true);
        _expectInvalid();
        _submit(address(this), "");
    }

    /// @dev Each field that the worker signs, changed alone.
    function testASignatureIsForThisPostOnly(uint8 field, uint256 change) public {
        field %= 9;
        change = bound(change, 1, 1000);
        uint256 chain = vm.getChainId();
        if (field == 8) vm.chainId(chain + change);
        bytes32 digest = _digest(
            field == 0 ? new InferenceFeed(registry) : feed,
            field == 1 ? one + change : one,
            field == 2 ? EPOCH + uint64(change) : EPOCH,
            field == 3 ? address(uint160(worker) ^ uint160(change)) : worker,
            field == 4 ? modelOfSix : modelOfOne,
            field == 5 ? keccak256("others") : _inputsHash(tensors),
            field == 6 ? _list(-2e18 + int256(change)) : _list(-2e18),
            field == 7 ? deadline - change : deadline
        );
        if (field == 8) vm.chainId(chain);
        bytes memory signature = _sign(WORKER_SECRET, digest);
        _expectInvalid();
        _submit(address(this), signature);
    }

    function testTheDeadlineIsSigned() public {
        bytes memory signature = _signature();
        deadline += 1;
        _expectInvalid();
        _submit(address(this), signature);
    }

    function testAWorkerThatIsAContract() public {
        Wallet wallet = new Wallet();
        tensors = _prove(one, EPOCH, address(wallet), _raw(_list(-2)));
        vm.expectRevert(abi.encodeWithSelector(IInferenceFeed.InvalidSignature.selector, wallet));
        feed.postSigned(one, EPOCH, address(wallet), modelOfOne, tensors, PROOF, deadline, "any");
        wallet.sign(
            _digest(feed, one, EPOCH, address(wallet), modelOfOne, _inputsHash(tensors), _list(-2e18), deadline)
        );
        feed.postSigned(one, EPOCH, address(wallet), modelOfOne, tensors, PROOF, deadline, "any");
        vm.assertEq(feed.lastEpoch(one, address(wallet)), EPOCH);
    }

    function testSeveralValuesAreSigned() public {
        int256[] memory numbers = _list(1, -2, 3, -4, 5, -6);
        bytes memory sixes = _prove(six, 1, worker, _raw(numbers));
        bytes memory signature = _sign(
            WORKER_SECRET, _digest(feed, six, 1, worker, modelOfSix, _inputsHash(sixes), _decimals(numbers), deadline)
        );
        feed.postSigned(six, 1, worker, modelOfSix, sixes, PROOF, deadline, signature);
        (int256[] memory values,,) = feed.values(six);
        vm.assertEq(values, _decimals(numbers));
    }
}
