//! Every lie is caught, by the check it runs into. The proofs are kept as test vectors for every verifier, in
//! `verifier/tests/vectors/`.

use crate::liar::{Lie, Recorder, free, lie, true_keys};
use crate::relation::{
    HIGH, LOW, POSITIONS, SQUARES, VALUES, WEIGHTS, X, assignment, fixed, prove_by, setup, table,
};
use ark_ec::AffineRepr;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use sumcast_prover::{Assignment, Cpu, Honest, LookupValues, ProvingKey};
use sumcast_verifier::transcript::Label;
use sumcast_verifier::{Check, Fr, G1Affine, ProofFile, Shape, Statement, Tensor, VerifyError, verify};

const CONSTRAINTS: Result<(), VerifyError> = Err(VerifyError::Rejected(Check::Constraints));
const OPENING: Result<(), VerifyError> = Err(VerifyError::Rejected(Check::Opening));

/// Lies about the witness: the constraints catch them; a liar who adapts gets no further than the opening.
const ABOUT_THE_WITNESS: &[(&str, Lie)] = &[
    ("a result one too high", Lie::Witness(|a| a.cells[LOW] ^= 1)),
    ("a carry that is lost", Lie::Witness(|a| a.cells[HIGH + 3] -= 1)),
    ("two results exchanged", Lie::Witness(|a| exchange(a, 0, 1))),
    ("a product one too high", Lie::Witness(|a| a.cells[SQUARES + 2] += 1)),
    ("an output that is not the sum", Lie::Witness(|a| a.tensors[1][0] += 1)),
    ("an input that is not the witness's", Lie::Witness(|a| a.tensors[0][2] += 1)),
    ("two inputs exchanged", Lie::Witness(|a| a.tensors[0].swap(0, 3))),
    ("a committed output that is another", Lie::Witness(|a| a.tensors[2][1] += 1)),
    (
        "a remainder beyond its range",
        Lie::Lookup(beyond, |lookup, alpha, _, v| {
            if lookup == 0 {
                beyond_keys(alpha, v);
            }
        }),
    ),
    (
        "a remainder beyond its range, the entries' sum adapted",
        Lie::Lookup(beyond, |lookup, alpha, _, v| {
            if lookup == 0 {
                let more = beyond_keys(alpha, v);
                v.entries[0] += more;
            }
        }),
    ),
    (
        "a remainder beyond its range, the cells' sum adapted",
        Lie::Lookup(beyond, |lookup, alpha, _, v| {
            if lookup == 0 {
                let more = beyond_keys(alpha, v);
                v.cells[1] -= more;
            }
        }),
    ),
    (
        "a negative limb",
        Lie::Lookup(negative, |lookup, alpha, _, v| {
            if lookup == 0 {
                true_keys(v, 0, 3, alpha + Fr::from(6u64));
                true_keys(v, 1, 3, alpha - Fr::from(6u64));
            }
        }),
    ),
    (
        "a function's value one too high",
        Lie::Lookup(
            |a| a.cells[VALUES] += 1,
            |lookup, alpha, beta, v| {
                if lookup == 1 {
                    true_keys(v, 0, 0, alpha - Fr::from(2u64) - beta * value(table(2) + 1));
                }
            },
        ),
    ),
    (
        "a value of another position",
        Lie::Lookup(
            |a| a.cells[VALUES + 1] = table(6),
            |lookup, alpha, beta, v| {
                if lookup == 1 {
                    true_keys(v, 0, 1, alpha - Fr::from(5u64) - beta * value(table(6)));
                }
            },
        ),
    ),
    (
        "a position beyond the table",
        Lie::Lookup(
            |a| a.cells[POSITIONS] = 16,
            |lookup, alpha, beta, v| {
                if lookup == 1 {
                    true_keys(v, 0, 0, alpha - Fr::from(16u64) - beta * value(table(2)));
                }
            },
        ),
    ),
    ("a multiplicity one too high", Lie::Multiplicity(0, 5, 1)),
    ("a multiplicity one too low", Lie::Multiplicity(1, 2, -1)),
    ("a multiplicity of an entry nobody has", Lie::Multiplicity(1, 0, 3)),
    (
        "a helper of a cell",
        Lie::Lookup(free, |lookup, _, _, v| {
            if lookup == 0 {
                v.cells[2] += Fr::from(1u64);
            }
        }),
    ),
    (
        "a helper of an entry",
        Lie::Lookup(free, |lookup, _, _, v| {
            if lookup == 1 {
                v.entries[2] += Fr::from(1u64);
            }
        }),
    ),
    (
        "helpers exchanged between cells",
        Lie::Lookup(free, |lookup, _, _, v| {
            if lookup == 0 {
                v.cells.swap(0, 1);
            }
        }),
    ),
    ("a public output changed in the statement", Lie::Statement(|s| public(s, 1)[0] += 1)),
    ("a public input changed in the statement", Lie::Statement(|s| public(s, 0)[0] += 1)),
];

/// Lies about what was committed, which only the opening can see.
const ABOUT_COMMITMENTS: &[(&str, Lie)] = &[
    (
        "a commitment of the statement: of another state",
        Lie::Statement(|s| {
            s.tensors[2] = Tensor::Committed(vec![G1Affine::generator()]);
        }),
    ),
    ("a witness commitment", Lie::Point(Label::Witness, 0)),
    ("the commitment of the multiplicities", Lie::Point(Label::Witness, 1)),
    ("the mask's commitment", Lie::Point(Label::Witness, 2)),
    ("two witness commitments exchanged", Lie::Swap(Label::Witness, 0, 1)),
    ("a commitment and the mask's exchanged", Lie::Swap(Label::Witness, 1, 2)),
    ("a helper commitment", Lie::Point(Label::Helper, 0)),
    ("a table's helper commitment", Lie::Point(Label::Helper, 1)),
    ("two helper commitments exchanged", Lie::Swap(Label::Helper, 0, 1)),
    ("[h]", Lie::Point(Label::Halves, 0)),
    ("[q]", Lie::Point(Label::Quotient, 0)),
    ("[g]", Lie::Point(Label::Quotient, 1)),
    ("[q] and [g] exchanged", Lie::Swap(Label::Quotient, 0, 1)),
    ("[S]", Lie::Point(Label::Products, 0)),
    ("[Dg]", Lie::Point(Label::Products, 1)),
    ("[S] and [Dg] exchanged", Lie::Swap(Label::Products, 0, 1)),
    ("[B]", Lie::Point(Label::Batch, 0)),
    ("[B']", Lie::Point(Label::BatchQuotient, 0)),
];

fn value(v: i64) -> Fr {
    sumcast_verifier::encoding::integer(v.into())
}

fn public(statement: &mut Statement, tensor: usize) -> &mut Vec<i128> {
    let Tensor::Public(values) = &mut statement.tensors[tensor] else { panic!() };
    values
}

fn exchange(a: &mut Assignment, i: usize, j: usize) {
    a.cells.swap(LOW + i, LOW + j);
    a.cells.swap(HIGH + i, HIGH + j);
}

/// 30 is 14 + 16, which is not 30 + 0 for a limb below 16.
fn beyond(a: &mut Assignment) {
    a.cells[LOW] += 16;
    a.cells[HIGH] -= 1;
}

/// The keys of these limbs, and what they add to the sum of `h`.
fn beyond_keys(alpha: Fr, v: &mut LookupValues) -> Fr {
    let before = v.cells[0];
    true_keys(v, 0, 0, alpha - Fr::from(14u64 + 16));
    true_keys(v, 1, 0, alpha);
    v.cells[0] - before
}

/// 90 is 10 + 16 x 5, and -6 + 16 x 6.
fn negative(a: &mut Assignment) {
    a.cells[LOW + 3] -= 16;
    a.cells[HIGH + 3] += 1;
}

/// Every scalar of every message.
fn about_scalars(key: &ProvingKey) -> Vec<(String, Lie, Result<(), VerifyError>)> {
    let shape = Shape::of(&key.key.program);
    let mut out = vec![("V".to_owned(), Lie::Scalar(Label::Linear, 0, 0), CONSTRAINTS)];
    for round in 0..shape.rounds {
        let degree = if round + 1 == shape.rounds { shape.last_degree } else { shape.degree };
        for i in 0..degree {
            let name = format!("round {round} of the constraints, scalar {i}");
            out.push((name, Lie::Scalar(Label::ConstraintRound, round, i), CONSTRAINTS));
        }
    }
    for i in 0..=shape.claims {
        out.push((format!("claim {i}"), Lie::Scalar(Label::Claims, 0, i), CONSTRAINTS));
    }
    for round in 0..shape.row_log {
        for i in 0..2 {
            let name = format!("round {round} of the reduction, scalar {i}");
            out.push((name, Lie::Scalar(Label::ReductionRound, round, i), OPENING));
        }
    }
    for i in 0..8 {
        out.push((format!("evaluation {i}"), Lie::Scalar(Label::Evaluations, 0, i), OPENING));
    }
    out
}

/// All proofs: their names, the key's columns, the file, the verdict.
fn vectors() -> Vec<(String, u8, ProofFile, Result<(), VerifyError>)> {
    let mut out = Vec::new();
    for columns in [1, 2] {
        let (key, srs) = setup(columns);
        let honest = prove_by(&key, &srs, assignment(&WEIGHTS, X), &mut Honest, 11).unwrap().file;
        out.push((format!("honest, {columns} columns"), columns, honest, Ok(())));
    }
    let (key, srs) = setup(2);
    out.push((
        "a cell that no constraint reads".into(),
        2,
        lie(&key, &srs, &Lie::Witness(free), false),
        Ok(()),
    ));
    for (name, told) in ABOUT_THE_WITNESS {
        out.push(((*name).into(), 2, lie(&key, &srs, told, false), CONSTRAINTS));
        out.push((format!("{name}, adapting"), 2, lie(&key, &srs, told, true), OPENING));
    }
    for (name, told) in ABOUT_COMMITMENTS {
        out.push(((*name).into(), 2, lie(&key, &srs, told, false), OPENING));
    }
    for (name, told, verdict) in about_scalars(&key) {
        if verdict == CONSTRAINTS && !name.starts_with("round") {
            // The mask's own claim cannot be adapted to itself.
            let file = lie(&key, &srs, &told, true);
            if !name.ends_with(&format!(" {}", Shape::of(&key.key.program).claims)) {
                out.push((format!("{name}, adapting"), 2, file, OPENING));
            }
        }
        out.push((name, 2, lie(&key, &srs, &told, false), verdict));
    }
    out
}

#[test]
fn every_lie_is_caught_by_the_check_it_runs_into() {
    let keys: BTreeMap<u8, ProvingKey> = [1, 2].map(|columns| (columns, setup(columns).0)).into();
    let mut text = String::new();
    for (name, columns, file, verdict) in vectors() {
        assert_eq!(verify(&keys[&columns].key, &file), verdict, "{name}");
        let word = match verdict {
            Ok(()) => "accepted",
            Err(VerifyError::Rejected(Check::Constraints)) => "constraints",
            _ => "opening",
        };
        writeln!(text, "{columns}\t{word}\t{name}\t{}", hex(&file.to_bytes())).unwrap();
    }
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../verifier/tests/vectors");
    let vks =
        keys.iter().map(|(columns, key)| (format!("{columns}.vk.hex"), hex(&key.key.to_bytes()) + "\n"));
    for (name, text) in vks.chain([("proofs.tsv".to_owned(), text)]) {
        let path = dir.join(&name);
        if std::env::var_os("SUMCAST_WRITE_VECTORS").is_some() {
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(&path, text).unwrap();
        } else {
            assert!(
                std::fs::read_to_string(&path).unwrap_or_default() == text,
                "verifier/tests/vectors/{name} is not what this prover makes: run once with \
                 SUMCAST_WRITE_VECTORS=1 if the protocol has changed"
            );
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

#[test]
fn a_challenge_known_beforehand_is_of_no_use() {
    let (key, srs) = setup(2);
    let mut recorder = Recorder::default();
    prove_by(&key, &srs, assignment(&WEIGHTS, [3, 0, 15, 1]), &mut recorder, 5).unwrap();
    let mut seen = Vec::new();
    for (label, challenge) in recorder.0 {
        let occurrence = seen.iter().filter(|l| **l == label).count();
        seen.push(label);
        if matches!(label, Label::Linear | Label::BatchQuotient | Label::Inverse) {
            // No challenge is drawn from them.
            continue;
        }
        let file = lie(&key, &srs, &Lie::Frozen(label, occurrence, challenge), false);
        let verdict = verify(&key.key, &file);
        let expected = [CONSTRAINTS, OPENING];
        assert!(expected.contains(&verdict), "{label:?} {occurrence}: {verdict:?}");
        // Neither does it help to know it and to adapt.
        assert!(
            verify(&key.key, &lie(&key, &srs, &Lie::Frozen(label, occurrence, challenge), true)).is_err()
        );
    }
}

#[test]
fn a_proof_holds_under_its_own_weights_only() {
    let (key, srs) = setup(2);
    let mut other = WEIGHTS;
    other[2][1] += 1;
    let secret = Some(&[5u8; 32]);
    let theirs = ProvingKey::setup(crate::relation::program(2), fixed(&other), secret, &srs, &Cpu).unwrap();
    // Proven with other weights, claimed under this key.
    let mut file = prove_by(&theirs, &srs, assignment(&other, X), &mut Honest, 3).unwrap().file;
    assert_eq!(verify(&theirs.key, &file), Ok(()));
    assert!(matches!(verify(&key.key, &file), Err(VerifyError::Model { .. })));
    file.model_id = key.key.model_id();
    assert_eq!(verify(&key.key, &file), CONSTRAINTS);
    // Proven with other weights in a transcript that says it is this key.
    let mut mixed = theirs;
    mixed.key = key.key.clone();
    let file = prove_by(&mixed, &srs, assignment(&other, X), &mut Honest, 3).unwrap().file;
    assert_eq!(verify(&key.key, &file), OPENING);
}
