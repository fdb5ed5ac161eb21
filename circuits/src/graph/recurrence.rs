//! Loops: how one is built, which nodes are in one, and in which order all are computed.

use std::ops::Range;

use super::{
    GraphBuilder, GraphError, Node, NodeId, Op,
    build::{check_finite, check_size, mismatch},
};

impl GraphBuilder {
    /// The step before of a tensor of shape `shape` that is computed later, and then given to [`GraphBuilder::close`].
    /// `initial` is what comes before the first step, or `backward` the last, and says how many rows are a step.
    ///
    /// # Errors
    /// When `initial` is no whole number of rows, or `shape` no whole number of steps, or a number is not finite.
    pub fn previous(
        &mut self,
        shape: &[usize],
        initial: Vec<f64>,
        backward: bool,
    ) -> Result<NodeId, GraphError> {
        check_size(shape)?;
        let elements: usize = shape.iter().product();
        let cols = shape.last().copied().unwrap_or(1);
        if initial.is_empty()
            || !initial.len().is_multiple_of(cols)
            || !elements.is_multiple_of(initial.len())
        {
            return Err(mismatch("the first step of a loop", shape, &[initial.len()]));
        }
        check_finite("the first step of a loop", &initial)?;
        // A node that is its own step before is one that is not closed.
        let x = NodeId(self.nodes.len());
        self.push(shape.to_vec(), Op::Previous { x, initial, backward })
    }

    /// Says that `previous` is the step before of `x`.
    ///
    /// # Errors
    /// When the shapes differ, or `previous` is not of [`GraphBuilder::previous`].
    pub fn close(&mut self, previous: NodeId, x: NodeId) -> Result<(), GraphError> {
        let shape = self.shape(previous)?.to_vec();
        self.expect("state of a loop", x, &shape)?;
        let node = &mut self.nodes[previous.0];
        match &mut node.op {
            Op::Previous { x: state, .. } if x != previous => {
                *state = x;
                Ok(())
            }
            _ => Err(GraphError::Open(node.name.clone())),
        }
    }
}

/// Numbers in an order in which each comes after what it depends on, those that depend on each other together, rising.
/// `operands[i]` is what `i` depends on. (Tarjan's strongly connected components.)
pub(crate) fn parts(operands: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let mut out = Vec::new();
    // When a number was found, and the earliest that is on the stack and can be reached from it.
    let (mut found, mut low) = (vec![NEW; operands.len()], vec![NEW; operands.len()]);
    let mut waiting = vec![false; operands.len()];
    let (mut stack, mut count) = (Vec::new(), 0);
    for root in 0..operands.len() {
        let mut path = if found[root] == NEW { vec![(root, 0)] } else { vec![] };
        while let Some((i, next)) = path.last_mut() {
            let i = *i;
            if *next == 0 {
                (found[i], low[i]) = (count, count);
                count += 1;
                stack.push(i);
                waiting[i] = true;
            }
            let operand = operands[i].get(*next).copied();
            *next += 1;
            match operand {
                Some(j) if found[j] == NEW => path.push((j, 0)),
                Some(j) if waiting[j] => low[i] = low[i].min(found[j]),
                Some(_) => {}
                None => {
                    path.pop();
                    if let Some((reader, _)) = path.last() {
                        low[*reader] = low[*reader].min(low[i]);
                    }
                    if low[i] == found[i] {
                        let first = stack.iter().rposition(|j| *j == i).unwrap_or(0);
                        let mut part = stack.split_off(first);
                        part.sort_unstable();
                        part.iter().for_each(|j| waiting[*j] = false);
                        out.push(part);
                    }
                }
            }
        }
    }
    out
}

/// The parts of a graph's nodes.
pub(crate) fn parts_of(nodes: &[Node]) -> Vec<Vec<usize>> {
    let reads =
        |node: &Node| node.op.operands().into_iter().chain(node.op.previous()).map(NodeId::index).collect();
    parts(&nodes.iter().map(reads).collect::<Vec<_>>())
}

/// The steps of a loop: how many, and whether the last comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) count: usize,
    pub(crate) backward: bool,
}

impl Steps {
    /// Those of the first [`Op::Previous`] of a part.
    pub(crate) fn of(nodes: &[Node], part: &[usize]) -> Option<Self> {
        part.iter().find_map(|i| match &nodes[*i].op {
            Op::Previous { initial, backward, .. } => {
                Some(Self { count: nodes[*i].elements() / initial.len(), backward: *backward })
            }
            _ => None,
        })
    }

    /// The step before `t`, if there is one.
    pub(crate) fn before(self, t: usize) -> Option<usize> {
        if self.backward { Some(t + 1).filter(|t| *t < self.count) } else { t.checked_sub(1) }
    }

    /// The steps in the order they are computed in.
    pub(crate) fn order(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |i| if self.backward { self.count - 1 - i } else { i })
    }
}

/// One of so many equal parts of every tensor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) at: usize,
    pub(super) of: usize,
}

impl Window {
    pub(super) const WHOLE: Self = Self { at: 0, of: 1 };

    /// The part of `0..len`.
    pub(super) fn range(self, len: usize) -> Range<usize> {
        let part = len / self.of;
        self.at * part..(self.at + 1) * part
    }

    pub(super) fn part(self, list: &[f64]) -> &[f64] {
        &list[self.range(list.len())]
    }
}

/// Checks that every loop can be computed step after step.
pub(super) fn check(nodes: &[Node]) -> Result<(), GraphError> {
    for (i, node) in nodes.iter().enumerate() {
        if node.op.previous().is_some_and(|x| x.index() == i) {
            return Err(GraphError::Open(node.name.clone()));
        }
    }
    let last = |node: &Node| node.shape.last().copied().unwrap_or(1);
    for part in parts_of(nodes).into_iter().filter(|part| part.len() > 1) {
        let steps = Steps::of(nodes, &part);
        for i in &part {
            let node = &nodes[*i];
            let by_rows = match &node.op {
                Op::Input | Op::MatMul { .. } | Op::Rearrange { .. } => false,
                Op::Previous { .. } => Steps::of(nodes, &[*i]) == steps,
                Op::Reshape { x } => last(&nodes[x.index()]) == last(node),
                Op::Linear { .. }
                | Op::Scale { .. }
                | Op::Combine { .. }
                | Op::Mul { .. }
                | Op::Leaky { .. }
                | Op::Positive { .. }
                | Op::Function { .. }
                | Op::Div { .. }
                | Op::Sqrt { .. }
                | Op::Leaves { .. } => true,
            };
            if !by_rows {
                return Err(GraphError::Loop(node.name.clone()));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Function, Graph, Matrix};

    #[test]
    fn parts_follow_what_they_depend_on() {
        // 1 and 4 are a loop by way of 3; 2 depends on nothing in it, 5 on it.
        let operands = [vec![], vec![4], vec![0], vec![1, 2], vec![3], vec![1, 0]];
        let expected: [&[usize]; 4] = [&[0], &[2], &[1, 3, 4], &[5]];
        assert_eq!(parts(&operands), expected);
        let line: Vec<Vec<usize>> = (0..4usize).map(|i| (0..i).collect()).collect();
        assert_eq!(parts(&line), [[0], [1], [2], [3]]);
    }

    /// `h[t] = tanh(x[t] + w h[t - 1])` of one number, and twice the state before.
    fn cell(backward: bool) -> Graph {
        let mut b = GraphBuilder::new("g", "x", &[3, 1]).unwrap();
        let x = b.input();
        let before = b.previous(&[3, 1], vec![0.25], backward).unwrap();
        let weighted = b.linear(before, Matrix::new(1, 1, vec![0.5]).unwrap(), vec![0.0]).unwrap();
        let twice = b.affine(before, 2.0, 0.0).unwrap();
        let sum = b.combine(&[(1.0, x), (1.0, weighted)]).unwrap();
        let h = b.function(sum, Function::Tanh).unwrap();
        b.close(before, h).unwrap();
        b.finish(&[("h", h), ("twice", twice)]).unwrap()
    }

    #[test]
    fn a_loop_is_computed_step_after_step() {
        let x = [0.3, -1.0, 0.7];
        let h0 = (0.3f64 + 0.125).tanh();
        let h1 = (-1.0 + h0 / 2.0).tanh();
        let h2 = (0.7 + h1 / 2.0).tanh();
        assert_eq!(cell(false).eval_outputs(&x), [[h0, h1, h2], [0.5, 2.0 * h0, 2.0 * h1]]);
        let reversed = cell(true).eval_outputs(&[0.7, -1.0, 0.3]);
        assert_eq!(reversed, [[h2, h1, h0], [2.0 * h1, 2.0 * h0, 0.5]]);
    }

    #[test]
    fn a_step_may_be_several_rows_and_a_previous_no_loop() {
        let mut b = GraphBuilder::new("g", "x", &[2, 2, 2]).unwrap();
        let x = b.input();
        let before = b.previous(&[2, 2, 2], vec![1.0, 2.0, 3.0, 4.0], false).unwrap();
        b.close(before, x).unwrap();
        let y = b.affine(before, 10.0, 0.0).unwrap();
        let graph = b.finish(&[("y", y)]).unwrap();
        let found = graph.eval_outputs(&[5.0, 6.0, 7.0, 8.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(found, [[10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0]]);
    }

    #[test]
    fn what_is_dead_goes_though_it_is_a_loop() {
        let mut b = GraphBuilder::new("g", "x", &[2, 1]).unwrap();
        let x = b.input();
        let before = b.previous(&[2, 1], vec![0.0], false).unwrap();
        let h = b.mul(before, x).unwrap();
        b.close(before, h).unwrap();
        let y = b.function(x, Function::Tanh).unwrap();
        assert_eq!(b.finish(&[("y", y)]).unwrap().nodes().len(), 2);
    }

    #[test]
    fn what_is_no_loop_is_refused() {
        let begin = || {
            let mut b = GraphBuilder::new("g", "x", &[2, 2]).unwrap();
            let before = b.previous(&[2, 2], vec![0.0, 0.0], false).unwrap();
            (b, before)
        };
        let finish = |b: GraphBuilder, y: NodeId| b.finish(&[("y", y)]);
        let (mut b, before) = begin();
        let sum = b.combine(&[(1.0, before), (1.0, b.input())]).unwrap();
        assert!(matches!(b.close(before, before), Err(GraphError::Open(_))));
        assert!(matches!(b.close(sum, before), Err(GraphError::Open(_))));
        assert!(matches!(finish(b, sum), Err(GraphError::Open(_))));
        // A node that reads other rows.
        let (mut b, before) = begin();
        let turned = b.transpose(before, &[1, 0]).unwrap();
        b.close(before, turned).unwrap();
        assert!(matches!(finish(b, turned), Err(GraphError::Loop(_))));
        // Two directions.
        let (mut b, before) = begin();
        let other = b.previous(&[2, 2], vec![0.0, 0.0], true).unwrap();
        let product = b.mul(before, other).unwrap();
        b.close(before, product).unwrap();
        b.close(other, product).unwrap();
        assert!(matches!(finish(b, product), Err(GraphError::Loop(_))));
        let (mut b, before) = begin();
        let narrow = b.sum_last(before, 1.0).unwrap();
        assert!(matches!(b.close(before, narrow), Err(GraphError::Shape { .. })));
        for initial in [vec![], vec![0.0], vec![0.0; 3], vec![0.0; 6]] {
            assert!(matches!(b.previous(&[2, 2], initial, false), Err(GraphError::Shape { .. })));
        }
        assert!(matches!(b.previous(&[1, 1], vec![f64::NAN], false), Err(GraphError::NotFinite(_))));
    }
}
