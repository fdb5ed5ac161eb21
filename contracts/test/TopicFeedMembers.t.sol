// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EpochKind} from "../src/IEpochSource.sol";
import {IInferenceFeed} from "../src/IInferenceFeed.sol";
import {Statement} from "../src/ISumcastVerifier.sol";
import {ITopicFeed} from "../src/ITopicFeed.sol";
import {Synthesis, TopicFeedTest} from "./support/TopicFeedTest.sol";
import {bound} from "./support/Vm.sol";

/// @notice Slots, members, and the inferences that they have posted.
contract TopicFeedMembersTest is TopicFeedTest {
    address private constant STRANGER = address(0xbad);

    function testThereAreAsManyMembersAsSlots() public {
        Synthesis memory s = _synthesis(1);
        s.members = new address[](4);
        _refuse(_ready(s), abi.encodeWithSelector(ITopicFeed.WrongMemberCount.selector, 5, 4));
        s.members = new address[](6);
        _refuse(_ready(s), abi.encodeWithSelector(ITopicFeed.WrongMemberCount.selector, 5, 6));
    }

    function testAbsentSlots(uint8 absent) public {
        Synthesis memory s = _synthesis(1);
        for (uint256 i = 0; i < SLOTS; ++i) {
            if ((absent >> i) & 1 == 1) (s.members[i], s.slots[i]) = (address(0), ABSENT);
        }
        _accept(_ready(s));
    }

    function testOnlyAbsentSlotsHaveNoMember() public {
        Synthesis memory s = _synthesis(1);
        s.members[3] = address(0);
        _refuse(_ready(s), abi.encodeWithSelector(ITopicFeed.WrongAbsence.selector, 3, address(0)));
        s.slots[3] = ABSENT + 1;
        _refuse(_ready(s), abi.encodeWithSelector(ITopicFeed.WrongAbsence.selector, 3, address(0)));
        s.slots[3] = -ABSENT;
        _refuse(_ready(s), abi.encodeWithSelector(ITopicFeed.WrongAbsence.selector, 3, address(0)));
    }

    /// @dev Even if the member has posted just the value that stands for absence.
    function testAnAbsentSlotHasNoMember() public {
        _postAs(STRANGER, 1, ABSENT << FRACTION);
        bytes memory vk = _synthesisKey(SLOT_BITS, 0);
        bytes32 modelId = registry.register(vk);
        network.addKey(topic, modelId, EpochKind.Synthesis);
        Synthesis memory s = _absentBut(STRANGER, ABSENT);
        bytes memory refused = abi.encodeWithSelector(ITopicFeed.WrongAbsence.selector, 0, STRANGER);
        _refuse(_readyBy(s, vk), refused);
        s.members[0] = _workerOf(0);
        _refuse(_readyBy(s, vk), abi.encodeWithSelector(ITopicFeed.WrongAbsence.selector, 0, _workerOf(0)));
    }

    function testMembersHavePosted() public {
        Synthesis memory s = _synthesis(1);
        s.members[2] = STRANGER;
        _refuse(_ready(s), abi.encodeWithSelector(IInferenceFeed.NoInference.selector, one, STRANGER));
    }

    function testMembersHavePostedThisEpoch() public {
        _synthesis(2);
        Synthesis memory s = _absentBut(_workerOf(1), 0);
        (int256 posted,,) = feed.latest(one, _workerOf(1));
        s.slots[0] = posted * int256(1 << SLOT_FRACTION) / 1e18;
        s.epoch = 1;
        bytes4 selector = ITopicFeed.InferenceOfAnotherEpoch.selector;
        _refuse(_ready(s), abi.encodeWithSelector(selector, _workerOf(1), 1, 2));
        s.epoch = 3;
        _refuse(_ready(s), abi.encodeWithSelector(selector, _workerOf(1), 3, 2));
        s.epoch = 2;
        _accept(_ready(s));
    }

    function testInferencesAreThoseThatWerePosted(uint8 slot) public {
        slot %= uint8(SLOTS);
        Synthesis memory s = _synthesis(1);
        int256 right = s.slots[slot];
        bytes4 selector = ITopicFeed.WrongInference.selector;
        s.slots[slot] = right + 1;
        _refuse(_ready(s), abi.encodeWithSelector(selector, s.members[slot], right, right + 1));
        s.slots[slot] = right - 1;
        _refuse(_ready(s), abi.encodeWithSelector(selector, s.members[slot], right, right - 1));
        s.slots[slot] = right;
        _accept(_ready(s));
    }

    function testMembersAreOfTheTopicsTopic() public {
        _postSix(1, _list(1, 2, 3, 4, 5, 6));
        Synthesis memory s = _absentBut(worker, int256(1 << SLOT_FRACTION));
        bytes memory data = _ready(s);
        _refuse(data, abi.encodeWithSelector(IInferenceFeed.NoInference.selector, one, worker));
        _post(1, 1);
        _accept(data);
    }

    function testOfSeveralValuesTheFirstIsTaken() public {
        topic = network.createTopic(six, attestors, FRESH, 1);
        network.addKey(topic, synthesisModel, EpochKind.Synthesis);
        network.setGenesis(topic, _state(0));
        _postSix(1, _list(-1, 2, 3, 4, 5, 6));
        _accept(_ready(_absentBut(worker, -int256(1 << SLOT_FRACTION))));
    }

    function testTiesAreRoundedAwayFromZero() public {
        int256 half = int256(1 << (FRACTION - 1));
        _expectInteger(1, 0, half, 1);
        _expectInteger(2, 0, -half, -1);
        _expectInteger(3, 0, 5 * half, 3);
        _expectInteger(4, 0, -5 * half, -3);
        // Just below a half, and above.
        _expectInteger(5, 0, half - 1, 0);
        _expectInteger(6, 0, -half + 1, 0);
        _expectInteger(7, 0, -half - 1, -1);
        // Halves, of 2^-15.
        _expectInteger(8, 15, 7, 4);
        _expectInteger(9, 15, -7, -4);
        _expectInteger(10, 15, 0, 0);
        _expectInteger(11, 16, -7, -7);
    }

    function testAnyValueAtAnyScale(int64 raw, uint8 fraction) public {
        fraction = uint8(bound(fraction, 0, 50));
        // |raw| < 2^63 at 2^-16, within 2^97 at 2^50.
        uint256 doubled = uint256(raw < 0 ? -int256(raw) : int256(raw)) * 1e18 / 2 ** FRACTION * 2 ** (fraction + 1);
        int256 expected = int256((doubled + 1e18) / 2e18);
        _expectInteger(1, fraction, raw, raw < 0 ? -expected : expected);
    }

    /// @dev A synthesis of one member.
    function _absentBut(address member, int256 integer) private view returns (Synthesis memory s) {
        s.epoch = 1;
        (, s.settledEpoch) = network.state(topic);
        (s.members, s.slots, s.state) = (new address[](SLOTS), new int256[](SLOTS), _state(s.settledEpoch));
        for (uint256 i = 1; i < SLOTS; ++i) {
            s.slots[i] = ABSENT;
        }
        (s.members[0], s.slots[0]) = (member, integer);
    }

    /// @dev By a key with other scales of the inferences, of 60 bits or 100.
    function _readyBy(Synthesis memory s, bytes memory vk) private returns (bytes memory) {
        bytes32 modelId = keccak256(vk);
        uint8 bits = uint8(vk[139]);
        bytes memory tensors = _tensorsOf(s, bits);
        book.accept(vk, Statement(network.context(topic, s.epoch, EpochKind.Synthesis), tensors), PROOF);
        bytes32 digest = network.synthesisDigest(modelId, s.settledEpoch, s.members, keccak256(_forecasts(s)));
        bytes memory sourceData = _attest(s.epoch, EpochKind.Synthesis, digest);
        return abi.encodeCall(network.post, (topic, s.epoch, modelId, s.members, tensors, PROOF, sourceData));
    }

    /// @dev What a worker has posted is this integer at this scale, and no other.
    function _expectInteger(uint64 epoch, uint8 fraction, int256 raw, int256 expected) private {
        bytes memory vk = _synthesisKey(100, fraction);
        bytes32 modelId = keccak256(vk);
        if (!registry.isRegistered(modelId)) registry.register(vk);
        network.addKey(topic, modelId, EpochKind.Synthesis);
        _postAs(STRANGER, epoch, raw);
        Synthesis memory s = _absentBut(STRANGER, expected);
        s.epoch = epoch;
        for (uint256 i = 1; i < SLOTS; ++i) {
            s.slots[i] = -(2 ** 100 - 1);
        }
        bytes4 selector = ITopicFeed.WrongInference.selector;
        s.slots[0] = expected + 1;
        _refuse(_readyBy(s, vk), abi.encodeWithSelector(selector, STRANGER, expected, expected + 1));
        s.slots[0] = expected - 1;
        _refuse(_readyBy(s, vk), abi.encodeWithSelector(selector, STRANGER, expected, expected - 1));
        s.slots[0] = expected;
        _accept(_readyBy(s, vk));
    }
}
