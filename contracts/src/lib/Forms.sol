// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {KeyPart} from "../ISumcastVerifier.sol";
import {MAX_LIMBS, MAX_WIDTH, R} from "./Constants.sol";
import {Field, Memory} from "./Field.sol";
import {Key, Keys} from "./Keys.sol";

/// @notice What the claims are evaluated with, and what comes of it.
struct Evaluation {
    /// The statement's tensors: pointers to their integers, a word each; 0 where a key is checked alone.
    uint256 tensors;
    /// For each `k` up to `m`, the four products of `y_k` or `1 - y_k` and `y_(k+1)` or `1 - y_(k+1)`, after the bits
    /// of their number; coordinates from `m` on are 0.
    uint256 yPairs;
    /// `eq` of the first coordinates of `tau` and `y`, and of `x` and `y`.
    uint256 eqTauY;
    uint256 eqXY;
    /// The weight of every row at `y` (section 6).
    uint256 rowWeights;
    /// The open part of the linear parts.
    uint256 linear;
    /// The claims at the point of S1, in the order of section 5.
    uint256 values;
    /// Steps of evaluating the forms so far (section 9).
    uint256 steps;
    /// The point of the form at hand, and its `eq` with the first coordinates of `y`.
    uint256 z;
    uint256 eqY;
    /// What its open part, and what it adds to the weights of rows, is multiplied by.
    uint256 scale;
    uint256 weight;
}

/// @title Forms at a point (`docs/protocol.md` 3 and 6).
/// @notice Terms are read, checked and evaluated where they lie in the key, in one pass.
library Forms {
    /// @notice Evaluates a form at `e.z`: adds what its blocks are worth at `y` to the weights of their rows.
    /// @return open The open part.
    function evaluate(Key memory key, Evaluation memory e, uint256 number) internal pure returns (uint256 open) {
        unchecked {
            uint256 form = Keys.form(key, number);
            uint256 count = (form >> 16) & 0xffff;
            uint256 cursor = form >> 32;
            uint256 log = form & 0xff;
            e.steps++;
            Memory.store(key.forms, number, form | Keys.EVALUATED);
            if (count == 0) return 0;
            do {
                uint256 data = Memory.load(cursor, 0);
                uint256 head = data >> 248;
                uint256 value;
                uint256 cube;
                (cursor, data, value, cube) = _head(cursor, data, number);
                uint256 kind = head & Keys.HEAD_KIND;
                uint256 pieceLog = data >> 248;
                if (pieceLog > log || cube >> (log - pieceLog) != 0 || head > 0x7f) Keys.invalid(KeyPart.Form, number);
                if (pieceLog != log) {
                    value = mulmod(value, Field.select(e.z + 32 * pieceLog, log - pieceLog, cube), R);
                }
                if (kind == Keys.LIMBS || kind == Keys.BLOCK) {
                    uint256 first = Keys.firstHelperRow(key);
                    if (!Keys.inRows(key, pieceLog, (data >> 232) & 0xffff, (data >> 208) & 0xffffff, 0, first)) {
                        Keys.invalid(KeyPart.Form, number);
                    }
                    value = mulmod(value, e.weight, R);
                    if (kind == Keys.LIMBS) {
                        cursor += 8;
                        uint256 limbs = (data >> 200) & 0xff;
                        e.steps += limbs;
                        uint256 end = ((data >> 208) & 0xffffff) + (limbs << pieceLog);
                        bool valid = pieceLog <= key.rowLog && end <= 1 << key.rowLog && limbs >= 2
                            && limbs <= MAX_LIMBS && (data >> 192) & 0xff <= MAX_WIDTH;
                        if (!valid) Keys.invalid(KeyPart.Form, number);
                        rows(key.rowLog, e, data, limbs, value);
                    } else {
                        cursor += 6;
                        e.steps += pieceLog > key.rowLog ? (data >> 208) & 0xffffff : 1;
                        rows(key.rowLog, e, data, 1, value);
                    }
                } else {
                    value = mulmod(value, e.scale, R);
                    cursor++;
                    e.steps++;
                    if (kind == Keys.PUBLIC) {
                        cursor++;
                        value = mulmod(value, _public(key, e, data, number), R);
                    } else if (kind == Keys.INDEX) {
                        value = mulmod(value, Field.index(e.z, pieceLog), R);
                    } else if (kind != Keys.ONE) {
                        Keys.invalid(KeyPart.Form, number);
                    }
                    open = addmod(open, value, R);
                }
            } while (--count > 0);
        }
    }

    /// @notice The head of a term, its coefficient as a scalar and its sub-cube.
    /// @param data 32 bytes of the key from the head on; a term has at most 18.
    function _head(uint256 cursor, uint256 data, uint256 number)
        private
        pure
        returns (uint256, uint256, uint256 coefficient, uint256 cube)
    {
        unchecked {
            uint256 head = data >> 248;
            uint256 wrong;
            data <<= 8;
            cursor++;
            coefficient = 1;
            uint256 minus = head & Keys.HEAD_MINUS;
            if (head & Keys.HEAD_MANTISSA != 0) {
                (coefficient, minus, wrong) = Keys.mantissa(data >> 224, minus);
                data <<= 32;
                cursor += 4;
            }
            if (head & Keys.HEAD_SHIFT != 0) {
                wrong |= Keys.wrongShift(data >> 248, coefficient);
                coefficient <<= data >> 248;
                data <<= 8;
                cursor++;
            }
            if (minus != 0) coefficient = R - coefficient;
            if (head & Keys.HEAD_CUBE != 0) {
                cube = data >> 224;
                data <<= 32;
                cursor += 4;
                if (cube == 0) wrong = 1;
            }
            if (wrong != 0) Keys.invalid(KeyPart.Form, number);
            return (cursor, data, coefficient, cube);
        }
    }

    /// @notice The extension of a public tensor.
    function _public(Key memory key, Evaluation memory e, uint256 data, uint256 form) private pure returns (uint256) {
        unchecked {
            uint256 number = (data >> 240) & 0xff;
            if (number >= key.tensorCount) Keys.invalid(KeyPart.Form, form);
            (bool committed, uint256 log,, uint256 length) = Keys.tensor(key, number);
            if (committed || log != data >> 248) Keys.invalid(KeyPart.Form, form);
            e.steps += length;
            if (e.tensors == 0) return 0;
            return Field.evaluate(Memory.load(e.tensors, number), length, e.z, log);
        }
    }

    /// @notice Adds the extension at `y` of a block or of limbs, evaluated at `e.z`, to the weights of its rows.
    /// @param data From its highest byte: log size 1, row 2, offset (or row count) 3; of limbs their count 1, width 1.
    function rows(uint256 rowLog, Evaluation memory e, uint256 data, uint256 limbs, uint256 weight) internal pure {
        unchecked {
            uint256 log = data >> 248;
            uint256 slot = e.rowWeights + 32 * ((data >> 232) & 0xffff);
            if (log > rowLog) {
                weight = mulmod(weight, Memory.load(e.eqY, rowLog), R);
                for (uint256 j = 0; j < (data >> 208) & 0xffffff; j++) {
                    uint256 more = mulmod(weight, Field.select(e.z + 32 * rowLog, log - rowLog, j), R);
                    Memory.store(slot, j, addmod(Memory.load(slot, j), more, R));
                }
                return;
            }
            weight = mulmod(weight, Memory.load(e.eqY, log), R);
            uint256 table = e.yPairs;
            // Measured against one product for each limb: a fifth of the gas.
            assembly ("memory-safe") {
                let end := add(table, shl(7, rowLog))
                table := add(table, shl(7, log))
                // From the last limb to the first, by Horner's rule.
                let index := add(shr(log, and(shr(208, data), 0xffffff)), sub(limbs, 1))
                let width := shl(and(shr(192, data), 0xff), 1)
                let sum := 0
                for {} limbs {} {
                    // The limbs that have all but the two lowest bits of their index in common.
                    let high := weight
                    {
                        let bits := shl(3, index)
                        for { let pair := add(table, 256) } lt(pair, end) { pair := add(pair, 256) } {
                            high := mulmod(high, mload(add(pair, and(bits, 0x60))), R)
                            bits := shr(2, bits)
                        }
                    }
                    for {} 1 {} {
                        sum := addmod(
                            mulmod(sum, width, R), mulmod(high, mload(add(table, shl(5, and(index, 3)))), R), R
                        )
                        limbs := sub(limbs, 1)
                        index := sub(index, 1)
                        if or(iszero(limbs), eq(and(index, 3), 3)) { break }
                    }
                }
                mstore(slot, addmod(mload(slot), sum, R))
            }
        }
    }

    /// @notice The table `yPairs`.
    function pairs(uint256 y, uint256 m) internal pure returns (uint256 table) {
        table = Memory.allocate(4 * m + 4);
        assembly ("memory-safe") {
            let to := add(table, shl(7, m))
            mstore(to, 1)
            mstore(add(to, 32), 0)
            mstore(add(to, 64), 0)
            mstore(add(to, 96), 0)
            let above := 0
            for { let from := add(y, shl(5, m)) } gt(from, y) {} {
                from := sub(from, 32)
                to := sub(to, 128)
                let one := mload(from)
                let both := mulmod(one, above, R)
                mstore(add(to, 96), both)
                // Not reduced: factors of products only.
                mstore(add(to, 64), add(above, sub(R, both)))
                mstore(add(to, 32), add(one, sub(R, both)))
                mstore(to, add(sub(add(R, 1), one), sub(add(R, both), above)))
                above := one
            }
        }
    }
}
