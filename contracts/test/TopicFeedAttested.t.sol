// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EpochKind, IEpochSource} from "../src/IEpochSource.sol";
import {ITopicFeed} from "../src/ITopicFeed.sol";
import {Settlement, Synthesis, TopicFeedTest} from "./support/TopicFeedTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice Answers, but not as a source that agrees.
contract Undecided is IEpochSource {
    function check(uint256, uint64, EpochKind, bytes32, bytes calldata) external pure returns (bytes4) {
        return 0;
    }
}

/// @notice What the source is asked.
contract TopicFeedAttestedTest is TopicFeedTest {
    address private constant STRANGER = address(0xbad);

    function testDigests(bytes32 a, uint64 settled, address[] memory members, bytes32 b) public view {
        bytes32 typehash =
            keccak256("Synthesis(bytes32 modelId,uint64 settledEpoch,address[] members,bytes32 forecastsHash)");
        bytes memory words;
        for (uint256 i = 0; i < members.length; ++i) {
            words = bytes.concat(words, abi.encode(members[i]));
        }
        bytes32 expected = keccak256(abi.encode(typehash, a, settled, keccak256(words), b));
        vm.assertEq(network.synthesisDigest(a, settled, members, b), expected);
        typehash = keccak256("Settlement(bytes32 modelId,uint64 settledEpoch,bytes32 reportsHash,bytes32 stateHash)");
        vm.assertEq(network.settlementDigest(a, settled, b, a), keccak256(abi.encode(typehash, a, settled, b, a)));
    }

    /// @dev Nobody leaves out an epoch that the attestors have not left out.
    function testTheEpochSettledBeforeIsAttested() public {
        Settlement memory second = _settlement(2);
        second.settledEpoch = 1;
        _refuseAttestation(_ready(second));
        Synthesis memory s = _synthesis(2);
        s.settledEpoch = 1;
        _refuseAttestation(_ready(s));
    }

    function testTheSourceIsAsked() public {
        Synthesis memory s = _synthesis(1);
        _refuse(_call(s, _prove(s), ""), abi.encodeWithSignature("WrongSignatures(uint256,uint256)", 130, 0));
        Settlement memory t = _settlement(1);
        _refuse(_call(t, _prove(t), ""), abi.encodeWithSignature("WrongSignatures(uint256,uint256)", 130, 0));
    }

    /// @dev What is attested, changed alone.
    function testWhatIsAttested() public {
        Synthesis memory s = _synthesis(2);
        bytes memory sourceData = _attest(2, EpochKind.Synthesis, _digestOf(s));
        s.forecast += 1;
        _refuseAttestation(_call(s, _prove(s), sourceData));
        s.forecast -= 1;
        // Another member with the same value.
        _postAs(STRANGER, 2, s.slots[1] >> (SLOT_FRACTION - FRACTION));
        s.members[1] = STRANGER;
        _refuseAttestation(_call(s, _prove(s), sourceData));
        s.members[1] = _workerOf(1);
        (s.slots[1], s.slots[2], s.members[1], s.members[2]) = (s.slots[2], s.slots[1], s.members[2], s.members[1]);
        _refuseAttestation(_call(s, _prove(s), sourceData));
        (s.slots[1], s.slots[2], s.members[1], s.members[2]) = (s.slots[2], s.slots[1], s.members[2], s.members[1]);
        _refuseAttestation(_call(s, _prove(s), _attest(1, EpochKind.Synthesis, _digestOf(s))));
        _refuseAttestation(_call(s, _prove(s), _attest(2, EpochKind.Settlement, _digestOf(s))));
        // The outputs are not attested: they are proven.
        (s.value, s.percentile) = (1, 2);
        _accept(_call(s, _prove(s), sourceData));
    }

    function testAnotherKeysBytesAreNotAttested() public {
        bytes memory vk = bytes.concat(synthesisKey, "other");
        bytes32 modelId = registry.register(vk);
        network.addKey(topic, modelId, EpochKind.Synthesis);
        Synthesis memory s = _synthesis(1);
        bytes memory sourceData = _attest(1, EpochKind.Synthesis, _digestOf(s));
        (synthesisKey, synthesisModel) = (vk, modelId);
        _refuseAttestation(_call(s, _prove(s), sourceData));
        _accept(_ready(s));
    }

    function testWhatIsAttestedOfASettlement() public {
        Settlement memory s = _settlement(3);
        bytes memory sourceData = _attest(3, EpochKind.Settlement, _digestOf(s));
        s.report += 1;
        _refuseAttestation(_call(s, _prove(s), sourceData));
        s.report -= 1;
        s.newState = _state(8);
        _refuseAttestation(_call(s, _prove(s), sourceData));
        s.newState = _state(3);
        _refuseAttestation(_call(s, _prove(s), _attest(4, EpochKind.Settlement, _digestOf(s))));
        _refuseAttestation(_call(s, _prove(s), _attest(3, EpochKind.Synthesis, _digestOf(s))));
        _accept(_call(s, _prove(s), sourceData));
    }

    function testASourceHasToSayYes() public {
        IEpochSource source = new Undecided();
        network.configureTopic(topic, source, FRESH, 1);
        bytes memory refused = abi.encodeWithSelector(ITopicFeed.NotAttested.selector, source);
        _refuse(_ready(_synthesis(1)), refused);
        _refuse(_ready(_settlement(1)), refused);
    }

    /// @dev The signatures are of something else, so they are of accounts that nobody knows.
    function _refuseAttestation(bytes memory data) private {
        (bool done, bytes memory reason) = address(network).call(data);
        vm.assertFalse(done);
        vm.assertTrue(bytes4(reason) == bytes4(keccak256("NotSigner(uint256,address)")));
    }
}
