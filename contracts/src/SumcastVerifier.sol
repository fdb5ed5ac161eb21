// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISumcastVerifier, Statement} from "./ISumcastVerifier.sol";
import {R} from "./lib/Constants.sol";
import {Curve} from "./lib/Curve.sol";
import {Field, Memory} from "./lib/Field.sol";
import {Key, Keys} from "./lib/Keys.sol";
import {Opening} from "./lib/Opening.sol";
import {Evaluation, Relation} from "./lib/Relation.sol";
import {Statements} from "./lib/Statements.sol";
import {Challenges, Layout, Transcript} from "./lib/Transcript.sol";

/// @title Verifies the proofs of every model (`docs/protocol.md`).
/// @notice Has no owner, no state and no way to change: an interpreter of verifying keys, as the Rust verifier is.
/// What it trusts is the structured reference string it was deployed with.
contract SumcastVerifier is ISumcastVerifier {
    /// @dev The Keccak-256 of `[tau]_2`, which a key repeats.
    bytes32 private immutable SRS;

    /// @param tau `[tau]_2` in the order of EIP-197: `x_1, x_0, y_1, y_0`.
    constructor(uint256[4] memory tau) {
        SRS = keccak256(abi.encode(tau));
    }

    /// @inheritdoc ISumcastVerifier
    function verify(bytes calldata vk, Statement calldata statement, bytes calldata proof) external view {
        unchecked {
            Key memory key = Keys.read(vk, SRS);
            (uint256 state, uint256 tensors) = Statements.read(key, statement);
            uint256 offset;
            assembly ("memory-safe") {
                offset := proof.offset
            }
            Layout memory parts = Transcript.partsOf(key, offset);
            if (parts.end - offset != proof.length) revert InvalidProofLength(parts.end - offset, proof.length);
            uint256 body = _readProof(parts);
            Challenges memory ch = Transcript.challenges(key, parts, state);
            parts.tensors = tensors;
            Evaluation memory e = Relation.evaluate(key, parts, ch);

            uint256 linear = Transcript.word(parts.linear);
            uint256 claim = Field.sub(0, addmod(linear, e.linear, R));
            claim =
                _constraintRounds(claim, parts.constraintRounds, ch.x, key.rounds, key.degree, key.lastDegree);
            uint256 maskClaim = Transcript.word(parts.reductionRounds - 32);
            if (addmod(Relation.terms(key, ch, e), maskClaim, R) != claim) revert ConstraintsFailed();

            // The claims sent, the mask's after them, then `V`: by Horner's rule, the last has the highest power.
            claim = 0;
            for (uint256 cursor = parts.reductionRounds; cursor > parts.claims;) {
                cursor -= 32;
                claim = mulmod(addmod(claim, Transcript.word(cursor), R), ch.gamma, R);
            }
            claim = addmod(claim, linear, R);
            claim = _reductionRounds(claim, parts.reductionRounds, ch.y, key.rowLog);
            uint256 rows = _rows(key, tensors, body);
            if (!Opening.holds(key, parts, ch, body, rows, e.rowWeights, claim)) revert OpeningFailed();
        }
    }

    /// @inheritdoc ISumcastVerifier
    function isValid(bytes calldata, Statement calldata, bytes calldata) external view returns (bool valid) {
        bytes4 selector = this.verify.selector;
        assembly ("memory-safe") {
            let p := mload(0x40)
            calldatacopy(p, 0, calldatasize())
            mstore(p, or(selector, and(mload(p), not(shl(224, 0xffffffff)))))
            valid := staticcall(gas(), address(), p, calldatasize(), 0, 0)
        }
    }

    /// @inheritdoc ISumcastVerifier
    function checkKey(bytes calldata vk) external view returns (bytes32 modelId) {
        Key memory key = Keys.read(vk, SRS);
        // Forms are checked where they are evaluated: here at points of zeros, for no statement.
        Layout memory parts;
        Challenges memory ch;
        ch.tau = Memory.zeros(key.tauLength);
        ch.x = Memory.zeros(key.rounds);
        ch.y = Memory.zeros(key.rowLog);
        Relation.evaluate(key, parts, ch);
        return bytes32(key.modelId);
    }

    /// @notice The rounds of S1: the claim they leave, from `c_0, c_2, .., c_D` and `c_1`, which follows.
    /// @param point Coordinate `k` is the challenge of round `k`; the first round has the highest.
    function _constraintRounds(
        uint256 claim,
        uint256 cursor,
        uint256 point,
        uint256 rounds,
        uint256 degree,
        uint256 lastDegree
    ) private pure returns (uint256) {
        if (rounds == 0) return claim;
        assembly ("memory-safe") {
            for { let k := add(point, shl(5, rounds)) } gt(k, point) {} {
                k := sub(k, 32)
                if eq(k, point) { degree := lastDegree }
                let x := mload(k)
                let c0 := calldataload(cursor)
                let sum := addmod(c0, c0, R)
                let high := 0
                let i := add(cursor, shl(5, sub(degree, 1)))
                let next := add(i, 32)
                for {} gt(i, cursor) { i := sub(i, 32) } {
                    let c := calldataload(i)
                    high := mulmod(add(high, c), x, R)
                    sum := addmod(sum, c, R)
                }
                // The coefficient of x is what is missing to the claim.
                claim := addmod(c0, mulmod(add(add(claim, high), sub(R, sum)), x, R), R)
                cursor := next
            }
        }
        return claim;
    }

    /// @notice The rounds of S2, of `c_0` and `c_2` each.
    function _reductionRounds(uint256 claim, uint256 cursor, uint256 point, uint256 rounds)
        private
        pure
        returns (uint256)
    {
        if (rounds == 0) return claim;
        assembly ("memory-safe") {
            for { let k := add(point, shl(5, rounds)) } gt(k, point) { cursor := add(cursor, 64) } {
                k := sub(k, 32)
                let y := mload(k)
                let c0 := calldataload(cursor)
                // c_0 + y (claim - 2 c_0 - c_2 + c_2 y): four times R is below 2^256.
                let sum := mulmod(calldataload(add(cursor, 32)), add(y, sub(R, 1)), R)
                sum := add(add(claim, sum), sub(shl(1, R), shl(1, c0)))
                claim := addmod(c0, mulmod(sum, y, R), R)
            }
        }
        return claim;
    }

    /// @notice Copies a proof to memory and checks its encoding.
    function _readProof(Layout memory parts) private pure returns (uint256 body) {
        unchecked {
            uint256 start = parts.witness;
            uint256 length = parts.end - start;
            body = Memory.allocate(length / 32);
            assembly ("memory-safe") {
                calldatacopy(body, start, length)
            }
            _checkPoints(body, parts.linear - start, 0);
            _checkPoints(body + (parts.opening - start), 5 * 64, parts.opening - start);
            _checkPoints(body + (parts.batch - start), 2 * 64, parts.batch - start);
            // The scalars of the sumchecks and the claims, the evaluations, `j`: one call, so that its code is there once.
            (uint256 from, uint256 to) = (parts.linear, parts.opening);
            while (true) {
                _checkScalars(body + (from - start), to - from, from - start);
                if (to == parts.end) break;
                (from, to) = to == parts.opening ? (parts.evaluations, parts.batch) : (parts.inverse, parts.end);
            }
        }
    }

    function _checkPoints(uint256 cursor, uint256 length, uint256 offset) private pure {
        unchecked {
            uint256 wrong = Curve.firstInvalid(cursor, length / 64);
            if (wrong < length / 64) revert InvalidPoint(offset + 64 * wrong);
        }
    }

    function _checkScalars(uint256 cursor, uint256 length, uint256 offset) private pure {
        unchecked {
            uint256 valid = 1;
            assembly ("memory-safe") {
                let i := cursor
                let end := add(cursor, length)
                for { let odd := add(cursor, and(length, 96)) } lt(i, odd) { i := add(i, 32) } {
                    valid := and(valid, lt(mload(i), R))
                }
                for {} lt(i, end) { i := add(i, 128) } {
                    let first := and(lt(mload(i), R), lt(mload(add(i, 32)), R))
                    valid := and(valid, and(first, and(lt(mload(add(i, 64)), R), lt(mload(add(i, 96)), R))))
                }
            }
            if (valid == 1) return;
            for (uint256 i = 0; i < length; i += 32) {
                if (Memory.load(cursor + i, 0) >= R) revert InvalidScalar(offset + i);
            }
        }
    }

    /// @notice Pointers to the commitments of all rows, group by group.
    function _rows(Key memory key, uint256 tensors, uint256 body) private pure returns (uint256 rows) {
        unchecked {
            // Room for the points of the opening, too.
            rows = Memory.allocate(Keys.rows(key) + 8);
            uint256 to = _list(rows, key.fixedPoints, key.fixedRows);
            for (uint256 i = 0; i < key.tensorCount; i++) {
                (bool committed,,, uint256 length) = Keys.tensor(key, i);
                if (committed) to = _list(to, Memory.load(tensors, i), Keys.tensorRows(key, length));
            }
            to = _list(to, body, key.witnessRows);
            // The mask's commitment is between.
            _list(to, body + 64 * (key.witnessRows + 1), key.helperRows);
        }
    }

    function _list(uint256 to, uint256 point, uint256 count) private pure returns (uint256) {
        unchecked {
            for (uint256 i = 0; i < count; i++) {
                Memory.store(to, i, point + 64 * i);
            }
            return to + 32 * count;
        }
    }
}
