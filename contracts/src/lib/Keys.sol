// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISumcastVerifier, KeyPart} from "../ISumcastVerifier.sol";
import "./Constants.sol";
import {Curve} from "./Curve.sol";
import {Memory} from "./Field.sol";

/// @notice A verifying key, read and checked. Members that are lists are pointers; see `Keys` for what they point to.
struct Key {
    uint256 modelId;
    uint256 rowLog;
    uint256 tensors;
    uint256 tensorCount;
    uint256 fixedRows;
    uint256 statementRows;
    uint256 witnessRows;
    uint256 helperRows;
    uint256 forms;
    uint256 formCount;
    uint256 claims;
    uint256 claimCount;
    uint256 products;
    uint256 productCount;
    uint256 lookups;
    uint256 lookupCount;
    uint256 fixedPoints;
    // What follows from the program (section 5): N, D, D_0, coordinates of tau, claims sent.
    uint256 rounds;
    uint256 degree;
    uint256 lastDegree;
    uint256 tauLength;
    uint256 sent;
}

/// @title Reads a verifying key (`docs/protocol.md` 9).
/// @notice The key is copied to memory once. Tensors, lookups and fixed points are read where they lie there; forms,
/// claims and products are unpacked into words, least significant bits first:
/// - a form: log size 8, committed 1, evaluated 1, from bit 16 the bytes of its terms 16, pointer to them in the key,
///   where `Forms` reads and checks them;
/// - a claim: form 16, variables 8, runs 8, pointer to its runs in the key;
/// - a product: linear form 16, terms 8; then for each term its coefficient, and variables 8, `eq` 8, factors 8, the
///   factors 16 each.
library Keys {
    uint256 internal constant ONE = 0;
    uint256 internal constant INDEX = 1;
    uint256 internal constant BLOCK = 2;
    uint256 internal constant PUBLIC = 3;
    uint256 internal constant LIMBS = 4;

    uint256 internal constant NO_FORM = 0xffff;
    /// @notice Bit of a form's word that says it has been evaluated.
    uint256 internal constant EVALUATED = 0x200;

    // Bits of the head of a term.
    uint256 internal constant HEAD_KIND = 0x07;
    uint256 internal constant HEAD_EQ = 0x01;
    uint256 internal constant HEAD_MINUS = 0x08;
    uint256 internal constant HEAD_MANTISSA = 0x10;
    uint256 internal constant HEAD_SHIFT = 0x20;
    uint256 internal constant HEAD_CUBE = 0x40;

    uint256 private constant SRS_OFFSET = 7;
    uint256 private constant SRS_BYTES = 128;

    /// @notice Reads a key.
    /// @param srs The Keccak-256 of `[tau]_2`.
    function read(bytes calldata vk, bytes32 srs) internal pure returns (Key memory key) {
        unchecked {
            uint256 start = Memory.allocate((vk.length + 31) / 32);
            assembly ("memory-safe") {
                calldatacopy(start, vk.offset, vk.length)
                mstore(key, keccak256(start, vk.length))
            }
            uint256 end = start + vk.length;
            uint256 cursor = _header(key, start, end, srs);
            cursor = _forms(key, cursor, end);
            cursor = _claims(key, cursor, end);
            cursor = _products(key, cursor, end);
            cursor = _lookups(key, cursor, end);
            key.fixedPoints = cursor;
            if (cursor + 64 * key.fixedRows != end) invalid(KeyPart.End, 0);
            uint256 wrong = Curve.firstInvalid(cursor, key.fixedRows);
            if (wrong < key.fixedRows) invalid(KeyPart.FixedRow, wrong);
            if (maskCells(key) > 1 << key.rowLog) invalid(KeyPart.Masks, 0);
        }
    }

    /// @notice Number of cells of the mask that have a weight, `n_U` (section 12).
    function maskCells(Key memory key) internal pure returns (uint256) {
        unchecked {
            return 1 + (key.rounds - 1) * key.degree + key.lastDegree + key.sent + 2 * key.rowLog;
        }
    }

    /// @notice `[tau]_2`, where it lies in the key.
    function tau(Key memory key) internal pure returns (uint256) {
        unchecked {
            return key.tensors - 2 - SRS_BYTES;
        }
    }

    /// @notice A tensor of the statement, 8 bytes: kind, log size, bits, fraction bits, length.
    function tensor(Key memory key, uint256 number)
        internal
        pure
        returns (bool committed, uint256 log, uint256 bits, uint256 length)
    {
        unchecked {
            uint256 word = Memory.load(key.tensors + 8 * number, 0) >> 192;
            return (word >> 56 >= 2, (word >> 48) & 0xff, (word >> 40) & 0xff, word & 0xffffffff);
        }
    }

    /// @notice Rows of a committed tensor.
    function tensorRows(Key memory key, uint256 length) internal pure returns (uint256) {
        unchecked {
            return (length + (1 << key.rowLog) - 1) >> key.rowLog;
        }
    }

    /// @notice First witness row.
    function firstWitnessRow(Key memory key) internal pure returns (uint256) {
        unchecked {
            return key.fixedRows + key.statementRows;
        }
    }

    /// @notice First helper row.
    function firstHelperRow(Key memory key) internal pure returns (uint256) {
        unchecked {
            return firstWitnessRow(key) + key.witnessRows;
        }
    }

    /// @notice Number of rows.
    function rows(Key memory key) internal pure returns (uint256) {
        unchecked {
            return firstHelperRow(key) + key.helperRows;
        }
    }

    /// @notice A form's word.
    function form(Key memory key, uint256 number) internal pure returns (uint256) {
        return Memory.load(key.forms, number);
    }

    /// @notice A block, 6 bytes: log size, row, offset (or row count).
    function blockAt(uint256 cursor) internal pure returns (uint256 log, uint256 row, uint256 offset) {
        uint256 word = Memory.load(cursor, 0) >> 208;
        return (word >> 40, (word >> 24) & 0xffff, word & 0xffffff);
    }

    function _header(Key memory key, uint256 start, uint256 end, bytes32 srs)
        private
        pure
        returns (uint256 cursor)
    {
        unchecked {
            // Never so: for not being inlined (contracts/README.md).
            if (start == 0) return 0;
            if (end < start + SRS_OFFSET + SRS_BYTES + 2) invalid(KeyPart.Header, 0);
            if (Memory.load(start, 0) >> 208 != KEY_HEAD) invalid(KeyPart.Header, 0);
            if (Memory.load(start + 6, 0) >> 248 > 2) invalid(KeyPart.Srs, 0);
            cursor = start + SRS_OFFSET + SRS_BYTES;
            uint256 rowLog = Memory.load(cursor, 0) >> 248;
            if (rowLog < MIN_ROW_LOG || rowLog > MAX_ROW_LOG) invalid(KeyPart.Header, 0);
            bytes32 found;
            assembly ("memory-safe") {
                found := keccak256(add(start, SRS_OFFSET), SRS_BYTES)
            }
            if (found != srs) revert ISumcastVerifier.WrongSrs();
            uint256 count = Memory.load(cursor + 1, 0) >> 248;
            cursor += 2;
            key.rowLog = rowLog;
            key.tensors = cursor;
            key.tensorCount = count;
            if (count > MAX_TENSORS) invalid(KeyPart.Header, 0);
            for (uint256 i = 0; i < count; i++) {
                (bool committed, uint256 log, uint256 bits, uint256 length) = tensor(key, i);
                bool valid = Memory.load(cursor + 8 * i, 0) >> 248 <= 3 && log <= MAX_TENSOR_LOG && length <= 1 << log
                    && bits <= MAX_TENSOR_BITS;
                if (!valid) invalid(KeyPart.Tensor, i);
                if (committed) key.statementRows += tensorRows(key, length);
            }
            cursor += 8 * count;
            key.fixedRows = Memory.load(cursor, 0) >> 240;
            key.witnessRows = Memory.load(cursor + 2, 0) >> 240;
            key.helperRows = Memory.load(cursor + 4, 0) >> 240;
            cursor += 6;
            bool fits = key.fixedRows <= MAX_ROWS && key.statementRows <= MAX_ROWS && key.witnessRows <= MAX_ROWS
                && key.helperRows <= MAX_ROWS;
            if (cursor > end || !fits) invalid(KeyPart.Header, 0);
        }
    }

    function _forms(Key memory key, uint256 cursor, uint256 end) private pure returns (uint256) {
        unchecked {
            // Never so: for not being inlined (contracts/README.md).
            if (cursor == 0) return 0;
            uint256 count = Memory.load(cursor, 0) >> 240;
            cursor += 2;
            if (cursor + 3 * count > end || count > MAX_ENTRIES) invalid(KeyPart.Form, count);
            key.formCount = count;
            uint256 forms = key.forms = Memory.allocate(count);
            for (uint256 i = 0; i < count; i++) {
                uint256 head = Memory.load(cursor, 0) >> 232;
                cursor += 3;
                uint256 length = head & 0xffff;
                if ((head >> 16) & 0x7f > MAX_LOG) invalid(KeyPart.Form, i);
                // The terms are read and checked where they are evaluated.
                uint256 word = ((head >> 16) & 0x7f) | (head >> 23) << 8 | length << 16 | cursor << 32;
                cursor += length;
                if (cursor > end) invalid(KeyPart.Form, i);
                Memory.store(forms, i, word);
            }
            return cursor;
        }
    }

    /// @notice A mantissa that follows a head: its magnitude, and whether it is negative.
    /// @param minus Whether the head says -1, which it must not.
    function mantissa(uint256 word, uint256 minus)
        internal
        pure
        returns (uint256 magnitude, uint256 negative, uint256 wrong)
    {
        unchecked {
            negative = word >> 31;
            magnitude = negative == 1 ? (1 << 32) - word : word;
            wrong = minus | (magnitude < 2 ? 1 : 0);
        }
    }

    /// @notice Whether a shift that follows a head is none or too large, or the mantissa is not odd.
    function wrongShift(uint256 shift, uint256 magnitude) internal pure returns (uint256 wrong) {
        assembly ("memory-safe") {
            wrong := iszero(and(magnitude, lt(sub(shift, 1), MAX_SHIFT)))
        }
    }

    /// @notice Whether a block is aligned and inside the rows `from .. to`.
    function inRows(Key memory key, uint256 log, uint256 row, uint256 offset, uint256 from, uint256 to)
        internal
        pure
        returns (bool)
    {
        unchecked {
            uint256 rowLog = key.rowLog;
            if (log <= rowLog) {
                return row >= from && row < to && offset < 1 << rowLog && offset & ((1 << log) - 1) == 0;
            }
            return row >= from && row + offset <= to && offset >= 1 && offset <= 1 << (log - rowLog);
        }
    }

    function _claims(Key memory key, uint256 cursor, uint256 end) private pure returns (uint256) {
        unchecked {
            // Never so: for not being inlined (contracts/README.md).
            if (cursor == 0) return 0;
            uint256 count = Memory.load(cursor, 0) >> 240;
            cursor += 2;
            if (cursor + 4 * count > end || count > MAX_ENTRIES) invalid(KeyPart.Claim, count);
            key.claimCount = count;
            uint256 to = key.claims = Memory.allocate(count);
            uint256 forms = key.forms;
            uint256 formCount = key.formCount;
            uint256 sent;
            for (uint256 last = to + 32 * count; to < last; to += 32) {
                uint256 head = Memory.load(cursor, 0) >> 224;
                cursor += 4;
                uint256 runs = head & 0xff;
                if (head >> 16 >= formCount) break;
                if (cursor + 2 * runs > end) break;
                uint256 vars = (head >> 8) & 0xff;
                Memory.store(to, 0, head >> 16 | vars << 16 | runs << 24 | cursor << 32);
                uint256 word = Memory.load(forms, head >> 16);
                uint256 log = word & 0xff;
                // Most claims have one run, the point of S1 as far as they go.
                if (runs << 16 | Memory.load(cursor, 0) >> 240 == 0x18000 | log) {
                    uint256 wrong;
                    assembly ("memory-safe") {
                        wrong := or(iszero(lt(sub(log, 1), vars)), gt(vars, MAX_LOG))
                    }
                    if (wrong != 0) break;
                } else if (_wrongRuns(key, cursor, runs, vars, log)) {
                    break;
                }
                cursor += 2 * runs;
                sent += (word >> 8) & 1;
            }
            if (to < key.claims + 32 * count) invalid(KeyPart.Claim, (to - key.claims) / 32);
            key.sent = sent;
            return cursor;
        }
    }

    /// @notice Whether a claim's runs are outside the limits, bind a variable twice or one that the claim does not range
    /// over, or do not bind a form of this log size. Notes how much of `tau` they need.
    function _wrongRuns(Key memory key, uint256 cursor, uint256 runs, uint256 vars, uint256 log)
        private
        pure
        returns (bool wrong)
    {
        uint256 tauLength = key.tauLength;
        assembly ("memory-safe") {
            wrong := gt(vars, MAX_LOG)
            let bound := 0
            let seen := 0
            for { let end := add(cursor, add(runs, runs)) } lt(cursor, end) { cursor := add(cursor, 2) } {
                let run := shr(240, mload(cursor))
                let start := and(shr(8, run), 0x7f)
                let length := and(run, 0xff)
                let last := add(start, length)
                bound := add(bound, length)
                wrong := or(wrong, or(iszero(length), gt(last, MAX_LOG)))
                switch shr(15, run)
                case 0 { if gt(last, tauLength) { tauLength := last } }
                default {
                    let bits := shl(start, sub(shl(length, 1), 1))
                    wrong := or(wrong, or(gt(last, vars), iszero(iszero(and(seen, bits)))))
                    seen := or(seen, bits)
                }
            }
            wrong := or(wrong, iszero(eq(bound, log)))
        }
        key.tauLength = tauLength;
    }

    function _products(Key memory key, uint256 cursor, uint256 end) private pure returns (uint256) {
        unchecked {
            // Never so: for not being inlined (contracts/README.md).
            if (cursor == 0) return 0;
            uint256 count = Memory.load(cursor, 0) >> 240;
            cursor += 2;
            if (cursor + 4 * count > end || count > MAX_ENTRIES) invalid(KeyPart.Product, count);
            uint256 to = Memory.allocate(0);
            key.productCount = count;
            key.products = to;
            key.rounds = 1;
            key.degree = 2;
            for (uint256 i = 0; i < count; i++) {
                uint256 head = Memory.load(cursor, 0) >> 224;
                cursor += 4;
                uint256 log = head >> 24;
                uint256 linear = (head >> 8) & 0xffff;
                uint256 terms = head & 0xff;
                if (log > MAX_LOG) invalid(KeyPart.Product, i);
                if (linear != NO_FORM) {
                    if (linear >= key.formCount) invalid(KeyPart.Product, i);
                    if (form(key, linear) & 0xff != log) invalid(KeyPart.Product, i);
                }
                if (log > key.tauLength) key.tauLength = log;
                // Past the free memory, which begins after the last product below.
                Memory.store(to, 0, linear | terms << 16);
                to += 32;
                for (; terms > 0; terms--) {
                    if (cursor >= end) invalid(KeyPart.Product, i);
                    cursor = _term(key, cursor, to, i);
                    to += 64;
                }
                if (cursor > end) invalid(KeyPart.Product, i);
            }
            assembly ("memory-safe") {
                mstore(0x40, to)
            }
            return cursor;
        }
    }

    /// @notice Reads a term of a product, number `number`, to two words at `to`.
    function _term(Key memory key, uint256 cursor, uint256 to, uint256 number) private pure returns (uint256) {
        unchecked {
            uint256 head = Memory.load(cursor, 0) >> 248;
            uint256 scalar = 1;
            cursor++;
            if (head > HEAD_EQ) (cursor, scalar) = _coefficient(cursor, head, number);
            uint256 withEq = head & HEAD_EQ;
            uint256 data = Memory.load(cursor, 0);
            uint256 vars = data >> 248;
            uint256 factors = (data >> 240) & 0xff;
            uint256 wrong;
            {
                uint256 claims = key.claims;
                uint256 claimCount = key.claimCount;
                assembly ("memory-safe") {
                    wrong := or(gt(vars, MAX_LOG), iszero(lt(sub(factors, 1), MAX_FACTORS)))
                    if iszero(wrong) {
                        let word := or(vars, or(shl(8, withEq), shl(16, factors)))
                        let left := shl(16, data)
                        for { let shift := 24 } 1 {} {
                            let factor := shr(240, left)
                            // In the range of claims before what lies there is read.
                            if iszero(lt(factor, claimCount)) {
                                wrong := 1
                                break
                            }
                            let claim := mload(add(claims, shl(5, factor)))
                            wrong := or(wrong, sub(and(shr(16, claim), 0xff), vars))
                            word := or(word, shl(shift, factor))
                            left := shl(16, left)
                            shift := add(shift, 16)
                            if eq(shift, add(24, shl(4, factors))) { break }
                        }
                        mstore(to, scalar)
                        mstore(add(to, 32), word)
                    }
                }
            }
            if (wrong != 0) invalid(KeyPart.Product, number);
            if (withEq > 0 && vars > key.tauLength) key.tauLength = vars;
            _shape(key, vars, factors + withEq, 2 * factors + (vars == 0 ? 1 : withEq));
            return cursor + 2 + 2 * factors;
        }
    }

    /// @notice The coefficient that the head of a product's term announces, as a scalar.
    function _coefficient(uint256 cursor, uint256 head, uint256 number) private pure returns (uint256, uint256) {
        unchecked {
            uint256 magnitude = 1;
            uint256 minus = head & HEAD_MINUS;
            uint256 wrong = head & ~(HEAD_EQ | HEAD_MINUS | HEAD_MANTISSA | HEAD_SHIFT);
            if (head & HEAD_MANTISSA != 0) {
                uint256 bad;
                (magnitude, minus, bad) = mantissa(Memory.load(cursor, 0) >> 224, minus);
                wrong |= bad;
                cursor += 4;
            }
            if (head & HEAD_SHIFT != 0) {
                uint256 shift = Memory.load(cursor, 0) >> 248;
                wrong |= wrongShift(shift, magnitude);
                magnitude <<= shift;
                cursor += 1;
            }
            if (wrong != 0) invalid(KeyPart.Product, number);
            return (cursor, minus != 0 ? R - magnitude : magnitude);
        }
    }

    /// @notice Counts a term in the shape of S1 (section 5).
    function _shape(Key memory key, uint256 vars, uint256 degree, uint256 lastDegree) private pure {
        if (vars > key.rounds) key.rounds = vars;
        if (degree > key.degree) key.degree = degree;
        if (lastDegree > key.lastDegree) key.lastDegree = lastDegree;
    }

    function _lookups(Key memory key, uint256 cursor, uint256 end) private pure returns (uint256) {
        unchecked {
            // Never so: for not being inlined (contracts/README.md).
            if (cursor == 0) return 0;
            uint256 count = Memory.load(cursor, 0) >> 248;
            cursor += 1;
            if (count > MAX_LOOKUPS) invalid(KeyPart.Lookup, count);
            key.lookups = cursor;
            key.lookupCount = count;
            uint256 spans = Memory.allocate(2 * count);
            for (uint256 i = 0; i < count; i++) {
                if (cursor + 4 > end) invalid(KeyPart.Lookup, i);
                cursor = _lookup(key, cursor, i, spans);
                if (cursor > end) invalid(KeyPart.Lookup, i);
            }
            if (key.lastDegree < key.degree) key.lastDegree = key.degree;
            for (uint256 i = 0; i < key.claimCount; i++) {
                if ((Memory.load(key.claims, i) >> 16) & 0xff > key.rounds) invalid(KeyPart.Claim, i);
            }
            _disjoint(spans, 2 * count);
            return cursor;
        }
    }

    function _lookup(Key memory key, uint256 cursor, uint256 number, uint256 spans) private pure returns (uint256) {
        unchecked {
            uint256 head = Memory.load(cursor, 0) >> 224;
            cursor += 4;
            uint256 log = head >> 24;
            uint256 tableLog = (head >> 16) & 0xff;
            uint256 columns = (head >> 8) & 0xff;
            uint256 arity = head & 0xff;
            bool valid = log <= MAX_LOG && tableLog <= MAX_LOG && columns >= 1 && columns <= MAX_COLUMNS && arity >= 1
                && arity <= MAX_ARITY;
            if (!valid) invalid(KeyPart.Lookup, number);
            key.sent += 2;
            for (uint256 i = 0; i < columns; i++) {
                cursor = _components(key, cursor, arity, log, number);
            }
            cursor = _components(key, cursor, arity - 1, tableLog, number);
            uint256 larger = log > tableLog ? log : tableLog;
            _shape(key, larger, columns + 2, 2 * columns + 3);
            if (larger > key.tauLength) key.tauLength = larger;

            uint256 first = firstHelperRow(key);
            (uint256 blockLog, uint256 row, uint256 offset) = blockAt(cursor);
            valid = blockLog == tableLog && inRows(key, tableLog, row, offset, firstWitnessRow(key), first);
            (blockLog, row, offset) = blockAt(cursor + 6);
            valid = valid && blockLog == log && inRows(key, log, row, offset, first, rows(key));
            Memory.store(spans, 2 * number, _span(key, log, row, offset));
            (blockLog, row, offset) = blockAt(cursor + 12);
            valid = valid && blockLog == tableLog && inRows(key, tableLog, row, offset, first, rows(key));
            Memory.store(spans, 2 * number + 1, _span(key, tableLog, row, offset));
            if (!valid) invalid(KeyPart.Lookup, number);
            return cursor + 18;
        }
    }

    /// @notice The components of a column or a table; if one is committed, a claim is sent for it.
    function _components(Key memory key, uint256 cursor, uint256 count, uint256 log, uint256 number)
        private
        pure
        returns (uint256)
    {
        unchecked {
            uint256 committed;
            for (uint256 i = 0; i < count; i++) {
                uint256 component = Memory.load(cursor, 0) >> 240;
                cursor += 2;
                if (component >= key.formCount) invalid(KeyPart.Lookup, number);
                uint256 word = form(key, component);
                if (word & 0xff != log) invalid(KeyPart.Lookup, number);
                committed |= word & 0x100;
            }
            if (committed != 0) key.sent++;
            return cursor;
        }
    }

    /// @notice The helper cells of a block: first 64, end 64.
    function _span(Key memory key, uint256 log, uint256 row, uint256 offset) private pure returns (uint256) {
        unchecked {
            uint256 rowLog = key.rowLog;
            uint256 start = row << rowLog;
            if (log > rowLog) return start | (start + (offset << rowLog)) << 64;
            return start + offset | (start + offset + (1 << log)) << 64;
        }
    }

    /// @notice That no helper cell belongs to two blocks.
    function _disjoint(uint256 spans, uint256 count) private pure {
        unchecked {
            for (uint256 i = 1; i < count; i++) {
                uint256 a = Memory.load(spans, i);
                for (uint256 j = 0; j < i; j++) {
                    uint256 b = Memory.load(spans, j);
                    bool apart = uint64(a) >= b >> 64 || uint64(b) >= a >> 64;
                    if (!apart) invalid(KeyPart.Helpers, 0);
                }
            }
        }
    }

    function invalid(KeyPart part, uint256 index) internal pure {
        revert ISumcastVerifier.InvalidKey(part, index);
    }
}
