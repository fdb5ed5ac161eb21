//! The randomness that hides a proof (`docs/protocol.md` 12): the mask `u` of both sumchecks and of the claims, and
//! the tails of the rows, which lie beyond their cells where no functional sees them.

use crate::Backend;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ec::scalar_mul::BatchMulPreprocessing;
use ark_ff::{One, PrimeField, Zero};
use rand::CryptoRng;
use std::fmt;
use std::ops::Range;
use sumcast_verifier::mask;
use sumcast_verifier::opening::low_variables;
use sumcast_verifier::relation::ClaimList;
use sumcast_verifier::transcript::keccak256;
use sumcast_verifier::vk::Program;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Cells of the mask beyond those that have a weight: they hide what the opening tells of `u` itself, its commitment
/// and two evaluations.
const FREE: usize = 3;

/// Cells of the tail that hides the opening, and with it the commitment of its row.
const TAIL: usize = 12;

/// A uniform scalar, up to `2^-250`.
pub(crate) fn random(rng: &mut dyn CryptoRng) -> Fr {
    let mut bytes = [0u8; 64];
    rng.fill_bytes(&mut bytes);
    let scalar = Fr::from_le_bytes_mod_order(&bytes);
    bytes.zeroize();
    scalar
}

/// The tails of a model's fixed rows, from its secret.
pub(crate) fn fixed_tails(secret: &[u8; 32], rows: usize) -> Vec<Fr> {
    let half = |row: usize, part: u8| {
        let mut message = b"sumcast fixed row".to_vec();
        message.extend(secret);
        message.extend((row as u32).to_be_bytes());
        message.push(part);
        let digest = keccak256(&message);
        message.zeroize();
        digest
    };
    (0..rows).map(|row| Fr::from_le_bytes_mod_order(&[half(row, 0), half(row, 1)].concat())).collect()
}

/// The mask `u` of one proof.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Mask {
    /// All cells: those with a weight in the order of [`sumcast_verifier::mask`], then the free ones.
    pub(crate) cells: Vec<Fr>,
    /// Where the parts of the cells begin.
    #[zeroize(skip)]
    claims: usize,
    #[zeroize(skip)]
    reduction: usize,
    #[zeroize(skip)]
    end: usize,
}

impl Mask {
    pub(crate) fn random(program: &Program, rng: &mut dyn CryptoRng) -> Self {
        let end = mask::cells(program);
        let claims = 1 + program.degrees().sum::<usize>();
        let cells = (0..end + FREE).map(|_| random(rng)).collect();
        Self { cells, claims, reduction: claims + ClaimList::sent(program), end }
    }

    /// Of `V`.
    pub(crate) fn linear(&self) -> Fr {
        self.cells[0]
    }

    /// Of the rounds of S1, from first to last.
    pub(crate) fn constraints(&self) -> &[Fr] {
        &self.cells[1..self.claims]
    }

    /// Of all claims in the order of [`ClaimList::at_x`], zero for those not sent.
    pub(crate) fn by_claim(&self, program: &Program) -> Vec<Fr> {
        let mut cells = self.claims().iter().copied();
        let mask = |sent| if sent { cells.next().unwrap_or_default() } else { Fr::zero() };
        ClaimList::committed(program).map(mask).collect()
    }

    /// Of the claims sent.
    pub(crate) fn claims(&self) -> &[Fr] {
        &self.cells[self.claims..self.reduction]
    }

    /// Of the rounds of S2, from first to last.
    pub(crate) fn reduction(&self) -> &[Fr] {
        &self.cells[self.reduction..self.end]
    }
}

/// What hides the messages of a sumcheck.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Masks<'a> {
    /// What the masks add to the whole sum; it stands at the corner 0 of the cube.
    pub(crate) sum: Fr,
    /// A cell for each coefficient sent.
    pub(crate) rounds: &'a [Fr],
}

/// The masking polynomial on its way through the rounds: `sum prod (1 - x_k)`, and for each coefficient sent its cell
/// times a polynomial of zero sum ([`sumcast_verifier::mask::on_round`]).
#[derive(Debug)]
pub(crate) struct Masking<'a> {
    cells: &'a [Fr],
    corner: Fr,
    /// The rounds that are bound, at the point.
    bound: Fr,
}

impl<'a> Masking<'a> {
    pub(crate) fn new(masks: Masks<'a>) -> Self {
        Self { cells: masks.rounds, corner: masks.sum, bound: Fr::zero() }
    }

    /// Adds its part of round `k`, which sends `degree` coefficients.
    pub(crate) fn round(&self, k: usize, degree: usize, out: &mut [Fr]) {
        let cube = Fr::from(1u64 << k);
        let cells = &self.cells[..degree];
        out[0] += cube * (self.bound + cells[0]) + self.corner;
        out[1] -= cube * (cells.iter().sum::<Fr>() + cells[0]) + self.corner;
        for (slot, cell) in out[2..].iter_mut().zip(&cells[1..]) {
            *slot += cube * cell;
        }
    }

    /// Binds the round's variable.
    pub(crate) fn bind(&mut self, degree: usize, x: Fr) {
        let (cells, rest) = self.cells.split_at(degree);
        self.bound += mask::on_round(x, degree).zip(cells).map(|(weight, cell)| weight * cell).sum::<Fr>();
        self.corner *= Fr::one() - x;
        self.cells = rest;
    }

    /// Its value at the point.
    pub(crate) fn value(&self) -> Fr {
        self.bound + self.corner
    }
}

/// Blocks that a long tail reaches into.
const BLOCKS: usize = 5;

/// Positions of a row's tail, `b` the step of the opening: each in a column of its own and all over five blocks, so
/// that they reach both halves of the opening.
fn position(row_log: u8, i: usize) -> usize {
    let b = 1usize << low_variables(row_log.into());
    (1 << row_log) + (i % BLOCKS) * b + i
}

/// Powers of the SRS that rows of `2^row_log` with their tails take, a multiple of `b`.
pub(crate) fn reach(row_log: u8) -> usize {
    (1usize << row_log) + (BLOCKS << low_variables(row_log.into()))
}

/// The tails of all rows.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Tails {
    row_log: u8,
    /// One cell for each row; none of a row without a tail.
    first: Vec<Option<Fr>>,
    /// The row that hides the opening, and its further cells.
    long: usize,
    rest: Vec<Fr>,
}

impl Tails {
    /// Fresh tails for all rows but the fixed ones, which have those of the model.
    ///
    /// The long one is of the first helper row or, without any, of the first witness row.
    pub(crate) fn random(program: &Program, fixed: &[Fr], rng: &mut dyn CryptoRng) -> Self {
        let long = match program.helper_rows {
            0 => program.first_witness_row(),
            _ => program.first_helper_row(),
        };
        let first = (0..program.rows()).map(|row| match row < program.first_statement_row() {
            true => fixed.get(row).copied(),
            false => Some(random(rng)),
        });
        let first = first.collect();
        let rest = (1..TAIL).map(|_| random(rng)).collect();
        Self { row_log: program.row_log, first, long, rest }
    }

    /// Gives rows the first cells that they are known to have.
    pub(crate) fn fix(&mut self, rows: Range<usize>, cells: &[Fr]) {
        for (slot, cell) in self.first[rows].iter_mut().zip(cells) {
            *slot = Some(*cell);
        }
    }

    /// The row whose weight in the opening must not be zero.
    pub(crate) fn long(&self) -> usize {
        self.long
    }

    /// First cell of the tail of a row.
    pub(crate) fn first(&self, row: usize) -> Option<Fr> {
        self.first[row]
    }

    /// The cells of a row's tail: their positions in the row and their values.
    fn cells(&self, row: usize) -> impl Iterator<Item = (usize, Fr)> {
        let rest: &[Fr] = if row == self.long { &self.rest } else { &[] };
        let all = self.first[row].into_iter().chain(rest.iter().copied());
        all.enumerate().map(|(i, v)| (position(self.row_log, i), v))
    }

    /// Extends the sum of weighted rows by their tails.
    pub(crate) fn extend(&self, folded: &mut Vec<Fr>, weights: &[Fr]) {
        folded.resize(reach(self.row_log), Fr::default());
        for (row, weight) in weights.iter().enumerate() {
            for (at, v) in self.cells(row) {
                folded[at] += *weight * v;
            }
        }
    }

    /// Adds the tails to the commitments of the rows from `first` on.
    pub(crate) fn blind(
        &self,
        mut commitments: Vec<G1Projective>,
        first: usize,
        table: &Blinding,
        srs: &[G1Affine],
        backend: &dyn Backend,
    ) -> Vec<G1Affine> {
        let cells: Vec<Fr> =
            (0..commitments.len()).map(|i| self.first[first + i].unwrap_or_default()).collect();
        table.blind(&mut commitments, &cells);
        if let Some(slot) = self.long.checked_sub(first).and_then(|i| commitments.get_mut(i)) {
            let bases: Vec<G1Affine> = (1..TAIL).map(|i| srs[position(self.row_log, i)]).collect();
            *slot += backend.msm(&bases, &self.rest);
        }
        G1Projective::normalize_batch(&commitments)
    }
}

/// Multiples of `[tau^(2^m)]_1`, by a table of some 1,600 of them.
pub(crate) struct Blinding(BatchMulPreprocessing<G1Projective>);

impl Blinding {
    pub(crate) fn new(srs: &[G1Affine], row_log: u8) -> Self {
        // The number of multiples that windows of five bits are chosen for.
        Self(BatchMulPreprocessing::new(srs[position(row_log, 0)].into(), 1 << 8))
    }

    /// Adds to each row's commitment its cell of the tail.
    pub(crate) fn blind(&self, rows: &mut [G1Projective], cells: &[Fr]) {
        rows.iter_mut().zip(self.0.batch_mul(cells)).for_each(|(row, blind)| *row += blind);
    }
}

impl fmt::Debug for Blinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blinding(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eq::eq_vector;
    use ark_ff::Field;

    fn rank(mut rows: Vec<Vec<Fr>>) -> usize {
        let mut rank = 0;
        for column in 0..rows[0].len() {
            let Some(pivot) = (rank..rows.len()).find(|r| !rows[*r][column].is_zero()) else { continue };
            rows.swap(rank, pivot);
            let (top, below) = rows.split_at_mut(rank + 1);
            let inverse = top[rank][column].inverse().unwrap();
            for row in below {
                let factor = row[column] * inverse;
                row.iter_mut().zip(&top[rank]).for_each(|(v, p)| *v -= factor * p);
            }
            rank += 1;
        }
        rank
    }

    /// `S(p)` of `docs/protocol.md` 7 where one of two factors is `X^a` and the other has these coefficients.
    fn remainder(a: usize, other: &[Fr], p: Fr) -> Fr {
        let mut power = Fr::one();
        let mut sum = Fr::zero();
        for k in 1..=a.max(other.len()) {
            let below = a.checked_sub(k).and_then(|i| other.get(i)).copied().unwrap_or_default();
            let above = other.get(a + k).copied().unwrap_or_default();
            sum += power * (below + above);
            power *= p;
        }
        sum
    }

    /// What an opening tells of the folded rows besides the value: the row's commitment, `g` at `tau`, `1/tau`, `z`
    /// and `1/z`, `h` at `tau`, `z`, `1/z` and `zeta`, `S` at `tau` and `z`. That the tail reaches all of it at one
    /// choice of challenges makes the determinant a polynomial that is not zero.
    #[test]
    fn a_long_tail_reaches_all_that_an_opening_tells() {
        for m in 8..=20u8 {
            let scalar = |i: u64| Fr::from(i + 2).pow([1_000_003]);
            let [tau, zeta, eta, z] = [1, 2, 3, 4].map(scalar);
            let y: Vec<Fr> = (0..m).map(|k| scalar(100 + u64::from(k))).collect();
            let (low, high) = y.split_at(low_variables(m.into()));
            let (low, high) = (eq_vector(low), eq_vector(high));
            let (tau_inv, z_inv) = (tau.inverse().unwrap(), z.inverse().unwrap());
            let effects = (0..TAIL).map(|i| {
                let at = position(m, i);
                let (block, column) = (at / low.len(), at % low.len());
                let (g, h) = (zeta.pow([block as u64]), low[column]);
                let on_g = |p: Fr| g * p.pow([column as u64]);
                let on_h = |p: Fr| h * p.pow([block as u64]);
                let on_s = |p: Fr| g * remainder(column, &low, p) + eta * h * remainder(block, &high, p);
                let of_g = [tau, tau_inv, z, z_inv].map(on_g);
                let of_h = [tau, z, z_inv, zeta].map(on_h);
                let of_s = [tau, z].map(on_s);
                [&[tau.pow([at as u64])], &of_g[..], &of_h, &of_s].concat()
            });
            assert_eq!(rank(effects.collect()), 11, "2^{m}");
            assert!(position(m, TAIL - 1) < reach(m) && reach(m) <= 2 << m);
        }
    }
}
