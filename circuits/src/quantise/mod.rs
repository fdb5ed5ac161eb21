//! From real numbers to integers: scales, roundings and bounds for every tensor.
//!
//! Scales are powers of two. Products are exact; a result is rounded where it is needed as a factor, bent or looked
//! up, and never before. A rounded tensor takes all the precision that its limbs have room for.

mod matmul;
mod nodes;
mod ranges;
mod rearrange;
mod recurrence;
mod tables;
mod trees;

pub use ranges::{DEFAULT_INPUT_BOUND, MARGIN};

use crate::circuit::{Circuit, Committed, Layout, MAX_BITS, Op as IntOp, Tensor, TensorId};
use crate::graph::{Forest, Graph, NodeId};
use ranges::Range;
use std::collections::HashMap;
use std::sync::Arc;
use thiserror::Error;

/// Bits of a weight below the point where there is room, and at least.
const WEIGHT_BITS: u8 = 20;
const LEAST_WEIGHT_BITS: u8 = 16;

/// Most fraction bits of a factor, and of an exact sum: more would hold nothing but the rounding of weights.
const MAX_FRACTION: u8 = 40;
const MAX_SUM_FRACTION: u8 = 80;

/// Bits of a cell, and of a factor.
const CELL_BITS: u32 = 62;

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
    /// A tensor for which interval analysis has no bound: a state that may grow with every step of its loop, or an
    /// exponential.
    #[error("tensor {tensor:?} may grow without bound on inputs that are not known: give calibration inputs")]
    Unbounded {
        /// The tensor.
        tensor: String,
    },
    /// Trees of more nodes than a table can have.
    #[error("the trees of tensor {tensor:?} have {nodes} nodes, more than this version supports")]
    Trees {
        /// The tensor.
        tensor: String,
        /// Their nodes.
        nodes: usize,
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
    committed: Committed,
) -> Result<Circuit, QuantiseError> {
    let mut q = Quantiser {
        graph,
        ranges: &ranges.of,
        precision,
        limb,
        committed,
        circuit: Circuit {
            limb,
            tensors: Vec::new(),
            inputs: vec![0],
            committed: Vec::new(),
            programs: Vec::new(),
            tables: Vec::new(),
            forests: Vec::new(),
            bounds: Vec::new(),
            outputs: Vec::new(),
            batch: 0,
            missing: ranges.missing && trees::only_compared(graph, graph.input()),
        },
        info: Vec::new(),
        of: vec![None; graph.nodes().len()],
        states: HashMap::new(),
        forests: Vec::new(),
    };
    q.find_states()?;
    for (id, node) in graph.iter() {
        let tensor = q.node(id, node)?;
        q.of[id.index()] = Some(q.as_state(id, tensor)?);
    }
    q.close_loops();
    for id in graph.outputs() {
        q.publish(*id)?;
    }
    let Committed { input, outputs } = committed;
    let input = q.circuit.inputs.iter().filter(|_| input);
    let outputs = q.circuit.outputs.iter().filter(|_| outputs);
    q.circuit.committed = input.chain(outputs).copied().collect();
    Ok(q.circuit)
}

/// The ranges of a model's nodes.
#[derive(Debug)]
pub(crate) struct Ranges {
    of: Vec<Range>,
    /// Whether a calibration input has missing numbers.
    missing: bool,
}

impl Ranges {
    /// From calibration inputs or, without any, by interval analysis.
    pub(crate) fn of(graph: &Graph, calibration: &[Vec<f64>]) -> Result<Self, QuantiseError> {
        let expected = graph.node(graph.input()).elements();
        for (index, input) in calibration.iter().enumerate() {
            if input.len() != expected {
                return Err(QuantiseError::Calibration { index, found: input.len(), expected });
            }
        }
        let ranges = ranges::ranges(graph, calibration)?;
        match graph.nodes().iter().zip(&ranges).find(|(_, r)| !r.magnitude().is_finite()) {
            Some((node, _)) if calibration.is_empty() => {
                Err(QuantiseError::Unbounded { tensor: node.name.clone() })
            }
            Some((node, _)) => Err(QuantiseError::NotFinite { tensor: node.name.clone() }),
            None => {
                let missing = calibration.iter().flatten().any(|v| v.is_nan());
                Ok(Self { of: ranges, missing })
            }
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
    committed: Committed,
    circuit: Circuit,
    info: Vec<Info>,
    of: Vec<Option<TensorId>>,
    /// What the nodes become whose step before is read.
    states: HashMap<NodeId, recurrence::State>,
    /// The forests of the circuit, with the tensors they read.
    forests: Vec<(TensorId, Arc<Forest>)>,
}

/// Bits of a magnitude.
fn bits_of(v: i128) -> u32 {
    128 - v.unsigned_abs().leading_zeros()
}

impl Quantiser<'_> {
    /// The most bits that take no more limbs than `bits` do, the sign counted.
    fn fill_limbs(&self, bits: u32) -> u32 {
        let limb = u32::from(self.limb);
        (bits + 1).div_ceil(limb) * limb - 1
    }

    fn push(&mut self, tensor: Tensor, info: Info) -> Result<TensorId, QuantiseError> {
        self.fits(&tensor.name, info.bits)?;
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

    fn fits(&self, name: &str, bits: u32) -> Result<(), QuantiseError> {
        if bits <= MAX_BITS { Ok(()) } else { Err(QuantiseError::TooLarge { tensor: name.to_owned(), bits }) }
    }

    /// `v * 2^fraction`, rounded, for each of `values`.
    fn scaled(&self, name: &str, values: &[f64], fraction: u8) -> Result<Vec<i64>, QuantiseError> {
        let scale = 2f64.powi(fraction.into());
        let integer = |v: &f64| {
            let scaled = (v * scale).round();
            let bits = scaled.abs().log2().max(0.0) as u32 + 1;
            if bits <= CELL_BITS {
                Ok(scaled as i64)
            } else {
                Err(QuantiseError::TooLarge { tensor: name.to_owned(), bits })
            }
        };
        values.iter().map(integer).collect()
    }

    /// Element values by position, scaled; nothing when all are zero.
    fn by_position(
        &self,
        name: &str,
        layout: Layout,
        values: &[f64],
        fraction: u8,
    ) -> Result<Vec<i64>, QuantiseError> {
        if values.iter().all(|v| *v == 0.0) {
            return Ok(Vec::new());
        }
        let mut out = vec![0i64; 1 << layout.log()];
        for (i, v) in self.scaled(name, values, fraction)?.into_iter().enumerate() {
            out[layout.position(i)] = v;
        }
        Ok(out)
    }

    /// Fraction bits that make a range `bits` long, at least the precision.
    fn free_fraction(&self, range: Range, bits: i32) -> u8 {
        (bits - range.bits()).clamp(self.precision.into(), MAX_FRACTION.into()) as u8
    }

    /// Limbs for a range at the precision, and the fraction they have room for, at most `most`.
    fn limbs(&self, name: &str, range: Range, signed: bool, most: u8) -> Result<(u8, u8), QuantiseError> {
        let sign = i32::from(signed);
        let needed = (range.bits() + sign + i32::from(self.precision)).max(1) as u32;
        let limbs = needed.div_ceil(self.limb.into());
        if limbs * u32::from(self.limb) > CELL_BITS {
            return Err(QuantiseError::TooLarge { tensor: name.to_owned(), bits: needed });
        }
        let limbs = limbs as u8;
        let room = i32::from(limbs * self.limb) - sign - range.bits();
        Ok((limbs, room.clamp(0, most.min(MAX_FRACTION).into()) as u8))
    }

    /// The tensor as a factor: linear, and not much longer than the precision needs.
    fn factor(&mut self, t: TensorId) -> Result<TensorId, QuantiseError> {
        if let Some(narrow) = self.info[t].narrow {
            return Ok(narrow);
        }
        // The same numbers at the same places, under another name or shape.
        if let IntOp::Combine { terms, shift } = &self.circuit.tensors[t].op
            && let ([(1, x)], true) = (&terms[..], shift.is_empty())
            // A number that is halved has the same integers, and one more fraction bit.
            && self.fraction(*x) == self.fraction(t)
        {
            return self.factor(*x);
        }
        let info = self.info[t];
        let short = self.fraction(t) <= self.precision + 14 && info.bits <= CELL_BITS;
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
        let (limbs, fraction) = self.limbs(&name, info.range, true, from)?;
        let op = IntOp::Round { x, shift: from - fraction, limbs };
        let bits = u32::from(limbs * self.limb);
        self.push(Tensor { name, layout, fraction, op }, Info { bits, linear: true, narrow: None, ..info })
    }
}
