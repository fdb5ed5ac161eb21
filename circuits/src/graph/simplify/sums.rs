//! Weighted sums of rows, layers of one output: they pass what they are taken of, so that this need not be rounded.

use super::{Pass, Rewrite, rules::uniform_factor};
use crate::graph::{Matrix, Node, NodeId, Op, ZERO};

/// The most rows whose products are summed as pairs of matrices: a fixed block tells the pairs apart.
const MAX_PAIRS: usize = 64;

impl Pass<'_> {
    pub(super) fn sum(&mut self, node: &Node, x: NodeId, weight: &Matrix, bias: &[f64]) -> Option<Rewrite> {
        let ([bias], 1) = (bias, weight.rows) else { return None };
        match self.op(x) {
            Op::Mul { a, b } if self.last && self.only_here(x) => {
                let (a, b) = (*a, *b);
                self.sum_of_products(node, [a, b], weight, *bias)
            }
            op if self.passes(x) => {
                let op = op.clone();
                self.through(node, &op, weight, *bias)
            }
            _ => None,
        }
    }

    /// Whether a sum of the rows of `x` ends at linear layers.
    fn passes(&self, x: NodeId) -> bool {
        match self.op(x) {
            Op::Linear { .. } => true,
            Op::Scale { x, scale, .. } => scale.iter().all(|c| *c == scale[0]) && self.passes(*x),
            Op::Combine { terms } => terms.iter().all(|(_, x)| self.passes(*x)),
            Op::Reshape { x: inner } => {
                self.nodes[inner.0].shape.last() == self.nodes[x.0].shape.last() && self.passes(*inner)
            }
            _ => false,
        }
    }

    fn through(&mut self, node: &Node, op: &Op, weight: &Matrix, bias: f64) -> Option<Rewrite> {
        let cols = weight.cols;
        Some(Rewrite::Op(match op {
            Op::Linear { x, weight: first, bias: first_bias } => {
                self.spend(first.data.len())?;
                let mut data = vec![0.0; first.cols];
                let mut sum = bias;
                for (m, w) in weight.data.iter().enumerate() {
                    data.iter_mut().zip(first.row(m)).for_each(|(o, f)| *o += w * f);
                    sum += w * first_bias[m];
                }
                Op::Linear { x: *x, weight: Matrix { rows: 1, cols: first.cols, data }, bias: vec![sum] }
            }
            Op::Scale { x, scale, shift } => {
                let dot = |row: &[f64]| row.iter().zip(&weight.data).map(|(d, w)| d * w).sum::<f64>() + bias;
                let shift: Vec<f64> = shift.chunks(cols).map(dot).collect();
                let data = weight.data.iter().map(|w| w * scale[0]).collect();
                let op = Op::Linear { x: *x, weight: Matrix { rows: 1, cols, data }, bias: vec![0.0] };
                let sum = self.helper(*x, node.shape.clone(), op);
                Op::Scale { x: sum, scale: vec![1.0; shift.len()], shift }
            }
            Op::Combine { terms } => {
                let mut sums = Vec::new();
                for (i, (c, x)) in terms.iter().enumerate() {
                    let bias = vec![if i == 0 { bias / c } else { 0.0 }];
                    let op = Op::Linear { x: *x, weight: weight.clone(), bias };
                    sums.push((*c, self.helper(*x, node.shape.clone(), op)));
                }
                Op::Combine { terms: sums }
            }
            Op::Reshape { x } => {
                let mut shape = self.nodes[x.0].shape.clone();
                *shape.last_mut()? = 1;
                let op = Op::Linear { x: *x, weight: weight.clone(), bias: vec![bias] };
                Op::Reshape { x: self.helper(*x, shape, op) }
            }
            _ => return None,
        }))
    }

    /// A few rows of what is linear, computed from those rows: all of it need not be rounded.
    pub(super) fn rows(&mut self, inputs: &[NodeId], index: &[(u32, u32)], shape: &[usize]) -> Option<Op> {
        let ([x], Some(cols)) = (inputs, shape.last().copied()) else { return None };
        let x = *x;
        let of_row = |row: &[(u32, u32)]| (0..cols as u32).zip(row).all(|(c, (_, j))| *j == row[0].1 + c);
        let whole = |row: &[(u32, u32)]| (row[0].1 as usize).is_multiple_of(cols) && of_row(row);
        let few = index.len() * 2 <= self.nodes[x.0].elements();
        let apart = few && self.nodes[x.0].shape.last() == Some(&cols) && index.chunks(cols).all(whole);
        if !self.last || !apart || index.contains(&ZERO) || !self.passes(x) {
            return None;
        }
        let rows: Vec<usize> = index.chunks(cols).map(|row| row[0].1 as usize / cols).collect();
        let of_rows = |list: &[f64]| -> Vec<f64> {
            rows.iter().flat_map(|r| &list[r * cols..(r + 1) * cols]).copied().collect()
        };
        let op = self.op(x).clone();
        Some(match op {
            Op::Linear { x, weight, bias } => Op::Linear { x: self.rows_of(x, &rows), weight, bias },
            Op::Scale { x, scale, shift } => {
                Op::Scale { x: self.rows_of(x, &rows), scale: of_rows(&scale), shift: of_rows(&shift) }
            }
            Op::Combine { terms } => {
                Op::Combine { terms: terms.into_iter().map(|(c, x)| (c, self.rows_of(x, &rows))).collect() }
            }
            _ => return None,
        })
    }

    /// These rows of a node.
    fn rows_of(&mut self, x: NodeId, rows: &[usize]) -> NodeId {
        let cols = self.nodes[x.0].shape.last().copied().unwrap_or(1);
        let index = rows.iter().flat_map(|r| (r * cols..(r + 1) * cols).map(|j| (0, j as u32))).collect();
        self.helper(x, vec![rows.len(), cols], Op::Rearrange { inputs: vec![x], index })
    }

    /// `c sum_j a[r, j] b[r, j] + bias`, the products of a row and a column each.
    fn sum_of_products(
        &mut self,
        node: &Node,
        [a, b]: [NodeId; 2],
        weight: &Matrix,
        bias: f64,
    ) -> Option<Rewrite> {
        let factor = uniform_factor(&weight.data, &[])?;
        let (cols, rows) = (weight.cols, node.elements());
        let apart = rows == 1 || (cols.is_power_of_two() && rows <= MAX_PAIRS && rows <= 4 * cols);
        if !apart || cols == 1 {
            return None;
        }
        let a = self.helper(a, vec![rows, 1, cols], Op::Reshape { x: a });
        let b = self.helper(b, vec![rows, cols, 1], Op::Reshape { x: b });
        let products = self.helper(a, vec![rows, 1, 1], Op::MatMul { a, b });
        let sum = self.helper(products, node.shape.clone(), Op::Reshape { x: products });
        Some(Rewrite::Op(Op::Scale { x: sum, scale: vec![factor; rows], shift: vec![bias; rows] }))
    }
}
