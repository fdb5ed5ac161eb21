// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Attestors} from "../../src/Attestors.sol";
import {EpochKind} from "../../src/IEpochSource.sol";
import {Statement} from "../../src/ISumcastVerifier.sol";
import {TopicFeed} from "../../src/TopicFeed.sol";
import {FeedTest} from "./FeedTest.sol";
import {Keys} from "./Keys.sol";
import {vm} from "./Vm.sol";

/// @notice A synthesis that can be proven, attested and posted, or changed before that.
struct Synthesis {
    uint64 epoch;
    uint64 settledEpoch;
    address[] members;
    int256[] slots;
    int256 forecast;
    bytes32[2] state;
    int256 value;
    int256 percentile;
}

/// @notice A settlement, likewise.
struct Settlement {
    uint64 epoch;
    uint64 settledEpoch;
    int256 report;
    bytes32[2] state;
    bytes32[2] newState;
}

/// @notice A topic of network inferences with five slots, and five workers who post to the topic of one value.
abstract contract TopicFeedTest is FeedTest {
    uint256 internal constant SLOTS = 5;
    uint8 internal constant SLOT_BITS = 60;
    uint8 internal constant SLOT_FRACTION = 20;
    uint8 internal constant VALUE_BITS = 70;
    uint8 internal constant VALUE_FRACTION = 24;
    uint8 internal constant INTERVAL_BITS = 80;
    uint8 internal constant INTERVAL_FRACTION = 22;
    uint8 internal constant OTHER_BITS = 50;
    uint256 internal constant THRESHOLD = 2;
    uint32 internal constant FRESH = 900;
    int256 internal constant ABSENT = -(int256(1 << SLOT_BITS) - 1);

    TopicFeed internal network;
    Attestors internal attestors;
    /// @dev Of the attestors, in the order of their addresses.
    uint256[3] internal secrets;
    bytes internal synthesisKey;
    bytes internal settleKey;
    bytes32 internal synthesisModel;
    bytes32 internal settleModel;
    uint256 internal topic;

    function setUp() public virtual override {
        super.setUp();
        secrets = _ascending([uint256(0xa1), 0xa2, 0xa3]);
        address[] memory signers = new address[](3);
        (signers[0], signers[1], signers[2]) = (vm.addr(secrets[0]), vm.addr(secrets[1]), vm.addr(secrets[2]));
        attestors = new Attestors(signers, THRESHOLD);
        network = new TopicFeed(feed);
        synthesisKey = _synthesisKey(SLOT_BITS, SLOT_FRACTION);
        settleKey = Keys.key(_settleTensors(), "");
        synthesisModel = registry.register(synthesisKey);
        settleModel = registry.register(settleKey);
        topic = network.createTopic(one, attestors, FRESH, 1);
        network.addKey(topic, synthesisModel, EpochKind.Synthesis);
        network.addKey(topic, settleModel, EpochKind.Settlement);
        network.setGenesis(topic, _state(0));
    }

    function _synthesisKey(uint8 bits, uint8 fraction) internal pure returns (bytes memory) {
        return Keys.key(_synthesisTensors(bits, fraction), "");
    }

    function _synthesisTensors(uint8 bits, uint8 fraction) internal pure returns (bytes memory) {
        bytes memory inputs = bytes.concat(
            Keys.tensor(Keys.INPUT, bits, fraction, uint32(SLOTS)),
            Keys.tensor(Keys.INPUT, OTHER_BITS, 8, 3),
            _stateSpec()
        );
        return bytes.concat(
            inputs,
            Keys.tensor(Keys.OUTPUT, VALUE_BITS, VALUE_FRACTION, 1),
            Keys.tensor(Keys.OUTPUT, INTERVAL_BITS, INTERVAL_FRACTION, 5),
            Keys.tensor(Keys.OUTPUT, VALUE_BITS, VALUE_FRACTION, 1),
            Keys.tensor(Keys.OUTPUT, OTHER_BITS, 20, 2),
            Keys.tensor(Keys.OUTPUT, OTHER_BITS, 20, 7)
        );
    }

    function _settleTensors() internal pure returns (bytes memory) {
        return bytes.concat(
            Keys.tensor(Keys.INPUT, OTHER_BITS, 0, 2),
            Keys.tensor(Keys.INPUT, OTHER_BITS, 20, 2),
            _stateSpec(),
            Keys.tensor(Keys.OUTPUT, OTHER_BITS, 20, 3),
            Keys.tensor(Keys.HIDDEN_OUTPUT, 40, 30, 10)
        );
    }

    function _stateSpec() internal pure returns (bytes memory) {
        return Keys.tensor(Keys.HIDDEN_INPUT, 40, 30, 10);
    }

    /// @dev Different for each number; the book does not ask for points on the curve.
    function _state(uint256 number) internal pure returns (bytes32[2] memory) {
        return [keccak256(abi.encode("x", number)), keccak256(abi.encode("y", number))];
    }

    function _hash(bytes32[2] memory state) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(state));
    }

    function _workerOf(uint256 slot) internal pure returns (address) {
        return address(uint160(0x1000 + slot));
    }

    /// @dev A worker posts this integer of its model, which has `FRACTION`.
    function _postAs(address worker_, uint64 epoch, int256 raw) internal {
        bytes memory tensors = _prove(one, epoch, worker_, _list(raw));
        vm.prank(worker_);
        feed.post(one, epoch, worker_, modelOfOne, tensors, PROOF);
    }

    /// @dev All five post for the epoch; of the synthesis everything is as it should be.
    function _synthesis(uint64 epoch) internal returns (Synthesis memory s) {
        s.epoch = epoch;
        (, s.settledEpoch) = network.state(topic);
        s.members = new address[](SLOTS);
        s.slots = new int256[](SLOTS);
        for (uint256 i = 0; i < SLOTS; ++i) {
            int256 raw = (int256(i) - 2) * 12_345 + int256(uint256(epoch % 1000));
            s.members[i] = _workerOf(i);
            s.slots[i] = raw << (SLOT_FRACTION - FRACTION);
            _postAs(s.members[i], epoch, raw);
        }
        s.forecast = 77;
        s.state = _state(s.settledEpoch);
        s.value = -5 << (VALUE_FRACTION - 1);
        s.percentile = -3 << INTERVAL_FRACTION;
    }

    function _settlement(uint64 epoch) internal view returns (Settlement memory s) {
        s.epoch = epoch;
        (, s.settledEpoch) = network.state(topic);
        s.report = 11;
        s.state = _state(s.settledEpoch);
        s.newState = _state(epoch);
    }

    function _forecasts(Synthesis memory s) internal pure returns (bytes memory) {
        return bytes.concat(_pack(s.forecast, OTHER_BITS), _pack(-1, OTHER_BITS), _pack(0, OTHER_BITS));
    }

    function _reports(Settlement memory s) internal pure returns (bytes memory) {
        bytes memory stakes = bytes.concat(_pack(100, OTHER_BITS), _pack(200, OTHER_BITS));
        return bytes.concat(stakes, _pack(s.report, OTHER_BITS), _pack(-s.report, OTHER_BITS));
    }

    /// @dev Percentiles go up by one from the first.
    function _tensorsOf(Synthesis memory s, uint8 bits) internal pure returns (bytes memory tensors) {
        tensors = bytes.concat(_pack(s.slots, bits), _forecasts(s), abi.encodePacked(s.state));
        tensors = bytes.concat(tensors, _pack(s.value, VALUE_BITS));
        for (int256 i = 0; i < 5; ++i) {
            tensors = bytes.concat(tensors, _pack(s.percentile + (i << INTERVAL_FRACTION), INTERVAL_BITS));
        }
        return bytes.concat(tensors, _pack(9, VALUE_BITS), new bytes(9 * (OTHER_BITS / 8 + 1)));
    }

    function _tensorsOf(Settlement memory s) internal pure returns (bytes memory) {
        bytes memory losses = new bytes(3 * (OTHER_BITS / 8 + 1));
        return bytes.concat(_reports(s), abi.encodePacked(s.state), losses, abi.encodePacked(s.newState));
    }

    function _digestOf(Synthesis memory s) internal view returns (bytes32) {
        return network.synthesisDigest(synthesisModel, s.settledEpoch, s.members, keccak256(_forecasts(s)));
    }

    function _digestOf(Settlement memory s) internal view returns (bytes32) {
        return network.settlementDigest(settleModel, s.settledEpoch, keccak256(_reports(s)), _hash(s.newState));
    }

    /// @dev Proves and attests; returns the call.
    function _ready(Synthesis memory s) internal returns (bytes memory) {
        return _call(s, _prove(s), _attest(s.epoch, EpochKind.Synthesis, _digestOf(s)));
    }

    function _ready(Settlement memory s) internal returns (bytes memory) {
        return _call(s, _prove(s), _attest(s.epoch, EpochKind.Settlement, _digestOf(s)));
    }

    function _prove(Synthesis memory s) internal returns (bytes memory tensors) {
        tensors = _tensorsOf(s, SLOT_BITS);
        bytes32 context = network.context(topic, s.epoch, EpochKind.Synthesis);
        book.accept(synthesisKey, Statement(context, tensors), PROOF);
    }

    function _prove(Settlement memory s) internal returns (bytes memory tensors) {
        tensors = _tensorsOf(s);
        bytes32 context = network.context(topic, s.epoch, EpochKind.Settlement);
        book.accept(settleKey, Statement(context, tensors), PROOF);
    }

    function _call(Synthesis memory s, bytes memory tensors, bytes memory sourceData)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodeCall(network.post, (topic, s.epoch, synthesisModel, s.members, tensors, PROOF, sourceData));
    }

    function _call(Settlement memory s, bytes memory tensors, bytes memory sourceData)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodeCall(network.settle, (topic, s.epoch, settleModel, tensors, PROOF, sourceData));
    }

    /// @dev The first two attestors' signatures.
    function _attest(uint64 epoch, EpochKind kind, bytes32 digest) internal view returns (bytes memory) {
        bytes32 hash = attestors.attestation(address(network), topic, epoch, kind, digest);
        return bytes.concat(_sign(secrets[0], hash), _sign(secrets[1], hash));
    }

    function _accept(bytes memory data) internal {
        (bool done, bytes memory reason) = address(network).call(data);
        if (!done) {
            assembly {
                revert(add(reason, 32), mload(reason))
            }
        }
    }

    function _refuse(bytes memory data, bytes memory expected) internal {
        (bool done, bytes memory reason) = address(network).call(data);
        vm.assertFalse(done);
        vm.assertEq(reason, expected);
    }

    function _ascending(uint256[3] memory list) internal pure returns (uint256[3] memory) {
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = i + 1; j < 3; ++j) {
                if (vm.addr(list[j]) < vm.addr(list[i])) (list[i], list[j]) = (list[j], list[i]);
            }
        }
        return list;
    }
}
