//! Products of two computed matrices.

use super::ranges::Range;
use super::{Info, QuantiseError, Quantiser};
use crate::circuit::{Layout, Op as IntOp, Tensor, TensorId, log2_ceil};
use crate::graph::Node;

impl Quantiser<'_> {
    /// `y[.., i, j] = sum_k a[.., i, k] b[.., k, j]`, exact.
    pub(super) fn matmul(
        &mut self,
        node: &Node,
        range: Range,
        [a, b]: [TensorId; 2],
        inner: usize,
    ) -> Result<TensorId, QuantiseError> {
        let (a, b) = (self.claimable(a)?, self.claimable(b)?);
        let (layout, inner) = (Layout::of(&node.shape), log2_ceil(inner));
        let rows = log2_ceil(node.shape.iter().rev().nth(1).copied().unwrap_or(1));
        let bits = self.info[a].bits + self.info[b].bits + u32::from(inner);
        let op = IntOp::MatMul { a, b, inner, cols: layout.cols_log(), rows };
        let fraction = self.fraction(a) + self.fraction(b);
        let tensor = Tensor { name: node.name.clone(), layout, fraction, op };
        self.push(tensor, Info { range, bits, linear: false, narrow: None })
    }
}
