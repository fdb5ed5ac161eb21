//! What is done to each element of a tensor in another order is done in the first order: there it may need no rounding.

use super::{Pass, Rewrite};
use crate::graph::{NodeId, Op};

impl Pass<'_> {
    /// The tensor whose elements `x` has in another order, and for each of them its place in `x`.
    fn before(&self, x: NodeId) -> Option<(NodeId, Vec<usize>)> {
        let Op::Rearrange { inputs, index } = self.op(x) else { return None };
        let ([inner], true) = (&inputs[..], self.only_here(x)) else { return None };
        let mut places = vec![None; self.nodes[inner.0].elements()];
        if places.len() != index.len() {
            return None;
        }
        for (i, (_, j)) in index.iter().enumerate() {
            *places.get_mut(*j as usize)? = Some(i);
        }
        Some((*inner, places.into_iter().collect::<Option<_>>()?))
    }

    /// An operator of one operand and no numbers for each element.
    pub(super) fn moved(&mut self, x: NodeId, op: &Op) -> Option<Rewrite> {
        let (inner, _) = self.before(x)?;
        let mut op = op.clone();
        op.map_operands(|_| inner);
        Some(self.put(x, inner, op))
    }

    /// A scaling that can be folded further down.
    pub(super) fn scale_moved(&mut self, x: NodeId, scale: &[f64], shift: &[f64]) -> Option<Rewrite> {
        let (inner, places) = self.before(x)?;
        let folds = match self.op(inner) {
            Op::Scale { .. } => true,
            Op::Linear { .. } | Op::Combine { .. } => self.only_here(inner),
            _ => false,
        };
        if !folds {
            return None;
        }
        let of = |list: &[f64]| places.iter().map(|i| list[*i]).collect();
        let op = Op::Scale { x: inner, scale: of(scale), shift: of(shift) };
        Some(self.put(x, inner, op))
    }

    fn put(&mut self, x: NodeId, inner: NodeId, op: Op) -> Rewrite {
        let shape = self.nodes[inner.0].shape.clone();
        let done = self.helper(inner, shape, op);
        let index = match self.op(x) {
            Op::Rearrange { index, .. } => index.clone(),
            _ => Vec::new(),
        };
        Rewrite::Op(Op::Rearrange { inputs: vec![done], index })
    }
}
