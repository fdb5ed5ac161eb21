//! Products of two computed matrices.

use super::{GraphBuilder, GraphError, NodeId, Op, build};

impl GraphBuilder {
    /// `y[.., i, j] = sum_k a[.., i, k] b[.., k, j]`, the leading axes of both alike. Where there are several pairs of
    /// matrices, and the rows of one are not a power of two, which the padding of a tensor does not keep apart, they are
    /// multiplied pair by pair.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn matmul(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, GraphError> {
        let (from_a, from_b) = (self.shape(a)?.to_vec(), self.shape(b)?.to_vec());
        let ([lead @ .., m, k], [other @ .., inner, n]) = (&from_a[..], &from_b[..]) else {
            return Err(GraphError::Scalar("a matrix product"));
        };
        if (lead, k) != (other, inner) {
            return Err(build::mismatch(
                "second factor of a matrix product",
                &[lead, &[*k, *n]].concat(),
                &from_b,
            ));
        }
        let (pairs, shape) = (lead.iter().product::<usize>(), [lead, &[*m, *n]].concat());
        if pairs == 1 || (m.is_power_of_two() && k.is_power_of_two()) {
            return self.push(shape, Op::MatMul { a, b });
        }
        let mut products = Vec::new();
        for pair in 0..pairs {
            let part =
                |rows: usize, cols: usize| (pair * rows * cols..(pair + 1) * rows * cols).collect::<Vec<_>>();
            let a = self.select(a, &part(*m, *k), &[*m, *k])?;
            let b = self.select(b, &part(*k, *n), &[*k, *n])?;
            products.push(self.push(vec![*m, *n], Op::MatMul { a, b })?);
        }
        let of_pair = |pair: usize| (0..m * n).map(move |i| (pair as u32, i as u32));
        let index: Vec<(u32, u32)> = (0..pairs).flat_map(of_pair).collect();
        self.rearrange(&products, &index, &shape)
    }
}

/// The product of matrices, one after another; `shape` is that of `a`, and `cols` the columns of `b`.
pub(super) fn eval(a: &[f64], b: &[f64], shape: &[usize], cols: usize) -> Vec<f64> {
    let [.., m, k] = shape else { return Vec::new() };
    let mut out = Vec::with_capacity(a.len() / k * cols);
    for (a, b) in a.chunks(m * k).zip(b.chunks(k * cols)) {
        for row in a.chunks(*k) {
            let mut sums = vec![0.0; cols];
            for (v, b) in row.iter().zip(b.chunks(cols)) {
                sums.iter_mut().zip(b).for_each(|(sum, b)| *sum += v * b);
            }
            out.extend(sums);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The product of the input with itself transposed, and how many products it takes.
    fn squared(shape: &[usize], input: &[f64]) -> (Vec<f64>, usize) {
        let mut b = GraphBuilder::new("g", "x", shape).unwrap();
        let x = b.input();
        let mut perm: Vec<usize> = (0..shape.len()).collect();
        perm.swap(shape.len() - 2, shape.len() - 1);
        let turned = b.transpose(x, &perm).unwrap();
        let y = b.matmul(x, turned).unwrap();
        let graph = b.finish(&[("y", y)]).unwrap();
        let products = graph.nodes().iter().filter(|n| matches!(n.op, Op::MatMul { .. })).count();
        (graph.eval_outputs(input).remove(0), products)
    }

    #[test]
    fn pairs_are_multiplied_together_or_one_by_one() {
        let x: Vec<f64> = (1..9).map(f64::from).collect();
        let pairs = [5.0, 11.0, 11.0, 25.0, 61.0, 83.0, 83.0, 113.0];
        assert_eq!(squared(&[2, 2, 2], &x), (pairs.to_vec(), 1));
        let x: Vec<f64> = (1..7).map(f64::from).collect();
        assert_eq!(squared(&[3, 2], &x), (vec![5.0, 11.0, 17.0, 11.0, 25.0, 39.0, 17.0, 39.0, 61.0], 1));
        let rows = [1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 3.0, 6.0, 9.0];
        let twice: Vec<f64> = rows.iter().copied().chain(rows.map(|v| 4.0 * v)).collect();
        assert_eq!(squared(&[2, 3, 1], &[1.0, 2.0, 3.0, 2.0, 4.0, 6.0]), (twice, 2));
    }

    #[test]
    fn shapes_are_checked() {
        let mut b = GraphBuilder::new("g", "x", &[2, 3]).unwrap();
        let x = b.input();
        assert!(matches!(b.matmul(x, x), Err(GraphError::Shape { .. })));
        let flat = b.reshape(x, &[6]).unwrap();
        assert!(matches!(b.matmul(flat, x), Err(GraphError::Scalar(_))));
        let (a, c) = (b.reshape(x, &[1, 2, 3]).unwrap(), b.reshape(x, &[3, 2]).unwrap());
        assert!(b.matmul(a, c).is_err());
    }
}
