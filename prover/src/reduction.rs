//! S2: every claim to one point (`docs/protocol.md` 6).
//!
//! A block that spans rows is folded along them first, so its claim is one inner product of a row's length; all
//! blocks inside one row share one vector of weights.

use crate::Backend;
use crate::cells::{Cells, start_of};
use crate::eq::{eq_pyramid, eq_vector};
use crate::factors::Factors;
use crate::mask::{Masking, Masks};
use crate::scalars::{add_scaled, inner};
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use std::collections::BTreeMap;
use sumcast_verifier::RoundPolynomial;
use sumcast_verifier::relation::{Functional, Part, Powers};
use sumcast_verifier::vk::Program;

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

    fn row(&self, row: usize, backend: &dyn Backend) -> Vec<Fr> {
        let fold = || self.fold(std::iter::once((row, Fr::one())), backend);
        self.helper_row(row).map_or_else(fold, <[Fr]>::to_vec)
    }

    /// `sum weight row`.
    pub(crate) fn fold(&self, rows: impl Iterator<Item = (usize, Fr)>, backend: &dyn Backend) -> Vec<Fr> {
        let (helper, small): (Vec<_>, Vec<_>) = rows.partition(|(row, _)| self.helper_row(*row).is_some());
        let weights: Vec<Fr> = small.iter().map(|(_, w)| *w).collect();
        let cells: Vec<&[i64]> = small.iter().map(|(row, _)| self.cells.row(*row)).collect();
        let mut out = backend.combine_rows(&cells, 1 << self.program().row_log, &weights);
        for (row, weight) in helper {
            add_scaled(&mut out, self.helper_row(row).unwrap_or_default(), weight);
        }
        out
    }
}

/// The functionals' values on the rows.
pub(crate) fn evaluate(rows: &Rows<'_>, functional: &Functional, backend: &dyn Backend) -> Fr {
    let (first, log) = (rows.program().first_helper_row(), rows.program().row_log);
    let value = |part: &Part| {
        let eq = eq_vector(part.point());
        part.weight
            * if usize::from(part.block.row) < first {
                backend.dot(&eq, rows.cells.block(part.block))
            } else {
                inner(&rows.helper[start_of(part.block, first, log)..], &eq)
            }
    };
    functional.parts.iter().map(value).sum()
}

/// An inner product of a row's length on its way through the rounds.
#[derive(Debug)]
enum Product<'a> {
    /// With any weights, which are the second of the factors.
    Weights { factors: Box<dyn Factors + 'a> },
    /// With `scale eq(point, .)`: its weights over the variables below are a level of a pyramid, those above a
    /// scalar, so only the values are folded.
    Eq { values: Box<dyn Factors + 'a>, pyramid: Vec<Vec<Fr>>, point: Vec<Fr>, scale: Fr },
}

impl Product<'_> {
    /// Constant and leading coefficient of the round that binds variable `k`.
    fn round(&self, k: usize) -> [Fr; 2] {
        match self {
            Self::Weights { factors } => factors.round_product(),
            Self::Eq { values, pyramid, point, scale } => {
                // (1 - p + (2 p - 1) X) (low + (high - low) X).
                let [low, high] = values.round_eq(&pyramid[k]);
                let p = point[k];
                [*scale * (Fr::one() - p) * low, *scale * (p + p - Fr::one()) * (high - low)]
            }
        }
    }

    fn bind(&mut self, k: usize, x: Fr) {
        match self {
            Self::Weights { factors } => factors.fold(x),
            Self::Eq { values, pyramid, point, scale } => {
                values.fold(x);
                pyramid.truncate(k);
                *scale *= sumcast_verifier::mle::eq(&point[k..=k], &[x]);
            }
        }
    }
}

/// The inner products whose sum is claimed.
fn products<'a>(
    rows: &Rows<'_>,
    functionals: &[&Functional],
    gamma: Fr,
    backend: &'a dyn Backend,
) -> Vec<Product<'a>> {
    let row_log = usize::from(rows.program().row_log);
    // Weights on single rows, and weighted rows by the point of their vector.
    let mut weights: BTreeMap<usize, Vec<Fr>> = BTreeMap::new();
    let mut spanning: BTreeMap<Vec<Fr>, Vec<(usize, Fr)>> = BTreeMap::new();
    let mut vectors: BTreeMap<Vec<Fr>, Vec<Fr>> = BTreeMap::new();
    for (functional, power) in functionals.iter().zip(Powers::of(gamma)) {
        for part in &functional.parts {
            let (block, weight) = (part.block, power * part.weight);
            if usize::from(block.log) <= row_log {
                let eq = vectors.entry(part.point().to_vec()).or_insert_with(|| eq_vector(part.point()));
                let row = weights.entry(block.row.into()).or_insert_with(|| vec![Fr::zero(); 1 << row_log]);
                add_scaled(&mut row[block.at as usize..], eq, weight);
            } else {
                let (low, high) = part.point().split_at(row_log);
                let along = eq_vector(high).into_iter().take(block.at as usize);
                let rows = along.enumerate().map(|(j, e)| (usize::from(block.row) + j, weight * e));
                spanning.entry(low.to_vec()).or_default().extend(rows);
            }
        }
    }
    let single = weights.into_iter().map(|(row, weights)| {
        let factors = backend.hold(vec![rows.row(row, backend), weights]);
        Product::Weights { factors }
    });
    let spanning = spanning.into_iter().map(|(point, weighted)| {
        // The level of all variables is never read.
        let pyramid = eq_pyramid(&point[..row_log - 1]);
        let values = backend.hold(vec![rows.fold(weighted.into_iter(), backend)]);
        Product::Eq { values, pyramid, point, scale: Fr::one() }
    });
    single.chain(spanning).collect()
}

/// What S2 leaves: its messages, its point and its last claim.
#[derive(Debug)]
pub(crate) struct Reduced {
    pub(crate) rounds: Vec<RoundPolynomial>,
    pub(crate) y: Vec<Fr>,
    pub(crate) value: Fr,
}

/// Runs S2 from `claim`; `challenge` absorbs a round and gives its challenge. `masks` are those of the claims,
/// combined, and of the rounds.
pub(crate) fn run(
    rows: &Rows<'_>,
    functionals: &[&Functional],
    gamma: Fr,
    claim: Fr,
    masks: Masks<'_>,
    backend: &dyn Backend,
    mut challenge: impl FnMut(&mut [Fr]) -> Fr,
) -> Reduced {
    let mut products = products(rows, functionals, gamma, backend);
    let mut masking = Masking::new(masks);
    let row_log = usize::from(rows.program().row_log);
    let mut out = Reduced { rounds: Vec::new(), y: vec![Fr::zero(); row_log], value: claim };
    for k in (0..row_log).rev() {
        let mut polynomial = vec![Fr::zero(); 3];
        masking.round(k, 2, &mut polynomial);
        let mut sent = vec![polynomial[0], polynomial[2]];
        for product in &products {
            sent.iter_mut().zip(product.round(k)).for_each(|(s, v)| *s += v);
        }
        let challenge = challenge(&mut sent);
        let round = RoundPolynomial { coefficients: sent };
        out.value = round.next_claim(out.value, challenge);
        out.rounds.push(round);
        out.y[k] = challenge;
        masking.bind(2, challenge);
        for product in &mut products {
            product.bind(k, challenge);
        }
    }
    out
}
