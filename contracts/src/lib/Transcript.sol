// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import "./Constants.sol";
import {Memory} from "./Field.sol";
import {Key} from "./Keys.sol";

/// @notice All challenges of a proof (`docs/protocol.md` 8). Points are pointers, coordinate `k` for bit `k`.
struct Challenges {
    uint256 alpha;
    uint256 beta;
    uint256 lambda;
    uint256 tau;
    uint256 x;
    uint256 gamma;
    uint256 y;
    uint256 zeta;
    uint256 eta;
    uint256 z;
    uint256 nu;
    uint256 w;
}

/// @notice Where the parts of a proof's body begin, in calldata (section 9), and the statement's tensors, in memory.
struct Layout {
    uint256 witness;
    uint256 helper;
    uint256 linear;
    uint256 constraintRounds;
    uint256 claims;
    uint256 reductionRounds;
    uint256 opening;
    uint256 evaluations;
    uint256 batch;
    uint256 inverse;
    uint256 end;
    // For each tensor of the statement a pointer; 0 where a key is checked alone.
    uint256 tensors;
}

/// @title The Fiat-Shamir transcript (`docs/protocol.md` 8).
library Transcript {
    /// @notice The parts of a proof that begins at `offset`.
    function partsOf(Key memory key, uint256 offset) internal pure returns (Layout memory parts) {
        unchecked {
            // Never so: for not being inlined (contracts/README.md).
            if (offset == 0) return parts;
            parts.witness = offset;
            parts.helper = parts.witness + 64 * (key.witnessRows + 1);
            parts.linear = parts.helper + 64 * key.helperRows;
            parts.constraintRounds = parts.linear + 32;
            parts.claims = parts.constraintRounds + 32 * ((key.rounds - 1) * key.degree + key.lastDegree);
            parts.reductionRounds = parts.claims + 32 * (key.sent + 1);
            parts.opening = parts.reductionRounds + 64 * key.rowLog;
            parts.evaluations = parts.opening + 5 * 64;
            parts.batch = parts.evaluations + 8 * 32;
            parts.inverse = parts.batch + 2 * 64;
            parts.end = parts.inverse + 32;
        }
    }

    /// @notice Everything a proof says, in order, and the challenges between.
    /// @param state Of step 0: everything public.
    function challenges(Key memory key, Layout memory parts, uint256 state)
        internal
        pure
        returns (Challenges memory ch)
    {
        unchecked {
            // Never so: for not being inlined (contracts/README.md).
            if (parts.end == 0) return ch;
            state = _absorb(state, LABEL_WITNESS, parts.witness, parts.helper - parts.witness);
            ch.alpha = state % R;
            state = _absorb(state, LABEL_BETA, 0, 0);
            ch.beta = state % R;
            state = _absorb(state, LABEL_HELPER, parts.helper, parts.linear - parts.helper);
            ch.lambda = state % R;
            ch.tau = Memory.allocate(key.tauLength);
            for (uint256 k = 0; k < key.tauLength; k++) {
                state = _absorb(state, LABEL_TAU, 0, 0);
                Memory.store(ch.tau, k, state % R);
            }
            state = _absorb(state, LABEL_LINEAR, parts.linear, 32);
            ch.x = Memory.allocate(key.rounds);
            uint256 cursor = parts.constraintRounds;
            uint256 length = 32 * key.degree;
            for (uint256 k = key.rounds - 1; k > 0; k--) {
                state = _absorb(state, LABEL_CONSTRAINT_ROUND, cursor, length);
                Memory.store(ch.x, k, state % R);
                cursor += length;
            }
            state = _absorb(state, LABEL_CONSTRAINT_ROUND, cursor, parts.claims - cursor);
            Memory.store(ch.x, 0, state % R);
            state = _absorb(state, LABEL_CLAIMS, parts.claims, parts.reductionRounds - parts.claims);
            ch.gamma = state % R;
            ch.y = Memory.allocate(key.rowLog);
            cursor = parts.reductionRounds;
            for (uint256 k = key.rowLog; k > 0; k--) {
                state = _absorb(state, LABEL_REDUCTION_ROUND, cursor, 64);
                Memory.store(ch.y, k - 1, state % R);
                cursor += 64;
            }
            state = _absorb(state, LABEL_HALVES, parts.opening, 64);
            ch.zeta = state % R;
            state = _absorb(state, LABEL_QUOTIENT, parts.opening + 64, 128);
            ch.eta = state % R;
            state = _absorb(state, LABEL_PRODUCTS, parts.opening + 192, 128);
            ch.z = state % R;
            state = _absorb(state, LABEL_EVALUATIONS, parts.evaluations, 256);
            ch.nu = state % R;
            state = _absorb(state, LABEL_BATCH, parts.batch, 64);
            ch.w = state % R;
        }
    }

    /// @notice A scalar of the proof.
    function word(uint256 offset) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(offset)
        }
    }

    /// @notice `Keccak-256(state || label || message)`, the message being `length` bytes of calldata.
    function _absorb(uint256 state, uint256 label, uint256 offset, uint256 length)
        private
        pure
        returns (uint256 next)
    {
        assembly ("memory-safe") {
            // In free memory, which is not kept.
            let p := mload(0x40)
            mstore(p, state)
            mstore8(add(p, 32), label)
            calldatacopy(add(p, 33), offset, length)
            next := keccak256(p, add(33, length))
        }
    }
}
