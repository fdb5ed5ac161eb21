//! The argument end to end, on a relation small enough to write by hand:
//! `sum_j w[o][j] x[j] = y[o]` with `y` of two 4-bit limbs, `x` and the sum of `y` public.

use ark_ec::AffineRepr;
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Cpu, ProveError, ProvingKey, prove};
use sumcast_verifier::opening::Opening;
use sumcast_verifier::vk::{
    Axis, Block, Claim, Coefficient, Form, FormTerm, Lookup, Piece, Product, ProductTerm, Program, Role, Run,
    TensorSpec, Visibility,
};
use sumcast_verifier::{Check, Fr, G1Affine, Proof, ProofFile, Shape, Tensor, VerifyError, verify};

const ROW_LOG: u8 = 8;
const WEIGHTS: [[i64; 4]; 4] = [[1, 2, 3, 4], [5, 0, 1, 1], [0, 0, 0, 7], [9, 9, 9, 9]];

fn term(coefficient: i128, cube: u32, piece: Piece) -> FormTerm {
    FormTerm { coefficient: Coefficient::new(coefficient).unwrap(), cube, piece }
}

fn tensor(role: Role, log: u8, bits: u8, len: u32) -> TensorSpec {
    TensorSpec { role, visibility: Visibility::Public, log, bits, fraction: 0, len }
}

fn run(axis: Axis, start: u8, len: u8) -> Run {
    Run { axis, start, len }
}

/// Rows: 0 weights; 1 limbs (low 0..4, high 4..8); 2 multiplicities; 3 helper (cells 0..4) ; 4 table helper.
fn program(columns: u8) -> Program {
    let limb = |k: u32| Piece::Block(Block { log: 2, row: 1, at: 4 * k });
    let x = Piece::Public { log: 2, tensor: 0 };
    let limbs = Block { log: 3, row: 1, at: 0 };
    let mut forms = vec![
        Form { log: 4, terms: vec![term(1, 0, Piece::Block(Block { log: 4, row: 0, at: 0 }))] },
        Form { log: 2, terms: vec![term(1, 0, x)] },
        // -(low + 16 high): the linear part of the matrix product.
        Form { log: 2, terms: vec![term(-1, 0, limb(0)), term(-16, 0, limb(1))] },
        // The limbs, as one column or two.
        Form { log: 3, terms: vec![term(1, 0, Piece::Block(limbs))] },
        Form { log: 2, terms: vec![term(1, 0, limb(0))] },
        Form { log: 2, terms: vec![term(1, 0, limb(1))] },
        // low + 16 high, and the public sum.
        Form { log: 2, terms: vec![term(1, 0, limb(0)), term(16, 0, limb(1))] },
        Form { log: 0, terms: vec![term(-1, 0, Piece::Public { log: 0, tensor: 1 })] },
    ];
    forms.push(Form {
        log: 2,
        terms: vec![term(1, 0, Piece::Index { log: 2 }), term(3, 1, Piece::One { log: 1 })],
    });
    let claims = vec![
        Claim { form: 0, vars: 2, runs: vec![run(Axis::X, 0, 2), run(Axis::Tau, 0, 2)] },
        Claim { form: 1, vars: 2, runs: vec![run(Axis::X, 0, 2)] },
        Claim { form: 6, vars: 2, runs: vec![run(Axis::X, 0, 2)] },
        Claim { form: 8, vars: 2, runs: vec![run(Axis::X, 0, 2)] },
    ];
    let product = |claims: Vec<u16>, eq: bool| ProductTerm {
        coefficient: Coefficient::ONE,
        vars: 2,
        eq,
        factors: claims,
    };
    let products = vec![
        Product { log: 2, linear: Some(2), terms: vec![product(vec![0, 1], false)] },
        Product { log: 0, linear: Some(7), terms: vec![product(vec![2], false)] },
        // A term of open parts only, which cancels: (index + 3 [upper half]) twice.
        Product {
            log: 2,
            linear: None,
            terms: vec![
                product(vec![3, 3], true),
                ProductTerm { coefficient: Coefficient::new(-1).unwrap(), ..product(vec![3, 3], true) },
            ],
        },
    ];
    let (log, columns) = if columns == 1 { (3, vec![vec![3]]) } else { (2, vec![vec![4], vec![5]]) };
    let lookups = vec![Lookup {
        log,
        table_log: 4,
        columns,
        table: vec![],
        multiplicity: Block { log: 4, row: 2, at: 0 },
        helper: Block { log, row: 3, at: 0 },
        table_helper: Block { log: 4, row: 4, at: 0 },
    }];
    Program {
        row_log: ROW_LOG,
        tensors: vec![tensor(Role::Input, 2, 4, 4), tensor(Role::Output, 0, 10, 1)],
        fixed_rows: 1,
        witness_rows: 2,
        helper_rows: 2,
        forms,
        claims,
        products,
        lookups,
    }
}

fn witness(x: [i64; 4]) -> (Vec<i64>, i64) {
    let y = WEIGHTS.map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum::<i64>());
    let mut cells = vec![0; 2 << ROW_LOG];
    for (o, y) in y.iter().enumerate() {
        cells[o] = y % 16;
        cells[4 + o] = y / 16;
    }
    (cells, y.iter().sum())
}

fn setup(columns: u8) -> (ProvingKey, Srs) {
    let srs = Srs::development(9, &mut rand::rng());
    let mut fixed = WEIGHTS.concat();
    fixed.resize(1 << ROW_LOG, 0);
    let key = ProvingKey::setup(program(columns), fixed, Some(&[5; 32]), &srs, &Cpu).unwrap();
    (key, srs)
}

fn assignment(x: [i64; 4], cells: Vec<i64>, sum: i64) -> Assignment {
    Assignment { context: [7; 32], tensors: vec![x.map(i128::from).to_vec(), vec![sum.into()]], cells }
}

fn proof(key: &ProvingKey, srs: &Srs, x: [i64; 4]) -> ProofFile {
    let (cells, sum) = witness(x);
    prove(key, srs, assignment(x, cells, sum), &mut rand::rng(), &Cpu, &mut |_| ()).unwrap().file
}

#[test]
fn an_honest_proof_verifies() {
    for columns in [1, 2] {
        let (key, srs) = setup(columns);
        let file = proof(&key, &srs, [1, 2, 3, 4]);
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
    let x = [1, 2, 3, 4];
    let (cells, sum) = witness(x);
    let attempt = |cells: Vec<i64>, sum| {
        let assignment = assignment(x, cells, sum);
        prove(&key, &srs, assignment, &mut rand::rng(), &Cpu, &mut |_| ()).err()
    };
    assert_eq!(attempt(cells.clone(), sum + 1), Some(ProveError::Unsatisfied));
    let mut wrong = cells.clone();
    wrong[0] += 1;
    assert_eq!(attempt(wrong, sum + 1), Some(ProveError::Unsatisfied));
    let mut out_of_range = cells;
    out_of_range[0] += 16;
    out_of_range[4] -= 1;
    assert!(matches!(attempt(out_of_range, sum), Some(ProveError::Lookup { lookup: 0, .. })));
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
    assert!(matches!(with(&|f| public(f, 0, &|v| v[0] = 16)), Err(VerifyError::Tensor { tensor: 0, .. })));
    assert!(matches!(with(&|f| public(f, 0, &|v| v.push(0))), Err(VerifyError::Tensor { tensor: 0, .. })));
    assert!(matches!(with(&|f| f.model_id[0] ^= 1), Err(VerifyError::Model { .. })));
    let (other, _) = setup(1);
    assert!(matches!(verify(&other.key, &file), Err(VerifyError::Model { .. })));
}

#[test]
fn each_check_catches_what_it_is_for() {
    let (key, srs) = setup(2);
    let file = proof(&key, &srs, [1, 2, 3, 4]);
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
    for round in 0..shape.row_log {
        for i in 0..2 {
            assert_eq!(with(&|p| p.reduction_rounds[round].coefficients[i] += one), opening);
        }
    }
    assert_eq!(with(&|p| p.mask = other), constraints);
    assert_eq!(with(&|p| p.mask_claim += one), constraints);
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
