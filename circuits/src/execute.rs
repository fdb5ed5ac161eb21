//! Runs an integer tensor graph.

mod products;

#[cfg(test)]
pub(crate) use products::rearrange;

use crate::circuit::{Circuit, Op, Table, Tensor, Weights, round_shift};
use rayon::prelude::*;
use thiserror::Error;

/// Why an input has no inference: it is refused, never proven wrong.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The input has another number of elements.
    #[error("the input has {found} numbers and the model takes {expected}")]
    Length {
        /// Numbers given.
        found: usize,
        /// Numbers the model takes.
        expected: usize,
    },
    /// An input is NaN or infinite.
    #[error("input {element} is not a finite number")]
    NotFinite {
        /// Its position.
        element: usize,
    },
    /// An input is beyond the bound the model was compiled for.
    #[error(
        "input {element} is {value}, and the model was compiled for inputs below {bound} in magnitude: \
         compile it with calibration inputs of that size"
    )]
    Input {
        /// Its position.
        element: usize,
        /// Its value.
        value: f64,
        /// The bound.
        bound: f64,
    },
    /// A tensor's value is beyond the bound the model was compiled for.
    #[error(
        "tensor {tensor:?} reaches {value}, and the model was compiled for {bound} at most: \
         compile it with calibration inputs like this one"
    )]
    Overflow {
        /// The tensor.
        tensor: String,
        /// The value.
        value: f64,
        /// The bound.
        bound: f64,
    },
    /// A denominator is not positive, or a radicand negative.
    #[error("tensor {tensor:?} divides by zero or a negative number, or takes its root")]
    Domain {
        /// The tensor.
        tensor: String,
    },
}

/// Least products of a matrix that are worth a thread.
const GRAIN: usize = 1 << 15;

impl Circuit {
    /// The integers of an input of real numbers.
    ///
    /// # Errors
    /// [`RunError`] for a wrong length, a number that is not finite or one beyond its bound.
    pub(crate) fn quantise_input(&self, input: &[f64]) -> Result<Vec<i128>, RunError> {
        let tensor = &self.tensors[0];
        let expected = tensor.layout.len();
        if input.len() != expected {
            return Err(RunError::Length { found: input.len(), expected });
        }
        let Op::Input { bits } = tensor.op else { unreachable!("the first tensor is the input") };
        let scale = 2f64.powi(tensor.fraction.into());
        let limit = 2f64.powi(bits.into());
        input
            .iter()
            .enumerate()
            .map(|(element, v)| {
                let scaled = (v * scale).round();
                if !v.is_finite() {
                    Err(RunError::NotFinite { element })
                } else if scaled.abs() >= limit {
                    Err(RunError::Input { element, value: *v, bound: limit / scale })
                } else {
                    Ok(scaled as i128)
                }
            })
            .collect()
    }

    /// The integers of every tensor, by position.
    ///
    /// # Errors
    /// [`RunError`] naming the tensor whose bound is exceeded.
    pub(crate) fn execute(&self, input: &[i128]) -> Result<Vec<Vec<i128>>, RunError> {
        let mut values: Vec<Vec<i128>> = Vec::with_capacity(self.tensors.len());
        for tensor in &self.tensors {
            let value = self.tensor(tensor, &values, input)?;
            values.push(value);
        }
        Ok(values)
    }

    fn tensor(&self, tensor: &Tensor, values: &[Vec<i128>], input: &[i128]) -> Result<Vec<i128>, RunError> {
        let size = 1usize << tensor.layout.log();
        let bounded =
            |value: Vec<i128>, low: i128, high: i128| match value.iter().find(|v| **v < low || **v >= high) {
                None => Ok(value),
                Some(v) => Err(beyond(tensor, *v, high)),
            };
        let limbs = |limbs: u8| 1i128 << (self.limb * limbs);
        let domain = || RunError::Domain { tensor: tensor.name.clone() };
        match &tensor.op {
            Op::Input { .. } => {
                let mut out = vec![0; size];
                for (i, v) in input.iter().enumerate() {
                    out[tensor.layout.position(i)] = *v;
                }
                Ok(out)
            }
            Op::Linear { .. } => Ok(linear(tensor, values)),
            Op::Rearrange { terms } => Ok(products::rearrange(terms, tensor.layout.log(), values)),
            Op::MatMul { a, b, inner, cols, .. } => {
                Ok(products::matmul([&values[*a], &values[*b]], *inner, *cols, size))
            }
            Op::Scale { x, scale, shift } => {
                let shift = shift.iter().chain(std::iter::repeat(&0));
                let terms = values[*x].iter().zip(scale).zip(shift);
                Ok(terms.map(|((x, c), s)| x * i128::from(*c) + i128::from(*s)).collect())
            }
            Op::Combine { terms, shift } => {
                let mut out = vec![0; size];
                for (slot, s) in out.iter_mut().zip(shift) {
                    *slot = i128::from(*s);
                }
                for (c, x) in terms {
                    for (slot, v) in out.iter_mut().zip(&values[*x]) {
                        *slot += i128::from(*c) * v;
                    }
                }
                Ok(out)
            }
            Op::Mul { a, b } => Ok(values[*a].iter().zip(&values[*b]).map(|(a, b)| a * b).collect()),
            Op::Round { x, shift, limbs: n } => {
                let half = limbs(*n) / 2;
                bounded(values[*x].iter().map(|v| round_shift(*v, *shift)).collect(), -half, half)
            }
            Op::Rectify { x, shift, limbs: n } => {
                let rounded: Vec<i128> = values[*x].iter().map(|v| round_shift(*v, *shift)).collect();
                let rounded = bounded(rounded, 1 - limbs(*n), limbs(*n))?;
                Ok(rounded.into_iter().map(|v| v.max(0)).collect())
            }
            Op::Negative { of } => {
                let Op::Rectify { x, shift, .. } = self.tensors[*of].op else { return Err(domain()) };
                Ok(values[x].iter().map(|v| (-round_shift(*v, shift)).max(0)).collect())
            }
            Op::Positive { x, limbs: n } => {
                let x = bounded(values[*x].clone(), 1 - limbs(*n), limbs(*n))?;
                Ok(x.into_iter().map(|v| i128::from(v > 0)).collect())
            }
            Op::Copy { x } => Ok(values[*x].clone()),
            Op::Function { x, table, limbs } => {
                let (table, fraction) = (&self.tables[*table], self.tensors[*x].fraction);
                let cut = Cut::new(table, fraction, *limbs, self.limb);
                let evaluate = |(i, v): (usize, &i128)| {
                    if !self.is_element(tensor, i) {
                        return Ok(0);
                    }
                    let (segment, low, _) = cut.split(*v).ok_or_else(|| RunError::Overflow {
                        tensor: tensor.name.clone(),
                        value: *v as f64 / 2f64.powi(fraction.into()),
                        bound: 2f64.powi(table.domain.into()),
                    })?;
                    Ok(i128::from(table.values[segment])
                        + i128::from(table.slopes[segment]) * i128::from(low))
                };
                values[*x].iter().enumerate().map(evaluate).collect()
            }
            Op::Div { a, b, shift, limbs: n, remainder } => {
                let (of_b, mut out) = (b, vec![0; size]);
                for i in 0..size {
                    // Padding, zero itself, divides by one.
                    let padding = i128::from(!self.is_element(tensor, i));
                    let (a, b) = (values[*a][i] << shift, values[*b][i] + padding);
                    if b <= 0 {
                        return Err(domain());
                    }
                    if b > limbs(*remainder) {
                        return Err(beyond(&self.tensors[*of_b], b, limbs(*remainder)));
                    }
                    out[i] = a.div_euclid(b);
                }
                bounded(out, -(limbs(*n) / 2), limbs(*n) / 2)
            }
            Op::Sqrt { x, shift, limbs: n } => {
                let out: Option<Vec<i128>> = values[*x].iter().map(|v| isqrt(v << shift)).collect();
                bounded(out.ok_or_else(domain)?, 0, limbs(*n))
            }
            Op::Publish { x, shift, bits } => {
                let limit = 1i128 << bits;
                bounded(values[*x].iter().map(|v| round_shift(*v, *shift)).collect(), 1 - limit, limit)
            }
        }
    }

    /// Whether a position holds an element rather than padding.
    pub(crate) fn is_element(&self, tensor: &Tensor, position: usize) -> bool {
        tensor.layout.is_element(position)
    }
}

/// A tensor's integer that is not below its bound.
fn beyond(tensor: &Tensor, value: i128, bound: i128) -> RunError {
    let scale = 2f64.powi(tensor.fraction.into());
    let (value, bound) = (value as f64 / scale, bound as f64 / scale);
    RunError::Overflow { tensor: tensor.name.clone(), value, bound }
}

fn linear(tensor: &Tensor, values: &[Vec<i128>]) -> Vec<i128> {
    let Op::Linear { terms, row_vars, low_vars, bias } = &tensor.op else { return Vec::new() };
    let mut out = vec![0i128; 1 << tensor.layout.log()];
    let width = out.len() >> row_vars;
    for (slot, b) in out.iter_mut().zip(bias) {
        *slot = i128::from(*b);
    }
    for (r, out) in out.chunks_mut(width).enumerate() {
        for (x, weights) in terms {
            let x = values[*x].chunks(values[*x].len() >> row_vars).nth(r).unwrap_or_default();
            // Factors have 62 bits at most.
            let x: Vec<i64> = x.iter().map(|v| i64::try_from(*v).unwrap_or(i64::MAX)).collect();
            let cols = weights.cols as usize;
            if *low_vars > 0 {
                columns(out, weights, &x, 1 << low_vars);
                continue;
            }
            let rows = out.par_iter_mut().zip(weights.data.par_chunks(cols)).with_min_len(GRAIN / cols + 1);
            rows.for_each(|(slot, row)| {
                *slot += row.iter().zip(&x).map(|(w, x)| i128::from(*w) * i128::from(*x)).sum::<i128>();
            });
        }
    }
    out
}

/// Adds a matrix times the rows of `low` numbers that `x` holds.
fn columns(out: &mut [i128], weights: &Weights, x: &[i64], low: usize) {
    let rows = out.chunks_mut(low).zip(weights.data.chunks(weights.cols as usize));
    for (out, row) in rows {
        for (w, x) in row.iter().zip(x.chunks(low)).filter(|(w, _)| **w != 0) {
            out.iter_mut().zip(x).for_each(|(slot, x)| *slot += i128::from(*w) * i128::from(*x));
        }
    }
}

/// How an argument is cut into table position, step and rest (`docs/protocol.md` 11).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// Added before the cut: the domain's half width.
    pub(crate) offset: i128,
    /// Bits the argument is scaled by.
    pub(crate) scale: u8,
    /// Bits below the position.
    low_bits: u8,
    limb: u8,
    segments: usize,
}

impl Cut {
    pub(crate) fn new(table: &Table, fraction: u8, limbs: u8, limb: u8) -> Self {
        let half = i32::from(fraction) + i32::from(table.domain);
        let low_bits = limbs * limb;
        let scale = i32::from(table.log) + i32::from(low_bits) - half - 1;
        Self {
            offset: 1i128 << half.clamp(0, 120),
            scale: scale.clamp(0, 120) as u8,
            low_bits,
            limb,
            segments: table.values.len(),
        }
    }

    /// Segment, step within it, and rest.
    pub(crate) fn split(&self, v: i128) -> Option<(usize, i64, i128)> {
        let scaled = (v + self.offset) << self.scale;
        let segment = usize::try_from(scaled >> self.low_bits).ok().filter(|s| *s < self.segments)?;
        let within = scaled & ((1i128 << self.low_bits) - 1);
        let rest_bits = self.low_bits - self.limb;
        Some((segment, (within >> rest_bits) as i64, within & ((1i128 << rest_bits) - 1)))
    }
}

/// `floor(sqrt(v))`, for `v >= 0`.
pub(crate) fn isqrt(v: i128) -> Option<i128> {
    let v = u128::try_from(v).ok()?;
    let mut root = (v as f64).sqrt() as u128;
    while root.checked_mul(root).is_none_or(|s| s > v) {
        root -= 1;
    }
    while (root + 1).checked_mul(root + 1).is_some_and(|s| s <= v) {
        root += 1;
    }
    i128::try_from(root).ok()
}
