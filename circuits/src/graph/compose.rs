//! Operators composed of the graph's own.

use super::{Function, GraphBuilder, GraphError, Matrix, NodeId, layout};

impl GraphBuilder {
    /// `max(x, 0)`.
    ///
    /// # Errors
    /// When `x` is unknown.
    pub fn relu(&mut self, x: NodeId) -> Result<NodeId, GraphError> {
        self.leaky(x, 0.0)
    }

    /// `a[i] - b[i]`.
    ///
    /// # Errors
    /// When the shapes differ.
    pub fn sub(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, GraphError> {
        self.combine(&[(1.0, a), (-1.0, b)])
    }

    /// `max(a[i], b[i]) = b[i] + relu(a[i] - b[i])`.
    ///
    /// # Errors
    /// When the shapes differ.
    pub fn max(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, GraphError> {
        let excess = self.sub(a, b)?;
        let excess = self.relu(excess)?;
        self.combine(&[(1.0, b), (1.0, excess)])
    }

    /// `min(a[i], b[i]) = a[i] - relu(a[i] - b[i])`.
    ///
    /// # Errors
    /// When the shapes differ.
    pub fn min(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, GraphError> {
        let excess = self.sub(a, b)?;
        let excess = self.relu(excess)?;
        self.combine(&[(1.0, a), (-1.0, excess)])
    }

    /// `lo + relu(x - lo) - relu(x - hi)`: `x` held between bounds, each of which may be absent.
    ///
    /// # Errors
    /// When a bound is not finite, or the bounds cross.
    pub fn clip(&mut self, x: NodeId, lo: Option<f64>, hi: Option<f64>) -> Result<NodeId, GraphError> {
        if let (Some(lo), Some(hi)) = (lo, hi)
            && lo > hi
        {
            return Err(GraphError::Bounds);
        }
        let above = match hi {
            None => None,
            Some(hi) => {
                let excess = self.affine(x, 1.0, -hi)?;
                Some(self.relu(excess)?)
            }
        };
        let (held, lo) = match lo {
            None => (x, 0.0),
            Some(lo) => {
                let excess = self.affine(x, 1.0, -lo)?;
                (self.relu(excess)?, lo)
            }
        };
        match above {
            None => self.affine(held, 1.0, lo),
            Some(above) => {
                let sum = self.sub(held, above)?;
                self.affine(sum, 1.0, lo)
            }
        }
    }

    /// The weighted sum `factor * sum_j x[.., j]` with its last axis kept at length 1.
    ///
    /// # Errors
    /// When `x` is a scalar.
    pub fn sum_last(&mut self, x: NodeId, factor: f64) -> Result<NodeId, GraphError> {
        let last = *self.shape(x)?.last().ok_or(GraphError::Scalar("a sum over the last axis"))?;
        self.linear(x, Matrix::new(1, last, vec![factor; last])?, vec![0.0])
    }

    /// The maximum over the last axis, kept at length 1, by halving.
    ///
    /// # Errors
    /// When `x` is a scalar.
    pub fn max_last(&mut self, x: NodeId) -> Result<NodeId, GraphError> {
        let mut x = x;
        loop {
            let mut shape = self.shape(x)?.to_vec();
            let last = *shape.last().ok_or(GraphError::Scalar("a maximum over the last axis"))?;
            if last == 1 {
                return Ok(x);
            }
            // Both halves have the middle element when the length is odd.
            let half = last.div_ceil(2);
            let rows = shape.iter().product::<usize>() / last;
            if let Some(d) = shape.last_mut() {
                *d = half;
            }
            let mut part = |from: usize| {
                let index: Vec<_> =
                    (0..rows * half).map(|i| (0, (i / half * last + from + i % half) as u32)).collect();
                self.rearrange(&[x], &index, &shape)
            };
            let (a, b) = (part(0)?, part(last - half)?);
            x = self.max(a, b)?;
        }
    }

    /// `x` repeated to `shape` by the rules of numpy.
    ///
    /// # Errors
    /// [`GraphError::Shape`] when `x` does not broadcast to `shape`.
    pub fn broadcast(&mut self, x: NodeId, shape: &[usize]) -> Result<NodeId, GraphError> {
        let from = self.shape(x)?;
        if from == shape {
            return Ok(x);
        }
        super::build::check_size(shape)?;
        let index = layout::broadcast_index(from, shape).ok_or_else(|| GraphError::Shape {
            what: "broadcast",
            expected: shape.to_vec(),
            found: from.to_vec(),
        })?;
        self.select(x, &index, shape)
    }

    /// `x` with its axes in the order `perm`.
    ///
    /// # Errors
    /// [`GraphError::Shape`] when `perm` does not permute the axes of `x`.
    pub fn transpose(&mut self, x: NodeId, perm: &[usize]) -> Result<NodeId, GraphError> {
        let from = self.shape(x)?;
        let mut sorted = perm.to_vec();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..from.len()) {
            let expected = (0..from.len()).collect();
            return Err(GraphError::Shape { what: "permutation of axes", expected, found: perm.to_vec() });
        }
        let (shape, index) = layout::transpose_index(from, perm);
        self.select(x, &index, &shape)
    }

    /// The elements `index` of `x`, as a tensor of shape `shape`.
    ///
    /// # Errors
    /// When an index is out of range or the shape does not fit.
    pub fn select(&mut self, x: NodeId, index: &[usize], shape: &[usize]) -> Result<NodeId, GraphError> {
        let pairs: Vec<_> = index.iter().map(|j| (0, u32::try_from(*j).unwrap_or(u32::MAX))).collect();
        self.rearrange(&[x], &pairs, shape)
    }

    /// Softmax over the last axis: `exp(x - max x) / sum exp(x - max x)`; for two elements, the equal
    /// `sigmoid(x_i - x_j)`.
    ///
    /// # Errors
    /// When `x` is a scalar.
    pub fn softmax_last(&mut self, x: NodeId) -> Result<NodeId, GraphError> {
        let shape = self.shape(x)?.to_vec();
        if shape.last() == Some(&2) {
            let difference = Matrix::new(2, 2, vec![1.0, -1.0, -1.0, 1.0])?;
            let d = self.linear(x, difference, vec![0.0; 2])?;
            return self.function(d, Function::Sigmoid);
        }
        let max = self.max_last(x)?;
        let max = self.broadcast(max, &shape)?;
        let lowered = self.sub(x, max)?;
        let exp = self.function(lowered, Function::Exp)?;
        let sum = self.sum_last(exp, 1.0)?;
        let sum = self.broadcast(sum, &shape)?;
        self.div(exp, sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The graph of one operator on four inputs, evaluated.
    fn run(
        shape: &[usize],
        input: &[f64],
        op: impl Fn(&mut GraphBuilder, NodeId) -> Result<NodeId, GraphError>,
    ) -> Vec<f64> {
        let mut b = GraphBuilder::new("g", "x", shape).unwrap();
        let x = b.input();
        let y = op(&mut b, x).unwrap();
        b.finish(&[("y", y)]).unwrap().eval_outputs(input).remove(0)
    }

    #[test]
    fn clip_holds_both_ends() {
        let x = [-3.0, -0.5, 0.5, 3.0];
        assert_eq!(run(&[4], &x, |b, x| b.clip(x, Some(-1.0), Some(2.0))), [-1.0, -0.5, 0.5, 2.0]);
        assert_eq!(run(&[4], &x, |b, x| b.clip(x, None, Some(0.25))), [-3.0, -0.5, 0.25, 0.25]);
        assert_eq!(run(&[4], &x, |b, x| b.clip(x, Some(0.25), None)), [0.25, 0.25, 0.5, 3.0]);
        assert_eq!(run(&[4], &x, |b, x| b.clip(x, None, None)), x);
        let mut b = GraphBuilder::new("g", "x", &[1]).unwrap();
        let x = b.input();
        assert_eq!(b.clip(x, Some(1.0), Some(0.0)), Err(GraphError::Bounds));
    }

    #[test]
    fn maximum_and_softmax_over_the_last_axis() {
        let x = [1.0, 5.0, 3.0, 2.0, -1.0, 9.0, 0.0, 4.0, 4.0, 4.0];
        assert_eq!(run(&[2, 5], &x, GraphBuilder::max_last), [5.0, 9.0]);
        let y = run(&[2, 5], &x, GraphBuilder::softmax_last);
        for (row, y) in x.chunks(5).zip(y.chunks(5)) {
            let sum: f64 = row.iter().map(|x| x.exp()).sum();
            assert!(row.iter().zip(y).all(|(x, y)| (x.exp() / sum - y).abs() < 1e-14));
        }
        let y = run(&[1, 2], &[700.0, 699.0], GraphBuilder::softmax_last);
        assert!((y[0] - 0.731_058_578_630_004_9).abs() < 1e-14 && (y[0] + y[1] - 1.0).abs() < 1e-15);
    }

    #[test]
    fn permutations_are_checked() {
        let mut b = GraphBuilder::new("g", "x", &[2, 3]).unwrap();
        let x = b.input();
        for bad in [&[0][..], &[0, 0], &[0, 2], &[0, 1, 2]] {
            assert!(b.transpose(x, bad).is_err());
        }
        assert_eq!(run(&[2, 2], &[1.0, 2.0, 3.0, 4.0], |b, x| b.transpose(x, &[1, 0])), [1.0, 3.0, 2.0, 4.0]);
        assert!(b.broadcast(x, &[3]).is_err());
    }
}
