//! The steps of a proof that are not calls of a backend, by the sizes of its program.

use super::counting::summand;
use super::{ELEMENT, Steps, Work};
use crate::Numbers;
use std::collections::{BTreeMap, BTreeSet};
use sumcast_prover::Summand;
use sumcast_verifier::opening::low_variables;
use sumcast_verifier::relation::{Challenges, ClaimList, Functional};
use sumcast_verifier::vk::{Axis, Claim, Coefficient, Piece, Program};
use sumcast_verifier::{Fr, Statement, mask};

/// Additions that blind a row: a multiple of one point by a table of windows of five bits.
const BLINDING: u64 = 51;

/// Cells of the mask without a weight.
const FREE: usize = 3;

/// The steps beside the backend's calls of a proof of this statement.
pub(crate) fn beside(program: &Program, statement: &Statement) -> Steps {
    let (linear, functionals) = functionals(program, statement);
    [
        vec![blinding(program.first_helper_row() - program.first_witness_row() + program.statement_rows())],
        lookups(program),
        constraints(program, &linear),
        reduction(program, std::iter::once(&linear).chain(&functionals)),
        opening(program),
    ]
}

/// What is claimed, at some point.
fn functionals(program: &Program, statement: &Statement) -> (Functional, Vec<Functional>) {
    let numbers = &mut Numbers::default();
    let challenges = Challenges {
        alpha: numbers.scalar(),
        beta: numbers.scalar(),
        lambda: numbers.scalar(),
        tau: numbers.scalars(program.tau_len().into()),
        x: numbers.scalars(program.rounds().into()),
    };
    let linear = ClaimList::linear(program, statement, &challenges);
    (linear, ClaimList::at_x(program, statement, &challenges))
}

fn blinding(rows: usize) -> Work {
    Work { additions: BLINDING * rows as u64, ..Work::default() }
}

/// A pass over vectors of so many elements in all, with so many multiplications.
fn pass(multiplications: u64, elements: u64) -> Work {
    Work { bytes: ELEMENT * elements, ..Work::multiplications(multiplications) }
}

/// `eq` of a point of so many coordinates: a multiplication a value.
fn eq(log: usize) -> Work {
    pass((1 << log) - 1, 1 << log)
}

/// `scale v` added to a vector, for each value `v`.
fn add_scaled(log: usize) -> Work {
    pass(1 << log, 3 << log)
}

fn lookups(program: &Program) -> Vec<Work> {
    let mut out = vec![blinding(program.helper_rows.into())];
    for lookup in &program.lookups {
        let entries = 1u64 << lookup.table_log;
        // The keys of the table and the multiplicities are small, and its inverses take three multiplications each.
        let small = entries * (lookup.table.len() as u64 + 1);
        out.push(Work { small, multiplications: 3 * entries, ..Work::default() });
        // Those of the cells are copies.
        let cells = (lookup.columns.len() as u64) << lookup.log;
        out.push(Work { bytes: (4 + ELEMENT) * cells, ..Work::default() });
    }
    out
}

/// An instance of S1: its variables, its summand with the number of factors, and whether `eq` is one more.
fn instances(program: &Program) -> impl Iterator<Item = (usize, Summand, usize, bool)> {
    let terms = program.products.iter().flat_map(|p| &p.terms);
    let products = terms.map(|t| (t.vars.into(), Summand::Product, t.factors.len(), t.eq));
    let lookups = program.lookups.iter().flat_map(|l| {
        let cells = (l.log.into(), Summand::LookupCells, l.columns.len() + 1, true);
        [cells, (l.table_log.into(), Summand::Product, 2, true)]
    });
    products.chain(lookups)
}

fn constraints(program: &Program, linear: &Functional) -> Vec<Work> {
    let mut out: Vec<Work> = linear.parts.iter().map(|part| eq(part.point().len())).collect();
    out.push(open(program));
    out.extend(program.claims.iter().flat_map(|c| claim(program, c)));
    // The levels of `eq` for the rounds, and for the whole sums of those that join late.
    let rounds = usize::from(program.rounds());
    let levels = instances(program).filter(|(.., eq)| *eq);
    let levels = levels.map(|(vars, ..)| if vars < rounds { vars } else { vars - 1 }).max();
    out.extend(levels.map(eq));
    out.extend(instances(program).filter(|(vars, ..)| *vars < rounds).map(|(vars, kind, factors, eq)| {
        let each = summand(kind, factors, eq) as u64;
        pass(each << vars, (factors as u64 + u64::from(eq)) << vars)
    }));
    out
}

/// The public tensors at their points: a multiplication a value.
fn open(program: &Program) -> Work {
    let terms = program.evaluated().flat_map(|form| &program.forms[usize::from(form)].terms);
    let values = terms.map(|term| match term.piece {
        Piece::Public { tensor, .. } => u64::from(program.tensors[usize::from(tensor)].len),
        _ => 0,
    });
    Work::multiplications(values.sum())
}

/// A claim as a vector over its variables on `x`. Where those on `tau` are the upper ones of a block, it is a call of
/// the backend that binds them.
fn claim(program: &Program, claim: &Claim) -> Vec<Work> {
    let runs = claim.runs.iter().flat_map(|run| std::iter::repeat_n(run.axis, run.len.into()));
    let axes: Vec<Axis> = runs.collect();
    let tau = |axes: &[Axis]| axes.iter().filter(|axis| **axis == Axis::Tau).count();
    let mut out = Vec::new();
    for term in &program.forms[usize::from(claim.form)].terms {
        let log = usize::from(term.piece.log());
        let (own, above) = axes.split_at(log);
        let bound = tau(own);
        let at_once = matches!(term.piece, Piece::Block(_)) && tau(&own[log - bound..]) == bound;
        out.push(if at_once { eq(bound) } else { pass((1 << log) - (1 << (log - bound)), 2 << log) });
        if term.coefficient != Coefficient::ONE || tau(above) > 0 {
            out.push(add_scaled(log - bound));
        }
    }
    out
}

fn reduction<'a>(program: &Program, functionals: impl Iterator<Item = &'a Functional>) -> Vec<Work> {
    let m = usize::from(program.row_log);
    let (mut out, mut points, mut parts) = (Vec::new(), BTreeSet::new(), 0u64);
    // The rows of blocks that span some, by the point that these are folded for.
    let mut spanning: BTreeMap<Vec<Fr>, u64> = BTreeMap::new();
    for part in functionals.flat_map(|f| &f.parts) {
        let (point, block) = (part.point(), part.block);
        parts += 1;
        if point.len() <= m {
            if points.insert(point.to_vec()) {
                out.push(eq(point.len()));
            }
            out.push(add_scaled(point.len()));
        } else {
            let (low, high) = point.split_at(m);
            out.push(eq(high.len()));
            let rows = usize::from(block.row)..usize::from(block.row) + block.at as usize;
            *spanning.entry(low.to_vec()).or_default() +=
                rows.filter(|row| *row >= program.first_helper_row()).count() as u64;
        }
    }
    for helper_rows in spanning.into_values() {
        out.push(eq(m - 1));
        out.extend((0..helper_rows).map(|_| add_scaled(m)));
    }
    // The weights of all rows at the point, and the helper rows by theirs.
    out.push(Work::multiplications(parts * m as u64));
    out.extend((0..program.helper_rows).map(|_| add_scaled(m)));
    out
}

/// The opening of a row without a tail (`docs/protocol.md` 7).
fn opening(program: &Program) -> Vec<Work> {
    let m = usize::from(program.row_log);
    let n = 1u64 << m;
    let t = low_variables(m);
    let (b, blocks) = (1u64 << t, 1u64 << (m - t));
    let weights = mask::cells(program) as u64;
    let u = weights + FREE as u64;
    // Coefficients of `S`.
    let s = b.max(blocks).max(u) - 1;
    // All products of two coefficients but those of one degree.
    let pairs = |a: u64, b: u64| a * b - a.min(b);
    vec![
        eq(t),
        eq(m - t),
        // `h`; `q` and `g`; `F`; its quotient.
        pass(n, n),
        pass(n - b, 2 * n),
        pass(n - b, 3 * n),
        pass(n, 2 * n),
        Work::multiplications(pairs(b, b) + pairs(blocks, blocks) + pairs(u, weights)),
        // The evaluations, and the quotients and sums of `g`, `h`, `S`, `D` and `u`.
        Work::multiplications(2 * b + 3 * blocks + s + 2 * u),
        Work::multiplications(4 * b + 4 * blocks + 3 * s + 3 * u),
        Work::multiplications(b + blocks + s + b + u + s),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumcast_verifier::vk::{Block, Form, FormTerm, Lookup, Product, Run};

    const fn block(log: u8, row: u16, at: u32) -> Block {
        Block { log, row, at }
    }

    fn form(log: u8, blocks: &[Block], coefficient: i128) -> Form {
        let coefficient = Coefficient::new(coefficient).unwrap();
        let term = |block: &Block| FormTerm { coefficient, piece: Piece::Block(*block), cube: 0 };
        Form { log, terms: blocks.iter().map(term).collect() }
    }

    fn multiplications(steps: &[Work]) -> u64 {
        steps.iter().map(|step| step.multiplications).sum()
    }

    /// A program of 16 cells a row.
    fn program() -> Program {
        Program { row_log: 4, fixed_rows: 4, witness_rows: 2, helper_rows: 1, ..Program::default() }
    }

    #[test]
    fn a_claim_takes_its_weights_or_a_multiplication_for_each_value_it_loses() {
        let run = |axis, start, len| Run { axis, start, len };
        let of = |coefficient, runs: &[Run]| {
            let forms = vec![form(4, &[block(4, 0, 0)], coefficient)];
            let claim = Claim { form: 0, vars: 2, runs: runs.to_vec() };
            let program = Program { forms, ..program() };
            multiplications(&super::claim(&program, &claim))
        };
        // A vector of four weights for four rows of the block, and four values to scale.
        let above = [run(Axis::X, 0, 2), run(Axis::Tau, 0, 2)];
        assert_eq!(of(1, &above), 3);
        assert_eq!(of(3, &above), 3 + 4);
        // From 16 values to 8 to 4.
        assert_eq!(of(1, &[run(Axis::Tau, 0, 2), run(Axis::X, 0, 2)]), 8 + 4);
    }

    #[test]
    fn functionals_take_their_blocks() {
        let forms = vec![form(2, &[block(2, 0, 0), block(2, 4, 4)], 1), form(5, &[block(5, 2, 2)], 1)];
        let linear = |log, form| Product { log, linear: Some(form), terms: Vec::new() };
        let program = Program { forms, products: vec![linear(2, 0), linear(5, 1)], ..program() };
        let statement = Statement { context: [0; 32], tensors: Vec::new() };
        let (linear, none) = functionals(&program, &statement);
        assert!(none.is_empty());
        // Two blocks of four cells at one point, and one of two rows.
        let blocks = 3 + 2 * 4;
        let rows = 1 + 7;
        // The weights of three blocks at a point of four coordinates, and the helper row.
        let end = 3 * 4 + 16;
        assert_eq!(multiplications(&reduction(&program, std::iter::once(&linear))), blocks + rows + end);
        // Vectors of `eq` for each part.
        assert_eq!(multiplications(&constraints(&program, &linear)), 3 + 3 + 31);
    }

    #[test]
    fn a_lookup_takes_its_table_and_waits_for_longer_ones() {
        let lookup = |log, table_log, columns: usize| Lookup {
            log,
            table_log,
            columns: vec![vec![0]; columns],
            table: vec![0],
            multiplicity: block(table_log, 4, 0),
            helper: block(log, 6, 0),
            table_helper: block(table_log, 6, 8),
        };
        let forms = vec![form(3, &[block(3, 4, 8)], 1)];
        let program = Program { forms, lookups: vec![lookup(3, 2, 2)], ..program() };
        let [inverses, keys] = lookups(&program)[1..] else { panic!() };
        assert_eq!((inverses.small, inverses.multiplications), (2 * 4, 3 * 4));
        assert_eq!(keys.bytes, 16 * (4 + ELEMENT));
        assert_eq!(lookups(&program)[0].additions, BLINDING);
        // `eq` for the second round of eight cells and for the whole sum over four entries, which wait: `u f eq`.
        let none = Functional::default();
        assert_eq!(multiplications(&constraints(&program, &none)), 3 + 2 * 4);
    }

    #[test]
    fn an_opening_is_of_a_row_and_of_the_mask() {
        // 16 cells in four blocks of four. The mask has a cell for the linear parts, two for the round and eight for
        // those of the reduction: eleven and three.
        assert_eq!(mask::cells(&program()), 11);
        let points = 3 + 3;
        let quotients = 16 + 12 + 12 + 16;
        let pairs = (16 - 4) + (16 - 4) + (14 * 11 - 11);
        let evaluations = 2 * 4 + 3 * 4 + 13 + 2 * 14;
        let batch = 2 * 4 + 4 * 4 + 3 * 13 + 2 * 4 + 3 * 14;
        let last = 4 + 4 + 13 + 4 + 14 + 13;
        let all = points + quotients + pairs + evaluations + batch + last;
        assert_eq!(multiplications(&opening(&program())), all);
    }
}
