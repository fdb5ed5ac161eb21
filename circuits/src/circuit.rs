//! The integer tensor graph: what is proven.
//!
//! Every tensor is a vector of `2^log` signed integers: its elements in rows and columns, both padded to powers of
//! two, an element `v` standing for `v / 2^fraction`. Every operator is exact on all positions, and zero on the
//! padding, so a relation holds on whole vectors.

mod trees;

pub(crate) use trees::{TreeNode, Trees, missing};

use crate::lanes::{Lanes, Spot};
use serde::{Deserialize, Serialize};

/// Number of a tensor; operands come before the tensors computed from them, but for [`Op::Previous`].
pub(crate) type TensorId = usize;

/// Log2 of the smallest power of two that holds `len`.
pub(crate) fn log2_ceil(len: usize) -> u8 {
    len.next_power_of_two().trailing_zeros() as u8
}

/// How a tensor's elements lie in its vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    /// Product of all axes but the last.
    pub(crate) rows: u32,
    /// The last axis.
    pub(crate) cols: u32,
}

impl Layout {
    /// The layout of a shape.
    pub(crate) fn of(shape: &[usize]) -> Self {
        let cols = shape.last().copied().unwrap_or(1);
        let rows: usize = shape.iter().rev().skip(1).product();
        Self { rows: rows as u32, cols: cols as u32 }
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.rows as usize * self.cols as usize
    }

    /// Log2 of the padded columns.
    pub(crate) fn cols_log(&self) -> u8 {
        log2_ceil(self.cols as usize)
    }

    /// Log2 of the vector.
    pub(crate) fn log(&self) -> u8 {
        log2_ceil(self.rows as usize) + self.cols_log()
    }

    /// Where element `i` (row-major) lies.
    pub(crate) fn position(&self, i: usize) -> usize {
        let cols = self.cols as usize;
        ((i / cols) << self.cols_log()) | (i % cols)
    }

    /// Whether a position holds an element rather than padding.
    pub(crate) fn is_element(&self, position: usize) -> bool {
        let cols = self.cols_log();
        position >> cols < self.rows as usize && position & ((1 << cols) - 1) < self.cols as usize
    }

    /// Ones in the padding, zeros elsewhere; nothing where there is no padding.
    pub(crate) fn padding(&self) -> Option<Vec<i64>> {
        let size = 1usize << self.log();
        (self.len() < size).then(|| (0..size).map(|i| i64::from(!self.is_element(i))).collect())
    }
}

/// A matrix of integers, one row an output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Weights {
    /// Outputs.
    pub(crate) rows: u32,
    /// Inputs.
    pub(crate) cols: u32,
    /// Row-major.
    pub(crate) data: Vec<i64>,
}

/// Elements of a tensor at other places: `y[p] = 2^shift x[q]`, or zero. Each variable of `x` is one of the result's, or
/// given by the result's other variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wire {
    /// The operand.
    pub(crate) x: TensorId,
    /// For each variable of `x`, lowest first, the variable of the result that it is; none for an inner one.
    pub(crate) order: Vec<Option<u8>>,
    /// For each assignment of the result's other variables, that of the inner ones, both lowest first; none where the
    /// result is zero.
    pub(crate) map: Vec<Option<u32>>,
    /// Bits of the scaling.
    pub(crate) shift: u8,
}

impl Wire {
    /// The result's variables that no variable of `x` is, of `log`.
    pub(crate) fn outer(&self, log: u8) -> Vec<u8> {
        (0..log).filter(|v| !self.order.contains(&Some(*v))).collect()
    }

    /// Log2 of the inner part.
    pub(crate) fn inner(&self) -> u8 {
        self.order.iter().filter(|v| v.is_none()).count() as u8
    }

    /// Whether the variables of `x` are all the result's, and nothing else makes an element zero.
    pub(crate) fn is_view(&self) -> bool {
        self.shift == 0 && self.inner() == 0 && self.map.iter().all(Option::is_some)
    }
}

/// A piecewise linear function: `2^log` segments over `[-2^domain, 2^domain)`, each of `2^limb` steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Table {
    /// The function's name.
    pub(crate) name: String,
    /// Log2 of the segments.
    pub(crate) log: u8,
    /// Log2 of the largest argument.
    pub(crate) domain: i16,
    /// Fraction bits of the result.
    pub(crate) fraction: u8,
    /// Result at the start of each segment.
    pub(crate) values: Vec<i64>,
    /// Increase of the result a step.
    pub(crate) slopes: Vec<i64>,
}

/// A tensor that a run of a lane program takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Taken {
    /// The tensor.
    pub(crate) x: TensorId,
    /// Where it lies in the program's statement slots.
    pub(crate) at: Spot,
    /// Bits by which its fraction is less.
    pub(crate) shift: u8,
}

/// How a tensor is computed. `x`, `a`, `b` are operands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Op {
    /// The public input; elements are below `2^bits` in magnitude.
    Input {
        /// Bits.
        bits: u8,
    },
    /// `y[r, o, l] = sum over terms of sum_j weights[o, j] x[r, j, l] + bias[r, o, l]`, `r` over the highest `row_vars`
    /// variables of every operand and of the result, `l` over the lowest `low_vars`, `j` over the others.
    Linear {
        /// Operands and their matrices.
        terms: Vec<(TensorId, Weights)>,
        /// Log2 of the rows that share the matrices.
        row_vars: u8,
        /// Log2 of the columns that share them.
        low_vars: u8,
        /// By position; empty for none.
        bias: Vec<i64>,
    },
    /// The sum of elements of tensors at other places, of which one at most is not zero.
    Rearrange {
        /// Whence.
        terms: Vec<Wire>,
    },
    /// `y[h, i, j] = sum_k a[h, i, k] b[h, k, j]`; in each vector the last index lies lowest.
    MatMul {
        /// First factor.
        a: TensorId,
        /// Second factor.
        b: TensorId,
        /// Variables of `k`.
        inner: u8,
        /// Variables of `j`.
        cols: u8,
        /// Variables of `i`.
        rows: u8,
    },
    /// `y[i] = scale[i] x[i] + shift[i]`, by position.
    Scale {
        /// The operand.
        x: TensorId,
        /// By position.
        scale: Vec<i64>,
        /// By position; empty for none.
        shift: Vec<i64>,
    },
    /// `y[i] = sum of c x[i] + shift[i]`.
    Combine {
        /// Coefficients and operands.
        terms: Vec<(i64, TensorId)>,
        /// By position; empty for none.
        shift: Vec<i64>,
    },
    /// `y[i] = a[i] b[i]`.
    Mul {
        /// First factor.
        a: TensorId,
        /// Second factor.
        b: TensorId,
    },
    /// `y = floor(x / 2^shift + 1/2)`, in `[-2^(limb limbs - 1), 2^(limb limbs - 1))`.
    Round {
        /// The operand.
        x: TensorId,
        /// Bits removed.
        shift: u8,
        /// Limbs of the result.
        limbs: u8,
    },
    /// The positive part of the rounded operand, below `2^(limb limbs)`; so is the negative part.
    Rectify {
        /// The operand.
        x: TensorId,
        /// Bits removed.
        shift: u8,
        /// Limbs of either part.
        limbs: u8,
    },
    /// The negative part of a [`Op::Rectify`], as a positive number.
    Negative {
        /// The rectified tensor.
        of: TensorId,
    },
    /// The operand's integers, committed.
    Copy {
        /// The operand.
        x: TensorId,
    },
    /// One where the operand is positive, otherwise zero; its magnitude is below `2^(limb limbs)`.
    Positive {
        /// The operand.
        x: TensorId,
        /// Limbs below the bit.
        limbs: u8,
    },
    /// A function by its table.
    Function {
        /// The argument.
        x: TensorId,
        /// Number of the table.
        table: usize,
        /// Limbs below the position in the table.
        limbs: u8,
    },
    /// `y = floor(2^shift a / b)`, `b > 0`, in the range of [`Op::Round`].
    Div {
        /// The numerator.
        a: TensorId,
        /// The denominator.
        b: TensorId,
        /// Bits of the numerator's scaling.
        shift: u8,
        /// Limbs of the result.
        limbs: u8,
        /// Limbs of the remainder.
        remainder: u8,
    },
    /// `y = floor(sqrt(2^shift x))`, below `2^(limb limbs)`.
    Sqrt {
        /// The radicand.
        x: TensorId,
        /// Bits of the radicand's scaling.
        shift: u8,
        /// Limbs of the result.
        limbs: u8,
    },
    /// `y[r, t]` is the leaf's number `value` that tree `t` gives for the row `r` of `x`; zero on the padding.
    Leaves {
        /// The features.
        x: TensorId,
        /// Number of the forest.
        forest: usize,
        /// Which of a leaf's numbers.
        value: usize,
    },
    /// A public output, `floor(x / 2^shift + 1/2)`; elements are below `2^bits` in magnitude.
    Publish {
        /// The operand.
        x: TensorId,
        /// Bits removed.
        shift: u8,
        /// Bits.
        bits: u8,
    },
    /// All numbers of a run of a lane program, slot by slot.
    Lanes {
        /// Number of the program.
        program: usize,
        /// Tensors it takes.
        inputs: Vec<Taken>,
    },
    /// A public or committed output: numbers in the statement slots of a run; elements are below `2^bits` in magnitude.
    Result {
        /// The run.
        of: TensorId,
        /// Where they lie.
        at: Spot,
        /// Bits.
        bits: u8,
    },
    /// The step before, as [`crate::graph::Op::Previous`]: `y[r, l] = 2^shift x[r - rows, l]`, or `backward`
    /// `2^shift x[r + rows, l]`, and where there is no such row, `initial[r, l]`. Zero on padding.
    Previous {
        /// The operand, which may be a later tensor.
        x: TensorId,
        /// Bits by which its fraction is less.
        shift: u8,
        /// Rows of a step.
        rows: u32,
        /// Whether the last step comes first.
        backward: bool,
        /// By position; empty for none.
        initial: Vec<i64>,
    },
}

impl Op {
    /// The tensors it is computed from.
    pub(crate) fn operands(&self) -> Vec<TensorId> {
        match self {
            Self::Input { .. } => vec![],
            Self::Lanes { inputs, .. } => inputs.iter().map(|taken| taken.x).collect(),
            Self::Linear { terms, .. } => terms.iter().map(|(x, _)| *x).collect(),
            Self::Combine { terms, .. } => terms.iter().map(|(_, x)| *x).collect(),
            Self::Rearrange { terms } => terms.iter().map(|wire| wire.x).collect(),
            Self::Mul { a, b } | Self::MatMul { a, b, .. } | Self::Div { a, b, .. } => vec![*a, *b],
            Self::Negative { of } | Self::Result { of, .. } => vec![*of],
            Self::Scale { x, .. }
            | Self::Round { x, .. }
            | Self::Rectify { x, .. }
            | Self::Positive { x, .. }
            | Self::Copy { x }
            | Self::Function { x, .. }
            | Self::Sqrt { x, .. }
            | Self::Leaves { x, .. }
            | Self::Publish { x, .. }
            | Self::Previous { x, .. } => vec![*x],
        }
    }

    /// The same, to be renumbered.
    pub(crate) fn operands_mut(&mut self) -> Vec<&mut TensorId> {
        match self {
            Self::Input { .. } => vec![],
            Self::Lanes { inputs, .. } => inputs.iter_mut().map(|taken| &mut taken.x).collect(),
            Self::Linear { terms, .. } => terms.iter_mut().map(|(x, _)| x).collect(),
            Self::Combine { terms, .. } => terms.iter_mut().map(|(_, x)| x).collect(),
            Self::Rearrange { terms } => terms.iter_mut().map(|wire| &mut wire.x).collect(),
            Self::Mul { a, b } | Self::MatMul { a, b, .. } | Self::Div { a, b, .. } => vec![a, b],
            Self::Negative { of } | Self::Result { of, .. } => vec![of],
            Self::Scale { x, .. }
            | Self::Round { x, .. }
            | Self::Rectify { x, .. }
            | Self::Positive { x, .. }
            | Self::Copy { x }
            | Self::Function { x, .. }
            | Self::Sqrt { x, .. }
            | Self::Leaves { x, .. }
            | Self::Publish { x, .. }
            | Self::Previous { x, .. } => vec![x],
        }
    }

    /// Bits of a tensor of the statement.
    pub(crate) fn bits(&self) -> u8 {
        match self {
            Self::Input { bits } | Self::Publish { bits, .. } | Self::Result { bits, .. } => *bits,
            _ => 0,
        }
    }
}

/// A tensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tensor {
    /// The ONNX tensor's name.
    pub(crate) name: String,
    /// Rows and columns.
    pub(crate) layout: Layout,
    /// Fraction bits.
    pub(crate) fraction: u8,
    /// How it is computed.
    pub(crate) op: Op,
}

/// Which tensors of a statement it holds as commitments instead of integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// The input.
    pub input: bool,
    /// All outputs.
    pub outputs: bool,
}

/// An integer tensor graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Circuit {
    /// Limb width, bits.
    pub(crate) limb: u8,
    /// The tensors; of a model, the first is the input.
    pub(crate) tensors: Vec<Tensor>,
    /// Inputs, in the statement's order.
    pub(crate) inputs: Vec<TensorId>,
    /// Tensors of the statement that it holds as commitments.
    pub(crate) committed: Vec<TensorId>,
    /// Lane programs.
    pub(crate) programs: Vec<Lanes>,
    /// Function tables.
    pub(crate) tables: Vec<Table>,
    /// Forests.
    pub(crate) forests: Vec<Trees>,
    /// Whether inputs may be missing.
    pub(crate) missing: bool,
    /// For each column of the input, what trees compare it with, ascending; empty where none does.
    pub(crate) bounds: Vec<Vec<f32>>,
    /// The published tensors, in the model's order.
    pub(crate) outputs: Vec<TensorId>,
    /// Log2 of the inputs that one proof is of. Every tensor has that many copies, one after another: the highest
    /// variables are the number of the input. Constants by position have one.
    pub(crate) batch: u8,
}

impl Circuit {
    /// Log2 of a tensor's vector, with the copies of a batch.
    pub(crate) fn log(&self, t: TensorId) -> u8 {
        self.tensors[t].layout.log() + self.batch
    }

    /// Whether a tensor is another one with its variables in another order, and perhaps not all of them: a claim on it is
    /// one on the other.
    pub(crate) fn is_view(&self, t: TensorId) -> bool {
        matches!(&self.tensors[t].op, Op::Rearrange { terms } if matches!(&terms[..], [wire] if wire.is_view()))
    }

    /// The real numbers that a tensor's integers, by position, stand for, by element, one input after another.
    pub(crate) fn reals(&self, t: TensorId, integers: &[i128]) -> Vec<f64> {
        let Tensor { layout, fraction, .. } = &self.tensors[t];
        let scale = 2f64.powi((*fraction).into());
        let copies = integers.chunks(1 << layout.log());
        copies.flat_map(|copy| (0..layout.len()).map(|i| copy[layout.position(i)] as f64 / scale)).collect()
    }

    /// Whether a position of a tensor of any input holds an element rather than padding.
    pub(crate) fn is_element(&self, tensor: &Tensor, position: usize) -> bool {
        tensor.layout.is_element(position & ((1 << tensor.layout.log()) - 1))
    }
}

/// Most bits of any integer of a circuit: with the scaling of a rounding it still fits 128.
pub(crate) const MAX_BITS: u32 = 112;

/// `floor(v / 2^shift + 1/2)`.
pub(crate) fn round_shift(v: i128, shift: u8) -> i128 {
    if shift == 0 { v } else { (v + (1i128 << (shift - 1))) >> shift }
}

/// The least `e` for which `limb` divides `shift + e`, and the number of limbs that makes.
pub(crate) fn fill(shift: u8, limb: u8) -> (u8, u8) {
    let limbs = shift.div_ceil(limb);
    (limbs * limb - shift, limbs)
}
