//! The constants of the Solidity verifier are those of this crate. `SUMCAST_WRITE_CONSTANTS=1` writes them.

use ark_ff::{Field, PrimeField};
use std::fmt::Write as _;
use std::path::Path;
use sumcast_verifier::transcript::{DOMAIN, Label};
use sumcast_verifier::vk::{self, limits};
use sumcast_verifier::{Fq, Fr};

fn constants() -> String {
    let mut out = String::from(
        "// SPDX-License-Identifier: MIT OR Apache-2.0\n\
         // Written by `SUMCAST_WRITE_CONSTANTS=1 cargo test -p sumcast-verifier --test solidity`: do not edit.\n\
         pragma solidity 0.8.37;\n",
    );
    let mut section = |title: &str, lines: &[(&str, String)]| {
        writeln!(out, "\n// {title}").unwrap();
        for (name, value) in lines {
            writeln!(out, "uint256 constant {name} = {value};").unwrap();
        }
    };
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::from("0x"), |mut out, b| {
            write!(out, "{b:02x}").unwrap();
            out
        })
    };
    let number = |limbs: &[u64]| {
        let bytes: Vec<u8> = limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
        hex(&bytes)
    };
    section(
        "Order of the groups, and modulus of the coordinates (docs/protocol.md 1).",
        &[("R", number(&Fr::MODULUS.0)), ("Q", number(&Fq::MODULUS.0))],
    );
    let half = Fr::from(2u64).inverse().unwrap().into_bigint();
    section("1/2 as a scalar.", &[("HALF", number(&half.0))]);
    section("What a key begins with (section 9).", &[("KEY_HEAD", hex(&vk::HEAD))]);
    let start = [DOMAIN.as_slice(), &vec![0; 32 - DOMAIN.len()]].concat();
    section("What a transcript begins with (section 8).", &[("DOMAIN", hex(&start))]);
    let labels = [
        ("LABEL_WITNESS", Label::Witness),
        ("LABEL_BETA", Label::Beta),
        ("LABEL_HELPER", Label::Helper),
        ("LABEL_TAU", Label::Tau),
        ("LABEL_LINEAR", Label::Linear),
        ("LABEL_CONSTRAINT_ROUND", Label::ConstraintRound),
        ("LABEL_CLAIMS", Label::Claims),
        ("LABEL_REDUCTION_ROUND", Label::ReductionRound),
        ("LABEL_HALVES", Label::Halves),
        ("LABEL_QUOTIENT", Label::Quotient),
        ("LABEL_PRODUCTS", Label::Products),
        ("LABEL_EVALUATIONS", Label::Evaluations),
        ("LABEL_BATCH", Label::Batch),
    ];
    section(
        "Labels of its messages; no challenge comes after the last two, `[B']` and `j`.",
        &labels.map(|(name, label)| (name, hex(&[label as u8]))),
    );
    section(
        "Limits of a key (section 9).",
        &[
            ("MIN_ROW_LOG", limits::ROW_LOG.start().to_string()),
            ("MAX_ROW_LOG", limits::ROW_LOG.end().to_string()),
            ("MAX_LOG", limits::LOG.to_string()),
            ("MAX_TENSORS", limits::TENSORS.to_string()),
            ("MAX_TENSOR_LOG", limits::TENSOR_LOG.to_string()),
            ("MAX_TENSOR_BITS", limits::TENSOR_BITS.to_string()),
            ("MAX_ROWS", limits::ROWS.to_string()),
            ("MAX_ENTRIES", limits::ENTRIES.to_string()),
            ("MAX_LOOKUPS", limits::LOOKUPS.to_string()),
            ("MAX_COLUMNS", limits::COLUMNS.to_string()),
            ("MAX_ARITY", limits::ARITY.to_string()),
            ("MAX_FACTORS", limits::FACTORS.to_string()),
            ("MAX_STEPS", limits::STEPS.to_string()),
            ("MAX_LIMBS", limits::LIMBS.to_string()),
            ("MAX_WIDTH", limits::WIDTH.to_string()),
            ("MAX_SHIFT", limits::SHIFT.to_string()),
        ],
    );
    out
}

#[test]
fn constants_of_the_contract_are_these() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/src/lib/Constants.sol");
    if std::env::var_os("SUMCAST_WRITE_CONSTANTS").is_some() {
        std::fs::write(&path, constants()).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == constants(),
        "contracts/src/lib/Constants.sol is not up to date: set SUMCAST_WRITE_CONSTANTS=1 and run this test again"
    );
}
