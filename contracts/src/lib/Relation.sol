// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {R} from "./Constants.sol";
import {Field, Memory} from "./Field.sol";
import {Key, Keys} from "./Keys.sol";
import {Challenges, Layout} from "./Transcript.sol";

/// @notice What the claims are evaluated with, and what comes of it.
struct Evaluation {
    /// The statement's tensors: pointers to their words.
    uint256 tensors;
    /// For each coordinate of `y`, `1 - y_k` and `y_k`.
    uint256 ySelect;
    /// `eq` of the first coordinates of `tau` and `y`, and of `x` and `y`.
    uint256 eqTauY;
    uint256 eqXY;
    /// The weight of every row at `y` (section 6).
    uint256 rowWeights;
    /// The open part of the linear parts.
    uint256 linear;
    /// The claims at the point of S1, in the order of section 5.
    uint256 values;
}

/// @title The constraints at the sumcheck's point, and the claims they need (`docs/protocol.md` 3 to 6).
library Relation {
    /// @notice Evaluates the forms of all claims: their open parts at `tau` and `x`, and what their blocks add to the
    /// weights of the rows at `y`. All challenges are known by now, so each form is gone through once.
    function evaluate(Key memory key, Layout memory parts, Challenges memory ch, uint256 tensors)
        internal
        pure
        returns (Evaluation memory e)
    {
        unchecked {
            uint256 m = key.rowLog;
            e.tensors = tensors;
            e.ySelect = Memory.allocate(2 * m);
            for (uint256 k = 0; k < m; k++) {
                uint256 y = Memory.load(ch.y, k);
                Memory.store(e.ySelect, 2 * k, Field.sub(1, y));
                Memory.store(e.ySelect, 2 * k + 1, y);
            }
            e.eqTauY = Field.eqPrefixes(ch.tau, ch.y, _min(key.tauLength, m));
            e.eqXY = Field.eqPrefixes(ch.x, ch.y, _min(key.rounds, m));
            e.rowWeights = Memory.zeros(Keys.rows(key));
            uint256 power = _linear(key, ch, e);
            e.values = Memory.allocate(key.claimCount + 7 * key.lookupCount);
            (uint256 sent, uint256 gamma) = _claims(key, parts, ch, e);
            _lookups(key, ch, e, power, sent, gamma);
        }
    }

    /// @notice Claim 0 but for the multiplicities: the linear parts at `tau`.
    /// @return power The power of `lambda` after those of the products.
    function _linear(Key memory key, Challenges memory ch, Evaluation memory e) private pure returns (uint256 power) {
        unchecked {
            power = 1;
            uint256 cursor = key.products;
            for (uint256 i = 0; i < key.productCount; i++) {
                uint256 product = Memory.load(cursor, 0);
                uint256 linear = product & 0xffff;
                if (linear != Keys.NO_FORM) {
                    uint256 open = _form(key, e, Keys.form(key, linear), ch.tau, e.eqTauY, power, power);
                    e.linear = addmod(e.linear, open, R);
                }
                power = mulmod(power, ch.lambda, R);
                cursor += 32 + 64 * (product >> 16);
            }
        }
    }

    /// @notice The claims of the key.
    /// @return sent Where the claims of the lookups begin.
    /// @return gamma The power of `gamma` of the last claim that was sent.
    function _claims(Key memory key, Layout memory parts, Challenges memory ch, Evaluation memory e)
        private
        pure
        returns (uint256 sent, uint256 gamma)
    {
        unchecked {
            gamma = 1;
            sent = parts.claims;
            for (uint256 i = 0; i < key.claimCount; i++) {
                uint256 claim = Memory.load(key.claims, i);
                uint256 form = Keys.form(key, claim & 0xffff);
                uint256 value;
                if (form & 0x100 != 0) {
                    value = _word(sent);
                    sent += 32;
                    gamma = mulmod(gamma, ch.gamma, R);
                }
                (uint256 z, uint256 eq) = _bind(key, ch, e, claim, form & 0xff);
                value = addmod(value, _form(key, e, form, z, eq, 1, gamma), R);
                Memory.store(e.values, i, value);
            }
        }
    }

    /// @notice The point a claim's variables are bound to, and its `eq` with the first coordinates of `y`.
    function _bind(Key memory key, Challenges memory ch, Evaluation memory e, uint256 claim, uint256 log)
        private
        pure
        returns (uint256 z, uint256 eq)
    {
        unchecked {
            uint256 runs = (claim >> 24) & 0xff;
            uint256 cursor = claim >> 32;
            uint256 first = Memory.load(cursor, 0) >> 248;
            if (runs == 0 || (runs == 1 && first == 0x80)) return (ch.x, e.eqXY);
            if (runs == 1 && first == 0) return (ch.tau, e.eqTauY);
            z = Memory.allocate(log);
            uint256 tau = ch.tau;
            uint256 x = ch.x;
            assembly ("memory-safe") {
                let to := z
                for {} runs { runs := sub(runs, 1) } {
                    let run := shr(240, mload(cursor))
                    cursor := add(cursor, 2)
                    let from := add(tau, shl(5, and(shr(8, run), 0x7f)))
                    if shr(15, run) { from := add(x, shl(5, and(shr(8, run), 0x7f))) }
                    let length := shl(5, and(run, 0xff))
                    mcopy(to, from, length)
                    to := add(to, length)
                }
            }
            eq = Field.eqPrefixes(z, ch.y, _min(log, key.rowLog));
        }
    }

    /// @notice The claims of the lookups, and the multiplicities in claim 0.
    function _lookups(
        Key memory key,
        Challenges memory ch,
        Evaluation memory e,
        uint256 power,
        uint256 sent,
        uint256 gamma
    ) private pure {
        unchecked {
            uint256 to = e.values + 32 * key.claimCount;
            uint256 cursor = key.lookups;
            for (uint256 i = 0; i < key.lookupCount; i++) {
                uint256 head = Memory.load(cursor, 0) >> 224;
                uint256 columns = (head >> 8) & 0xff;
                uint256 arity = head & 0xff;
                cursor += 4;
                uint256 blocks = cursor + 2 * (columns * arity + arity - 1);
                // Equation 2 of this lookup.
                power = mulmod(mulmod(power, ch.lambda, R), ch.lambda, R);
                _block(key, e, blocks, ch.tau, e.eqTauY, R - power);
                power = mulmod(power, ch.lambda, R);
                // h, the columns, u, the table.
                gamma = mulmod(gamma, ch.gamma, R);
                _block(key, e, blocks + 6, ch.x, e.eqXY, gamma);
                Memory.store(to, 0, _word(sent));
                to += 32;
                sent += 32;
                for (uint256 j = 0; j < columns; j++) {
                    (sent, gamma) = _components(key, ch, e, cursor, arity, 1, to, sent, gamma);
                    cursor += 2 * arity;
                    to += 32;
                }
                gamma = mulmod(gamma, ch.gamma, R);
                _block(key, e, blocks + 12, ch.x, e.eqXY, gamma);
                Memory.store(to, 0, _word(sent));
                to += 32;
                sent += 32;
                (sent, gamma) = _components(key, ch, e, cursor, arity - 1, ch.beta, to, sent, gamma);
                uint256 position = Field.index(ch.x, (head >> 16) & 0xff);
                Memory.store(to, 0, addmod(Memory.load(to, 0), position, R));
                to += 32;
                cursor = blocks + 18;
            }
        }
    }

    /// @notice Components of a tuple, weighed by powers of `beta` from `scale` on, as one claim, stored at `to`.
    function _components(
        Key memory key,
        Challenges memory ch,
        Evaluation memory e,
        uint256 cursor,
        uint256 count,
        uint256 scale,
        uint256 to,
        uint256 sent,
        uint256 gamma
    ) private pure returns (uint256, uint256) {
        unchecked {
            uint256 committed;
            for (uint256 i = 0; i < count; i++) {
                committed |= Keys.form(key, Memory.load(cursor + 2 * i, 0) >> 240);
            }
            uint256 value;
            if (committed & 0x100 != 0) {
                value = _word(sent);
                sent += 32;
                gamma = mulmod(gamma, ch.gamma, R);
            }
            for (uint256 i = 0; i < count; i++) {
                uint256 form = Keys.form(key, Memory.load(cursor + 2 * i, 0) >> 240);
                value = addmod(value, _form(key, e, form, ch.x, e.eqXY, scale, mulmod(scale, gamma, R)), R);
                scale = mulmod(scale, ch.beta, R);
            }
            Memory.store(to, 0, value);
            return (sent, gamma);
        }
    }

    /// @notice A form at a point.
    /// @param eq Of the first coordinates of the point and `y`.
    /// @param scale What the open part is multiplied by.
    /// @param weight What the weights of rows are multiplied by.
    /// @return open The open part.
    function _form(
        Key memory key,
        Evaluation memory e,
        uint256 form,
        uint256 z,
        uint256 eq,
        uint256 scale,
        uint256 weight
    ) private pure returns (uint256 open) {
        unchecked {
            uint256 log = form & 0xff;
            uint256 cursor = form >> 64;
            for (uint256 end = cursor + 64 * ((form >> 16) & 0xffff); cursor < end; cursor += 64) {
                uint256 value = Memory.load(cursor, 0);
                uint256 piece = Memory.load(cursor, 1);
                uint256 pieceLog = (piece >> 8) & 0xff;
                uint256 kind = piece & 0xff;
                if (pieceLog != log) {
                    value = mulmod(value, Field.select(z + 32 * pieceLog, log - pieceLog, piece >> 72), R);
                }
                if (kind == Keys.BLOCK || kind == Keys.LIMBS) {
                    _rows(key.rowLog, e, piece, z, eq, mulmod(value, weight, R));
                    continue;
                }
                value = mulmod(value, scale, R);
                if (kind == Keys.INDEX) {
                    value = mulmod(value, Field.index(z, pieceLog), R);
                } else if (kind == Keys.PUBLIC) {
                    uint256 number = (piece >> 16) & 0xffff;
                    (,,, uint256 length) = Keys.tensor(key, number);
                    uint256 integers = Memory.load(e.tensors, number);
                    value = mulmod(value, Field.evaluate(integers, length, z, pieceLog), R);
                }
                open = addmod(open, value, R);
            }
        }
    }

    /// @notice A block of the key, 6 bytes at `at`, at a point.
    function _block(Key memory key, Evaluation memory e, uint256 cursor, uint256 z, uint256 eq, uint256 weight)
        private
        pure
    {
        (uint256 log, uint256 row, uint256 offset) = Keys.blockAt(cursor);
        _rows(key.rowLog, e, Keys.BLOCK | log << 8 | row << 16 | offset << 32, z, eq, weight);
    }

    /// @notice Adds the extension at `y` of a block or of limbs, evaluated at a point, to the weights of its rows.
    function _rows(uint256 rowLog, Evaluation memory e, uint256 piece, uint256 z, uint256 eq, uint256 weight)
        private
        pure
    {
        unchecked {
            uint256 log = (piece >> 8) & 0xff;
            uint256 offset = (piece >> 32) & 0xffffff;
            uint256 slot = e.rowWeights + 32 * ((piece >> 16) & 0xffff);
            if (log > rowLog) {
                weight = mulmod(weight, Memory.load(eq, rowLog), R);
                for (uint256 j = 0; j < offset; j++) {
                    uint256 more = mulmod(weight, Field.select(z + 32 * rowLog, log - rowLog, j), R);
                    Memory.store(slot, j, addmod(Memory.load(slot, j), more, R));
                }
                return;
            }
            weight = mulmod(weight, Memory.load(eq, log), R);
            uint256 ySelect = e.ySelect;
            assembly ("memory-safe") {
                let first := add(ySelect, shl(6, log))
                let end := add(ySelect, shl(6, rowLog))
                let index := shr(log, offset)
                let width := shl(and(shr(64, piece), 0xff), 1)
                let sum := 0
                let scale := 1
                // A block is one limb.
                let last := index
                if eq(and(piece, 0xff), 4) { last := add(index, sub(and(shr(56, piece), 0xff), 1)) }
                for {} iszero(gt(index, last)) { index := add(index, 1) } {
                    let product := scale
                    let bits := shl(5, index)
                    for { let cursor := first } lt(cursor, end) { cursor := add(cursor, 64) } {
                        product := mulmod(product, mload(add(cursor, and(bits, 32))), R)
                        bits := shr(1, bits)
                    }
                    sum := addmod(sum, product, R)
                    scale := mulmod(scale, width, R)
                }
                mstore(slot, addmod(mload(slot), mulmod(weight, sum, R), R))
            }
        }
    }

    /// @notice All terms of S1 at its point.
    function terms(Key memory key, Challenges memory ch, Evaluation memory e) internal pure returns (uint256 sum) {
        unchecked {
            uint256 rounds = key.rounds;
            uint256 eq = Field.eqPrefixes(ch.tau, ch.x, _min(key.tauLength, rounds));
            uint256 late = lateTerms(ch.x, rounds);
            uint256 power = 1;
            uint256 cursor = key.products;
            uint256 values = e.values;
            for (uint256 i = 0; i < key.productCount; i++) {
                uint256 count = Memory.load(cursor, 0) >> 16;
                cursor += 32;
                for (uint256 end = cursor + 64 * count; cursor < end; cursor += 64) {
                    uint256 term = Memory.load(cursor, 1);
                    uint256 vars = term & 0xff;
                    uint256 value = mulmod(mulmod(power, Memory.load(cursor, 0), R), Memory.load(late, vars), R);
                    if ((term >> 8) & 0xff != 0) value = mulmod(value, Memory.load(eq, vars), R);
                    uint256 factors = (term >> 16) & 0xff;
                    term >>= 24;
                    for (; factors > 0; factors--) {
                        value = mulmod(value, Memory.load(values, term & 0xffff), R);
                        term >>= 16;
                    }
                    sum = addmod(sum, value, R);
                }
                power = mulmod(power, ch.lambda, R);
            }
            cursor = key.lookups;
            values += 32 * key.claimCount;
            for (uint256 i = 0; i < key.lookupCount; i++) {
                uint256 head = Memory.load(cursor, 0) >> 224;
                uint256 columns = (head >> 8) & 0xff;
                uint256 arity = head & 0xff;
                sum = addmod(sum, _lookup(ch, head, values, eq, late, power), R);
                power = mulmod(mulmod(mulmod(power, ch.lambda, R), ch.lambda, R), ch.lambda, R);
                values += 32 * (columns + 3);
                cursor += 4 + 2 * (columns * arity + arity - 1) + 18;
            }
        }
    }

    /// @notice The terms of a lookup: its equations 3, 1 and 2, by three powers of `lambda`.
    function _lookup(Challenges memory ch, uint256 head, uint256 values, uint256 eq, uint256 late, uint256 power)
        private
        pure
        returns (uint256 sum)
    {
        unchecked {
            uint256 log = head >> 24;
            uint256 columns = (head >> 8) & 0xff;
            uint256 helper = Memory.load(values, 0);
            uint256 total = mulmod(power, helper, R);
            {
                uint256 product = 1;
                uint256 derivative;
                for (uint256 j = 1; j <= columns; j++) {
                    uint256 factor = Field.sub(ch.alpha, Memory.load(values, j));
                    derivative = addmod(mulmod(derivative, factor, R), product, R);
                    product = mulmod(product, factor, R);
                }
                uint256 cells = Field.sub(mulmod(helper, product, R), derivative);
                cells = mulmod(mulmod(mulmod(power, ch.lambda, R), Memory.load(eq, log), R), cells, R);
                sum = mulmod(Memory.load(late, log), addmod(total, cells, R), R);
            }
            log = (head >> 16) & 0xff;
            uint256 entries = mulmod(mulmod(power, ch.lambda, R), ch.lambda, R);
            entries = mulmod(entries, Memory.load(eq, log), R);
            entries = mulmod(entries, Field.sub(ch.alpha, Memory.load(values, columns + 2)), R);
            entries = mulmod(Field.sub(entries, power), Memory.load(values, columns + 1), R);
            sum = addmod(sum, mulmod(Memory.load(late, log), entries, R), R);
        }
    }

    /// @notice `prod_{k >= n} (1 - x_k)` for each `n` up to `rounds`: where a shorter term stands (section 5).
    function lateTerms(uint256 x, uint256 rounds) internal pure returns (uint256 table) {
        unchecked {
            table = Memory.allocate(rounds + 1);
            uint256 product = 1;
            Memory.store(table, rounds, product);
            for (uint256 k = rounds; k > 0; k--) {
                product = mulmod(product, R + 1 - Memory.load(x, k - 1), R);
                Memory.store(table, k - 1, product);
            }
        }
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function _word(uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(offset)
        }
    }
}
