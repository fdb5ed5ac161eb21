//! The real-valued tensor graph: what an imported model computes, before quantisation.
//!
//! A [`Graph`] is a short list of [`Node`]s in evaluation order over a small set of operators ([`Op`]). The importer
//! makes it with a [`GraphBuilder`], which checks every shape; the quantiser reads it. Shapes are static and the batch
//! dimension is 1. All arithmetic is `f64`, so [`Graph::eval`] is the reference that quantised inference is measured
//! against.
//!
//! ```
//! use sumcast_circuits::graph::{GraphBuilder, Matrix};
//!
//! let mut b = GraphBuilder::new("line", "x", &[1, 2])?;
//! let x = b.input();
//! let y = b.linear(x, Matrix::new(1, 2, vec![3.0, -1.0])?, vec![0.5])?;
//! let y = b.relu(y)?;
//! let graph = b.finish(&[("y", y)])?;
//! assert_eq!(graph.eval_outputs(&[1.0, 2.0]), [[1.5]]);
//! # Ok::<(), sumcast_circuits::graph::GraphError>(())
//! ```

mod build;
mod compose;
mod eval;
pub mod forest;
mod function;
pub(crate) mod layout;
mod matmul;
pub(crate) mod recurrence;
mod simplify;

pub use self::{build::GraphBuilder, forest::Forest, function::Function};

use std::sync::Arc;

/// The largest number of elements of one tensor in a graph.
pub const MAX_TENSOR_ELEMENTS: usize = 1 << 26;

/// The index of a zero in a rearrangement.
pub const ZERO: (u32, u32) = (u32::MAX, 0);

/// The position of a node in its graph. Operands come before the nodes that read them, but for [`Op::Previous`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) usize);

impl NodeId {
    /// The index into [`Graph::nodes`] and into the result of [`Graph::eval`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }
}

/// A dense row-major matrix of finite numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    cols: usize,
    data: Vec<f64>,
}

impl Matrix {
    /// A matrix of `rows` rows of `cols` numbers each.
    ///
    /// # Errors
    /// [`GraphError::Matrix`] when `data` does not hold `rows * cols` numbers or a side is zero.
    pub fn new(rows: usize, cols: usize, data: Vec<f64>) -> Result<Self, GraphError> {
        if rows == 0 || cols == 0 || rows.checked_mul(cols) != Some(data.len()) {
            return Err(GraphError::Matrix { rows, cols, len: data.len() });
        }
        Ok(Self { rows, cols, data })
    }

    /// The number of rows: outputs of a [`Op::Linear`].
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns: inputs of a [`Op::Linear`].
    #[must_use]
    pub const fn cols(&self) -> usize {
        self.cols
    }

    /// Row `i`, of [`Matrix::cols`] numbers.
    #[must_use]
    pub fn row(&self, i: usize) -> &[f64] {
        &self.data[i * self.cols..][..self.cols]
    }

    /// All entries, row by row.
    #[must_use]
    pub fn data(&self) -> &[f64] {
        &self.data
    }
}

/// What a node computes. Tensors are flat in row-major order; `i` runs over flat positions.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The model's input.
    Input,
    /// `y[.., o] = sum_j weight[o, j] x[.., j] + bias[o]`, over the last axis of `x`.
    Linear {
        /// The tensor whose last axis is multiplied; its last axis has `weight.cols()` elements.
        x: NodeId,
        /// One row an output.
        weight: Matrix,
        /// One number an output.
        bias: Vec<f64>,
    },
    /// `y[i] = scale[i] x[i] + shift[i]`.
    Scale {
        /// The tensor scaled.
        x: NodeId,
        /// One factor an element.
        scale: Vec<f64>,
        /// One addend an element.
        shift: Vec<f64>,
    },
    /// `y[i] = sum_k c_k x_k[i]`, all of one shape; at least one term, no node twice.
    Combine {
        /// The pairs `(c_k, x_k)`.
        terms: Vec<(f64, NodeId)>,
    },
    /// `y[i] = a[i] b[i]`, both of one shape.
    Mul {
        /// The first factor.
        a: NodeId,
        /// The second factor.
        b: NodeId,
    },
    /// `y[.., i, j] = sum_k a[.., i, k] b[.., k, j]`, the leading axes of both alike. Where these make more than one pair of
    /// matrices, the rows of both are powers of two.
    MatMul {
        /// The first factor.
        a: NodeId,
        /// The second factor.
        b: NodeId,
    },
    /// `y[i] = x[i]` where `x[i] >= 0`, otherwise `slope x[i]`: Relu is slope 0, Abs is slope -1.
    Leaky {
        /// The tensor bent at zero.
        x: NodeId,
        /// The slope below zero.
        slope: f64,
    },
    /// `y[i] = 1` where `x[i] > 0`, otherwise 0.
    Positive {
        /// The tensor compared with zero.
        x: NodeId,
    },
    /// `y[i] = function(x[i])`.
    Function {
        /// The argument.
        x: NodeId,
        /// The function of one variable.
        function: Function,
    },
    /// `y[i] = a[i] / b[i]`, both of one shape. `b` is positive on every input the model is meant for; the importer
    /// cannot know, so whoever lowers this checks the range of `b`.
    Div {
        /// The numerator.
        a: NodeId,
        /// The denominator.
        b: NodeId,
    },
    /// `y[i] = sqrt(x[i])`. `x` is nonnegative on every input the model is meant for, as for [`Op::Div`].
    Sqrt {
        /// The radicand.
        x: NodeId,
    },
    /// `y[i] = inputs[k][j]` where `index[i] = (k, j)` and `j` is a flat position, or zero where that is [`ZERO`]: Transpose,
    /// Slice, Gather, Concat, Expand, broadcasting and padding.
    Rearrange {
        /// The tensors read, each at least once and no node twice.
        inputs: Vec<NodeId>,
        /// For each element of the result, which input and which of its elements.
        index: Vec<(u32, u32)>,
    },
    /// `y[.., t] = leaf[value]` of the leaf that tree `t` gives for the features `x[.., :]`. Nodes of one forest over one
    /// tensor share its paths.
    Leaves {
        /// The features, over its last axis.
        x: NodeId,
        /// The trees.
        forest: Arc<Forest>,
        /// Which of a leaf's numbers.
        value: usize,
    },
    /// The same elements under another shape.
    Reshape {
        /// The tensor renamed.
        x: NodeId,
    },
    /// The step before: with the rows of `x` in steps, each as long as `initial`, `y[0] = initial` and
    /// `y[t] = x[t - 1]`. A later `x` that depends on `y` makes a loop, whose nodes compute each row from the same row of
    /// their operands, step after step.
    Previous {
        /// The tensor whose steps are moved on by one.
        x: NodeId,
        /// The first step; one or more rows.
        initial: Vec<f64>,
        /// Whether the last step is the first: `y[T - 1] = initial`, `y[t] = x[t + 1]`.
        backward: bool,
    },
}

impl Op {
    /// The operator's name, for reports.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Input => "Input",
            Self::Linear { .. } => "Linear",
            Self::Scale { .. } => "Scale",
            Self::Combine { .. } => "Combine",
            Self::Mul { .. } => "Mul",
            Self::MatMul { .. } => "MatMul",
            Self::Leaky { .. } => "Leaky",
            Self::Positive { .. } => "Positive",
            Self::Function { .. } => "Function",
            Self::Div { .. } => "Div",
            Self::Sqrt { .. } => "Sqrt",
            Self::Rearrange { .. } => "Rearrange",
            Self::Leaves { .. } => "Leaves",
            Self::Reshape { .. } => "Reshape",
            Self::Previous { .. } => "Previous",
        }
    }

    /// The nodes before it that this one reads, in operand order; see [`Op::previous`] for one that comes later.
    #[must_use]
    pub fn operands(&self) -> Vec<NodeId> {
        match self {
            Self::Input | Self::Previous { .. } => vec![],
            Self::Linear { x, .. }
            | Self::Scale { x, .. }
            | Self::Leaky { x, .. }
            | Self::Positive { x }
            | Self::Function { x, .. }
            | Self::Sqrt { x }
            | Self::Leaves { x, .. }
            | Self::Reshape { x } => vec![*x],
            Self::Mul { a, b } | Self::MatMul { a, b } | Self::Div { a, b } => vec![*a, *b],
            Self::Combine { terms } => terms.iter().map(|(_, x)| *x).collect(),
            Self::Rearrange { inputs, .. } => inputs.clone(),
        }
    }

    /// All nodes this one reads, before it and after.
    pub fn reads(&self) -> impl Iterator<Item = NodeId> {
        self.operands().into_iter().chain(self.previous())
    }

    /// The node whose step before an [`Op::Previous`] is.
    #[must_use]
    pub const fn previous(&self) -> Option<NodeId> {
        if let Self::Previous { x, .. } = self { Some(*x) } else { None }
    }

    /// Replaces the node of [`Op::previous`].
    pub(crate) fn map_previous(&mut self, map: impl Fn(NodeId) -> NodeId) {
        if let Self::Previous { x, .. } = self {
            *x = map(*x);
        }
    }

    /// Replaces each operand `id` by `map(id)`.
    pub(crate) fn map_operands(&mut self, map: impl Fn(NodeId) -> NodeId) {
        match self {
            Self::Input | Self::Previous { .. } => {}
            Self::Linear { x, .. }
            | Self::Scale { x, .. }
            | Self::Leaky { x, .. }
            | Self::Positive { x }
            | Self::Function { x, .. }
            | Self::Sqrt { x }
            | Self::Leaves { x, .. }
            | Self::Reshape { x } => *x = map(*x),
            Self::Mul { a, b } | Self::MatMul { a, b } | Self::Div { a, b } => {
                (*a, *b) = (map(*a), map(*b));
            }
            Self::Combine { terms } => terms.iter_mut().for_each(|(_, x)| *x = map(*x)),
            Self::Rearrange { inputs, .. } => inputs.iter_mut().for_each(|x| *x = map(*x)),
        }
    }
}

/// One tensor of the graph and how it is computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The ONNX tensor's name, or one derived from it for a step inside an operator.
    pub name: String,
    /// The tensor's shape, with batch 1; empty for a scalar.
    pub shape: Vec<usize>,
    /// How the tensor is computed.
    pub op: Op,
}

impl Node {
    /// The number of elements of the tensor.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// An output of the model that the graph does not compute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedOutput {
    /// The ONNX output's name.
    pub name: String,
    /// Why it is not computed.
    pub reason: String,
}

/// A model as a tensor graph: one input, one or more outputs, no dead nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// The model's name.
    pub name: String,
    /// Outputs of the model that were left out, with the reason; see [`crate::onnx`].
    pub dropped_outputs: Vec<DroppedOutput>,
    nodes: Vec<Node>,
    input: NodeId,
    outputs: Vec<NodeId>,
    output_names: Vec<String>,
}

impl Graph {
    /// All nodes; a node's [`Op::operands`] come before it.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node `id`.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The nodes with their ids, in evaluation order.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(i, n)| (NodeId(i), n))
    }

    /// The input node.
    #[must_use]
    pub const fn input(&self) -> NodeId {
        self.input
    }

    /// The output nodes in the model's order; two outputs may be one node.
    #[must_use]
    pub fn outputs(&self) -> &[NodeId] {
        &self.outputs
    }

    /// The model's names of [`Graph::outputs`].
    #[must_use]
    pub fn output_names(&self) -> &[String] {
        &self.output_names
    }

    /// The number of constants in the graph: weights and biases of `Linear`, factors other than 1 and addends other
    /// than 0 of `Scale`, nodes of trees.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let count = |node: &Node| match &node.op {
            Op::Linear { weight, bias, .. } => weight.data.len() + bias.len(),
            Op::Scale { scale, shift, .. } => {
                scale.iter().filter(|c| **c != 1.0).count() + shift.iter().filter(|c| **c != 0.0).count()
            }
            // Nodes of one forest count once.
            Op::Leaves { forest, value: 0, .. } => forest.nodes().len(),
            _ => 0,
        };
        self.nodes.iter().map(count).sum()
    }
}

/// Why a graph cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// A matrix's data does not fill its shape.
    #[error("a {rows} x {cols} matrix cannot hold {len} numbers")]
    Matrix {
        /// The declared rows.
        rows: usize,
        /// The declared columns.
        cols: usize,
        /// The numbers given.
        len: usize,
    },
    /// Two shapes that must agree do not.
    #[error("{what}: expected shape {expected:?}, found {found:?}")]
    Shape {
        /// The operand concerned.
        what: &'static str,
        /// The shape the operator needs.
        expected: Vec<usize>,
        /// The shape given.
        found: Vec<usize>,
    },
    /// A tensor has no elements, or more than [`MAX_TENSOR_ELEMENTS`].
    #[error("a tensor of shape {0:?} is empty or has more than {MAX_TENSOR_ELEMENTS} elements")]
    Size(Vec<usize>),
    /// A constant is NaN or infinite.
    #[error("{0} holds a number that is not finite")]
    NotFinite(&'static str),
    /// An id is of another graph.
    #[error("node {0} is not in this graph")]
    UnknownNode(usize),
    /// An operator was given no operands.
    #[error("{0} needs at least one operand")]
    NoOperands(&'static str),
    /// An operator over the last axis was given a scalar.
    #[error("{0} needs an axis, and the tensor is a scalar")]
    Scalar(&'static str),
    /// Nodes that are no trees.
    #[error("a tree ensemble is malformed: {0}")]
    Tree(&'static str),
    /// The lower bound of a clip is above the upper one.
    #[error("the lower bound of a clip is above the upper one")]
    Bounds,
    /// A loop was begun and not closed.
    #[error("the state {0:?} of a loop has no node that computes it")]
    Open(String),
    /// A loop whose rows cannot be computed one after another.
    #[error("node {0:?} is in a loop, and its rows cannot be computed one after another")]
    Loop(String),
    /// A rearrangement reads outside its inputs.
    #[error("a rearrangement reads element {element} of input {input}, which does not exist")]
    Index {
        /// The position among the inputs.
        input: usize,
        /// The flat position read.
        element: usize,
    },
}
