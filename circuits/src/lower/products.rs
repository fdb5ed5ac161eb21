//! Elements at other places, and products of two computed matrices (`docs/protocol.md` 4 and 11).

use super::constraints::{Expression, Lowering};
use super::symbolic::{Form, Piece, Term, bound};
use crate::circuit::{Op, TensorId, Wire};
use std::iter::repeat_n;
use sumcast_verifier::vk::Axis;

/// What a variable of a form is bound to.
pub(super) type Coordinate = (Axis, u8);

/// Consecutive coordinates.
pub(super) fn coordinates(axis: Axis, start: u8, len: u8) -> impl Iterator<Item = Coordinate> + Clone {
    (start..start + len).map(move |k| (axis, k))
}

impl Lowering<'_> {
    /// A claim on a tensor, of as many coordinates as it has variables. One on a view is one on what it shows.
    pub(super) fn claim(
        &mut self,
        t: TensorId,
        vars: u8,
        binding: impl IntoIterator<Item = Coordinate>,
    ) -> usize {
        let (mut t, mut binding): (TensorId, Vec<Coordinate>) = (t, binding.into_iter().collect());
        while self.circuit.is_view(t) {
            let Op::Rearrange { terms } = &self.circuit.tensors[t].op else { break };
            let [Wire { x, order, .. }] = &terms[..] else { break };
            let above = binding.split_off(self.circuit.tensors[t].layout.log().into());
            let own = order.iter().flatten().filter_map(|v| binding.get(usize::from(*v)).copied());
            (t, binding) = (*x, own.chain(above).collect());
        }
        let form = self.atom(t);
        self.out.relation.claim(form, vars, bound(&binding))
    }

    /// A claim on a tensor at the point of the sumcheck.
    pub(super) fn claim_at_x(&mut self, t: TensorId) -> usize {
        let log = self.log(t);
        self.claim(t, log, coordinates(Axis::X, 0, log))
    }

    /// What wires bring: an operand at the result's variables, the inner ones summed over with a matrix of zeros and
    /// ones. All have the variables above those of the layout in common.
    pub(super) fn rearranged(&mut self, t: TensorId, wires: &[Wire]) -> Expression {
        let (log, own) = (self.log(t), self.circuit.tensors[t].layout.log());
        let above = coordinates(Axis::Tau, own, log - own);
        let mut terms = Vec::new();
        for wire in wires {
            let vars = wire.inner();
            let mut next = coordinates(Axis::X, 0, vars);
            let bind = |v: &Option<u8>| v.map_or_else(|| next.next(), |v| Some((Axis::Tau, v)));
            let binding: Vec<Coordinate> = wire.order.iter().filter_map(bind).collect();
            let x = self.claim(wire.x, vars, binding.into_iter().chain(above.clone()));
            let factors = self.selection(wire, own).into_iter().chain([x]).collect();
            terms.push(Term { coefficient: 1 << wire.shift, vars, eq: false, factors });
        }
        Expression { terms, linear: Form::zero(log) }
    }

    /// The matrix of a wire; none where it is a one.
    fn selection(&mut self, wire: &Wire, log: u8) -> Option<usize> {
        let (vars, outer) = (wire.inner(), wire.outer(log));
        if vars == 0 && wire.map.iter().all(Option::is_some) {
            return None;
        }
        let form = match &wire.map[..] {
            // One element of many: what selects it is open.
            [Some(at)] => Form { log: vars, terms: vec![(1, *at, Piece::One(0))] },
            map => {
                let mut cells = vec![0; map.len() << vars];
                for (row, at) in cells.chunks_mut(1 << vars).zip(map) {
                    if let Some(at) = at {
                        row[*at as usize] = 1;
                    }
                }
                self.fixed_form(vars + outer.len() as u8, cells)
            }
        };
        let outer = outer.into_iter().map(|v| (Axis::Tau, v));
        let binding: Vec<Coordinate> = coordinates(Axis::X, 0, vars).chain(outer).collect();
        Some(self.out.relation.claim(form, vars, bound(&binding)))
    }

    /// `y[h, i, j] = sum_k a[h, i, k] b[h, k, j]`. A matrix that is one where `h` is the result's holds the products of
    /// one `h` apart from the others; the variables above those of the layout are of `h`.
    pub(super) fn matmul(
        &mut self,
        t: TensorId,
        [a, b]: [TensorId; 2],
        [inner, cols, rows]: [u8; 3],
    ) -> Expression {
        let log = self.log(t);
        let lead = log - cols - rows;
        let vars = inner + lead;
        let on_k = coordinates(Axis::X, 0, inner);
        let on_h = coordinates(Axis::X, inner, lead);
        let on_i = coordinates(Axis::Tau, cols, rows);
        let on_j = coordinates(Axis::Tau, 0, cols);
        let a = self.claim(a, vars, on_k.clone().chain(on_i).chain(on_h.clone()));
        let b = self.claim(b, vars, on_j.chain(on_k).chain(on_h.clone()));
        let mut factors = vec![a, b];
        if lead > 0 {
            let size = 1usize << lead;
            let row = |h: usize| repeat_n(0, h).chain([1]).chain(repeat_n(0, size - h - 1));
            let one = self.fixed_form(2 * lead, (0..size).flat_map(row).collect());
            let binding: Vec<Coordinate> = on_h.chain(coordinates(Axis::Tau, cols + rows, lead)).collect();
            factors.push(self.out.relation.claim(one, vars, bound(&binding)));
        }
        Expression { terms: vec![Term { coefficient: 1, vars, eq: false, factors }], linear: Form::zero(log) }
    }
}
