//! The transcript, message by message, against section 8 of `docs/protocol.md`.

use crate::liar::Recorder;
use crate::relation::{WEIGHTS, X, assignment, prove_by, setup};
use ark_ff::PrimeField;
use sumcast_prover::Honest;
use sumcast_verifier::transcript::{Event, Label, keccak256};
use sumcast_verifier::vk::TensorSpec;
use sumcast_verifier::{Fr, Key, ProofFile, Shape, Tensor, VerifyError, trace};

const PROTOCOL: &str = include_str!("../../../docs/protocol.md");

/// A row of the table: label, what is absorbed, what is drawn.
fn table() -> Vec<(u8, &'static str, &'static str)> {
    let section = PROTOCOL.split("## 8. Transcript").nth(1).unwrap().split("## 9.").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| step"));
    rows.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells[1] != "0")
        .map(|cells| {
            let label = u8::from_str_radix(cells[2].trim_matches('`'), 16).unwrap();
            (label, cells[3], cells[4].trim_matches('`'))
        })
        .collect()
}

fn honest() -> (Key, ProofFile, Vec<Event>) {
    let (key, srs) = setup(2);
    let file = prove_by(&key, &srs, assignment(&WEIGHTS, X), &mut Honest, 2).unwrap().file;
    let (verdict, events) = trace(&key.key, &file);
    assert_eq!(verdict, Ok(()));
    (key.key, file, events)
}

/// How often each row of the table occurs, and the bytes it then absorbs.
fn expected(key: &Key) -> Vec<(u8, Vec<usize>)> {
    let (program, shape) = (&key.program, Shape::of(&key.program));
    let constraint_rounds = (0..shape.rounds).map(|round| match round + 1 == shape.rounds {
        true => 32 * shape.last_degree,
        false => 32 * shape.degree,
    });
    let lengths: [Vec<usize>; 15] = [
        vec![64 * (shape.witness + 1)],
        vec![0],
        vec![64 * shape.helper],
        vec![0; program.tau_len().into()],
        vec![32],
        constraint_rounds.collect(),
        vec![32 * (shape.claims + 1)],
        vec![64; shape.row_log],
        vec![64],
        vec![128],
        vec![128],
        vec![32 * 8],
        vec![64],
        vec![64],
        vec![32],
    ];
    let rows = table();
    assert_eq!(rows.len(), lengths.len());
    rows.iter().map(|row| row.0).zip(lengths).collect()
}

#[test]
fn messages_come_in_the_order_of_the_protocol() {
    let (key, _, events) = honest();
    let expected: Vec<(u8, usize)> = expected(&key)
        .into_iter()
        .flat_map(|(label, lengths)| lengths.into_iter().map(move |length| (label, length)))
        .collect();
    let found: Vec<(u8, usize)> = events.iter().map(|e| (e.label as u8, e.absorbed.len())).collect();
    assert_eq!(found, expected);
    let drawn: Vec<&str> = table().iter().map(|row| row.2).collect();
    let names = [
        "alpha", "beta", "lambda", "tau_k", "", "x_k", "gamma", "y_k", "zeta", "eta", "z", "nu", "w", "", "",
    ];
    assert_eq!(drawn, names);
}

#[test]
fn every_byte_of_a_proof_is_absorbed_once_and_in_order() {
    let (_, file, events) = honest();
    let absorbed: Vec<u8> = events.iter().flat_map(|e| e.absorbed.clone()).collect();
    assert_eq!(absorbed, file.body);
}

/// The transcript written once more, from section 8 alone.
fn challenges(
    model_id: &[u8],
    context: &[u8],
    specs: &[TensorSpec],
    tensors: &[Tensor],
    events: &[Event],
) -> Vec<Fr> {
    let mut start = b"sumcast protocol version 4".to_vec();
    start.resize(32, 0);
    start.extend(model_id);
    start.extend(context);
    for (tensor, spec) in tensors.iter().zip(specs) {
        match tensor {
            Tensor::Public(values) => {
                for v in values {
                    // `bits` and a sign, in whole bytes.
                    let bytes = usize::from(spec.bits + 1).div_ceil(8);
                    start.extend(&v.to_be_bytes()[16 - bytes..]);
                }
            }
            Tensor::Committed(points) => {
                start.extend(points.iter().flat_map(sumcast_verifier::encoding::point_bytes));
            }
        }
    }
    let mut state = keccak256(&start);
    let mut next = |event: &Event| {
        state = keccak256(&[&state[..], &[event.label as u8], &event.absorbed].concat());
        Fr::from_be_bytes_mod_order(&state)
    };
    events.iter().map(&mut next).collect()
}

#[test]
fn challenges_are_what_the_protocol_says() {
    let (key, file, events) = honest();
    let statement = &file.statement;
    let drawn: Vec<Fr> = events.iter().map(|e| e.challenge).collect();
    assert_eq!(
        drawn,
        challenges(&file.model_id, &statement.context, &key.program.tensors, &statement.tensors, &events)
    );
    let distinct: std::collections::BTreeSet<_> = drawn.iter().map(|c| c.into_bigint()).collect();
    assert_eq!(distinct.len(), drawn.len());
}

#[test]
fn prover_and_verifier_draw_the_same() {
    let (key, srs) = setup(2);
    let mut sent = Recorder::default();
    let file = prove_by(&key, &srs, assignment(&WEIGHTS, X), &mut sent, 2).unwrap().file;
    let events = trace(&key.key, &file).1;
    assert_eq!(sent.0, events.iter().map(|e| (e.label, e.challenge)).collect::<Vec<_>>());
}

#[test]
fn everything_public_precedes_the_first_challenge() {
    let (key, file, events) = honest();
    let first = |key: &Key, file: &ProofFile| trace(key, file).1.first().map(|e| e.challenge);
    let with = |change: &dyn Fn(&mut ProofFile)| {
        let mut other = file.clone();
        change(&mut other);
        first(&key, &other)
    };
    let own = Some(events[0].challenge);
    assert_eq!(with(&|_| ()), own);
    for byte in 0..32 {
        assert_ne!(with(&|f| f.statement.context[byte] ^= 1), own);
    }
    for tensor in 0..2 {
        let Tensor::Public(values) = &file.statement.tensors[tensor] else { panic!() };
        for i in 0..values.len() {
            let change = |f: &mut ProofFile| {
                let Tensor::Public(values) = &mut f.statement.tensors[tensor] else { panic!() };
                values[i] ^= 1;
            };
            assert_ne!(with(&change), own);
        }
    }
    let negated = |f: &mut ProofFile| {
        let Tensor::Committed(points) = &mut f.statement.tensors[2] else { panic!() };
        points[0] = -points[0];
    };
    assert_ne!(with(&negated), own);
    // Everything in the key is in the model id: any byte of its encoding makes another transcript.
    let bytes = key.to_bytes();
    for i in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[i] ^= 1;
        if let Ok(other) = Key::from_bytes(&wrong) {
            assert!(matches!(trace(&other, &file).0, Err(VerifyError::Model { .. })));
            let file = ProofFile { model_id: other.model_id(), ..file.clone() };
            assert!(first(&other, &file) != own, "byte {i}");
        }
    }
}

#[test]
fn every_message_precedes_the_challenges_that_depend_on_it() {
    let (key, file, events) = honest();
    let mut at = 0;
    for (number, event) in events.iter().enumerate() {
        // A change in the last byte of each item: scalars stay canonical; a point is replaced by its negative.
        let item = if matches!(event.label, Label::Witness | Label::Helper) { 64 } else { 32 };
        let points = matches!(
            event.label,
            Label::Witness
                | Label::Helper
                | Label::Halves
                | Label::Quotient
                | Label::Products
                | Label::Batch
                | Label::BatchQuotient
        );
        let step = if points { 64 } else { item };
        for start in (0..event.absorbed.len()).step_by(step) {
            let mut other = file.clone();
            let slot = &mut other.body[at + start..at + start + step];
            if points {
                slot.copy_from_slice(&negated(slot));
            } else {
                slot[31] ^= 1;
            }
            let (verdict, changed) = trace(&key, &other);
            assert!(matches!(verdict, Err(VerifyError::Rejected(_))), "{:?}: {verdict:?}", event.label);
            assert_eq!(changed[..number], events[..number]);
            assert_ne!(changed[number].challenge, event.challenge, "{:?}", event.label);
        }
        at += event.absorbed.len();
    }
}

/// The encoding of the negative of a point.
fn negated(bytes: &[u8]) -> Vec<u8> {
    let mut reader = sumcast_verifier::encoding::Reader::new(bytes);
    sumcast_verifier::encoding::point_bytes(&-reader.point().unwrap()).to_vec()
}
