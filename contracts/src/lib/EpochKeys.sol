// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EpochKind} from "../IEpochSource.sol";
import {TensorSpec} from "../IModelRegistry.sol";
import {ITopicFeed} from "../ITopicFeed.sol";
import {Packed} from "./Packed.sol";

/// @dev Values of a confidence interval.
uint256 constant INTERVAL = 5;

/// @notice Where the packed tensors of an accepted key have what the feed reads: one slot.
/// @param kind `None` where the key is not accepted.
/// @param bits Of an inference.
/// @param fraction Of an inference.
/// @param valueBits Of the network inference.
/// @param valueFraction Of the network inference.
/// @param intervalBits Of the confidence interval.
/// @param intervalFraction Of the confidence interval.
/// @param slots Number of inferences.
/// @param state Offset of the state that goes in.
/// @param newState Offset of the state that comes out.
struct EpochKey {
    EpochKind kind;
    uint8 bits;
    uint8 fraction;
    uint8 valueBits;
    uint8 valueFraction;
    uint8 intervalBits;
    uint8 intervalFraction;
    uint32 slots;
    uint64 state;
    uint64 newState;
}

/// @title Checks that a key has the form of its kind (`docs/topic-feed.md`), and says where what is.
library EpochKeys {
    /// @dev With more fraction bits a value could pass 2^256 on its way to an integer.
    uint8 private constant MAX_FRACTION = 95;

    /// @dev Tensors of both kinds: two that are public and go in, then the state, then what comes out.
    uint256 internal constant STATE = 2;
    /// @dev Tensors of a synthesis.
    uint256 private constant INFERENCES = 0;
    uint256 private constant NETWORK_INFERENCE = 3;
    uint256 private constant CONFIDENCE = 4;
    uint256 private constant NAIVE_INFERENCE = 5;
    uint256 private constant SYNTHESIS_TENSORS = 8;
    /// @dev Tensors of a settlement.
    uint256 private constant NEW_STATE = 4;
    uint256 private constant SETTLEMENT_TENSORS = 5;

    /// @return key Where what is.
    /// @return shape What the states of a topic have in common: `m` of the key, bits, fraction, length. Not zero.
    function read(bytes32 modelId, EpochKind kind, TensorSpec[] memory specs, uint8 rowBits)
        internal
        pure
        returns (EpochKey memory key, uint64 shape)
    {
        if (kind == EpochKind.None) revert ITopicFeed.InvalidKind();
        bool settlement = kind == EpochKind.Settlement;
        uint256 count = settlement ? SETTLEMENT_TENSORS : SYNTHESIS_TENSORS;
        if (specs.length != count) revert ITopicFeed.WrongTensorCount(modelId, count, specs.length);
        for (uint256 i = 0; i < count; ++i) {
            bool committed = i == STATE || (settlement && i == NEW_STATE);
            if (specs[i].output != (i > STATE) || specs[i].committed != committed) {
                revert ITopicFeed.WrongTensorKind(modelId, i);
            }
        }
        if (specs[STATE].length == 0 || specs[STATE].length > 1 << rowBits) _wrongLength(modelId, specs, STATE);

        key.kind = kind;
        key.state = uint64(Packed.size(specs[0], rowBits) + Packed.size(specs[1], rowBits));
        shape = _shape(specs[STATE], rowBits);
        if (settlement) {
            if (_shape(specs[NEW_STATE], rowBits) != shape) revert ITopicFeed.WrongStateShape(modelId, NEW_STATE);
            key.newState = key.state + uint64(Packed.POINT_SIZE + Packed.size(specs[3], rowBits));
        } else {
            _readSynthesis(modelId, specs, key);
        }
    }

    function _readSynthesis(bytes32 modelId, TensorSpec[] memory specs, EpochKey memory key) private pure {
        TensorSpec memory inferences = specs[INFERENCES];
        if (inferences.length == 0) _wrongLength(modelId, specs, INFERENCES);
        if (inferences.fraction > MAX_FRACTION) revert ITopicFeed.WrongTensorScale(modelId, INFERENCES);
        if (specs[NETWORK_INFERENCE].length != 1) _wrongLength(modelId, specs, NETWORK_INFERENCE);
        if (specs[CONFIDENCE].length != INTERVAL) _wrongLength(modelId, specs, CONFIDENCE);
        if (specs[NAIVE_INFERENCE].length != 1) _wrongLength(modelId, specs, NAIVE_INFERENCE);
        key.slots = inferences.length;
        (key.bits, key.fraction) = (inferences.bits, inferences.fraction);
        (key.valueBits, key.valueFraction) = (specs[NETWORK_INFERENCE].bits, specs[NETWORK_INFERENCE].fraction);
        (key.intervalBits, key.intervalFraction) = (specs[CONFIDENCE].bits, specs[CONFIDENCE].fraction);
    }

    function _shape(TensorSpec memory spec, uint8 rowBits) private pure returns (uint64) {
        return (uint64(rowBits) << 48) | (uint64(spec.bits) << 40) | (uint64(spec.fraction) << 32) | spec.length;
    }

    function _wrongLength(bytes32 modelId, TensorSpec[] memory specs, uint256 i) private pure {
        revert ITopicFeed.WrongTensorLength(modelId, i, specs[i].length);
    }
}
