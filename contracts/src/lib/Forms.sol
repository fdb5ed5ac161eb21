// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {KeyPart} from "../ISumcastVerifier.sol";
import {MAX_LIMBS, MAX_SHIFT, MAX_WIDTH, R} from "./Constants.sol";
import {Field, Memory} from "./Field.sol";
import {Key, Keys} from "./Keys.sol";
import {Statements} from "./Statements.sol";

/// @notice What the claims are evaluated with, and what comes of it.
struct Evaluation {
    /// The statement's tensors: pointers to their packed integers; 0 where a key is checked alone.
    uint256 tensors;
    /// The tensors that forms have, a bit each.
    uint256 seen;
    /// For each `k` up to `m`, the four products of `y_k` or `1 - y_k` and `y_(k+1)` or `1 - y_(k+1)`, after the bits
    /// of their number; coordinates from `m` on are 0.
    uint256 yPairs;
    /// `eq` of the first coordinates of `tau` and `y`, of `x` and `y`, and of `tau` and `x`.
    uint256 eqTauY;
    uint256 eqXY;
    uint256 eqTauX;
    /// For 32 groups of limbs, by their number mod 32: which it is, and the factor that its limbs have in common.
    uint256 groups;
    /// The weight of every row at `y` (section 6); 0 where a key is checked alone.
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
            uint256 rowLog = key.rowLog;
            uint256 weight = e.weight;
            uint256 steps = 1;
            Memory.store(key.forms, number, form | Keys.EVALUATED);
            while (cursor < end) {
                uint256 data = Memory.load(cursor, 0);
                uint256 head = data >> 248;
                uint256 value = 1;
                uint256 cube;
                if (head < 8) {
                    data <<= 8;
                    cursor++;
                } else if (head & RARE == 0) {
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
                if ((1 << Keys.BLOCK | 1 << Keys.LIMBS) >> kind & 1 != 0) {
                    cursor += 6 + 3 * (kind / Keys.LIMBS);
                    committed = 1;
                    if (pieceLog > rowLog) {
                        _spanning(rowLog, e, data, kind, mulmod(value, e.weight, R), number);
                    } else {
                        value = mulmod(value, weight, R);
                        value = mulmod(value, Memory.load(e.eqY, pieceLog), R);
                        steps += kind == Keys.LIMBS ? (data >> 200) & 0xff : 1;
                        if (inRow(rowLog, e.rowsEnd, e, data, kind, value) != 0) {
                            Keys.invalid(KeyPart.Form, number);
                        }
                    }
                } else {
                    value = mulmod(value, e.scale, R);
                    cursor++;
                    steps++;
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
            e.steps += steps;
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
            (bool committed, uint256 log, uint256 bits, uint256 length) = Keys.tensor(key, number);
            if (committed || log != data >> 248) Keys.invalid(KeyPart.Form, form);
            e.steps += length;
            return tensor(e, number, length, bits, log);
        }
    }

    /// @notice The extension at `e.z` of a public tensor of the statement, whose integers are checked.
    function tensor(Evaluation memory e, uint256 number, uint256 length, uint256 bits, uint256 log)
        internal
        pure
        returns (uint256 value)
    {
        unchecked {
            if (e.tensors == 0) return 0;
            e.seen |= 1 << number;
            uint256 wrong;
            (value, wrong) = Statements.evaluate(Memory.load(e.tensors, number), length, bits, e.z, log);
            if (wrong != 0) Statements.invalid(number);
        }
    }

    /// @notice Adds the extension at `y` of a block that spans rows, evaluated at `e.z`, to the weights of the rows.
    function _spanning(
        uint256 rowLog,
        Evaluation memory e,
        uint256 data,
        uint256 kind,
        uint256 weight,
        uint256 number
    ) private pure {
        unchecked {
            uint256 more = (data >> 248) - rowLog;
            uint256 row = (data >> 232) & 0xffff;
            uint256 count = (data >> 208) & 0xffffff;
            bool valid = kind == Keys.BLOCK && row + count <= e.rowsEnd && count >= 1 && count <= 1 << more;
            if (!valid) Keys.invalid(KeyPart.Form, number);
            e.steps += count;
            spread(rowLog, e, data, weight);
        }
    }

    /// @notice Adds the extension at `y` of a block that spans rows to their weights.
    function spread(uint256 rowLog, Evaluation memory e, uint256 data, uint256 weight) internal pure {
        unchecked {
            if (e.rowWeights == 0) return;
            uint256 more = (data >> 248) - rowLog;
            uint256 slot = e.rowWeights + 32 * ((data >> 232) & 0xffff);
            uint256 count = (data >> 208) & 0xffffff;
            weight = mulmod(weight, Memory.load(e.eqY, rowLog), R);
            for (uint256 j = 0; j < count; j++) {
                uint256 part = mulmod(weight, Field.select(e.z + 32 * rowLog, more, j), R);
                Memory.store(slot, j, addmod(Memory.load(slot, j), part, R));
            }
        }
    }

    /// @notice Checks a block or limbs, no longer than a row, and adds their extension at `y` to the weight of their row.
    /// @param data From its highest byte: log size 1, row 2, offset 3; of limbs their count 1, width 1, stride 1.
    /// @param weight Their weight, times `eq` of their point and the first coordinates of `y`.
    /// @return wrong Not zero if they are not aligned and inside a row before `rowsEnd`.
    function inRow(
        uint256 rowLog,
        uint256 rowsEnd,
        Evaluation memory e,
        uint256 data,
        uint256 kind,
        uint256 weight
    ) internal pure returns (uint256 wrong) {
        unchecked {
            uint256 limbs = kind / Keys.LIMBS;
            uint256 index;
            uint256 stride;
            assembly ("memory-safe") {
                let log := byte(0, data)
                stride := log
                let offset := and(shr(208, data), 0xffffff)
                let last := offset
                if limbs {
                    // Count 2 .. MAX_LIMBS, width up to MAX_WIDTH, stride from the block's size to a row's.
                    limbs := byte(6, data)
                    stride := byte(8, data)
                    last := add(offset, shl(stride, sub(limbs, 1)))
                    wrong := or(
                        or(iszero(lt(sub(limbs, 2), sub(MAX_LIMBS, 1))), gt(byte(7, data), MAX_WIDTH)),
                        or(lt(stride, log), gt(stride, rowLog))
                    )
                }
                // Aligned, and the last one in its row: multiples of its size below the row's.
                index := shr(log, offset)
                wrong := or(wrong, or(sub(offset, shl(log, index)), shr(rowLog, last)))
                wrong := or(wrong, iszero(lt(and(shr(232, data), 0xffff), rowsEnd)))
            }
            uint256 slot = e.rowWeights;
            if (wrong != 0 || slot == 0) return wrong;
            slot += (data >> 227) & 0x1fffe0;
            uint256 table = e.yPairs;
            uint256 end = table + (rowLog << 7);
            table += (data >> 248) << 7;
            if (limbs == 0) {
                weight = _select(table, end, index, weight);
            } else {
                // What lies between limbs of a larger stride selects as a block does, coordinate by coordinate.
                for (uint256 k = stride - (data >> 248); k > 0; k--) {
                    uint256 at_ = table + 32 * (index & 1);
                    weight = mulmod(weight, Memory.load(at_, 0) + Memory.load(at_, 2), R);
                    index >>= 1;
                    table += 128;
                }
                weight = mulmod(weight, _limbs(table, end, e.groups, index, limbs, (data >> 192) & 0xff), R);
            }
            Memory.store(slot, 0, addmod(Memory.load(slot, 0), weight, R));
        }
    }

    /// @notice A weight times the factors of `yPairs` from `table` to `end` that are selected by the bits of `index`.
    function _select(uint256 table, uint256 end, uint256 index, uint256 weight) private pure returns (uint256) {
        if (table == end) return weight;
        assembly ("memory-safe") {
            index := shl(5, index)
            for {} lt(table, end) { table := add(table, 256) } {
                weight := mulmod(weight, mload(add(table, and(index, 0x60))), R)
                index := shr(2, index)
            }
        }
        return weight;
    }

    /// @notice The sum over limbs from number `index` on of what selects them and their weights, powers of `2^bits`: from
    /// the last to the first by Horner's rule, in groups that have all but the two lowest bits of their number in common.
    function _limbs(uint256 table, uint256 end, uint256 groups, uint256 index, uint256 limbs, uint256 bits)
        private
        pure
        returns (uint256 sum)
    {
        unchecked {
            index += limbs;
            while (limbs > 0) {
                uint256 group = (index - 1) >> 2;
                uint256 count = index - 4 * group;
                if (count > limbs) count = limbs;
                uint256 inner;
                assembly ("memory-safe") {
                    let from := add(table, shl(5, sub(index, shl(2, group))))
                    for { let first := sub(from, shl(5, count)) } gt(from, first) {} {
                        from := sub(from, 32)
                        inner := add(mulmod(inner, shl(bits, 1), R), mload(from))
                    }
                }
                // What the other bits select is kept.
                uint256 entry = groups + 64 * (group & 31);
                uint256 name = (end - table) << 64 | group;
                if (Memory.load(entry, 0) != name) {
                    Memory.store(entry, 0, name);
                    Memory.store(entry, 1, _select(table + 256, end, group, 1));
                }
                inner = mulmod(inner, Memory.load(entry, 1), R);
                sum = addmod(mulmod(sum, 1 << (bits * count), R), inner, R);
                limbs -= count;
                index -= count;
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
