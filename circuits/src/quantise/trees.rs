//! Decision trees.

use super::ranges::Range;
use super::{CELL_BITS, QuantiseError, Quantiser, bits_of};
use crate::circuit::{Op as IntOp, TensorId, TreeNode, Trees, log2_ceil, missing};
use crate::graph::{Forest, Graph, Node, NodeId, Op, forest};
use std::sync::Arc;

/// Least bits of a feature that trees compare: about what `f32` has of the largest one.
pub(super) const FEATURE_BITS: u32 = 29;

/// Most entries of a forest, log2.
const MOST_NODES: u8 = 22;

/// Whether trees compare the node as it is.
pub(super) fn is_compared(graph: &Graph, id: NodeId) -> bool {
    graph.nodes().iter().any(|node| matches!(node.op, Op::Leaves { x, .. } if x == id))
}

/// Whether nothing but trees reads the node.
pub(super) fn only_compared(graph: &Graph, id: NodeId) -> bool {
    let mut readers = graph.nodes().iter().filter(|node| node.op.operands().contains(&id));
    readers.all(|node| matches!(node.op, Op::Leaves { .. })) && !graph.outputs().contains(&id)
}

impl Quantiser<'_> {
    pub(super) fn leaves(
        &mut self,
        node: &Node,
        range: Range,
        of: NodeId,
        forest: &Arc<Forest>,
        value: usize,
    ) -> Result<TensorId, QuantiseError> {
        let x = self.operand(of);
        let x = if self.info[x].linear && self.info[x].bits <= CELL_BITS - 2 { x } else { self.factor(x)? };
        let leaves: Vec<f64> = forest.each_leaf().map(|leaf| leaf[value]).collect();
        let largest = Range { low: 0.0, high: leaves.iter().fold(0.0, |a: f64, b| a.max(b.abs())) };
        // What the rounding of all trees adds up to is below the precision.
        let wanted = self.precision + log2_ceil(forest.trees()) + 2;
        let room = CELL_BITS as i32 - 1 - largest.bits().max(0);
        let fraction = wanted.min(room.clamp(0, super::MAX_FRACTION.into()) as u8);
        let values = self.scaled(&node.name, &leaves, fraction)?;
        let number = self.forest(node, x, forest)?;
        let bits = values.iter().map(|v| bits_of((*v).into())).max().unwrap_or(0);
        let trees = &mut self.circuit.forests[number];
        let by_position = forest.nodes().iter().map(|n| match n {
            forest::TreeNode::Leaf { leaf } => values[*leaf as usize],
            forest::TreeNode::Split { .. } => 0,
        });
        trees.values.push(std::iter::once(0).chain(by_position).chain([0]).collect());
        let value = trees.values.len() - 1;
        if of == self.graph.input() {
            self.bounds(forest);
        }
        self.add(node, fraction, IntOp::Leaves { x, forest: number, value }, range, bits, true)
    }

    /// The number of a forest over a tensor.
    fn forest(&mut self, node: &Node, x: TensorId, forest: &Arc<Forest>) -> Result<usize, QuantiseError> {
        let known = self.forests.iter().position(|(y, known)| *y == x && Arc::ptr_eq(known, forest));
        if let Some(known) = known {
            return Ok(known);
        }
        if forest.nodes().len() + 2 > 1 << MOST_NODES {
            return Err(QuantiseError::Trees { tensor: node.name.clone(), nodes: forest.nodes().len() });
        }
        let bits = self.info[x].bits as u8;
        let scale = 2f64.powi(self.fraction(x).into());
        // What is below or above all features that are there; a missing one is the largest integer, or the smallest.
        let can_miss = self.circuit.missing && x == 0;
        let most = missing(bits) as f64;
        let (least, most) = if can_miss { (-most, most - 1.0) } else { (-most - 1.0, most) };
        let leaf = |at: usize| TreeNode { feature: 0, bound: 1 << bits, child: at as u32, low: false };
        let entry = |(i, n): (usize, &forest::TreeNode)| match *n {
            forest::TreeNode::Leaf { .. } => leaf(i + 1),
            // A jump, whatever the feature.
            forest::TreeNode::Split { bound: f32::INFINITY, below, missing: true, .. } => {
                TreeNode { child: below + 1, ..leaf(i) }
            }
            forest::TreeNode::Split { feature, bound, below, missing } => {
                let bound = (f64::from(bound) * scale).floor().clamp(least, most) as i64;
                TreeNode { feature, bound, child: below + 1, low: can_miss && missing }
            }
        };
        let entries = forest.nodes().iter().enumerate().map(entry);
        let nodes: Vec<TreeNode> = std::iter::once(TreeNode::default()).chain(entries).collect();
        let nothing = leaf(nodes.len());
        self.circuit.forests.push(Trees {
            trees: forest.trees() as u32,
            depth: forest.depth().clamp(1, u8::MAX.into()) as u8,
            bits,
            missing: can_miss,
            nodes: nodes.into_iter().chain([nothing]).collect(),
            values: Vec::new(),
        });
        self.forests.push((x, forest.clone()));
        Ok(self.forests.len() - 1)
    }

    /// Adds what a forest compares the input with.
    fn bounds(&mut self, forest: &Forest) {
        let bounds = &mut self.circuit.bounds;
        bounds.resize(forest.features(), Vec::new());
        for node in forest.nodes() {
            if let forest::TreeNode::Split { feature, bound, .. } = node
                && bound.is_finite()
            {
                bounds[*feature as usize].push(*bound);
            }
        }
        for bounds in bounds {
            bounds.sort_by(f32::total_cmp);
            bounds.dedup();
        }
    }
}
