//! The step before, of all steps at once (`docs/protocol.md` 11, recurrence).

use super::Cells;
use super::constraints::{Expression, Lowering};
use super::symbolic::{Form, Piece};
use crate::circuit::{Layout, Op, TensorId, Weights};

impl Lowering<'_> {
    /// Commits a block of its own, which a later tensor is compared with.
    pub(super) fn previous(&mut self, t: TensorId) {
        let block = self.plain_block(self.log(t));
        self.out.cells[t] = Some(Cells::Copy(block));
        self.atoms[t] = Some(Form::of(Piece::Block(block)));
    }

    /// `2^shift (S (x) identity) x + initial = block` for every step before, once all tensors have their forms.
    pub(super) fn close_loops(&mut self) {
        for (t, tensor) in self.circuit.tensors.iter().enumerate() {
            let Op::Previous { x, shift, rows, backward, initial } = &tensor.op else { continue };
            let (log, low_vars) = (self.log(t), tensor.layout.cols_log());
            let moved = shift_matrix(tensor.layout, *rows, *backward).map(|weights| (*x, weights));
            let terms: Vec<(TensorId, Weights)> = moved.into_iter().collect();
            debug_assert!(self.atoms[*x].is_some(), "a state is rounded or copied");
            let mut expression = self.linear(log, &terms, (0, low_vars), &[]);
            expression.terms.iter_mut().for_each(|term| term.coefficient <<= shift);
            let Expression { terms, linear } = self.constant(log, initial);
            expression.terms.extend(terms);
            expression.linear = linear;
            let block = self.atom(t);
            self.equate(expression, 1, 0, &block);
        }
    }
}

/// The matrix that moves all rows by those of a step: a one for each row that has a row before it. Nothing where none
/// has.
fn shift_matrix(layout: Layout, step: u32, backward: bool) -> Option<Weights> {
    let Layout { rows, .. } = layout;
    let mut data = vec![0i64; rows as usize * rows as usize];
    for later in step..rows {
        let earlier = later - step;
        let (to, from) = if backward { (earlier, later) } else { (later, earlier) };
        data[to as usize * rows as usize + from as usize] = 1;
    }
    (step < rows).then_some(Weights { rows, cols: rows, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_but_those_of_the_first_step_has_one_before_it() {
        let of =
            |rows, step, backward| shift_matrix(Layout { rows, cols: 5 }, step, backward).map(|w| w.data);
        assert_eq!(of(3, 1, false), Some(vec![0, 0, 0, 1, 0, 0, 0, 1, 0]));
        assert_eq!(of(3, 1, true), Some(vec![0, 1, 0, 0, 0, 1, 0, 0, 0]));
        assert_eq!(of(4, 2, false), Some(vec![0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0]));
        assert_eq!(of(2, 2, false), None);
    }
}
