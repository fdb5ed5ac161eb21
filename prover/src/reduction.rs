//! S2: every claim to one point (`docs/protocol.md` 6).
//!
//! A block that spans rows is folded along them first, so its claim is one inner product of a row's length; all
//! blocks inside one row share one vector of weights.

use crate::Backend;
use crate::cells::Cells;
use crate::eq::eq_vector;
use ark_bn254::Fr;
use ark_ff::Zero;
use std::collections::BTreeMap;
use sumcast_verifier::RoundPolynomial;
use sumcast_verifier::relation::{Functional, Powers};
use sumcast_verifier::vk::{Block, Program};

/// All rows of a proof.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) cells: &'a Cells<'a>,
    /// The helper rows, one after another.
    pub(crate) helper: &'a [Fr],
}

impl Rows<'_> {
    fn program(&self) -> &Program {
        self.cells.program
    }

    fn helper_row(&self, row: usize) -> Option<&[Fr]> {
        let log = self.program().row_log;
        let row = row.checked_sub(self.program().first_helper_row())?;
        Some(&self.helper[row << log..(row + 1) << log])
    }

    fn row(&self, row: usize) -> Vec<Fr> {
        match self.helper_row(row) {
            Some(values) => values.to_vec(),
            None => self.cells.row(row).iter().map(|v| Fr::from(*v)).collect(),
        }
    }

    /// The rows of a block, combined.
    fn combine(&self, block: Block, weights: &[Fr], backend: &dyn Backend) -> Vec<Fr> {
        let first = usize::from(block.row);
        self.fold((first..first + block.at as usize).zip(weights.iter().copied()), backend)
    }

    /// `sum weight row`.
    pub(crate) fn fold(&self, rows: impl Iterator<Item = (usize, Fr)>, backend: &dyn Backend) -> Vec<Fr> {
        let (helper, small): (Vec<_>, Vec<_>) = rows.partition(|(row, _)| self.helper_row(*row).is_some());
        let weights: Vec<Fr> = small.iter().map(|(_, w)| *w).collect();
        let cells: Vec<&[i64]> = small.iter().map(|(row, _)| self.cells.row(*row)).collect();
        let mut out = backend.combine_rows(&cells, 1 << self.program().row_log, &weights);
        for (row, weight) in helper {
            for (slot, v) in out.iter_mut().zip(self.helper_row(row).unwrap_or_default()) {
                *slot += weight * v;
            }
        }
        out
    }

    /// `v_i`: every row at a point.
    pub(crate) fn at(&self, y: &[Fr], backend: &dyn Backend) -> Vec<Fr> {
        use rayon::prelude::*;
        let eq = eq_vector(y);
        (0..self.program().rows())
            .into_par_iter()
            .map(|row| match self.helper_row(row) {
                Some(values) => values.iter().zip(&eq).map(|(v, e)| *v * e).sum(),
                None => backend.dot(&eq, self.cells.row(row)),
            })
            .collect()
    }
}

/// The functionals' values on the rows.
pub(crate) fn evaluate(rows: &Rows<'_>, functional: &Functional, backend: &dyn Backend) -> Fr {
    let log = rows.program().row_log;
    let mut sum = Fr::zero();
    for part in &functional.parts {
        let helper = usize::from(part.block.row).checked_sub(rows.program().first_helper_row());
        let eq = eq_vector(&part.point);
        sum += part.weight
            * match helper {
                None => backend.dot(&eq, rows.cells.block(part.block)),
                Some(row) => {
                    let at = if part.block.log <= log { part.block.at as usize } else { 0 };
                    let start = (row << log) + at;
                    rows.helper[start..].iter().zip(&eq).map(|(v, e)| *v * e).sum()
                }
            };
    }
    sum
}

/// The inner products whose sum is claimed: pairs of vectors of a row's length.
fn pairs(
    rows: &Rows<'_>,
    functionals: &[&Functional],
    gamma: Fr,
    backend: &dyn Backend,
) -> Vec<(Vec<Fr>, Vec<Fr>)> {
    let row_log = usize::from(rows.program().row_log);
    // Weights on single rows, and folded rows by the point of their vector.
    let mut weights: BTreeMap<usize, Vec<Fr>> = BTreeMap::new();
    let mut folded: BTreeMap<Vec<Fr>, Vec<Fr>> = BTreeMap::new();
    let mut vectors: BTreeMap<Vec<Fr>, Vec<Fr>> = BTreeMap::new();
    for (functional, power) in functionals.iter().zip(Powers::of(gamma)) {
        for part in &functional.parts {
            let (block, weight) = (part.block, power * part.weight);
            if usize::from(block.log) <= row_log {
                let eq = vectors.entry(part.point.clone()).or_insert_with(|| eq_vector(&part.point));
                let row = weights.entry(block.row.into()).or_insert_with(|| vec![Fr::zero(); 1 << row_log]);
                for (slot, e) in row[block.at as usize..].iter_mut().zip(eq.iter()) {
                    *slot += weight * e;
                }
            } else {
                let (low, high) = part.point.split_at(row_log);
                let along: Vec<Fr> = eq_vector(high).iter().map(|e| weight * e).collect();
                let values = rows.combine(block, &along, backend);
                match folded.get_mut(low) {
                    None => {
                        folded.insert(low.to_vec(), values);
                    }
                    Some(sum) => sum.iter_mut().zip(values).for_each(|(s, v)| *s += v),
                }
            }
        }
    }
    let single = weights.into_iter().map(|(row, weights)| (rows.row(row), weights));
    single.chain(folded.into_iter().map(|(point, values)| (values, eq_vector(&point)))).collect()
}

/// Runs S2; `challenge` absorbs a round and gives its challenge. Gives the messages and the point.
pub(crate) fn run(
    rows: &Rows<'_>,
    functionals: &[&Functional],
    gamma: Fr,
    backend: &dyn Backend,
    mut challenge: impl FnMut(&[Fr]) -> Fr,
) -> (Vec<RoundPolynomial>, Vec<Fr>) {
    let mut pairs = pairs(rows, functionals, gamma, backend);
    let row_log = usize::from(rows.program().row_log);
    let mut messages = Vec::new();
    let mut y = vec![Fr::zero(); row_log];
    for k in (0..row_log).rev() {
        let mut sent = vec![Fr::zero(); 2];
        for (a, b) in &pairs {
            sent.iter_mut().zip(backend.round_product(a, b)).for_each(|(s, v)| *s += v);
        }
        let challenge = challenge(&sent);
        messages.push(RoundPolynomial { coefficients: sent });
        y[k] = challenge;
        for (a, b) in &mut pairs {
            backend.fold(a, challenge);
            backend.fold(b, challenge);
        }
    }
    (messages, y)
}
