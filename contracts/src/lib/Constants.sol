// SPDX-License-Identifier: MIT OR Apache-2.0
// Written by `SUMCAST_WRITE_CONSTANTS=1 cargo test -p sumcast-verifier --test solidity`: do not edit.
pragma solidity 0.8.37;

// Order of the groups, and modulus of the coordinates (docs/protocol.md 1).
uint256 constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
uint256 constant Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

// 1/2 as a scalar.
uint256 constant HALF = 0x183227397098d014dc2822db40c0ac2e9419f4243cdcb848a1f0fac9f8000001;

// What a key begins with (section 9).
uint256 constant KEY_HEAD = 0x5343564b0004;

// What a transcript begins with (section 8).
uint256 constant DOMAIN = 0x73756d636173742070726f746f636f6c2076657273696f6e2034000000000000;

// Labels of its messages; no challenge comes after the last two, `[B']` and `j`.
uint256 constant LABEL_WITNESS = 0x01;
uint256 constant LABEL_BETA = 0x02;
uint256 constant LABEL_HELPER = 0x03;
uint256 constant LABEL_TAU = 0x04;
uint256 constant LABEL_LINEAR = 0x05;
uint256 constant LABEL_CONSTRAINT_ROUND = 0x06;
uint256 constant LABEL_CLAIMS = 0x07;
uint256 constant LABEL_REDUCTION_ROUND = 0x08;
uint256 constant LABEL_HALVES = 0x09;
uint256 constant LABEL_QUOTIENT = 0x0a;
uint256 constant LABEL_PRODUCTS = 0x0b;
uint256 constant LABEL_EVALUATIONS = 0x0c;
uint256 constant LABEL_BATCH = 0x0d;

// Limits of a key (section 9).
uint256 constant MIN_ROW_LOG = 8;
uint256 constant MAX_ROW_LOG = 20;
uint256 constant MAX_LOG = 32;
uint256 constant MAX_TENSORS = 64;
uint256 constant MAX_TENSOR_LOG = 20;
uint256 constant MAX_TENSOR_BITS = 100;
uint256 constant MAX_ROWS = 4096;
uint256 constant MAX_ENTRIES = 4096;
uint256 constant MAX_LOOKUPS = 64;
uint256 constant MAX_COLUMNS = 4;
uint256 constant MAX_ARITY = 8;
uint256 constant MAX_FACTORS = 4;
uint256 constant MAX_STEPS = 262144;
uint256 constant MAX_LIMBS = 64;
uint256 constant MAX_WIDTH = 63;
uint256 constant MAX_SHIFT = 200;
