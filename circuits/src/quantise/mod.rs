//! From real numbers to integers: scales, roundings and bounds for every tensor.
//!
//! Scales are powers of two. Products are exact; a result is rounded where it is needed as a factor, bent or looked
//! up, and never before. A rounded tensor takes all the precision that its limbs have room for.

mod ranges;
mod tables;

pub use ranges::{DEFAULT_INPUT_BOUND, MARGIN};

use crate::circuit::{Circuit, Layout, MAX_BITS, Op as IntOp, Tensor, TensorId, Weights, log2_ceil};
use crate::graph::{Graph, Matrix, Node, NodeId, Op};
use ranges::Range;
use thiserror::Error;

/// Bits of a weight below the point, at least.
const WEIGHT_BITS: u8 = 20;

/// Largest number of entries of the matrix a rearrangement becomes.
const MAX_WIRING: usize = 1 << 22;

/// Why a model has no circuit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QuantiseError {
    /// A tensor's integers would be too long.
    #[error("tensor {tensor:?} would need {bits} bits: give calibration inputs, or fewer fraction bits")]
    TooLarge {
        /// The tensor.
        tensor: String,
        /// Bits it would need.
        bits: u32,
    },
    /// A rearrangement of more elements than is supported.
    #[error("tensor {tensor:?} rearranges {from} elements into {to}, more than this version supports")]
    Wiring {
        /// The tensor.
        tensor: String,
        /// Elements read.
        from: usize,
        /// Elements written.
        to: usize,
    },
    /// A calibration input has another length.
    #[error("calibration input {index} has {found} numbers and the model takes {expected}")]
    Calibration {
        /// Which input.
        index: usize,
        /// Numbers given.
        found: usize,
        /// Numbers the model takes.
        expected: usize,
    },
    /// A tensor is not finite on the calibration inputs.
    #[error("tensor {tensor:?} is not finite on the calibration inputs")]
    NotFinite {
        /// The tensor.
        tensor: String,
    },
}

/// Quantises a model with at least `precision` fraction bits and limbs of `limb` bits.
///
/// # Errors
/// [`QuantiseError`].
pub(crate) fn quantise(
    graph: &Graph,
    ranges: &Ranges,
    precision: u8,
    limb: u8,
) -> Result<Circuit, QuantiseError> {
    let mut q = Quantiser {
        graph,
        ranges: &ranges.0,
        precision,
        limb,
        circuit: Circuit { limb, tensors: Vec::new(), tables: Vec::new(), outputs: Vec::new() },
        info: Vec::new(),
        of: vec![None; graph.nodes().len()],
    };
    for (id, node) in graph.iter() {
        let tensor = q.node(id, node)?;
        q.of[id.index()] = Some(tensor);
    }
    for id in graph.outputs() {
        q.publish(*id)?;
    }
    Ok(q.circuit)
}

/// The ranges of a model's nodes.
#[derive(Debug)]
pub(crate) struct Ranges(Vec<Range>);

impl Ranges {
    /// From calibration inputs or, without any, by interval analysis.
    pub(crate) fn of(graph: &Graph, calibration: &[Vec<f64>]) -> Result<Self, QuantiseError> {
        let expected = graph.node(graph.input()).elements();
        for (index, input) in calibration.iter().enumerate() {
            if input.len() != expected {
                return Err(QuantiseError::Calibration { index, found: input.len(), expected });
            }
        }
        let ranges = ranges::ranges(graph, calibration);
        match graph.nodes().iter().zip(&ranges).find(|(_, r)| !r.magnitude().is_finite()) {
            Some((node, _)) => Err(QuantiseError::NotFinite { tensor: node.name.clone() }),
            None => Ok(Self(ranges)),
        }
    }
}

/// What is known of a tensor besides its definition.
#[derive(Clone, Copy, Debug)]
struct Info {
    range: Range,
    /// Bits of its largest possible integer, sign not counted.
    bits: u32,
    /// Whether it is a sum of committed blocks, without products.
    linear: bool,
    /// The tensor it becomes as a factor, once made.
    narrow: Option<TensorId>,
}

struct Quantiser<'a> {
    graph: &'a Graph,
    ranges: &'a [Range],
    precision: u8,
    limb: u8,
    circuit: Circuit,
    info: Vec<Info>,
    of: Vec<Option<TensorId>>,
}

/// Bits of a magnitude.
fn bits_of(v: i128) -> u32 {
    128 - v.unsigned_abs().leading_zeros()
}

/// `v * 2^fraction`, rounded.
fn scaled(v: f64, fraction: u8) -> i64 {
    (v * 2f64.powi(fraction.into())).round() as i64
}

impl Quantiser<'_> {
    fn push(&mut self, tensor: Tensor, info: Info) -> Result<TensorId, QuantiseError> {
        if info.bits > MAX_BITS {
            return Err(QuantiseError::TooLarge { tensor: tensor.name, bits: info.bits });
        }
        self.circuit.tensors.push(tensor);
        self.info.push(info);
        Ok(self.circuit.tensors.len() - 1)
    }

    fn operand(&self, id: NodeId) -> TensorId {
        // Operands come before the nodes that read them.
        self.of[id.index()].unwrap_or_default()
    }

    fn fraction(&self, t: TensorId) -> u8 {
        self.circuit.tensors[t].fraction
    }

    fn node(&mut self, id: NodeId, node: &Node) -> Result<TensorId, QuantiseError> {
        let range = self.ranges[id.index()];
        let layout = Layout::of(&node.shape);
        let tensor = |fraction: u8, op: IntOp| Tensor { name: node.name.clone(), layout, fraction, op };
        let info = |bits: u32, linear: bool| Info { range, bits, linear, narrow: None };
        match &node.op {
            Op::Input => {
                let fraction = self.free_fraction(range, 24);
                let bits = (range.bits() + i32::from(fraction)).max(1) as u8;
                self.push(tensor(fraction, IntOp::Input { bits }), info(bits.into(), true))
            }
            Op::Linear { x, weight, bias } => {
                let x = self.factor(self.operand(*x))?;
                self.linear(id, node, x, weight, bias)
            }
            Op::Scale { x, scale, shift } => self.scale(id, node, self.operand(*x), scale, shift),
            Op::Combine { terms } => {
                let terms: Vec<(f64, TensorId)> = terms.iter().map(|(c, x)| (*c, self.operand(*x))).collect();
                self.combine(tensor(0, IntOp::Input { bits: 0 }), range, &terms, &[])
            }
            Op::Mul { a, b } => {
                let (a, b) = (self.factor(self.operand(*a))?, self.factor(self.operand(*b))?);
                let bits = self.info[a].bits + self.info[b].bits;
                let fraction = self.fraction(a) + self.fraction(b);
                self.push(tensor(fraction, IntOp::Mul { a, b }), info(bits, false))
            }
            Op::Leaky { x, slope } => {
                let x = self.operand(*x);
                let p = self.rectify(node, layout, x)?;
                if *slope == 0.0 {
                    return Ok(p);
                }
                let Tensor { fraction, .. } = self.circuit.tensors[p];
                let n = self.push(
                    tensor(fraction, IntOp::Negative { of: p }),
                    Info { range: self.info[p].range, ..self.info[p] },
                )?;
                let terms = [(1.0, p), (-slope, n)];
                self.combine(tensor(0, IntOp::Input { bits: 0 }), range, &terms, &[])
            }
            Op::Function { x, function } => {
                let argument = self.info[self.operand(*x)].range;
                let domain = argument.bits().clamp(-4, 40) as i16;
                let table = tables::table(*function, domain, self.limb, self.precision);
                let fraction = table.fraction;
                let largest = table.values.iter().zip(&table.slopes).map(|(v, s)| {
                    bits_of(i128::from(*v)).max(bits_of(i128::from(*v) + (i128::from(*s) << self.limb)))
                });
                let bits = largest.max().unwrap_or(0);
                let x = self.operand(*x);
                let width = i32::from(self.fraction(x)) + i32::from(domain) + 1 - i32::from(table.log);
                let limbs = (width.max(1) as u8).div_ceil(self.limb);
                let known = self.circuit.tables.iter().position(|t| *t == table);
                let table = known.unwrap_or_else(|| {
                    self.circuit.tables.push(table);
                    self.circuit.tables.len() - 1
                });
                self.push(tensor(fraction, IntOp::Function { x, table, limbs }), info(bits, true))
            }
            Op::Div { a, b } => {
                let (a, b) = (self.operand(*a), self.factor(self.operand(*b))?);
                let (limbs, fraction) = self.limbs(range, true, self.limb * 4);
                let wanted = i32::from(fraction) + i32::from(self.fraction(b)) - i32::from(self.fraction(a));
                let (a, shift) = match u8::try_from(wanted) {
                    Ok(shift) => (a, shift),
                    Err(_) => {
                        let a = self.factor(a)?;
                        let shift =
                            i32::from(fraction) + i32::from(self.fraction(b)) - i32::from(self.fraction(a));
                        (a, shift.max(0) as u8)
                    }
                };
                let fraction = (i32::from(self.fraction(a)) + i32::from(shift) - i32::from(self.fraction(b)))
                    .max(0) as u8;
                let remainder = (self.info[b].bits as u8).div_ceil(self.limb).max(1);
                let widest = self.info[a].bits + u32::from(shift);
                let bits = u32::from(limbs * self.limb);
                let op = IntOp::Div { a, b, shift, limbs, remainder };
                let widest = widest.max(bits + self.info[b].bits);
                self.fits(node, widest)?;
                self.push(tensor(fraction, op), info(bits, true))
            }
            Op::Sqrt { x } => {
                let x = self.operand(*x);
                let (limbs, fraction) = self.limbs(range, false, self.limb * 4);
                // y^2 = 2^shift x, so the fraction of y is half of theirs.
                let f = self.fraction(x);
                let shift = (2 * u32::from(fraction)).saturating_sub(f.into()) as u8;
                let shift = shift + (f + shift) % 2;
                let limbs = limbs + u8::from((f + shift) / 2 > fraction);
                self.fits(node, self.info[x].bits + u32::from(shift))?;
                let bits = u32::from(limbs * self.limb);
                self.push(tensor((f + shift) / 2, IntOp::Sqrt { x, shift, limbs }), info(bits, true))
            }
            Op::Rearrange { inputs, index } => {
                let inputs: Vec<TensorId> = inputs.iter().map(|x| self.operand(*x)).collect();
                self.rearrange(node, layout, range, &inputs, index)
            }
            Op::Reshape { x } => {
                let from = self.operand(*x);
                let old = self.circuit.tensors[from].layout;
                let same = old.log() == layout.log()
                    && (0..layout.len()).all(|i| old.position(i) == layout.position(i));
                if same {
                    let (fraction, linear) = (self.fraction(from), self.info[from].linear);
                    let op = IntOp::Combine { terms: vec![(1, from)], shift: vec![] };
                    let from = self.info[from];
                    return self.push(tensor(fraction, op), info(from.bits, linear));
                }
                let index: Vec<(u32, u32)> = (0..layout.len() as u32).map(|i| (0, i)).collect();
                self.rearrange(node, layout, range, &[from], &index)
            }
        }
    }

    fn fits(&self, node: &Node, bits: u32) -> Result<(), QuantiseError> {
        if bits <= MAX_BITS {
            Ok(())
        } else {
            Err(QuantiseError::TooLarge { tensor: node.name.clone(), bits })
        }
    }

    /// Fraction bits that make a range `bits` long, at least the precision.
    fn free_fraction(&self, range: Range, bits: i32) -> u8 {
        (bits - range.bits()).clamp(self.precision.into(), 40) as u8
    }

    /// Limbs for a range at the precision, and the fraction they have room for, at most `most`.
    fn limbs(&self, range: Range, signed: bool, most: u8) -> (u8, u8) {
        let sign = i32::from(signed);
        let needed = (range.bits() + sign + i32::from(self.precision)).max(1) as u8;
        let limbs = needed.div_ceil(self.limb);
        let room = i32::from(limbs * self.limb) - sign - range.bits();
        (limbs, room.clamp(0, most.into()) as u8)
    }

    /// The tensor as a factor: linear, and not much longer than the precision needs.
    fn factor(&mut self, t: TensorId) -> Result<TensorId, QuantiseError> {
        if let Some(narrow) = self.info[t].narrow {
            return Ok(narrow);
        }
        let info = self.info[t];
        let short = self.fraction(t) <= self.precision + 14 && info.bits <= 62;
        let made = match (info.linear, short) {
            (true, true) => t,
            (false, true) => {
                let tensor = Tensor { op: IntOp::Copy { x: t }, ..self.circuit.tensors[t].clone() };
                self.push(tensor, Info { linear: true, narrow: None, ..info })?
            }
            (_, false) => self.round(t)?,
        };
        self.info[t].narrow = Some(made);
        self.info[made].narrow = Some(made);
        Ok(made)
    }

    fn round(&mut self, x: TensorId) -> Result<TensorId, QuantiseError> {
        let Tensor { name, layout, fraction: from, .. } = self.circuit.tensors[x].clone();
        let info = self.info[x];
        let (limbs, fraction) = self.limbs(info.range, true, from);
        let op = IntOp::Round { x, shift: from - fraction, limbs };
        let bits = u32::from(limbs * self.limb);
        self.push(Tensor { name, layout, fraction, op }, Info { bits, linear: true, narrow: None, ..info })
    }

    fn rectify(&mut self, node: &Node, layout: Layout, x: TensorId) -> Result<TensorId, QuantiseError> {
        let info = self.info[x];
        let from = self.fraction(x);
        let (limbs, fraction) = self.limbs(info.range, false, from);
        let op = IntOp::Rectify { x, shift: from - fraction, limbs };
        let bits = u32::from(limbs * self.limb);
        self.push(
            Tensor { name: node.name.clone(), layout, fraction, op },
            Info { bits, linear: true, narrow: None, ..info },
        )
    }

    /// Fraction bits for the weights of `node`, so that what consumes it removes whole limbs.
    fn weight_fraction(&self, id: NodeId, x: TensorId) -> u8 {
        let range = self.ranges[id.index()];
        let consumers = || self.graph.nodes().iter().filter(|n| n.op.operands().contains(&id));
        let from = i32::from(self.fraction(x) + WEIGHT_BITS);
        let below = if consumers().any(|n| matches!(n.op, Op::Leaky { .. })) {
            from - i32::from(self.limbs(range, false, 40).1)
        } else if consumers().next().is_none() {
            return WEIGHT_BITS;
        } else {
            from - i32::from(self.limbs(range, true, 40).1)
        };
        let limb = i32::from(self.limb);
        (i32::from(WEIGHT_BITS) + (limb - below.rem_euclid(limb)) % limb) as u8
    }

    fn linear(
        &mut self,
        id: NodeId,
        node: &Node,
        x: TensorId,
        weight: &Matrix,
        bias: &[f64],
    ) -> Result<TensorId, QuantiseError> {
        let fraction = self.weight_fraction(id, x);
        let total = self.fraction(x) + fraction;
        let data: Vec<i64> = weight.data().iter().map(|w| scaled(*w, fraction)).collect();
        let largest = data.chunks(weight.cols()).map(|row| row.iter().map(|w| i128::from(w.abs())).sum());
        let bits = self.info[x].bits + bits_of(largest.max().unwrap_or(0i128)) + 1;
        let layout = Layout::of(&node.shape);
        let mut by_position = Vec::new();
        if bias.iter().any(|b| *b != 0.0) {
            by_position = vec![0i64; 1 << layout.log()];
            for i in 0..layout.len() {
                by_position[layout.position(i)] = scaled(bias[i % bias.len()], total);
            }
        }
        let bias = by_position;
        let weights = Weights { rows: weight.rows() as u32, cols: weight.cols() as u32, data };
        let op = IntOp::Linear { terms: vec![(x, weights)], row_vars: log2_ceil(layout.rows as usize), bias };
        let range = self.ranges[id.index()];
        self.push(
            Tensor { name: node.name.clone(), layout, fraction: total, op },
            Info { range, bits, linear: false, narrow: None },
        )
    }

    fn scale(
        &mut self,
        id: NodeId,
        node: &Node,
        x: TensorId,
        scale: &[f64],
        shift: &[f64],
    ) -> Result<TensorId, QuantiseError> {
        let layout = Layout::of(&node.shape);
        let range = self.ranges[id.index()];
        let by_position = |values: &[f64], fraction: u8| {
            if values.iter().all(|v| *v == 0.0) {
                return Vec::new();
            }
            let mut out = vec![0i64; 1 << layout.log()];
            for (i, v) in values.iter().enumerate() {
                out[layout.position(i)] = scaled(*v, fraction);
            }
            out
        };
        if scale.iter().all(|c| *c == scale[0]) {
            let tensor =
                Tensor { name: node.name.clone(), layout, fraction: 0, op: IntOp::Input { bits: 0 } };
            return self.combine(tensor, range, &[(scale[0], x)], shift);
        }
        let x = self.factor(x)?;
        let fraction = self.weight_fraction(id, x);
        let total = self.fraction(x) + fraction;
        let scale = by_position(scale, fraction);
        let largest = scale.iter().map(|c| bits_of((*c).into())).max().unwrap_or(0);
        let op = IntOp::Scale { x, scale, shift: by_position(shift, total) };
        let bits = self.info[x].bits.max(range.bits().max(0) as u32 + u32::from(total)) + largest + 1;
        self.push(
            Tensor { name: node.name.clone(), layout, fraction: total, op },
            Info { range, bits, linear: false, narrow: None },
        )
    }

    /// `sum c x + shift`, exact: operands are brought to one fraction. The tensor's operator is filled in.
    fn combine(
        &mut self,
        tensor: Tensor,
        range: Range,
        terms: &[(f64, TensorId)],
        shift: &[f64],
    ) -> Result<TensorId, QuantiseError> {
        // The fewest fraction bits that hold a coefficient exactly, or those of a weight.
        let coefficient_bits = |c: f64| {
            (0..WEIGHT_BITS).find(|f| (c * 2f64.powi((*f).into())).fract() == 0.0).unwrap_or(WEIGHT_BITS)
        };
        let fraction = terms.iter().map(|(c, x)| self.fraction(*x) + coefficient_bits(*c)).max().unwrap_or(0);
        let layout = tensor.layout;
        let integers: Vec<(i64, TensorId)> =
            terms.iter().map(|(c, x)| (scaled(*c, fraction - self.fraction(*x)), *x)).collect();
        let integers: Vec<(i64, TensorId)> = integers.into_iter().filter(|(c, _)| *c != 0).collect();
        let bits = integers.iter().map(|(c, x)| bits_of((*c).into()) + self.info[*x].bits).max().unwrap_or(0)
            + integers.len() as u32;
        let mut by_position = Vec::new();
        if shift.iter().any(|v| *v != 0.0) {
            by_position = vec![0i64; 1 << layout.log()];
            for (i, v) in shift.iter().enumerate() {
                by_position[layout.position(i)] = scaled(*v, fraction);
            }
        }
        let shift_bits = by_position.iter().map(|v| bits_of((*v).into())).max().unwrap_or(0);
        let info = Info {
            range,
            bits: bits.max(shift_bits) + 1,
            linear: integers.iter().all(|(_, x)| self.info[*x].linear),
            narrow: None,
        };
        let op = IntOp::Combine { terms: integers, shift: by_position };
        self.push(Tensor { fraction, op, ..tensor }, info)
    }

    /// A rearrangement is a product with matrices of zeros and ones.
    fn rearrange(
        &mut self,
        node: &Node,
        layout: Layout,
        range: Range,
        inputs: &[TensorId],
        index: &[(u32, u32)],
    ) -> Result<TensorId, QuantiseError> {
        let mut factors = Vec::new();
        for x in inputs {
            factors.push(self.factor(*x)?);
        }
        let fraction = factors.iter().map(|x| self.fraction(*x)).max().unwrap_or(0);
        let rows = layout.position(layout.len() - 1) + 1;
        let mut bits = 0;
        let mut terms = Vec::new();
        for (k, x) in factors.iter().enumerate() {
            let from = self.circuit.tensors[*x].layout;
            let cols = from.position(from.len() - 1) + 1;
            if rows.saturating_mul(cols) > MAX_WIRING {
                return Err(QuantiseError::Wiring { tensor: node.name.clone(), from: cols, to: rows });
            }
            let shift = fraction - self.fraction(*x);
            let mut data = vec![0i64; rows * cols];
            for (i, (_, j)) in index.iter().enumerate().filter(|(_, (input, _))| *input as usize == k) {
                data[layout.position(i) * cols + from.position(*j as usize)] = 1 << shift;
            }
            terms.push((*x, Weights { rows: rows as u32, cols: cols as u32, data }));
            bits = bits.max(self.info[*x].bits + u32::from(shift));
        }
        let op = IntOp::Linear { terms, row_vars: 0, bias: vec![] };
        let info = Info { range, bits, linear: false, narrow: None };
        self.push(Tensor { name: node.name.clone(), layout, fraction, op }, info)
    }

    /// Makes a node a public output.
    fn publish(&mut self, id: NodeId) -> Result<(), QuantiseError> {
        let node = self.graph.node(id).clone();
        let x = self.operand(id);
        let (range, from) = (self.info[x].range, self.fraction(x));
        let keep = self.precision + 8;
        let shift = from.saturating_sub(keep) / self.limb * self.limb;
        let fraction = from - shift;
        let bits = (range.bits() + i32::from(fraction) + 1).clamp(1, 100) as u8;
        let layout = self.circuit.tensors[x].layout;
        let op = IntOp::Publish { x, shift, bits };
        let info = Info { bits: bits.into(), linear: true, narrow: None, ..self.info[x] };
        let t = self.push(Tensor { name: node.name, layout, fraction, op }, info)?;
        self.circuit.outputs.push(t);
        Ok(())
    }
}
