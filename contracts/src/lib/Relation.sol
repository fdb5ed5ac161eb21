// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {KeyPart} from "../ISumcastVerifier.sol";
import {MAX_STEPS, R} from "./Constants.sol";
import {Field, Memory} from "./Field.sol";
import {Evaluation, Forms} from "./Forms.sol";
import {Key, Keys} from "./Keys.sol";
import {Challenges, Layout, Transcript} from "./Transcript.sol";

/// @title The constraints at the sumcheck's point, and the claims they need (`docs/protocol.md` 3 to 6).
library Relation {
    /// @notice Evaluates the forms of all claims: their open parts at `tau` and `x`, and what their blocks add to the
    /// weights of the rows at `y`. All challenges are known by now, so each form is gone through once.
    function evaluate(Key memory key, Layout memory parts, Challenges memory ch)
        internal
        pure
        returns (Evaluation memory e)
    {
        unchecked {
            uint256 m = key.rowLog;
            e.tensors = parts.tensors;
            e.rowsEnd = Keys.firstHelperRow(key);
            e.yPairs = Forms.pairs(ch.y, m);
            e.groups = Memory.zeros(64);
            uint256 one = Memory.allocate(1);
            Memory.store(one, 0, 1);
            e.eqTauY = Field.eqPrefixes(ch.tau, ch.y, _min(key.tauLength, m), one, 0);
            e.eqXY = Field.eqPrefixes(ch.x, ch.y, _min(key.rounds, m), one, 0);
            e.eqTauX = Field.eqPrefixes(ch.tau, ch.x, _min(key.tauLength, key.rounds), one, 0);
            if (e.tensors != 0) e.rowWeights = Memory.zeros(Keys.rows(key));
            uint256 power = _linear(key, ch, e);
            e.values = Memory.allocate(key.claimCount + 7 * key.lookupCount);
            (uint256 sent, uint256 gamma) = _claims(key, parts, ch, e);
            _lookups(key, ch, e, power, sent, gamma);
            if (e.steps > MAX_STEPS) Keys.invalid(KeyPart.Steps, 0);
            // Forms of no claim: for their checks alone.
            e.weight = 0;
            for (uint256 i = 0; i < key.formCount; i++) {
                if (Keys.form(key, i) & Keys.EVALUATED == 0) Forms.evaluate(key, e, i);
            }
            // And tensors of no form.
            e.z = ch.x;
            for (uint256 i = 0; i < key.tensorCount; i++) {
                (bool committed,, uint256 bits, uint256 length) = Keys.tensor(key, i);
                if (!committed && (e.seen >> i) & 1 == 0) Forms.tensor(e, i, length, bits, 2);
            }
        }
    }

    /// @notice A block of the key, 6 bytes at `cursor`, at `e.z`.
    function _block(Key memory key, Evaluation memory e, uint256 cursor, uint256 weight) private pure {
        uint256 data = Memory.load(cursor, 0);
        uint256 rowLog = key.rowLog;
        uint256 log = data >> 248;
        if (log > rowLog) Forms.spread(rowLog, e, data, weight);
        else Forms.inRow(rowLog, Keys.rows(key), e, data, Keys.BLOCK, mulmod(weight, Memory.load(e.eqY, log), R));
    }

    /// @notice Claim 0 but for the multiplicities: the linear parts at `tau`.
    /// @return power The power of `lambda` after those of the products.
    function _linear(Key memory key, Challenges memory ch, Evaluation memory e) private pure returns (uint256 power) {
        unchecked {
            power = 1;
            e.z = ch.tau;
            e.eqY = e.eqTauY;
            uint256 cursor = key.products;
            for (uint256 i = 0; i < key.productCount; i++) {
                uint256 product = Memory.load(cursor, 0);
                uint256 linear = product & 0xffff;
                if (linear != Keys.NO_FORM) {
                    e.scale = power;
                    e.weight = power;
                    e.linear = addmod(e.linear, Forms.evaluate(key, e, linear), R);
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
            e.scale = 1;
            for (uint256 i = 0; i < key.claimCount; i++) {
                uint256 claim = Memory.load(key.claims, i);
                uint256 form = Keys.form(key, claim & 0xffff);
                uint256 value;
                if (form & 0x100 != 0) {
                    value = Transcript.word(sent);
                    sent += 32;
                    gamma = mulmod(gamma, ch.gamma, R);
                }
                _bind(key, ch, e, claim, form & 0xff);
                e.weight = gamma;
                Memory.store(e.values, i, addmod(value, Forms.evaluate(key, e, claim & 0xffff), R));
            }
        }
    }

    /// @notice Sets the point a claim's variables are bound to, and its `eq` with the first coordinates of `y`.
    function _bind(Key memory key, Challenges memory ch, Evaluation memory e, uint256 claim, uint256 log)
        private
        pure
    {
        unchecked {
            uint256 runs = (claim >> 24) & 0xff;
            uint256 cursor = claim >> 32;
            uint256 first = Memory.load(cursor, 0) >> 240;
            // A key that is checked alone is so at any point.
            if (runs == 0 || (runs == 1 && first >> 8 == 0x80) || e.rowWeights == 0) {
                e.z = ch.x;
                e.eqY = e.eqXY;
                return;
            }
            uint256 z = Memory.allocate(log);
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
            e.z = z;
            // Most claims begin as the point of S1 does.
            uint256 length = _min(log, key.rowLog);
            uint256 start = first >> 8 == 0x80 ? _min(first & 0xff, length) : 0;
            e.eqY = Field.eqPrefixes(z, ch.y, length, e.eqXY, start);
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
                e.z = ch.tau;
                e.eqY = e.eqTauY;
                _block(key, e, blocks, R - power);
                e.z = ch.x;
                e.eqY = e.eqXY;
                power = mulmod(power, ch.lambda, R);
                // h, the columns, u, the table.
                gamma = mulmod(gamma, ch.gamma, R);
                _block(key, e, blocks + 6, gamma);
                Memory.store(to, 0, Transcript.word(sent));
                to += 32;
                sent += 32;
                for (uint256 j = 0; j < columns; j++) {
                    (sent, gamma) = _components(key, ch, e, cursor, arity, 1, to, sent, gamma);
                    cursor += 2 * arity;
                    to += 32;
                }
                gamma = mulmod(gamma, ch.gamma, R);
                _block(key, e, blocks + 12, gamma);
                Memory.store(to, 0, Transcript.word(sent));
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
                value = Transcript.word(sent);
                sent += 32;
                gamma = mulmod(gamma, ch.gamma, R);
            }
            for (uint256 i = 0; i < count; i++) {
                e.scale = scale;
                e.weight = mulmod(scale, gamma, R);
                value = addmod(value, Forms.evaluate(key, e, Memory.load(cursor + 2 * i, 0) >> 240), R);
                scale = mulmod(scale, ch.beta, R);
            }
            Memory.store(to, 0, value);
            return (sent, gamma);
        }
    }

    /// @notice All terms of S1 at its point.
    function terms(Key memory key, Challenges memory ch, Evaluation memory e) internal pure returns (uint256 sum) {
        unchecked {
            if (key.productCount + key.lookupCount == 0) return 0;
            uint256 rounds = key.rounds;
            uint256 eq = e.eqTauX;
            uint256 late = _lateTerms(ch.x, rounds);
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
    function _lateTerms(uint256 x, uint256 rounds) private pure returns (uint256 table) {
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
}
