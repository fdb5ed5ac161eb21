//! The rewriting rules, one method an operator.

use super::{Pass, Rewrite};
use crate::graph::{Matrix, NodeId, Op, ZERO, build::canonical_rearrange};

/// Sums are not merged beyond this many terms.
const MAX_TERMS: usize = 64;

impl Pass<'_> {
    pub(super) fn scale(&mut self, x: NodeId, scale: &[f64], shift: &[f64]) -> Option<Rewrite> {
        if scale.iter().all(|c| *c == 1.0) && shift.iter().all(|d| *d == 0.0) {
            return Some(Rewrite::Alias(x));
        }
        match self.op(x) {
            Op::Scale { x, scale: c, shift: d } => {
                let merged = scale.iter().zip(shift).zip(c.iter().zip(d));
                let (scale, shift) = merged.map(|((s, t), (c, d))| (s * c, s * d + t)).unzip();
                Some(Rewrite::Op(Op::Scale { x: *x, scale, shift }))
            }
            Op::Linear { x: inner, weight, bias }
                if self.only_here(x) && periodic(scale, bias.len()) && periodic(shift, bias.len()) =>
            {
                self.spend(weight.data.len())?;
                let (mut weight, bias) = (weight.clone(), bias.clone());
                for (row, s) in weight.data.chunks_mut(weight.cols).zip(scale) {
                    row.iter_mut().for_each(|w| *w *= s);
                }
                let bias = bias.iter().zip(scale.iter().zip(shift)).map(|(b, (s, t))| s * b + t).collect();
                Some(Rewrite::Op(Op::Linear { x: *inner, weight, bias }))
            }
            Op::Combine { terms } if self.only_here(x) => {
                let factor = uniform_factor(scale, shift)?;
                Some(Rewrite::Op(Op::Combine {
                    terms: terms.iter().map(|(c, x)| (c * factor, *x)).collect(),
                }))
            }
            // A reshape moves out of the way of a factor that can be folded further down.
            Op::Reshape { x: inner } if self.only_here(x) => {
                let inner = *inner;
                let folds = match self.op(inner) {
                    Op::Scale { .. } => true,
                    Op::Linear { .. } | Op::Combine { .. } => self.only_here(inner),
                    _ => false,
                };
                folds.then(|| {
                    let op = Op::Scale { x: inner, scale: scale.to_vec(), shift: shift.to_vec() };
                    let shape = self.nodes[inner.0].shape.clone();
                    Rewrite::Op(Op::Reshape { x: self.helper(inner, shape, op) })
                })
            }
            _ => None,
        }
    }

    pub(super) fn linear(&mut self, x: NodeId, weight: &Matrix, bias: &[f64]) -> Option<Rewrite> {
        match self.op(x) {
            Op::Scale { x: inner, scale, shift } => {
                self.spend(weight.data.len())?;
                let (weight, bias) = fold_scale(weight, bias, scale, shift)?;
                Some(Rewrite::Op(Op::Linear { x: *inner, weight, bias }))
            }
            Op::Reshape { x: inner } => {
                let Op::Scale { x: inner, scale, shift } = self.op(*inner) else { return None };
                self.spend(weight.data.len())?;
                let (weight, bias) = fold_scale(weight, bias, scale, shift)?;
                let inner = *inner;
                let shape = self.nodes[x.0].shape.clone();
                let x = self.helper(x, shape, Op::Reshape { x: inner });
                Some(Rewrite::Op(Op::Linear { x, weight, bias }))
            }
            Op::Linear { x: inner, weight: first, bias: first_bias } if self.only_here(x) => {
                let (rows, cols) = (weight.rows, first.cols);
                let smaller = rows * cols <= weight.data.len() + first.data.len();
                if !smaller {
                    return None;
                }
                self.spend(rows.saturating_mul(cols).saturating_mul(first.rows))?;
                let mut data = vec![0.0; rows * cols];
                let mut folded = bias.to_vec();
                for ((out, bias), w) in
                    data.chunks_mut(cols).zip(&mut folded).zip(weight.data.chunks(weight.cols))
                {
                    for (m, w) in w.iter().enumerate() {
                        out.iter_mut().zip(first.row(m)).for_each(|(o, f)| *o += w * f);
                        *bias += w * first_bias[m];
                    }
                }
                let weight = Matrix { rows, cols, data };
                Some(Rewrite::Op(Op::Linear { x: *inner, weight, bias: folded }))
            }
            _ => None,
        }
    }

    pub(super) fn combine(&mut self, terms: &[(f64, NodeId)], elements: usize) -> Option<Rewrite> {
        if let [(c, x)] = terms {
            return Some(if *c == 1.0 {
                Rewrite::Alias(*x)
            } else {
                Rewrite::Op(Op::Scale { x: *x, scale: vec![*c; elements], shift: vec![0.0; elements] })
            });
        }
        let mut flat: Vec<(f64, NodeId)> = Vec::new();
        let mut add = |c: f64, x: NodeId| match flat.iter_mut().find(|(_, y)| *y == x) {
            Some((sum, _)) => *sum += c,
            None => flat.push((c, x)),
        };
        let (mut flattened, mut room) = (false, MAX_TERMS.saturating_sub(terms.len()));
        for (c, x) in terms {
            match self.op(*x) {
                Op::Combine { terms: inner } if self.only_here(*x) && inner.len() <= room => {
                    room -= inner.len();
                    flattened = true;
                    inner.iter().for_each(|(d, y)| add(c * d, *y));
                }
                Op::Scale { x: inner, scale, shift } => match uniform_factor(scale, shift) {
                    Some(factor) => {
                        flattened = true;
                        add(c * factor, *inner);
                    }
                    None => add(*c, *x),
                },
                _ => add(*c, *x),
            }
        }
        let zeros = flat.iter().filter(|(c, _)| *c == 0.0).count();
        if zeros > 0 && flat.len() > 1 {
            let first = flat[0];
            flat.retain(|(c, _)| *c != 0.0);
            if flat.is_empty() {
                flat.push(first);
            }
            flattened = true;
        }
        flattened.then_some(Rewrite::Op(Op::Combine { terms: flat }))
    }

    pub(super) fn rearrange(
        &mut self,
        inputs: &[NodeId],
        index: &[(u32, u32)],
        shape: &[usize],
    ) -> Option<Rewrite> {
        if let [x] = inputs {
            let whole = self.nodes[x.0].elements() == index.len();
            if whole && index.iter().enumerate().all(|(i, read)| *read == (0, i as u32)) {
                return Some(Rewrite::Op(Op::Reshape { x: *x }));
            }
        }
        if let Some(op) = self.columns(inputs, index, shape).or_else(|| self.rows(inputs, index, shape)) {
            return Some(Rewrite::Op(op));
        }
        let nested = |id: &NodeId| matches!(self.op(*id), Op::Rearrange { .. } | Op::Reshape { .. });
        if !inputs.iter().any(nested) {
            return None;
        }
        // Each input's elements are those of one source from `base` on, or listed one by one.
        let mut sources: Vec<NodeId> = Vec::new();
        let mut bases: Vec<u32> = Vec::new();
        for x in inputs {
            bases.push(sources.len() as u32);
            match self.op(*x) {
                Op::Rearrange { inputs, .. } => sources.extend(inputs),
                Op::Reshape { x } => sources.push(*x),
                _ => sources.push(*x),
            }
        }
        let lists = inputs
            .iter()
            .map(|x| if let Op::Rearrange { index, .. } = self.op(*x) { Some(index) } else { None });
        let lists: Vec<_> = lists.collect();
        let through = index.iter().map(|(k, j)| {
            let Some(base) = bases.get(*k as usize) else { return ZERO };
            match lists[*k as usize].map(|inner| inner[*j as usize]) {
                None => (*base, *j),
                Some(ZERO) => ZERO,
                Some((m, j)) => (base + m, j),
            }
        });
        let (inputs, index) = canonical_rearrange(&sources, through);
        Some(Rewrite::Op(Op::Rearrange { inputs, index }))
    }

    /// Some columns of a linear layer, as the layer of those alone. What reads the layer reads no column twice, if all
    /// read as many as this.
    fn columns(&self, inputs: &[NodeId], index: &[(u32, u32)], shape: &[usize]) -> Option<Op> {
        let ([x], [lead @ .., width]) = (inputs, shape) else { return None };
        let Op::Linear { x: inner, weight, bias } = self.op(*x) else { return None };
        let [own @ .., _] = &self.nodes[x.0].shape[..] else { return None };
        if lead != own || width * self.uses[x.0] > weight.rows {
            return None;
        }
        let columns = &index[..*width];
        let of_row = |(r, row): (usize, &[(u32, u32)])| {
            row.iter().zip(columns).all(|((_, j), (_, c))| *j as usize == r * weight.rows + *c as usize)
        };
        if index.contains(&ZERO) {
            return None;
        }
        let within = columns.iter().all(|(_, c)| (*c as usize) < weight.rows);
        if !within || !index.chunks(*width).enumerate().all(of_row) {
            return None;
        }
        self.spend(width * weight.cols)?;
        let rows = columns.iter().map(|(_, c)| *c as usize);
        let data = rows.clone().flat_map(|c| weight.row(c)).copied().collect();
        let bias = rows.map(|c| bias[c]).collect();
        Some(Op::Linear { x: *inner, weight: Matrix { rows: *width, cols: weight.cols, data }, bias })
    }

    pub(super) fn reshape(&mut self, x: NodeId, shape: &[usize]) -> Option<Rewrite> {
        if self.nodes[x.0].shape == shape {
            return Some(Rewrite::Alias(x));
        }
        match self.op(x) {
            Op::Reshape { x } => Some(Rewrite::Op(Op::Reshape { x: *x })),
            Op::Rearrange { inputs, index } if self.only_here(x) => {
                Some(Rewrite::Op(Op::Rearrange { inputs: inputs.clone(), index: index.clone() }))
            }
            _ => None,
        }
    }
}

/// The common factor of a scaling by one number without addend.
pub(super) fn uniform_factor(scale: &[f64], shift: &[f64]) -> Option<f64> {
    let first = *scale.first()?;
    (scale.iter().all(|c| *c == first) && shift.iter().all(|d| *d == 0.0)).then_some(first)
}

/// Whether `list` repeats its first `period` numbers.
fn periodic(list: &[f64], period: usize) -> bool {
    list.chunks(period).all(|chunk| chunk == &list[..period])
}

/// `weight (scale x + shift) + bias` as one linear layer, when all rows of `x` are scaled alike.
fn fold_scale(weight: &Matrix, bias: &[f64], scale: &[f64], shift: &[f64]) -> Option<(Matrix, Vec<f64>)> {
    let cols = weight.cols;
    if scale.len() < cols || !periodic(scale, cols) || !periodic(shift, cols) {
        return None;
    }
    let mut weight = weight.clone();
    let mut bias = bias.to_vec();
    for (row, b) in weight.data.chunks_mut(cols).zip(&mut bias) {
        for (w, (s, t)) in row.iter_mut().zip(scale.iter().zip(shift)) {
            *b += *w * t;
            *w *= s;
        }
    }
    Some((weight, bias))
}
