// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EpochKind, IEpochSource} from "../src/IEpochSource.sol";
import {IModelRegistry} from "../src/IModelRegistry.sol";
import {ITopicFeed, NetworkTopic} from "../src/ITopicFeed.sol";
import {Keys} from "./support/Keys.sol";
import {TopicFeedTest} from "./support/TopicFeedTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice Topics, their owners, keys and genesis.
contract TopicFeedTopicsTest is TopicFeedTest {
    address private constant STRANGER = address(0xbad);

    function testCreateTopic(uint32 maxAge, uint64 minEpoch, address owner) public {
        vm.assume(owner != address(0));
        vm.expectEmit(address(network));
        emit ITopicFeed.TopicCreated(2, owner, six);
        vm.expectEmit(address(network));
        emit ITopicFeed.TopicConfigured(2, attestors, maxAge, minEpoch);
        vm.prank(owner);
        vm.assertEq(network.createTopic(six, attestors, maxAge, minEpoch), 2);
        vm.assertEq(network.topicCount(), 2);
        NetworkTopic memory expected = NetworkTopic(owner, maxAge, minEpoch, address(0), attestors, six);
        vm.assertEq(abi.encode(network.topic(2)), abi.encode(expected));
        vm.assertEq(address(network.registry()), address(registry));
        vm.assertEq(address(network.inferences()), address(feed));
    }

    function testATopicDrawsOnATopic() public {
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.UnknownInferenceTopic.selector, 0));
        network.createTopic(0, attestors, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.UnknownInferenceTopic.selector, 3));
        network.createTopic(3, attestors, 1, 1);
    }

    function testASourceIsAContract() public {
        bytes memory refused = abi.encodeWithSelector(ITopicFeed.NoSource.selector, STRANGER);
        vm.expectRevert(refused);
        network.createTopic(one, IEpochSource(STRANGER), 1, 1);
        vm.expectRevert(refused);
        network.configureTopic(topic, IEpochSource(STRANGER), 1, 1);
    }

    function testConfigureTopic(uint32 maxAge, uint64 minEpoch) public {
        IEpochSource source = IEpochSource(address(book));
        vm.expectEmit(address(network));
        emit ITopicFeed.TopicConfigured(topic, source, maxAge, minEpoch);
        network.configureTopic(topic, source, maxAge, minEpoch);
        NetworkTopic memory expected = NetworkTopic(address(this), maxAge, minEpoch, address(0), source, one);
        vm.assertEq(abi.encode(network.topic(topic)), abi.encode(expected));
    }

    function testOnlyTheOwnerDecides(address caller) public {
        vm.assume(caller != address(this));
        bytes memory refused = abi.encodeWithSelector(ITopicFeed.NotTopicOwner.selector, topic, caller);
        vm.expectRevert(refused);
        vm.prank(caller);
        network.configureTopic(topic, attestors, 1, 1);
        vm.expectRevert(refused);
        vm.prank(caller);
        network.offerTopic(topic, caller);
        vm.expectRevert(refused);
        vm.prank(caller);
        network.addKey(topic, synthesisModel, EpochKind.Synthesis);
        vm.expectRevert(refused);
        vm.prank(caller);
        network.removeKey(topic, synthesisModel);
        vm.expectRevert(refused);
        vm.prank(caller);
        network.setGenesis(topic, _state(1));
    }

    function testATopicIsHandedOverInTwoSteps(address next) public {
        vm.assume(next != address(this) && next != STRANGER && next != address(0));
        vm.expectEmit(address(network));
        emit ITopicFeed.TopicOffered(topic, next);
        network.offerTopic(topic, next);
        vm.assertEq(network.topic(topic).owner, address(this));
        vm.assertEq(network.topic(topic).pendingOwner, next);
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.NotPendingOwner.selector, topic, STRANGER));
        vm.prank(STRANGER);
        network.acceptTopic(topic);

        vm.expectEmit(address(network));
        emit ITopicFeed.TopicTransferred(topic, next);
        vm.prank(next);
        network.acceptTopic(topic);
        NetworkTopic memory expected = NetworkTopic(next, FRESH, 1, address(0), attestors, one);
        vm.assertEq(abi.encode(network.topic(topic)), abi.encode(expected));
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.NotTopicOwner.selector, topic, address(this)));
        network.offerTopic(topic, address(this));
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.NotPendingOwner.selector, topic, next));
        vm.prank(next);
        network.acceptTopic(topic);
    }

    function testAnOfferIsTakenBack() public {
        network.offerTopic(topic, STRANGER);
        network.offerTopic(topic, address(0));
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.NotPendingOwner.selector, topic, STRANGER));
        vm.prank(STRANGER);
        network.acceptTopic(topic);
    }

    function testTheGenesisIsSetOnce() public {
        uint256 other = network.createTopic(one, attestors, FRESH, 1);
        (bytes32 stateHash, uint64 settledEpoch) = network.state(other);
        vm.assertEq(stateHash, bytes32(0));
        vm.expectEmit(address(network));
        emit ITopicFeed.GenesisSet(other, _state(7));
        network.setGenesis(other, _state(7));
        (stateHash, settledEpoch) = network.state(other);
        vm.assertEq(stateHash, _hash(_state(7)));
        vm.assertEq(settledEpoch, 0);
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.GenesisExists.selector, other));
        network.setGenesis(other, _state(8));
    }

    function testTheGenesisStaysAfterASettlement() public {
        _accept(_ready(_settlement(1)));
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.GenesisExists.selector, topic));
        network.setGenesis(topic, _state(0));
    }

    function testAddAndRemoveKey() public {
        vm.assertTrue(network.keyKind(topic, synthesisModel) == EpochKind.Synthesis);
        vm.assertTrue(network.keyKind(topic, settleModel) == EpochKind.Settlement);
        vm.expectEmit(address(network));
        emit ITopicFeed.KeyRemoved(topic, synthesisModel);
        network.removeKey(topic, synthesisModel);
        vm.assertTrue(network.keyKind(topic, synthesisModel) == EpochKind.None);
        bytes memory refused =
            abi.encodeWithSelector(ITopicFeed.KeyNotAccepted.selector, topic, synthesisModel, EpochKind.None);
        vm.expectRevert(refused);
        network.removeKey(topic, synthesisModel);
        vm.expectEmit(address(network));
        emit ITopicFeed.KeyAdded(topic, synthesisModel, EpochKind.Synthesis);
        network.addKey(topic, synthesisModel, EpochKind.Synthesis);
        vm.assertTrue(network.keyKind(topic, synthesisModel) == EpochKind.Synthesis);
    }

    function testKeysThatNoTopicHas() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, bytes32("?")));
        network.addKey(topic, "?", EpochKind.Synthesis);
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.InvalidKind.selector));
        network.addKey(topic, synthesisModel, EpochKind.None);
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.WrongTensorCount.selector, synthesisModel, 5, 8));
        network.addKey(topic, synthesisModel, EpochKind.Settlement);
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.WrongTensorCount.selector, settleModel, 8, 5));
        network.addKey(topic, settleModel, EpochKind.Synthesis);
    }

    /// @dev Each tensor of both kinds, in each kind but its own.
    function testEachTensorHasItsKind(uint8 tensor, uint8 kind) public {
        tensor %= 13;
        EpochKind own = tensor < 8 ? EpochKind.Synthesis : EpochKind.Settlement;
        bytes memory tensors = tensor < 8 ? _synthesisTensors(SLOT_BITS, SLOT_FRACTION) : _settleTensors();
        if (tensor >= 8) tensor -= 8;
        kind %= 4;
        vm.assume(uint8(tensors[8 * tensor]) != kind);
        tensors[8 * tensor] = bytes1(kind);
        bytes32 modelId = registry.register(Keys.key(tensors, ""));
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.WrongTensorKind.selector, modelId, tensor));
        network.addKey(topic, modelId, own);
    }

    function testLengthsThatAreFixed() public {
        _expectWrongLength(0, 0);
        _expectWrongLength(2, 0);
        // A row has 2^10 elements.
        _expectWrongLength(2, 1025);
        _expectWrongLength(3, 0);
        _expectWrongLength(3, 2);
        _expectWrongLength(4, 4);
        _expectWrongLength(4, 6);
        _expectWrongLength(5, 2);
        bytes memory tensors = _settleTensors();
        _setLength(tensors, 2, 1025);
        _setLength(tensors, 4, 1025);
        bytes32 modelId = registry.register(Keys.key(tensors, ""));
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.WrongTensorLength.selector, modelId, 2, 1025));
        network.addKey(topic, modelId, EpochKind.Settlement);
    }

    function testLengthsThatAreFree(uint16 a, uint16 b) public {
        bytes memory tensors = _synthesisTensors(SLOT_BITS, SLOT_FRACTION);
        _setLength(tensors, 0, uint256(a) + 1);
        _setLength(tensors, 1, a);
        _setLength(tensors, 6, a);
        _setLength(tensors, 7, b);
        network.addKey(topic, registry.register(Keys.key(tensors, "free")), EpochKind.Synthesis);
        tensors = _settleTensors();
        _setLength(tensors, 0, a);
        _setLength(tensors, 1, b);
        _setLength(tensors, 3, b);
        network.addKey(topic, registry.register(Keys.key(tensors, "free")), EpochKind.Settlement);
    }

    function testAStateMayFillARow() public {
        uint256 other = network.createTopic(one, attestors, FRESH, 1);
        bytes memory tensors = _synthesisTensors(SLOT_BITS, SLOT_FRACTION);
        _setLength(tensors, 2, 1024);
        network.addKey(other, registry.register(Keys.key(tensors, "")), EpochKind.Synthesis);
    }

    function testAScaleAtWhichNothingOverflows() public {
        bytes32 modelId = registry.register(_synthesisKey(SLOT_BITS, 96));
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.WrongTensorScale.selector, modelId, 0));
        network.addKey(topic, modelId, EpochKind.Synthesis);
        network.addKey(topic, registry.register(_synthesisKey(SLOT_BITS, 95)), EpochKind.Synthesis);
    }

    /// @dev Bits, fraction, length and rows.
    function testStatesOfATopicHaveOneShape() public {
        for (uint256 field = 2; field < 5; ++field) {
            uint256 offset = field == 4 ? 7 : field;
            bytes memory tensors = _synthesisTensors(SLOT_BITS, SLOT_FRACTION);
            tensors[16 + offset] = bytes1(uint8(tensors[16 + offset]) + 1);
            _expectWrongShape(Keys.key(tensors, ""), EpochKind.Synthesis, 2);
            tensors = _settleTensors();
            tensors[32 + offset] = bytes1(uint8(tensors[32 + offset]) + 1);
            _expectWrongShape(Keys.key(tensors, ""), EpochKind.Settlement, 4);
            tensors[16 + offset] = tensors[32 + offset];
            _expectWrongShape(Keys.key(tensors, ""), EpochKind.Settlement, 2);
        }
        bytes memory vk = settleKey;
        vk[135] = 0x0b;
        _expectWrongShape(vk, EpochKind.Settlement, 2);
    }

    function _expectWrongShape(bytes memory vk, EpochKind kind, uint256 tensor) private {
        bytes32 modelId = registry.register(vk);
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.WrongStateShape.selector, modelId, tensor));
        network.addKey(topic, modelId, kind);
    }

    function _expectWrongLength(uint256 tensor, uint256 length) private {
        bytes memory tensors = _synthesisTensors(SLOT_BITS, SLOT_FRACTION);
        _setLength(tensors, tensor, length);
        bytes32 modelId = registry.register(Keys.key(tensors, ""));
        vm.expectRevert(abi.encodeWithSelector(ITopicFeed.WrongTensorLength.selector, modelId, tensor, length));
        network.addKey(topic, modelId, EpochKind.Synthesis);
    }

    /// @dev The last four bytes of a tensor's eight.
    function _setLength(bytes memory tensors, uint256 tensor, uint256 length) private pure {
        for (uint256 i = 0; i < 4; ++i) {
            tensors[8 * tensor + 7 - i] = bytes1(uint8(length >> (8 * i)));
        }
    }
}
