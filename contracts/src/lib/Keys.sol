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
    // Steps of evaluating its forms (section 9).
    uint256 steps;
}

/// @title Reads a verifying key (`docs/protocol.md` 9).
/// @notice The key is copied to memory once. Tensors, lookups and fixed points are read where they lie there; forms,
/// claims and products are unpacked into words, least significant bits first:
/// - a form: log size 8, committed 8, terms 16, steps 32, pointer to its terms;
/// - a term: its coefficient as a scalar; then piece 8, log size 8, row or tensor 16, offset 24, limbs 8, width 8,
///   sub-cube 32;
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

    // Bits of the head of a term.
    uint256 private constant HEAD_KIND = 0x07;
    uint256 private constant HEAD_EQ = 0x01;
    uint256 private constant HEAD_MINUS = 0x08;
    uint256 private constant HEAD_MANTISSA = 0x10;
    uint256 private constant HEAD_SHIFT = 0x20;
    uint256 private constant HEAD_CUBE = 0x40;

    uint256 private constant SRS_OFFSET = 7;
    uint256 private constant SRS_BYTES = 256;

    /// @notice Reads a key.
    /// @param digests For `t = 4 .. 10`, the Keccak-256 of `[tau]_2` and `[tau^(2^t)]_2`.
    function read(bytes calldata vk, bytes32[7] memory digests) internal pure returns (Key memory key) {
        unchecked {
            uint256 start = Memory.allocate((vk.length + 31) / 32);
            assembly ("memory-safe") {
                calldatacopy(start, vk.offset, vk.length)
                mstore(key, keccak256(start, vk.length))
            }
            uint256 end = start + vk.length;
            uint256 cursor = _header(key, start, end, digests);
            cursor = _forms(key, cursor, end);
            cursor = _claims(key, cursor, end);
            cursor = _products(key, cursor, end);
            cursor = _lookups(key, cursor, end);
            key.fixedPoints = cursor;
            if (cursor + 64 * key.fixedRows != end) _invalid(KeyPart.End, 0);
            uint256 wrong = Curve.firstInvalid(cursor, key.fixedRows);
            if (wrong < key.fixedRows) _invalid(KeyPart.FixedRow, wrong);
            if (key.steps > MAX_STEPS) _invalid(KeyPart.Steps, 0);
            if (maskCells(key) > 1 << key.rowLog) _invalid(KeyPart.Masks, 0);
        }
    }

    /// @notice Number of cells of the mask that have a weight, `n_U` (section 12).
    function maskCells(Key memory key) internal pure returns (uint256) {
        unchecked {
            return 1 + (key.rounds - 1) * key.degree + key.lastDegree + key.sent + 2 * key.rowLog;
        }
    }

    /// @notice `[tau]_2` and `[tau^b]_2`, where they lie in the key.
    function srs(Key memory key) internal pure returns (uint256) {
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
            uint256 word = _number(key.tensors + 8 * number, 8);
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
        uint256 word = _number(cursor, 6);
        return (word >> 40, (word >> 24) & 0xffff, word & 0xffffff);
    }

    function _header(Key memory key, uint256 start, uint256 end, bytes32[7] memory digests)
        private
        pure
        returns (uint256 cursor)
    {
        unchecked {
            if (end < start + SRS_OFFSET + SRS_BYTES + 2) _invalid(KeyPart.Header, 0);
            if (_number(start, 6) != KEY_HEAD) _invalid(KeyPart.Header, 0);
            if (_number(start + 6, 1) > 2) _invalid(KeyPart.Srs, 0);
            cursor = start + SRS_OFFSET + SRS_BYTES;
            uint256 rowLog = _number(cursor, 1);
            if (rowLog < MIN_ROW_LOG || rowLog > MAX_ROW_LOG) _invalid(KeyPart.Header, 0);
            bytes32 points;
            assembly ("memory-safe") {
                points := keccak256(add(start, SRS_OFFSET), SRS_BYTES)
            }
            if (points != digests[rowLog / 2 - MIN_ROW_LOG / 2]) revert ISumcastVerifier.WrongSrs();
            uint256 count = _number(cursor + 1, 1);
            cursor += 2;
            key.rowLog = rowLog;
            key.tensors = cursor;
            key.tensorCount = count;
            if (count > MAX_TENSORS) _invalid(KeyPart.Header, 0);
            for (uint256 i = 0; i < count; i++) {
                (bool committed, uint256 log, uint256 bits, uint256 length) = tensor(key, i);
                bool valid = _number(cursor + 8 * i, 1) <= 3 && log <= MAX_TENSOR_LOG && length <= 1 << log
                    && bits <= MAX_TENSOR_BITS;
                if (!valid) _invalid(KeyPart.Tensor, i);
                if (committed) key.statementRows += tensorRows(key, length);
            }
            cursor += 8 * count;
            key.fixedRows = _number(cursor, 2);
            key.witnessRows = _number(cursor + 2, 2);
            key.helperRows = _number(cursor + 4, 2);
            cursor += 6;
            bool fits = key.fixedRows <= MAX_ROWS && key.statementRows <= MAX_ROWS && key.witnessRows <= MAX_ROWS
                && key.helperRows <= MAX_ROWS;
            if (cursor > end || !fits) _invalid(KeyPart.Header, 0);
        }
    }

    function _forms(Key memory key, uint256 cursor, uint256 end) private pure returns (uint256) {
        unchecked {
            uint256 count = _number(cursor, 2);
            cursor += 2;
            if (cursor + 3 * count > end || count > MAX_ENTRIES) _invalid(KeyPart.Form, count);
            key.formCount = count;
            uint256 forms = key.forms = Memory.allocate(count);
            for (uint256 i = 0; i < count; i++) {
                uint256 log = _number(cursor, 1);
                uint256 terms = _number(cursor + 1, 2);
                cursor += 3;
                if (log > MAX_LOG || terms > MAX_TERMS) _invalid(KeyPart.Form, i);
                uint256 word;
                (cursor, word) = _terms(key, cursor, end, log, terms, i);
                Memory.store(forms, i, word | log);
            }
            return cursor;
        }
    }

    /// @return The end of the terms, and the form's word but for its log size.
    function _terms(Key memory key, uint256 cursor, uint256 end, uint256 log, uint256 count, uint256 number)
        private
        pure
        returns (uint256, uint256)
    {
        unchecked {
            uint256 to;
            assembly ("memory-safe") {
                to := mload(0x40)
            }
            uint256 word = count << 16 | to << 64;
            uint256 steps = 1;
            for (uint256 i = 0; i < count; i++) {
                // Memory is taken only for what is there.
                if (cursor >= end) _invalid(KeyPart.Form, number);
                uint256 head = _number(cursor, 1);
                uint256 coefficient;
                (cursor, coefficient) = _coefficient(cursor + 1, head, KeyPart.Form, number);
                uint256 cube;
                if (head & HEAD_CUBE != 0) {
                    cube = _number(cursor, 4);
                    cursor += 4;
                    if (cube == 0) _invalid(KeyPart.Form, number);
                }
                uint256 kind = head & HEAD_KIND;
                uint256 pieceLog = _number(cursor, 1);
                if (head >= 0x80 || pieceLog > log || cube >> (log - pieceLog) != 0) _invalid(KeyPart.Form, number);
                uint256 piece = kind | pieceLog << 8 | cube << 72;
                uint256 more = 1;
                if (kind == LIMBS || kind == BLOCK) {
                    uint256 offset;
                    {
                        uint256 row;
                        (, row, offset) = blockAt(cursor);
                        cursor += 6;
                        if (!_inRows(key, pieceLog, row, offset, 0, firstHelperRow(key))) {
                            _invalid(KeyPart.Form, number);
                        }
                        piece |= row << 16 | offset << 32;
                    }
                    word |= 0x100;
                    if (kind == LIMBS) {
                        more = _number(cursor, 1);
                        uint256 width = _number(cursor + 1, 1);
                        cursor += 2;
                        bool valid = more >= 2 && more <= MAX_LIMBS && width <= MAX_WIDTH && pieceLog <= key.rowLog
                            && offset + (more << pieceLog) <= 1 << key.rowLog;
                        if (!valid) _invalid(KeyPart.Form, number);
                        piece |= more << 56 | width << 64;
                    } else if (pieceLog > key.rowLog) {
                        more = offset;
                    }
                } else if (kind == PUBLIC) {
                    uint256 tensorNumber = _number(cursor + 1, 1);
                    cursor += 2;
                    if (tensorNumber >= key.tensorCount) _invalid(KeyPart.Form, number);
                    (bool committed, uint256 tensorLog,, uint256 length) = tensor(key, tensorNumber);
                    if (committed || tensorLog != pieceLog) _invalid(KeyPart.Form, number);
                    piece |= tensorNumber << 16;
                    more = length + 1;
                } else {
                    cursor += 1;
                    if (kind > LIMBS) _invalid(KeyPart.Form, number);
                }
                steps += more;
                assembly ("memory-safe") {
                    mstore(to, coefficient)
                    mstore(add(to, 32), piece)
                    to := add(to, 64)
                    mstore(0x40, to)
                }
            }
            if (cursor > end) _invalid(KeyPart.Form, number);
            // Below 2^34: no more than 2^12 terms of 2^20 elements and one more.
            return (cursor, word | (steps < 1 << 32 ? steps : (1 << 32) - 1) << 32);
        }
    }

    /// @notice The coefficient `mantissa x 2^shift` that a head announces, as a scalar.
    function _coefficient(uint256 cursor, uint256 head, KeyPart part, uint256 number)
        private
        pure
        returns (uint256, uint256)
    {
        unchecked {
            uint256 magnitude = 1;
            bool minus = head & HEAD_MINUS != 0;
            if (head & HEAD_MANTISSA != 0) {
                uint256 mantissa = _number(cursor, 4);
                cursor += 4;
                bool negative = mantissa >> 31 == 1;
                magnitude = negative ? (1 << 32) - mantissa : mantissa;
                if (minus || magnitude <= 1) _invalid(part, number);
                minus = negative;
            }
            if (head & HEAD_SHIFT != 0) {
                uint256 shift = _number(cursor, 1);
                cursor += 1;
                if (shift == 0 || shift > MAX_SHIFT || magnitude & 1 == 0) _invalid(part, number);
                magnitude <<= shift;
            }
            return (cursor, minus ? R - magnitude : magnitude);
        }
    }

    /// @notice Whether a block is aligned and inside the rows `from .. to`.
    function _inRows(Key memory key, uint256 log, uint256 row, uint256 offset, uint256 from, uint256 to)
        private
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
            uint256 count = _number(cursor, 2);
            cursor += 2;
            if (cursor + 4 * count > end || count > MAX_ENTRIES) _invalid(KeyPart.Claim, count);
            key.claimCount = count;
            uint256 claims = key.claims = Memory.allocate(count);
            uint256 tauLength;
            for (uint256 i = 0; i < count; i++) {
                uint256 head = _number(cursor, 4);
                cursor += 4;
                uint256 vars = (head >> 8) & 0xff;
                uint256 runs = head & 0xff;
                if (head >> 16 >= key.formCount || vars > MAX_LOG || cursor + 2 * runs > end) {
                    _invalid(KeyPart.Claim, i);
                }
                Memory.store(claims, i, head >> 16 | vars << 16 | runs << 24 | cursor << 32);
                uint256 bound;
                uint256 seen;
                for (uint256 j = 0; j < runs; j++) {
                    uint256 run = _number(cursor, 2);
                    cursor += 2;
                    uint256 start = (run >> 8) & 0x7f;
                    uint256 length = run & 0xff;
                    uint256 runEnd = start + length;
                    if (length == 0 || runEnd > MAX_LOG) _invalid(KeyPart.Claim, i);
                    bound += length;
                    if (run >> 15 == 1) {
                        uint256 bits = ((1 << length) - 1) << start;
                        if (runEnd > vars || seen & bits != 0) _invalid(KeyPart.Claim, i);
                        seen |= bits;
                    } else if (runEnd > tauLength) {
                        tauLength = runEnd;
                    }
                }
                if (bound != _evaluated(key, head >> 16) & 0xff) _invalid(KeyPart.Claim, i);
                if (form(key, head >> 16) & 0x100 != 0) key.sent++;
            }
            key.tauLength = tauLength;
            return cursor;
        }
    }

    /// @notice A form that is evaluated, whose steps count.
    function _evaluated(Key memory key, uint256 number) private pure returns (uint256 word) {
        unchecked {
            word = form(key, number);
            key.steps += (word >> 32) & 0xffffffff;
        }
    }

    function _products(Key memory key, uint256 cursor, uint256 end) private pure returns (uint256) {
        unchecked {
            uint256 count = _number(cursor, 2);
            cursor += 2;
            if (cursor + 4 * count > end || count > MAX_ENTRIES) _invalid(KeyPart.Product, count);
            uint256 to;
            assembly ("memory-safe") {
                to := mload(0x40)
            }
            key.productCount = count;
            key.products = to;
            key.rounds = 1;
            key.degree = 2;
            for (uint256 i = 0; i < count; i++) {
                uint256 head = _number(cursor, 4);
                cursor += 4;
                uint256 log = head >> 24;
                uint256 linear = (head >> 8) & 0xffff;
                uint256 terms = head & 0xff;
                if (log > MAX_LOG) _invalid(KeyPart.Product, i);
                if (linear != NO_FORM) {
                    if (linear >= key.formCount || _evaluated(key, linear) & 0xff != log) {
                        _invalid(KeyPart.Product, i);
                    }
                }
                if (log > key.tauLength) key.tauLength = log;
                assembly ("memory-safe") {
                    mstore(to, or(linear, shl(16, terms)))
                    to := add(to, 32)
                    mstore(0x40, to)
                }
                for (uint256 j = 0; j < terms; j++) {
                    if (cursor >= end) _invalid(KeyPart.Product, i);
                    (cursor, to) = _term(key, cursor, to, i);
                }
                if (cursor > end) _invalid(KeyPart.Product, i);
            }
            return cursor;
        }
    }

    function _term(Key memory key, uint256 cursor, uint256 to, uint256 number) private pure returns (uint256, uint256) {
        unchecked {
            uint256 head = _number(cursor, 1);
            if (head & ~(HEAD_EQ | HEAD_MINUS | HEAD_MANTISSA | HEAD_SHIFT) != 0) _invalid(KeyPart.Product, number);
            uint256 coefficient;
            (cursor, coefficient) = _coefficient(cursor + 1, head, KeyPart.Product, number);
            uint256 vars = _number(cursor, 1);
            uint256 factors = _number(cursor + 1, 1);
            uint256 eq = head & HEAD_EQ;
            cursor += 2;
            if (vars > MAX_LOG || factors == 0 || factors > MAX_FACTORS) _invalid(KeyPart.Product, number);
            uint256 word = vars | eq << 8 | factors << 16;
            for (uint256 i = 0; i < factors; i++) {
                uint256 factor = _number(cursor, 2);
                cursor += 2;
                if (factor >= key.claimCount) _invalid(KeyPart.Product, number);
                if ((Memory.load(key.claims, factor) >> 16) & 0xff != vars) _invalid(KeyPart.Product, number);
                word |= factor << (24 + 16 * i);
            }
            assembly ("memory-safe") {
                mstore(to, coefficient)
                mstore(add(to, 32), word)
                to := add(to, 64)
                mstore(0x40, to)
            }
            if (eq == 1 && vars > key.tauLength) key.tauLength = vars;
            _shape(key, vars, factors + eq, 2 * factors + (vars == 0 ? 1 : eq));
            return (cursor, to);
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
            uint256 count = _number(cursor, 1);
            cursor += 1;
            if (count > MAX_LOOKUPS) _invalid(KeyPart.Lookup, count);
            key.lookups = cursor;
            key.lookupCount = count;
            uint256 spans = Memory.allocate(2 * count);
            for (uint256 i = 0; i < count; i++) {
                if (cursor + 4 > end) _invalid(KeyPart.Lookup, i);
                cursor = _lookup(key, cursor, i, spans);
                if (cursor > end) _invalid(KeyPart.Lookup, i);
            }
            if (key.lastDegree < key.degree) key.lastDegree = key.degree;
            for (uint256 i = 0; i < key.claimCount; i++) {
                if ((Memory.load(key.claims, i) >> 16) & 0xff > key.rounds) _invalid(KeyPart.Claim, i);
            }
            _disjoint(spans, 2 * count);
            return cursor;
        }
    }

    function _lookup(Key memory key, uint256 cursor, uint256 number, uint256 spans) private pure returns (uint256) {
        unchecked {
            uint256 head = _number(cursor, 4);
            cursor += 4;
            uint256 log = head >> 24;
            uint256 tableLog = (head >> 16) & 0xff;
            uint256 columns = (head >> 8) & 0xff;
            uint256 arity = head & 0xff;
            bool valid = log <= MAX_LOG && tableLog <= MAX_LOG && columns >= 1 && columns <= MAX_COLUMNS && arity >= 1
                && arity <= MAX_ARITY;
            if (!valid) _invalid(KeyPart.Lookup, number);
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
            valid = blockLog == tableLog && _inRows(key, tableLog, row, offset, firstWitnessRow(key), first);
            (blockLog, row, offset) = blockAt(cursor + 6);
            valid = valid && blockLog == log && _inRows(key, log, row, offset, first, rows(key));
            Memory.store(spans, 2 * number, _span(key, log, row, offset));
            (blockLog, row, offset) = blockAt(cursor + 12);
            valid = valid && blockLog == tableLog && _inRows(key, tableLog, row, offset, first, rows(key));
            Memory.store(spans, 2 * number + 1, _span(key, tableLog, row, offset));
            if (!valid) _invalid(KeyPart.Lookup, number);
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
                uint256 component = _number(cursor, 2);
                cursor += 2;
                if (component >= key.formCount) _invalid(KeyPart.Lookup, number);
                uint256 word = _evaluated(key, component);
                if (word & 0xff != log) _invalid(KeyPart.Lookup, number);
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
                    if (!apart) _invalid(KeyPart.Helpers, 0);
                }
            }
        }
    }

    /// @notice A big-endian number of `length` bytes.
    function _number(uint256 cursor, uint256 length) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, length)), mload(cursor))
        }
    }

    function _invalid(KeyPart part, uint256 index) private pure {
        revert ISumcastVerifier.InvalidKey(part, index);
    }
}
