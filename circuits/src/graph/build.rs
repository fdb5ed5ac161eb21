//! Building a graph node by node, with every shape checked.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Forest, Function, Graph, GraphError, MAX_TENSOR_ELEMENTS, Matrix, Node, NodeId, Op, ZERO, eval,
    recurrence, simplify,
};

/// Builds a [`Graph`]. Each method checks its operands' shapes, appends a node and returns its id; composite operators
/// (Clip, Max, Softmax and the like) append several.
#[derive(Debug)]
pub struct GraphBuilder {
    name: String,
    pub(super) nodes: Vec<Node>,
    scope: String,
    steps: usize,
}

impl GraphBuilder {
    /// A builder for the graph `name` whose input is the tensor `input` of shape `shape`.
    ///
    /// # Errors
    /// [`GraphError::Size`] for an empty or oversized input.
    pub fn new(name: &str, input: &str, shape: &[usize]) -> Result<Self, GraphError> {
        check_size(shape)?;
        let node = Node { name: input.to_owned(), shape: shape.to_vec(), op: Op::Input };
        Ok(Self { name: name.to_owned(), nodes: vec![node], scope: input.to_owned(), steps: 0 })
    }

    /// The input node.
    #[must_use]
    pub const fn input(&self) -> NodeId {
        NodeId(0)
    }

    /// The number of nodes so far.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Names the nodes that follow `scope/0`, `scope/1` and so on.
    pub fn set_scope(&mut self, scope: &str) {
        scope.clone_into(&mut self.scope);
        self.steps = 0;
    }

    /// Gives a node its final name.
    pub(crate) fn rename(&mut self, id: NodeId, name: &str) {
        name.clone_into(&mut self.nodes[id.0].name);
    }

    /// The shape of `id`.
    ///
    /// # Errors
    /// [`GraphError::UnknownNode`] when `id` is of another builder.
    pub fn shape(&self, id: NodeId) -> Result<&[usize], GraphError> {
        self.nodes.get(id.0).map(|n| n.shape.as_slice()).ok_or(GraphError::UnknownNode(id.0))
    }

    /// `y[.., o] = sum_j weight[o, j] x[.., j] + bias[o]`.
    ///
    /// # Errors
    /// When `x`'s last axis is not `weight.cols()` long, `bias` is not `weight.rows()` long, or a constant is not
    /// finite.
    pub fn linear(&mut self, x: NodeId, weight: Matrix, bias: Vec<f64>) -> Result<NodeId, GraphError> {
        let mut shape = self.shape(x)?.to_vec();
        match shape.last_mut() {
            Some(last) if *last == weight.cols() => *last = weight.rows(),
            _ => {
                return Err(mismatch("last axis of a linear layer's input", &[weight.cols()], &shape));
            }
        }
        if bias.len() != weight.rows() {
            return Err(mismatch("bias of a linear layer", &[weight.rows()], &[bias.len()]));
        }
        check_finite("the weight of a linear layer", weight.data())?;
        check_finite("the bias of a linear layer", &bias)?;
        self.push(shape, Op::Linear { x, weight, bias })
    }

    /// `y[i] = scale[i] x[i] + shift[i]`.
    ///
    /// # Errors
    /// When `scale` or `shift` is not as long as `x`, or a constant is not finite.
    pub fn scale(&mut self, x: NodeId, scale: Vec<f64>, shift: Vec<f64>) -> Result<NodeId, GraphError> {
        let shape = self.shape(x)?.to_vec();
        let elements = shape.iter().product();
        for (what, list) in [("factors of a scaling", &scale), ("addends of a scaling", &shift)] {
            if list.len() != elements {
                return Err(mismatch(what, &[elements], &[list.len()]));
            }
            check_finite(what, list)?;
        }
        self.push(shape, Op::Scale { x, scale, shift })
    }

    /// `y[i] = factor x[i] + addend`.
    ///
    /// # Errors
    /// When `x` is unknown or a constant is not finite.
    pub fn affine(&mut self, x: NodeId, factor: f64, addend: f64) -> Result<NodeId, GraphError> {
        let elements = self.shape(x)?.iter().product();
        self.scale(x, vec![factor; elements], vec![addend; elements])
    }

    /// `y[i] = sum_k c_k x_k[i]`.
    ///
    /// # Errors
    /// When there are no terms, shapes differ, or a coefficient is not finite.
    pub fn combine(&mut self, terms: &[(f64, NodeId)]) -> Result<NodeId, GraphError> {
        let first = terms.first().ok_or(GraphError::NoOperands("Combine"))?;
        let shape = self.shape(first.1)?.to_vec();
        let mut merged: Vec<(f64, NodeId)> = Vec::new();
        for (c, x) in terms {
            self.expect("term of a sum", *x, &shape)?;
            match merged.iter_mut().find(|(_, y)| y == x) {
                Some((sum, _)) => *sum += c,
                None => merged.push((*c, *x)),
            }
        }
        check_finite("a coefficient of a sum", &merged.iter().map(|(c, _)| *c).collect::<Vec<_>>())?;
        self.push(shape, Op::Combine { terms: merged })
    }

    /// `y[i] = a[i] b[i]`.
    ///
    /// # Errors
    /// When the shapes differ.
    pub fn mul(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, GraphError> {
        let shape = self.shape(a)?.to_vec();
        self.expect("second factor", b, &shape)?;
        self.push(shape, Op::Mul { a, b })
    }

    /// `y[i] = a[i] / b[i]`, for positive `b`.
    ///
    /// # Errors
    /// When the shapes differ.
    pub fn div(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, GraphError> {
        let shape = self.shape(a)?.to_vec();
        self.expect("denominator", b, &shape)?;
        self.push(shape, Op::Div { a, b })
    }

    /// `y[i] = sqrt(x[i])`, for nonnegative `x`.
    ///
    /// # Errors
    /// When `x` is unknown.
    pub fn sqrt(&mut self, x: NodeId) -> Result<NodeId, GraphError> {
        let shape = self.shape(x)?.to_vec();
        self.push(shape, Op::Sqrt { x })
    }

    /// `x` where `x >= 0`, otherwise `slope x`.
    ///
    /// # Errors
    /// When `slope` is not finite.
    pub fn leaky(&mut self, x: NodeId, slope: f64) -> Result<NodeId, GraphError> {
        check_finite("a slope", &[slope])?;
        let shape = self.shape(x)?.to_vec();
        self.push(shape, Op::Leaky { x, slope })
    }

    /// 1 where `x > 0`, otherwise 0.
    ///
    /// # Errors
    /// When `x` is unknown.
    pub fn positive(&mut self, x: NodeId) -> Result<NodeId, GraphError> {
        let shape = self.shape(x)?.to_vec();
        self.push(shape, Op::Positive { x })
    }

    /// `y[i] = function(x[i])`.
    ///
    /// # Errors
    /// When `x` is unknown.
    pub fn function(&mut self, x: NodeId, function: Function) -> Result<NodeId, GraphError> {
        let shape = self.shape(x)?.to_vec();
        self.push(shape, Op::Function { x, function })
    }

    /// A tensor of shape `shape` whose element `i` is element `j` of `inputs[k]`, where `index[i] = (k, j)`, or zero where
    /// that is [`ZERO`]. Inputs that are not read are left out of the node, and repeated ones are merged.
    ///
    /// # Errors
    /// When `index` does not fill `shape`, reads outside the inputs or reads nothing.
    pub fn rearrange(
        &mut self,
        inputs: &[NodeId],
        index: &[(u32, u32)],
        shape: &[usize],
    ) -> Result<NodeId, GraphError> {
        check_size(shape)?;
        if shape.iter().product::<usize>() != index.len() {
            return Err(mismatch("index of a rearrangement", shape, &[index.len()]));
        }
        let sizes: Vec<usize> =
            inputs.iter().map(|x| Ok(self.shape(*x)?.iter().product())).collect::<Result<_, _>>()?;
        if index.iter().all(|read| *read == ZERO) {
            return Err(GraphError::NoOperands("Rearrange"));
        }
        for (k, j) in index.iter().filter(|read| **read != ZERO) {
            let (input, element) = (*k as usize, *j as usize);
            if sizes.get(input).is_none_or(|size| element >= *size) {
                return Err(GraphError::Index { input, element });
            }
        }
        let (inputs, index) = canonical_rearrange(inputs, index.iter().copied());
        self.push(shape.to_vec(), Op::Rearrange { inputs, index })
    }

    /// `y[.., t] = leaf[value]` of the leaf that tree `t` gives for the features `x[.., :]`.
    ///
    /// # Errors
    /// When `x`'s last axis is not `forest.features()` long, or a leaf has no such value.
    pub fn leaves(&mut self, x: NodeId, forest: &Arc<Forest>, value: usize) -> Result<NodeId, GraphError> {
        let mut shape = self.shape(x)?.to_vec();
        match shape.last_mut() {
            Some(last) if *last == forest.features() => *last = forest.trees(),
            _ => return Err(mismatch("last axis of a forest's features", &[forest.features()], &shape)),
        }
        if value >= forest.width() {
            return Err(GraphError::Tree("a leaf holds too few numbers"));
        }
        self.push(shape, Op::Leaves { x, forest: forest.clone(), value })
    }

    /// `x` under another shape with as many elements.
    ///
    /// # Errors
    /// When the numbers of elements differ.
    pub fn reshape(&mut self, x: NodeId, shape: &[usize]) -> Result<NodeId, GraphError> {
        check_size(shape)?;
        let from = self.shape(x)?;
        if from.iter().product::<usize>() != shape.iter().product::<usize>() {
            return Err(mismatch("reshape", shape, from));
        }
        self.push(shape.to_vec(), Op::Reshape { x })
    }

    /// The graph of all that `outputs` need, simplified: constant factors are folded into their neighbours, nested
    /// rearrangements, sums and reshapes are merged, and the Gelu functions are recognised. Values change by rounding
    /// in `f64` only, except that a Gelu written with `f32` constants becomes the exact function.
    ///
    /// # Errors
    /// [`GraphError::NoOperands`] without outputs, [`GraphError::UnknownNode`] for an unknown one,
    /// [`GraphError::NotFinite`] when folding overflows, [`GraphError::Open`] and [`GraphError::Loop`] for a loop that is
    /// none.
    pub fn finish(self, outputs: &[(&str, NodeId)]) -> Result<Graph, GraphError> {
        if outputs.is_empty() {
            return Err(GraphError::NoOperands("Graph"));
        }
        for (_, id) in outputs {
            self.shape(*id)?;
        }
        recurrence::check(&self.nodes)?;
        let mut ids: Vec<NodeId> = outputs.iter().map(|(_, id)| *id).collect();
        let nodes = simplify::simplify(self.nodes, &mut ids);
        for node in &nodes {
            match &node.op {
                Op::Linear { weight, bias, .. } => {
                    check_finite("a folded weight", weight.data())?;
                    check_finite("a folded bias", bias)?;
                }
                Op::Scale { scale, shift, .. } => {
                    check_finite("a folded factor", scale)?;
                    check_finite("a folded addend", shift)?;
                }
                _ => {}
            }
        }
        Ok(Graph {
            name: self.name,
            dropped_outputs: Vec::new(),
            nodes,
            input: NodeId(0),
            outputs: ids,
            output_names: outputs.iter().map(|(name, _)| (*name).to_owned()).collect(),
        })
    }

    /// The values of all nodes so far.
    pub(crate) fn eval(&self, input: &[f64]) -> Vec<Vec<f64>> {
        eval::eval_nodes(&self.nodes, input)
    }

    /// The multiplications that the linear layers and matrix products so far take.
    pub(crate) fn multiplications(&self) -> usize {
        let cost = |node: &Node| match &node.op {
            Op::Linear { weight, .. } => node.elements().saturating_mul(weight.cols()),
            Op::MatMul { a, .. } => {
                node.elements().saturating_mul(self.nodes[a.0].shape.last().copied().unwrap_or(1))
            }
            _ => 0,
        };
        self.nodes.iter().map(cost).fold(0, usize::saturating_add)
    }

    pub(super) fn expect(&self, what: &'static str, id: NodeId, shape: &[usize]) -> Result<(), GraphError> {
        let found = self.shape(id)?;
        if found == shape { Ok(()) } else { Err(mismatch(what, shape, found)) }
    }

    pub(super) fn push(&mut self, shape: Vec<usize>, op: Op) -> Result<NodeId, GraphError> {
        check_size(&shape)?;
        let name = format!("{}/{}", self.scope, self.steps);
        self.steps += 1;
        self.nodes.push(Node { name, shape, op });
        Ok(NodeId(self.nodes.len() - 1))
    }
}

/// Drops the inputs that `index` does not read and merges repeated ones.
pub(super) fn canonical_rearrange(
    inputs: &[NodeId],
    index: impl Iterator<Item = (u32, u32)>,
) -> (Vec<NodeId>, Vec<(u32, u32)>) {
    let mut kept = Vec::new();
    let mut places: BTreeMap<NodeId, u32> = BTreeMap::new();
    let index = index
        .map(|(k, j)| {
            if (k, j) == ZERO {
                return ZERO;
            }
            let id = inputs[k as usize];
            let place = *places.entry(id).or_insert_with(|| {
                kept.push(id);
                kept.len() as u32 - 1
            });
            (place, j)
        })
        .collect();
    (kept, index)
}

pub(super) fn mismatch(what: &'static str, expected: &[usize], found: &[usize]) -> GraphError {
    GraphError::Shape { what, expected: expected.to_vec(), found: found.to_vec() }
}

pub(super) fn check_size(shape: &[usize]) -> Result<(), GraphError> {
    let elements = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
    if elements.is_some_and(|n| (1..=MAX_TENSOR_ELEMENTS).contains(&n)) {
        Ok(())
    } else {
        Err(GraphError::Size(shape.to_vec()))
    }
}

pub(super) fn check_finite(what: &'static str, list: &[f64]) -> Result<(), GraphError> {
    if list.iter().all(|c| c.is_finite()) { Ok(()) } else { Err(GraphError::NotFinite(what)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_checked() {
        let mut b = GraphBuilder::new("g", "x", &[2, 3]).unwrap();
        let x = b.input();
        let weight = Matrix::new(1, 2, vec![1.0, 2.0]).unwrap();
        assert!(matches!(b.linear(x, weight, vec![0.0]), Err(GraphError::Shape { .. })));
        let weight = Matrix::new(1, 3, vec![1.0; 3]).unwrap();
        assert!(matches!(b.linear(x, weight.clone(), vec![]), Err(GraphError::Shape { .. })));
        assert!(matches!(b.linear(x, weight.clone(), vec![f64::NAN]), Err(GraphError::NotFinite(_))));
        let y = b.linear(x, weight, vec![1.0]).unwrap();
        assert_eq!(b.shape(y).unwrap(), [2, 1]);
        assert!(b.mul(x, y).is_err() && b.div(x, y).is_err());
        assert!(b.combine(&[(1.0, x), (1.0, y)]).is_err());
        assert!(b.combine(&[]).is_err());
        assert!(b.scale(x, vec![1.0; 6], vec![0.0; 5]).is_err());
        assert!(b.reshape(x, &[5]).is_err());
        assert!(b.reshape(x, &[usize::MAX, 2]).is_err());
        assert!(matches!(b.rearrange(&[y], &[(0, 2)], &[1]), Err(GraphError::Index { element: 2, .. })));
        assert!(b.rearrange(&[y], &[(1, 0)], &[1]).is_err());
        assert!(b.finish(&[]).is_err());
    }

    #[test]
    fn empty_and_huge_tensors_are_refused() {
        assert!(GraphBuilder::new("g", "x", &[0]).is_err());
        assert!(GraphBuilder::new("g", "x", &[1 << 40, 1 << 40]).is_err());
        assert!(Matrix::new(usize::MAX, 2, vec![]).is_err());
        assert!(Matrix::new(0, 2, vec![]).is_err());
    }
}
