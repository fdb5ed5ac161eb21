//! Constants: fixed blocks, and what they are in a batch.

use super::blocks::{Area, FixedBlock, Symbol};
use super::constraints::{Expression, Lowering};
use super::symbolic::{Form, Piece, Term, run};
use sumcast_verifier::vk::Axis;

impl Lowering<'_> {
    /// A block of these cells; equal ones are one.
    pub(super) fn fixed_block(&mut self, log: u8, cells: Vec<i64>) -> Symbol {
        let block = FixedBlock { log, cells };
        let id = *self.fixed.entry(block.clone()).or_insert_with(|| {
            self.out.fixed.push(block);
            self.out.fixed.len() - 1
        });
        Symbol { area: Area::Fixed, id, offset: 0, log }
    }

    /// Constants by position as an expression of `2^log` cells, the same for every input of a batch; zero for no cells.
    pub(super) fn constant(&mut self, log: u8, cells: &[i64]) -> Expression {
        if cells.is_empty() {
            return Expression { terms: vec![], linear: Form::zero(log) };
        }
        let own = log - self.circuit.batch;
        let form = self.fixed_form(own, cells.to_vec());
        if own == log {
            return Expression { terms: vec![], linear: form };
        }
        let at_tau = self.out.relation.claim(form, 0, run(Axis::Tau, 0, own));
        let term = Term { coefficient: 1, vars: 0, eq: false, factors: vec![at_tau] };
        Expression { terms: vec![term], linear: Form::zero(log) }
    }

    /// Constants by position as a factor of `2^log` cells, the same for every input of a batch.
    pub(super) fn constant_at_x(&mut self, log: u8, cells: &[i64]) -> usize {
        let own = log - self.circuit.batch;
        let form = self.fixed_form(own, cells.to_vec());
        self.out.relation.claim(form, log, run(Axis::X, 0, own))
    }

    /// Constants as a form of their own.
    pub(super) fn fixed_form(&mut self, log: u8, cells: Vec<i64>) -> Form {
        Form::of(Piece::Block(self.fixed_block(log, cells)))
    }

    /// Constants by position as a form, with a copy for every input of a batch.
    pub(super) fn constant_form(&mut self, log: u8, cells: &[i64]) -> Form {
        let copies = 1usize << self.circuit.batch;
        self.fixed_form(log, cells.repeat(copies))
    }
}
