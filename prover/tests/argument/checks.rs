//! Every message altered, every statement but the proven one.

use crate::relation::{FREE, HIGH, LOW, WEIGHTS, X, assignment, prove_by, setup};
use ark_ec::AffineRepr;
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Honest, ProveError, ProvingKey};
use sumcast_verifier::opening::Opening;
use sumcast_verifier::{Check, Fr, G1Affine, Proof, ProofFile, Shape, Tensor, VerifyError, verify};

fn proof(key: &ProvingKey, srs: &Srs, x: [i64; 4]) -> ProofFile {
    prove_by(key, srs, assignment(&WEIGHTS, x), &mut Honest, 1).unwrap().file
}

#[test]
fn an_honest_proof_verifies() {
    for columns in [1, 2] {
        let (key, srs) = setup(columns);
        let file = proof(&key, &srs, X);
        assert_eq!(verify(&key.key, &file), Ok(()));
        assert_eq!(ProofFile::from_bytes(&file.to_bytes()), Ok(file.clone()));
        let decoded = sumcast_verifier::Key::from_bytes(&key.key.to_bytes()).unwrap();
        assert_eq!(decoded, key.key);
        assert_eq!(verify(&decoded, &file), Ok(()));
    }
}

#[test]
fn a_wrong_witness_gives_no_proof() {
    let (key, srs) = setup(2);
    let attempt = |change: &dyn Fn(&mut Assignment)| {
        let mut assignment = assignment(&WEIGHTS, X);
        change(&mut assignment);
        prove_by(&key, &srs, assignment, &mut Honest, 1).err()
    };
    assert_eq!(attempt(&|a| a.cells[FREE] += 1), None);
    assert_eq!(attempt(&|a| a.tensors[1][0] += 1), Some(ProveError::Unsatisfied));
    assert_eq!(attempt(&|a| a.tensors[2][3] += 1), Some(ProveError::Unsatisfied));
    assert_eq!(attempt(&|a| a.cells[LOW] ^= 1), Some(ProveError::Unsatisfied));
    let beyond = |a: &mut Assignment| {
        a.cells[LOW] += 16;
        a.cells[HIGH] -= 1;
    };
    assert!(matches!(attempt(&beyond), Some(ProveError::Lookup { lookup: 0, .. })));
    let statement = |change: &dyn Fn(&mut Assignment)| {
        assert!(matches!(attempt(change), Some(ProveError::Statement(VerifyError::Tensor { .. }))));
    };
    statement(&|a| a.tensors[0].push(0));
    statement(&|a| a.tensors[0][0] = 16);
    statement(&|a| a.tensors[2].clear());
    statement(&|a| a.tensors[2][0] = i128::MAX);
    statement(&|a| a.tensors.truncate(2));
    assert!(matches!(attempt(&|a| a.cells.push(0)), Some(ProveError::WitnessCells { .. })));
}

#[test]
fn any_flipped_byte_is_rejected() {
    let (key, srs) = setup(2);
    let bytes = proof(&key, &srs, [3, 0, 15, 1]).to_bytes();
    for i in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[i] ^= 1 << (i % 8);
        let verdict = ProofFile::from_bytes(&wrong).and_then(|file| verify(&key.key, &file));
        assert!(verdict.is_err(), "byte {i}");
    }
}

#[test]
fn another_statement_is_rejected() {
    let (key, srs) = setup(1);
    let file = proof(&key, &srs, [1, 1, 1, 1]);
    let with = |f: &dyn Fn(&mut ProofFile)| {
        let mut file = file.clone();
        f(&mut file);
        verify(&key.key, &file)
    };
    let rejected = Err(VerifyError::Rejected(Check::Constraints));
    assert_eq!(with(&|f| f.statement.context[31] ^= 1), rejected);
    let public = |f: &mut ProofFile, tensor: usize, change: &dyn Fn(&mut Vec<i128>)| {
        let Tensor::Public(values) = &mut f.statement.tensors[tensor] else { panic!() };
        change(values);
    };
    assert_eq!(with(&|f| public(f, 0, &|v| v[2] += 1)), rejected);
    assert_eq!(with(&|f| public(f, 1, &|v| v[0] += 1)), rejected);
    let other = Tensor::Committed(vec![G1Affine::generator()]);
    assert_eq!(with(&|f| f.statement.tensors[2] = other.clone()), rejected);
    let refused = |f: &dyn Fn(&mut ProofFile)| {
        let Err(VerifyError::Tensor { reason, .. }) = with(f) else { panic!() };
        reason
    };
    assert_eq!(refused(&|f| public(f, 0, &|v| v[0] = 16)), "a value is out of bounds");
    assert_eq!(refused(&|f| public(f, 0, &|v| v[0] = -16)), "a value is out of bounds");
    assert_eq!(refused(&|f| public(f, 0, &|v| v.push(0))), "wrong length");
    assert_eq!(refused(&|f| f.statement.tensors.truncate(2)), "the number of tensors is not the key's");
    assert_eq!(
        refused(&|f| f.statement.tensors[2] = Tensor::Committed(vec![])),
        "wrong number of commitments"
    );
    assert_eq!(
        refused(&|f| f.statement.tensors[2] = Tensor::Public(vec![0; 4])),
        "public where the key has a commitment"
    );
    assert_eq!(
        refused(&|f| f.statement.tensors[1] = other.clone()),
        "a commitment where the key has integers"
    );
    assert!(matches!(with(&|f| f.model_id[0] ^= 1), Err(VerifyError::Model { .. })));
    let (other, _) = setup(2);
    assert!(matches!(verify(&other.key, &file), Err(VerifyError::Model { .. })));
}

#[test]
fn each_check_catches_what_it_is_for() {
    let (key, srs) = setup(2);
    let file = proof(&key, &srs, X);
    let shape = Shape::of(&key.key.program);
    let honest = Proof::from_bytes(&file.body, &shape).unwrap();
    assert_eq!(honest.to_bytes(), file.body);
    let with = |change: &dyn Fn(&mut Proof)| {
        let mut proof = honest.clone();
        change(&mut proof);
        verify(&key.key, &ProofFile { body: proof.to_bytes(), ..file.clone() })
    };
    let one = Fr::from(1u64);
    let other = G1Affine::from(G1Affine::generator() * Fr::from(12345u64));
    let constraints = Err(VerifyError::Rejected(Check::Constraints));
    let opening = Err(VerifyError::Rejected(Check::Opening));
    assert_eq!(with(&|_| ()), Ok(()));
    for i in 0..shape.witness {
        assert_eq!(with(&|p| p.witness[i] = other), constraints);
    }
    assert_eq!(with(&|p| p.mask = other), constraints);
    for i in 0..shape.helper {
        assert_eq!(with(&|p| p.helper[i] = other), constraints);
    }
    assert_eq!(with(&|p| p.linear += one), constraints);
    for round in 0..shape.rounds {
        for i in 0..honest.constraint_rounds[round].coefficients.len() {
            assert_eq!(with(&|p| p.constraint_rounds[round].coefficients[i] += one), constraints);
        }
    }
    for i in 0..shape.claims {
        assert_eq!(with(&|p| p.claims[i] += one), constraints);
    }
    assert_eq!(with(&|p| p.mask_claim += one), constraints);
    for round in 0..shape.row_log {
        for i in 0..2 {
            assert_eq!(with(&|p| p.reduction_rounds[round].coefficients[i] += one), opening);
        }
    }
    for i in 0..8 {
        assert_eq!(with(&|p| p.opening.evaluations[i] += one), opening);
    }
    let points: [fn(&mut Opening) -> &mut G1Affine; 7] = [
        |o| &mut o.h,
        |o| &mut o.q,
        |o| &mut o.g,
        |o| &mut o.s,
        |o| &mut o.d,
        |o| &mut o.batch,
        |o| &mut o.batch_quotient,
    ];
    for point in points {
        assert_eq!(with(&|p| *point(&mut p.opening) = other), opening);
    }
}
