//! Runs an integer tensor graph.

mod products;

#[cfg(test)]
pub(crate) use products::rearrange;

use crate::circuit::{Circuit, Op, Table, Taken, Tensor, TensorId, log2_ceil, missing, round_shift};
use crate::graph::recurrence::{Steps, parts};
use crate::lanes::{Liar, NUMBER_BITS};
use rayon::prelude::*;
use std::ops::Range;
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
    /// An input is missing, NaN or infinite.
    #[error(
        "input {element} is missing or not a finite number: only trees take missing values, of a model compiled with \
         calibration inputs that have some"
    )]
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
    /// No integer lies between the same bounds of trees as the input.
    #[error(
        "input {element} is {value}, and a tree compares it with numbers so near that no quantised value takes the same \
         path: compile with more fraction bits"
    )]
    Path {
        /// Its position.
        element: usize,
        /// Its value.
        value: f64,
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
    /// The integers of inputs of real numbers, one after another.
    ///
    /// # Errors
    /// [`RunError`] for a wrong length, a number that is not finite or one beyond its bound.
    pub(crate) fn quantise_input(&self, input: &[f64]) -> Result<Vec<i128>, RunError> {
        let tensor = &self.tensors[0];
        let expected = tensor.layout.len();
        if input.is_empty() || !input.len().is_multiple_of(expected) {
            return Err(RunError::Length { found: input.len(), expected });
        }
        let Op::Input { bits } = tensor.op else { unreachable!("the first tensor is the input") };
        let scale = 2f64.powi(tensor.fraction.into());
        let limit = 2f64.powi(bits.into()) - f64::from(self.missing);
        input
            .iter()
            .enumerate()
            .map(|(element, v)| {
                if v.is_nan() && self.missing {
                    return Ok(missing(bits));
                }
                if !v.is_finite() {
                    return Err(RunError::NotFinite { element });
                }
                let path = || RunError::Path { element, value: *v };
                let bounds = self.bounds.get(element % tensor.layout.cols as usize);
                let scaled = match bounds.filter(|bounds| !bounds.is_empty()) {
                    None => (v * scale).round(),
                    Some(bounds) => between(bounds, *v, scale).ok_or_else(path)?,
                };
                if scaled.abs() >= limit {
                    Err(RunError::Input { element, value: *v, bound: limit / scale })
                } else {
                    Ok(scaled as i128)
                }
            })
            .collect()
    }

    /// The integers of every tensor, by position, those of one input after another. Of a circuit of several inputs, one
    /// input is all of them, one after another.
    ///
    /// # Errors
    /// [`RunError`] naming the tensor whose bound is exceeded.
    pub(crate) fn execute(&self, inputs: &[i128]) -> Result<Vec<Vec<i128>>, RunError> {
        let len: usize = self.inputs.iter().map(|t| self.tensors[*t].layout.len()).sum();
        if inputs.len() == len {
            return self.execute_one(inputs);
        }
        let each = inputs.par_chunks(len).map(|input| self.execute_one(input));
        let each: Vec<Vec<Vec<i128>>> = each.collect::<Result<_, _>>()?;
        Ok((0..self.tensors.len())
            .map(|t| each.iter().flat_map(|values| &values[t]).copied().collect())
            .collect())
    }

    fn execute_one(&self, inputs: &[i128]) -> Result<Vec<Vec<i128>>, RunError> {
        let mut values: Vec<Vec<i128>> = vec![Vec::new(); self.tensors.len()];
        let operands: Vec<Vec<usize>> = self.tensors.iter().map(|tensor| tensor.op.operands()).collect();
        for part in parts(&operands) {
            match part.as_slice() {
                [t] => {
                    let tensor = &self.tensors[*t];
                    let before = self.inputs.iter().take_while(|input| *input != t);
                    let start: usize = before.map(|input| self.tensors[*input].layout.len()).sum();
                    let input = match tensor.op {
                        Op::Input { .. } => &inputs[start..start + tensor.layout.len()],
                        _ => &[],
                    };
                    values[*t] = self.tensor(tensor, &View::all(self, &values), input)?;
                }
                part => self.repeat(part, &mut values)?,
            }
        }
        Ok(values)
    }

    /// The numbers of the statement slots that a run of a program takes.
    pub(crate) fn taken(&self, program: usize, inputs: &[Taken], values: &[Vec<i128>]) -> Vec<i128> {
        let program = &self.programs[program];
        let mut statement = vec![0; 1 << (program.statement + program.lanes())];
        for taken in inputs {
            for (from, log, at) in taken.at.parts(self.log(taken.x)) {
                let part = values[taken.x].iter().skip(from as usize).take(1 << log);
                statement[at as usize..].iter_mut().zip(part).for_each(|(slot, v)| *slot += v << taken.shift);
            }
        }
        statement
    }

    fn run_program(
        &self,
        program: usize,
        inputs: &[Taken],
        values: &[Vec<i128>],
        liar: &mut Liar<'_>,
    ) -> Result<Vec<i128>, RunError> {
        let statement = self.taken(program, inputs, values);
        self.programs[program].run(&statement, liar).map_err(|found| match found.value {
            None => RunError::Domain { tensor: found.name },
            Some(v) => RunError::Overflow {
                tensor: found.name,
                value: v as f64,
                bound: 2f64.powi(NUMBER_BITS.into()),
            },
        })
    }

    /// As [`Circuit::execute`], of one input to a circuit of a lane program, with a liar.
    ///
    /// # Errors
    /// As [`Circuit::execute`].
    pub(crate) fn execute_as(
        &self,
        inputs: &[i128],
        liar: &mut Liar<'_>,
    ) -> Result<Vec<Vec<i128>>, RunError> {
        let mut values = self.execute_one(inputs)?;
        for (t, tensor) in self.tensors.iter().enumerate() {
            match &tensor.op {
                Op::Lanes { program, inputs } => {
                    values[t] = self.run_program(*program, inputs, &values, liar)?;
                }
                Op::Result { .. } => {
                    values[t] = self.tensor(tensor, &View::all(self, &values), &[])?;
                }
                _ => {}
            }
        }
        Ok(values)
    }

    /// The tensors of a loop, a step of all after the other; what is padding stays zero.
    fn repeat(&self, part: &[TensorId], values: &mut [Vec<i128>]) -> Result<(), RunError> {
        let first = part.iter().find_map(|t| match &self.tensors[*t] {
            Tensor { layout, op: Op::Previous { rows, backward, .. }, .. } => {
                let steps = Steps { count: (layout.rows / rows) as usize, backward: *backward };
                Some((steps, *rows as usize))
            }
            _ => None,
        });
        let Some((steps, rows)) = first else { return Ok(()) };
        for t in part {
            values[*t] = vec![0; 1 << self.tensors[*t].layout.log()];
        }
        for step in steps.order() {
            for t in part {
                let tensor = &self.tensors[*t];
                let view = View { rows: Some(step * rows..(step + 1) * rows), ..View::all(self, values) };
                let range = view.range(tensor, 1 << tensor.layout.log());
                let found = self.tensor(tensor, &view, &[])?;
                values[*t][range].copy_from_slice(&found);
            }
        }
        Ok(())
    }

    fn tensor(&self, tensor: &Tensor, view: &View<'_>, input: &[i128]) -> Result<Vec<i128>, RunError> {
        let range = view.range(tensor, 1 << tensor.layout.log());
        let size = range.len();
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
            Op::Linear { .. } => Ok(products::linear(tensor, view)),
            Op::Rearrange { terms } => Ok(products::rearrange(terms, tensor.layout.log(), view.values)),
            Op::MatMul { a, b, inner, cols, .. } => {
                Ok(products::matmul([view.of(*a), view.of(*b)], *inner, *cols, size))
            }
            Op::Scale { x, scale, shift } => {
                let shift = view.part(tensor, shift).iter().chain(std::iter::repeat(&0));
                let terms = view.of(*x).iter().zip(view.part(tensor, scale)).zip(shift);
                Ok(terms.map(|((x, c), s)| x * i128::from(*c) + i128::from(*s)).collect())
            }
            Op::Combine { terms, shift } => {
                let mut out = vec![0; size];
                for (slot, s) in out.iter_mut().zip(view.part(tensor, shift)) {
                    *slot = i128::from(*s);
                }
                for (c, x) in terms {
                    for (slot, v) in out.iter_mut().zip(view.of(*x)) {
                        *slot += i128::from(*c) * v;
                    }
                }
                Ok(out)
            }
            Op::Mul { a, b } => Ok(view.of(*a).iter().zip(view.of(*b)).map(|(a, b)| a * b).collect()),
            Op::Round { x, shift, limbs: n } => {
                let half = limbs(*n) / 2;
                bounded(view.of(*x).iter().map(|v| round_shift(*v, *shift)).collect(), -half, half)
            }
            Op::Rectify { x, shift, limbs: n } => {
                let rounded: Vec<i128> = view.of(*x).iter().map(|v| round_shift(*v, *shift)).collect();
                let rounded = bounded(rounded, 1 - limbs(*n), limbs(*n))?;
                Ok(rounded.into_iter().map(|v| v.max(0)).collect())
            }
            Op::Negative { of } => {
                let Op::Rectify { x, shift, .. } = self.tensors[*of].op else { return Err(domain()) };
                Ok(view.of(x).iter().map(|v| (-round_shift(*v, shift)).max(0)).collect())
            }
            Op::Positive { x, limbs: n } => {
                let x = bounded(view.of(*x).to_vec(), 1 - limbs(*n), limbs(*n))?;
                Ok(x.into_iter().map(|v| i128::from(v > 0)).collect())
            }
            Op::Copy { x } => Ok(view.of(*x).to_vec()),
            Op::Function { x, table, limbs } => {
                let (table, fraction) = (&self.tables[*table], self.tensors[*x].fraction);
                let cut = Cut::new(table, fraction, *limbs, self.limb);
                let evaluate = |(i, v): (usize, &i128)| {
                    if !self.is_element(tensor, range.start + i) {
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
                view.of(*x).iter().enumerate().map(evaluate).collect()
            }
            Op::Div { a, b, shift, limbs: n, remainder } => {
                let (numerator, denominator, of_b) = (view.of(*a), view.of(*b), b);
                let mut out = vec![0; size];
                for i in 0..size {
                    // Padding, zero itself, divides by one.
                    let padding = i128::from(!self.is_element(tensor, range.start + i));
                    let (a, b) = (numerator[i] << shift, denominator[i] + padding);
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
                let out: Option<Vec<i128>> = view.of(*x).iter().map(|v| isqrt(v << shift)).collect();
                bounded(out.ok_or_else(domain)?, 0, limbs(*n))
            }
            Op::Previous { x, shift, rows, backward, initial } => {
                let (x, step) = (view.values[*x].as_slice(), (*rows as usize) << tensor.layout.cols_log());
                let steps = Steps { count: (tensor.layout.rows / rows) as usize, backward: *backward };
                let before = |i: usize| match steps.before(i / step) {
                    _ if i / step >= steps.count => 0,
                    None => initial.get(i).map_or(0, |v| i128::from(*v)),
                    Some(t) => x[t * step + i % step] << shift,
                };
                Ok(range.map(before).collect())
            }
            Op::Leaves { x, forest, value } => {
                let (forest, features) = (&self.forests[*forest], self.tensors[*x].layout);
                let (rows, trees) = (1 << features.cols_log(), 1 << tensor.layout.cols_log());
                let all = view.of(*x);
                let leaf = |i: usize| {
                    let features = &all[(i / trees) * rows..][..rows];
                    let leaf = if self.is_element(tensor, range.start + i) {
                        forest.leaf(i % trees, features)
                    } else {
                        0
                    };
                    forest.values[*value][leaf].into()
                };
                Ok((0..size).into_par_iter().with_min_len(GRAIN / 64).map(leaf).collect())
            }
            Op::Lanes { program, inputs } => self.run_program(*program, inputs, view.values, &mut |_, _| ()),
            Op::Result { of, at, bits } => {
                let limit = 1i128 << bits;
                let numbers = view.of(*of);
                let part = |(_, log, at): (u32, u8, u32)| numbers[at as usize..][..1 << log].to_vec();
                bounded(at.parts(log2_ceil(size)).flat_map(part).collect(), 1 - limit, limit)
            }
            Op::Publish { x, shift, bits } => {
                let limit = 1i128 << bits;
                bounded(view.of(*x).iter().map(|v| round_shift(*v, *shift)).collect(), 1 - limit, limit)
            }
        }
    }
}

/// What is seen of the tensors: all positions or, of those of a loop and what they read, some rows.
struct View<'a> {
    circuit: &'a Circuit,
    values: &'a [Vec<i128>],
    rows: Option<Range<usize>>,
}

impl<'a> View<'a> {
    fn all(circuit: &'a Circuit, values: &'a [Vec<i128>]) -> Self {
        Self { circuit, values, rows: None }
    }

    /// The positions seen of a tensor of `len` positions.
    fn range(&self, tensor: &Tensor, len: usize) -> Range<usize> {
        let cols = tensor.layout.cols_log();
        self.rows.as_ref().map_or(0..len, |rows| rows.start << cols..rows.end << cols)
    }

    fn of(&self, t: TensorId) -> &'a [i128] {
        let values = &self.values[t];
        &values[self.range(&self.circuit.tensors[t], values.len())]
    }

    /// Of constants by position, of which there may be none.
    fn part<'b>(&self, tensor: &Tensor, list: &'b [i64]) -> &'b [i64] {
        list.get(self.range(tensor, list.len())).unwrap_or_default()
    }
}

/// A tensor's integer that is not below its bound.
fn beyond(tensor: &Tensor, value: i128, bound: i128) -> RunError {
    let scale = 2f64.powi(tensor.fraction.into());
    let (value, bound) = (value as f64 / scale, bound as f64 / scale);
    RunError::Overflow { tensor: tensor.name.clone(), value, bound }
}

/// The integer nearest `scale v` that is at most the same of the bounds, compared as `f32`, as `v` is.
fn between(bounds: &[f32], v: f64, scale: f64) -> Option<f64> {
    let above = bounds.partition_point(|bound| *bound < v as f32);
    let floor = |bound: f32| (f64::from(bound) * scale).floor();
    let low = above.checked_sub(1).map_or(f64::NEG_INFINITY, |i| floor(bounds[i]) + 1.0);
    let high = bounds.get(above).map_or(f64::INFINITY, |bound| floor(*bound));
    (low <= high).then(|| (v * scale).round().clamp(low, high))
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
