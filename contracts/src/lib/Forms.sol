// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {KeyPart} from "../ISumcastVerifier.sol";
import {MAX_LIMBS, MAX_SHIFT, MAX_WIDTH, R} from "./Constants.sol";
import {Field, Memory} from "./Field.sol";
import {Key, Keys} from "./Keys.sol";

/// @notice What the claims are evaluated with, and what comes of it.
struct Evaluation {
    /// The statement's tensors: pointers to their integers, a word each; 0 where a key is checked alone.
    uint256 tensors;
    /// For each `k` up to `m`, the four products of `y_k` or `1 - y_k` and `y_(k+1)` or `1 - y_(k+1)`, after the bits
    /// of their number; coordinates from `m` on are 0.
    uint256 yPairs;
    /// `eq` of the first coordinates of `tau` and `y`, of `x` and `y`, and of `tau` and `x`.
    uint256 eqTauY;
    uint256 eqXY;
    uint256 eqTauX;
    /// The weight of every row at `y` (section 6).
    uint256 rowWeights;
    /// The open part of the linear parts.
    uint256 linear;
    /// The claims at the point of S1, in the order of section 5.
    uint256 values;
    /// Steps of evaluating the forms so far (section 9).
    uint256 steps;
    /// The rows that forms may use end here.
    uint256 rowsEnd;
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
    // Bits of a head that are rare: a mantissa, a sub-cube, and the one that is none.
    uint256 private constant RARE = 0xd0;

    /// @notice Evaluates a form at `e.z`: adds what its blocks are worth at `y` to the weights of their rows.
    /// @return open The open part.
    function evaluate(Key memory key, Evaluation memory e, uint256 number) internal pure returns (uint256 open) {
        unchecked {
            uint256 form = Keys.form(key, number);
            uint256 cursor = form >> 32;
            uint256 end = cursor + ((form >> 16) & 0xffff);
            uint256 committed;
            uint256 log = form & 0xff;
            e.steps++;
            Memory.store(key.forms, number, form | Keys.EVALUATED);
            while (cursor < end) {
                uint256 data = Memory.load(cursor, 0);
                uint256 head = data >> 248;
                uint256 value;
                uint256 cube;
                if (head & RARE == 0) {
                    // No mantissa, no sub-cube: 2^shift or -2^shift.
                    uint256 wrong;
                    assembly ("memory-safe") {
                        let has := and(shr(5, head), 1)
                        let shift := mul(has, byte(1, data))
                        wrong := or(lt(shift, has), gt(shift, MAX_SHIFT))
                        value := shl(shift, 1)
                        if and(head, 0x08) { value := sub(R, value) }
                        has := add(has, 1)
                        cursor := add(cursor, has)
                        data := shl(shl(3, has), data)
                    }
                    if (wrong != 0) Keys.invalid(KeyPart.Form, number);
                } else {
                    (cursor, data, value, cube) = _head(cursor, data, number);
                }
                uint256 pieceLog = data >> 248;
                if (pieceLog != log) {
                    if (pieceLog > log || cube >> (log - pieceLog) != 0) Keys.invalid(KeyPart.Form, number);
                    value = mulmod(value, Field.select(e.z + 32 * pieceLog, log - pieceLog, cube), R);
                } else if (cube != 0) {
                    Keys.invalid(KeyPart.Form, number);
                }
                uint256 kind = head & Keys.HEAD_KIND;
                if (kind == Keys.LIMBS || kind == Keys.BLOCK) {
                    cursor += kind == Keys.LIMBS ? 9 : 6;
                    committed = 1;
                    if (wrongRows(key, e, data, kind)) Keys.invalid(KeyPart.Form, number);
                    rows(key.rowLog, e, data, kind, mulmod(value, e.weight, R));
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
            }
            if (cursor != end || committed != (form >> 8) & 1) Keys.invalid(KeyPart.Form, number);
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
            if (wrong != 0 || head > 0x7f) Keys.invalid(KeyPart.Form, number);
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

    /// @notice Whether a block or limbs are not aligned and inside the rows before the helpers'. Counts their steps.
    function wrongRows(Key memory key, Evaluation memory e, uint256 data, uint256 kind)
        private
        pure
        returns (bool wrong)
    {
        unchecked {
            uint256 rowLog = key.rowLog;
            uint256 end = e.rowsEnd;
            uint256 steps;
            assembly ("memory-safe") {
                let log := byte(0, data)
                let row := and(shr(232, data), 0xffff)
                let offset := and(shr(208, data), 0xffffff)
                let last := offset
                steps := 1
                switch gt(log, rowLog)
                case 0 {
                    if eq(kind, 4) {
                        // Count 2 .. MAX_LIMBS, width up to MAX_WIDTH, stride from the block's size to a row's.
                        steps := byte(6, data)
                        let stride := byte(8, data)
                        last := add(offset, shl(stride, sub(steps, 1)))
                        wrong := or(
                            or(iszero(lt(sub(steps, 2), sub(MAX_LIMBS, 1))), gt(byte(7, data), MAX_WIDTH)),
                            or(lt(stride, log), gt(stride, rowLog))
                        )
                    }
                    // Aligned, and the last one in its row: multiples of its size below the row's.
                    let low := sub(shl(log, 1), 1)
                    wrong := or(wrong, or(iszero(iszero(and(offset, low))), iszero(iszero(shr(rowLog, last)))))
                    wrong := or(wrong, iszero(lt(row, end)))
                }
                default {
                    // As many rows as the offset says; no limbs.
                    steps := offset
                    wrong := or(
                        or(eq(kind, 4), gt(add(row, offset), end)),
                        or(iszero(offset), gt(offset, shl(sub(log, rowLog), 1)))
                    )
                }
            }
            e.steps += steps;
        }
    }

    /// @notice Adds the extension at `y` of a block or of limbs, evaluated at `e.z`, to the weights of its rows.
    /// @param data From its highest byte: log size 1, row 2, offset (or row count) 3; of limbs their count 1, width 1,
    /// stride 1.
    function rows(uint256 rowLog, Evaluation memory e, uint256 data, uint256 kind, uint256 weight) internal pure {
        unchecked {
            uint256 log = data >> 248;
            uint256 slot = e.rowWeights + 32 * ((data >> 232) & 0xffff);
            uint256 offset = (data >> 208) & 0xffffff;
            if (log > rowLog) {
                weight = mulmod(weight, Memory.load(e.eqY, rowLog), R);
                for (uint256 j = 0; j < offset; j++) {
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
                let index := shr(log, offset)
                switch eq(kind, 4)
                case 0 {
                    index := shl(5, index)
                    for {} lt(table, end) { table := add(table, 256) } {
                        weight := mulmod(weight, mload(add(table, and(index, 0x60))), R)
                        index := shr(2, index)
                    }
                    mstore(slot, addmod(mload(slot), weight, R))
                }
                default {
                    // What lies between limbs of a larger stride selects as a block does, coordinate by coordinate.
                    for { let k := sub(byte(8, data), log) } k { k := sub(k, 1) } {
                        let at_ := add(table, shl(5, and(index, 1)))
                        weight := mulmod(weight, add(mload(at_), mload(add(at_, 64))), R)
                        index := shr(1, index)
                        table := add(table, 128)
                    }
                    // From the last limb to the first, by Horner's rule.
                    let limbs := byte(6, data)
                    index := add(index, sub(limbs, 1))
                    let width := shl(byte(7, data), 1)
                    let sum := 0
                    for {} limbs {} {
                        // The limbs that have all but the two lowest bits of their index in common.
                        let high := weight
                        let bits := shl(3, index)
                        for { let pair := add(table, 256) } lt(pair, end) { pair := add(pair, 256) } {
                            high := mulmod(high, mload(add(pair, and(bits, 0x60))), R)
                            bits := shr(2, bits)
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
