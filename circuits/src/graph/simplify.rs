//! Peephole simplification: the same function with fewer nodes.
//!
//! A pass walks the nodes in order and rewrites each against its already rewritten operands. A rewrite that would
//! duplicate work, such as folding a factor into a linear layer, happens only when nothing else reads the operand.

mod gelu;
mod moved;
mod rows;
mod rules;
mod sums;
#[cfg(test)]
mod tests;

use std::cell::Cell;

use super::{Node, NodeId, Op};

/// An upper bound on the passes; two or three reach the fixed point of real models.
const MAX_PASSES: usize = 8;
/// Folding constants into linear layers stops after this many multiplications, about a second's work.
const MAX_WORK: usize = 1 << 30;

/// Simplifies until nothing changes and drops the nodes and the rows that `outputs` do not need; `outputs` follow.
pub(super) fn simplify(nodes: Vec<Node>, outputs: &mut [NodeId]) -> Vec<Node> {
    let work = Cell::new(MAX_WORK);
    let nodes = rewrite(nodes, outputs, &work, false);
    let nodes = rows::narrow(&nodes, outputs);
    rewrite(nodes, outputs, &work, true)
}

fn rewrite(mut nodes: Vec<Node>, outputs: &mut [NodeId], work: &Cell<usize>, last: bool) -> Vec<Node> {
    for _ in 0..MAX_PASSES {
        nodes = prune(nodes, outputs);
        let mut pass = Pass { nodes: Vec::new(), uses: Vec::new(), changed: false, work, last };
        let uses = count_uses(&nodes, outputs);
        let mut map: Vec<NodeId> = Vec::with_capacity(nodes.len());
        for (mut node, uses) in nodes.into_iter().zip(uses) {
            node.op.map_operands(|id| map[id.0]);
            map.push(pass.rewrite(node, uses));
        }
        // What comes later has its new number only now; no rule reads it.
        pass.nodes.iter_mut().for_each(|node| node.op.map_previous(|id| map[id.0]));
        outputs.iter_mut().for_each(|id| *id = map[id.0]);
        nodes = pass.nodes;
        if !pass.changed {
            break;
        }
    }
    prune(nodes, outputs)
}

/// Drops the nodes that `outputs` do not need and renumbers the rest. The input, node 0, stays.
fn prune(nodes: Vec<Node>, outputs: &mut [NodeId]) -> Vec<Node> {
    let mut live = vec![false; nodes.len()];
    let mut pending = outputs.to_vec();
    pending.push(NodeId(0));
    while let Some(id) = pending.pop() {
        if !std::mem::replace(&mut live[id.0], true) {
            pending.extend(nodes[id.0].op.reads());
        }
    }
    let mut map = vec![NodeId(0); nodes.len()];
    let mut kept: Vec<Node> = Vec::new();
    for (i, mut node) in nodes.into_iter().enumerate().filter(|(i, _)| live[*i]) {
        map[i] = NodeId(kept.len());
        node.op.map_operands(|id| map[id.0]);
        kept.push(node);
    }
    kept.iter_mut().for_each(|node| node.op.map_previous(|id| map[id.0]));
    outputs.iter_mut().for_each(|id| *id = map[id.0]);
    kept
}

fn count_uses(nodes: &[Node], outputs: &[NodeId]) -> Vec<usize> {
    let mut uses = vec![0; nodes.len()];
    for id in nodes.iter().flat_map(|n| n.op.reads()).chain(outputs.iter().copied()) {
        uses[id.0] += 1;
    }
    uses
}

/// One pass: the rewritten nodes, and how many later nodes and outputs read each. The count may be too high after a
/// rewrite, never too low, so a fold that it wrongly forbids happens in the next pass.
struct Pass<'a> {
    nodes: Vec<Node>,
    uses: Vec<usize>,
    changed: bool,
    /// What is left of [`MAX_WORK`].
    work: &'a Cell<usize>,
    /// Whether all rows left are needed.
    last: bool,
}

/// What becomes of a node.
enum Rewrite {
    /// It computes this instead.
    Op(Op),
    /// It is this node.
    Alias(NodeId),
}

impl Pass<'_> {
    fn rewrite(&mut self, mut node: Node, uses: usize) -> NodeId {
        loop {
            match self.step(&node) {
                None => break self.push(node, uses),
                Some(Rewrite::Op(op)) => {
                    self.changed = true;
                    op.operands().iter().for_each(|id| self.uses[id.0] += 1);
                    self.release(&node.op);
                    node.op = op;
                }
                Some(Rewrite::Alias(id)) => {
                    self.changed = true;
                    self.uses[id.0] += uses;
                    self.release(&node.op);
                    // The names of inputs and outputs matter most; the alias is the later of the two.
                    if self.uses[id.0] == uses && !matches!(self.nodes[id.0].op, Op::Input) {
                        self.nodes[id.0].name = node.name;
                    }
                    break id;
                }
            }
        }
    }

    /// Notes that a node which computed `op` no longer does. An operand that nothing reads any more releases its own
    /// operands.
    fn release(&mut self, op: &Op) {
        let mut pending = op.operands();
        while let Some(id) = pending.pop() {
            let uses = &mut self.uses[id.0];
            *uses = uses.saturating_sub(1);
            if *uses == 0 {
                pending.extend(self.nodes[id.0].op.operands());
            }
        }
    }

    fn push(&mut self, node: Node, uses: usize) -> NodeId {
        self.nodes.push(node);
        self.uses.push(uses);
        NodeId(self.nodes.len() - 1)
    }

    /// Appends a helper node that one node will read.
    fn helper(&mut self, like: NodeId, shape: Vec<usize>, op: Op) -> NodeId {
        op.operands().iter().for_each(|id| self.uses[id.0] += 1);
        let name = format!("{}'", self.nodes[like.0].name.trim_end_matches('\''));
        // The rewrite that asked for the helper counts its use.
        self.push(Node { name, shape, op }, 0)
    }

    fn step(&mut self, node: &Node) -> Option<Rewrite> {
        match &node.op {
            Op::Leaky { x, slope: 1.0 } => Some(Rewrite::Alias(*x)),
            Op::Scale { x, scale, shift } => {
                self.scale(*x, scale, shift).or_else(|| self.scale_moved(*x, scale, shift))
            }
            Op::Linear { x, weight, bias } => {
                self.linear(*x, weight, bias).or_else(|| self.sum(node, *x, weight, bias))
            }
            Op::Combine { terms } => self.combine(terms, node.elements()),
            Op::Mul { a, b } => self.gelu(*a, *b),
            Op::Leaky { x, .. } | Op::Positive { x } | Op::Function { x, .. } | Op::Sqrt { x } => {
                self.moved(*x, &node.op)
            }
            Op::Rearrange { inputs, index } => self.rearrange(inputs, index, &node.shape),
            Op::Reshape { x } => self.reshape(*x, &node.shape),
            Op::Input | Op::MatMul { .. } | Op::Div { .. } | Op::Leaves { .. } | Op::Previous { .. } => None,
        }
    }

    /// Takes `cost` from the work allowed; `None` when it is spent.
    fn spend(&self, cost: usize) -> Option<()> {
        self.work.set(self.work.get().checked_sub(cost)?);
        Some(())
    }

    fn op(&self, id: NodeId) -> &Op {
        &self.nodes[id.0].op
    }

    /// Whether only the node being rewritten reads `id`.
    fn only_here(&self, id: NodeId) -> bool {
        self.uses[id.0] == 1
    }
}
