//! A relation small enough to write by hand, with something of everything:
//!
//! - `y = W x`, a matrix product; `y` in two 4-bit limbs, `x` public, the sum of `y` public;
//! - `y` once more as a committed tensor of the statement;
//! - `q = f(p)` by a table, for `p = 2, 5, 8, 11`, and `s = p p`;
//! - the limbs in a range table, as one column or two;
//! - `z = V x` with a `V` that spans two rows.

use sumcast_params::Srs;
use sumcast_prover::{Assignment, Conduct, Cpu, ProveError, Proven, ProvingKey, prove_as};
use sumcast_verifier::vk::{
    Axis, Block, Claim, Coefficient, Form, FormTerm, Limbs, Lookup, Piece, Product, ProductTerm, Program,
    Role, Run, TensorSpec, Visibility,
};

pub(crate) const ROW_LOG: u8 = 8;
pub(crate) const ROW: usize = 1 << ROW_LOG;
pub(crate) const WEIGHTS: [[i64; 4]; 4] = [[1, 2, 3, 4], [5, 0, 1, 1], [0, 0, 0, 7], [9, 9, 9, 9]];
pub(crate) const X: [i64; 4] = [1, 2, 3, 4];

/// Where witness cells lie.
pub(crate) const LOW: usize = 0;
pub(crate) const HIGH: usize = 4;
pub(crate) const POSITIONS: usize = 8;
pub(crate) const VALUES: usize = 12;
pub(crate) const SQUARES: usize = 16;
/// `z`, 128 cells.
pub(crate) const WIDE: usize = 128;
/// Free cells: no constraint reads them.
pub(crate) const FREE: usize = 100;

/// The table's function.
pub(crate) fn table(position: i64) -> i64 {
    position * position % 17 - 5
}

/// Entry `i` of `V`.
fn wide(i: usize) -> i64 {
    (i * i % 23) as i64 - 11
}

pub(crate) fn term(coefficient: i128, cube: u32, piece: Piece) -> FormTerm {
    FormTerm { coefficient: Coefficient::new(coefficient).unwrap(), cube, piece }
}

fn tensor(role: Role, visibility: Visibility, log: u8, bits: u8, len: u32) -> TensorSpec {
    TensorSpec { role, visibility, log, bits, fraction: 0, len }
}

fn run(axis: Axis, start: u8, len: u8) -> Run {
    Run { axis, start, len }
}

/// Rows: 0 weights and table; 1 and 2 `V`; 3 the committed tensor; 4 limbs, positions, values, `z`; 5 multiplicities;
/// 6 helpers of cells; 7 helpers of tables.
pub(crate) fn program(columns: u8) -> Program {
    let block = |log, row, at| Block { log, row, at };
    let piece = |log, row, at| Piece::Block(block(log, row, at));
    let limb = |k: u32| piece(2, 4, 4 * k);
    let limbs = |log, at| Piece::Limbs(Limbs { block: block(log, 4, at), count: 2, width: 4, stride: 2 });
    let forms = vec![
        Form { log: 4, terms: vec![term(1, 0, piece(4, 0, 0))] },
        Form { log: 2, terms: vec![term(1, 0, Piece::Public { log: 2, tensor: 0 })] },
        // -(low + 16 high): the linear part of the matrix product, each half of the numbers on its own.
        Form { log: 2, terms: vec![term(-1, 0, limbs(1, 0)), term(-1, 1, limbs(1, 2))] },
        // The limbs, as one column or two.
        Form { log: 3, terms: vec![term(1, 0, piece(3, 4, 0))] },
        Form { log: 2, terms: vec![term(1, 0, limb(0))] },
        Form { log: 2, terms: vec![term(1, 0, limb(1))] },
        // low + 16 high, and the public sum.
        Form { log: 2, terms: vec![term(1, 0, limbs(2, 0))] },
        Form { log: 0, terms: vec![term(-1, 0, Piece::Public { log: 0, tensor: 1 })] },
        Form { log: 2, terms: vec![term(1, 0, Piece::Index { log: 2 }), term(3, 1, Piece::One { log: 1 })] },
        // The committed tensor less y.
        Form { log: 2, terms: vec![term(1, 0, piece(2, 3, 0)), term(-1, 0, limb(0)), term(-16, 0, limb(1))] },
        // Positions, values, the table's values.
        Form { log: 2, terms: vec![term(1, 0, piece(2, 4, 8))] },
        Form { log: 2, terms: vec![term(1, 0, piece(2, 4, 12))] },
        Form { log: 4, terms: vec![term(1, 0, piece(4, 0, 16))] },
        Form { log: 9, terms: vec![term(1, 0, piece(9, 1, 2))] },
        Form { log: 7, terms: vec![term(-1, 0, piece(7, 4, WIDE as u32))] },
        // Three times the squares.
        Form { log: 2, terms: vec![term(3, 0, piece(2, 4, SQUARES as u32))] },
        // Positions less 2 + 3 i; below, two limbs.
        Form {
            log: 2,
            terms: vec![
                term(1, 0, piece(2, 4, 8)),
                term(-3, 0, Piece::Index { log: 2 }),
                term(-2, 0, Piece::One { log: 1 }),
                term(-2, 1, Piece::One { log: 1 }),
            ],
        },
        Form { log: 1, terms: vec![term(1, 0, piece(1, 4, LOW as u32))] },
        // The same taken away, each twice in turn, and both in turn twice.
        Form { log: 2, terms: (0..4).map(|i| term(-1, i, piece(0, 4, LOW as u32 + i / 2))).collect() },
        Form { log: 2, terms: (0..2).map(|i| term(-1, i, piece(1, 4, LOW as u32))).collect() },
    ];
    let claims = vec![
        Claim { form: 0, vars: 2, runs: vec![run(Axis::X, 0, 2), run(Axis::Tau, 0, 2)] },
        Claim { form: 1, vars: 2, runs: vec![run(Axis::X, 0, 2)] },
        Claim { form: 6, vars: 2, runs: vec![run(Axis::X, 0, 2)] },
        Claim { form: 8, vars: 2, runs: vec![run(Axis::X, 0, 2)] },
        Claim { form: 13, vars: 2, runs: vec![run(Axis::X, 0, 2), run(Axis::Tau, 0, 7)] },
        Claim { form: 10, vars: 2, runs: vec![run(Axis::X, 0, 2)] },
        // Two limbs at other points: inside the point of S1, and where tau begins.
        Claim { form: 17, vars: 2, runs: vec![run(Axis::X, 1, 1)] },
        Claim { form: 17, vars: 2, runs: vec![run(Axis::Tau, 0, 1)] },
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
        Product { log: 2, linear: Some(18), terms: vec![product(vec![6], true)] },
        Product { log: 2, linear: Some(19), terms: vec![product(vec![7], true)] },
        Product { log: 2, linear: Some(9), terms: vec![] },
        Product { log: 7, linear: Some(14), terms: vec![product(vec![4, 1], false)] },
        Product { log: 2, linear: Some(16), terms: vec![] },
        Product {
            log: 2,
            linear: Some(15),
            terms: vec![ProductTerm {
                coefficient: Coefficient::new(-3).unwrap(),
                ..product(vec![5, 5], true)
            }],
        },
    ];
    let (log, columns) = if columns == 1 { (3, vec![vec![3]]) } else { (2, vec![vec![4], vec![5]]) };
    let lookups = vec![
        Lookup {
            log,
            table_log: 4,
            columns,
            table: vec![],
            multiplicity: block(4, 5, 0),
            helper: block(log, 6, 0),
            table_helper: block(4, 7, 0),
        },
        Lookup {
            log: 2,
            table_log: 4,
            columns: vec![vec![10, 11]],
            table: vec![12],
            multiplicity: block(4, 5, 16),
            helper: block(2, 6, 8),
            table_helper: block(4, 7, 16),
        },
    ];
    Program {
        row_log: ROW_LOG,
        tensors: vec![
            tensor(Role::Input, Visibility::Public, 2, 4, 4),
            tensor(Role::Output, Visibility::Public, 0, 10, 1),
            tensor(Role::Output, Visibility::Committed, 2, 8, 4),
        ],
        fixed_rows: 3,
        witness_rows: 2,
        helper_rows: 2,
        forms,
        claims,
        products,
        lookups,
    }
}

/// What is true of `x` under some weights.
pub(crate) fn assignment(weights: &[[i64; 4]; 4], x: [i64; 4]) -> Assignment {
    let y = weights.map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum::<i64>());
    let mut cells = vec![0; 2 * ROW];
    for (o, y) in y.iter().enumerate() {
        (cells[LOW + o], cells[HIGH + o]) = (y % 16, y / 16);
        let position = 3 * o as i64 + 2;
        (cells[POSITIONS + o], cells[VALUES + o]) = (position, table(position));
        cells[SQUARES + o] = position * position;
    }
    for (o, z) in cells[WIDE..WIDE + 128].iter_mut().enumerate() {
        *z = x.iter().enumerate().map(|(j, x)| wide(4 * o + j) * x).sum();
    }
    let tensors =
        [x.to_vec(), vec![y.iter().sum()], y.to_vec()].map(|t| t.into_iter().map(i128::from).collect());
    Assignment { context: [7; 32], tensors: tensors.to_vec(), cells }
}

pub(crate) fn fixed(weights: &[[i64; 4]; 4]) -> Vec<i64> {
    let mut cells = weights.concat();
    cells.extend((0..16).map(table));
    cells.resize(ROW, 0);
    cells.extend((0..2 * ROW).map(wide));
    cells
}

pub(crate) fn srs() -> Srs {
    Srs::development(u32::from(ROW_LOG) + 1, &mut seeded(1))
}

pub(crate) fn setup(columns: u8) -> (ProvingKey, Srs) {
    let srs = srs();
    let key = ProvingKey::setup(program(columns), fixed(&WEIGHTS), Some(&[5; 32]), &srs, &Cpu).unwrap();
    (key, srs)
}

/// A generator of the tests' own, so that proofs are the same in every run.
pub(crate) fn seeded(seed: u64) -> rand::rngs::StdRng {
    rand::SeedableRng::seed_from_u64(seed)
}

pub(crate) fn prove_by(
    key: &ProvingKey,
    srs: &Srs,
    assignment: Assignment,
    conduct: &mut dyn Conduct,
    seed: u64,
) -> Result<Proven, ProveError> {
    prove_as(key, srs, assignment, &mut seeded(seed), conduct, &Cpu, &mut |_| ())
}
