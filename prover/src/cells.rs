//! The prover's cells, and forms and claims as vectors over them (`docs/protocol.md` 3).

use crate::Backend;
use crate::eq::eq_vector;
use crate::scalars::{GRAIN, add_scaled};
use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;
use sumcast_verifier::encoding::integer;
use sumcast_verifier::vk::{Axis, Block, Claim, Form, FormTerm, Piece, Program};

/// Fixed rows, statement and witness rows, and the tensors.
#[derive(Debug)]
pub(crate) struct Cells<'a> {
    pub(crate) program: &'a Program,
    pub(crate) fixed: &'a [i64],
    /// Statement rows, then witness rows.
    pub(crate) own: &'a [i64],
    pub(crate) public: &'a [Vec<i128>],
}

impl<'a> Cells<'a> {
    /// The cells of a block; those of rows that do not exist are left out.
    pub(crate) fn block(&self, block: Block) -> &'a [i64] {
        let row_log = self.program.row_log;
        let first = self.program.first_statement_row();
        let (cells, first) = if usize::from(block.row) < first { (self.fixed, 0) } else { (self.own, first) };
        let len = if block.log <= row_log { 1 << block.log } else { (block.at as usize) << row_log };
        &cells[start_of(block, first, row_log)..][..len]
    }

    /// A row.
    pub(crate) fn row(&self, row: usize) -> &'a [i64] {
        let log = self.program.row_log;
        self.block(Block { log, row: row as u16, at: 0 })
    }

    /// The integers of a piece; zero beyond their end.
    fn piece(&self, piece: Piece) -> Vec<i128> {
        match piece {
            Piece::One { log } => vec![1; 1 << log],
            Piece::Index { log } => (0..1 << log).collect(),
            Piece::Block(block) => {
                self.block(block).par_iter().with_min_len(GRAIN).map(|v| i128::from(*v)).collect()
            }
            Piece::Public { tensor, .. } => self.public[usize::from(tensor)].clone(),
            Piece::Limbs(limbs) => {
                let mut out = vec![0i128; 1 << limbs.block.log];
                for (block, shift) in limbs.blocks() {
                    for (slot, v) in out.iter_mut().zip(self.block(block)) {
                        *slot = slot.wrapping_add(i128::from(*v).wrapping_shl(shift as u32));
                    }
                }
                out
            }
        }
    }

    /// A form's integers. All intermediate values of a sound relation fit 128 bits; others wrap and are then
    /// found not to satisfy it.
    pub(crate) fn form(&self, form: &Form) -> Vec<i128> {
        let mut out = vec![0i128; 1 << form.log];
        for term in &form.terms {
            let coefficient = coefficient(term);
            let start = (term.cube as usize) << term.piece.log();
            let slots = out[start..].par_iter_mut().zip(self.piece(term.piece)).with_min_len(GRAIN);
            slots.for_each(|(slot, v)| *slot = slot.wrapping_add(v.wrapping_mul(coefficient)));
        }
        out
    }

    /// A claim as a vector over the variables it ranges over, `tau` bound.
    pub(crate) fn claim(&self, claim: &Claim, tau: &[Fr], backend: &dyn Backend) -> Vec<Fr> {
        let form = &self.program.forms[usize::from(claim.form)];
        let binding: Vec<(Axis, usize)> = claim
            .runs
            .iter()
            .flat_map(|r| (r.start..r.start + r.len).map(|k| (r.axis, usize::from(k))))
            .collect();
        let mut out = vec![Fr::zero(); 1 << claim.vars];
        for term in &form.terms {
            self.add_term(&mut out, term, &binding, tau, backend);
        }
        out
    }

    /// Adds a term of a form whose variables are bound.
    fn add_term(
        &self,
        out: &mut [Fr],
        term: &FormTerm,
        binding: &[(Axis, usize)],
        tau: &[Fr],
        backend: &dyn Backend,
    ) {
        let (own, above) = binding.split_at(term.piece.log().into());
        // The sub-cube: a weight for coordinates of tau, a condition on those of x.
        let mut weight = term.coefficient.field();
        let (mut mask, mut pattern) = (0usize, 0usize);
        for (k, (axis, coordinate)) in above.iter().enumerate() {
            let bit = (term.cube >> k) & 1;
            match axis {
                Axis::Tau if bit == 1 => weight *= tau[*coordinate],
                Axis::Tau => weight *= Fr::from(1u64) - tau[*coordinate],
                Axis::X => {
                    mask |= 1 << coordinate;
                    pattern |= (bit as usize) << coordinate;
                }
            }
        }
        let (values, variables) = self.bind_tau(term.piece, own, tau, backend);
        let in_place = variables.iter().copied().eq(0..variables.len());
        if in_place && mask == (out.len() - 1) & !((1 << variables.len()) - 1) {
            add_scaled(&mut out[pattern..], &values, weight);
            return;
        }
        for (x, slot) in out.iter_mut().enumerate() {
            if x & mask == pattern {
                let source: usize =
                    variables.iter().enumerate().map(|(k, coordinate)| (x >> coordinate & 1) << k).sum();
                if let Some(v) = values.get(source) {
                    *slot += weight * v;
                }
            }
        }
    }

    /// A piece with its variables on `tau` bound, and the coordinates of `x` of the others.
    fn bind_tau(
        &self,
        piece: Piece,
        binding: &[(Axis, usize)],
        tau: &[Fr],
        backend: &dyn Backend,
    ) -> (Vec<Fr>, Vec<usize>) {
        // Most weights have their variables on x below those on tau: one pass over small integers.
        let low = binding.iter().take_while(|(axis, _)| *axis == Axis::X).count();
        if let (Piece::Block(block), true) =
            (piece, binding[low..].iter().all(|(axis, _)| *axis == Axis::Tau))
        {
            let point: Vec<Fr> = binding[low..].iter().map(|(_, k)| tau[*k]).collect();
            let values = backend.combine(self.block(block), 1 << low, &eq_vector(&point));
            return (values, binding[..low].iter().map(|(_, k)| *k).collect());
        }
        let mut values: Vec<Fr> =
            self.piece(piece).into_par_iter().with_min_len(GRAIN).map(integer).collect();
        values.resize(1 << piece.log(), Fr::zero());
        let mut variables = Vec::new();
        // From the top down, so that the positions of the variables below do not move.
        for (position, (axis, coordinate)) in binding.iter().enumerate().rev() {
            match axis {
                Axis::X => variables.insert(0, *coordinate),
                Axis::Tau => values = bind_at(&values, position, tau[*coordinate]),
            }
        }
        (values, variables)
    }
}

/// Where a block begins among the cells of a group of rows, the first of which is `first`.
pub(crate) fn start_of(block: Block, first: usize, row_log: u8) -> usize {
    let within = if block.log <= row_log { block.at as usize } else { 0 };
    ((usize::from(block.row) - first) << row_log) + within
}

/// Binds the variable at a position to a value.
fn bind_at(values: &[Fr], position: usize, to: Fr) -> Vec<Fr> {
    let half = 1 << position;
    values
        .chunks(2 * half)
        .flat_map(|pair| {
            let (low, high) = pair.split_at(half);
            low.iter().zip(high).map(|(l, h)| *l + to * (*h - l)).collect::<Vec<_>>()
        })
        .collect()
}

fn coefficient(term: &FormTerm) -> i128 {
    let (mantissa, shift) = term.coefficient.parts();
    i128::from(mantissa).wrapping_shl(shift.into())
}
