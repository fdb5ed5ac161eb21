//! Peephole simplification: the same function with fewer nodes.

use super::{Node, NodeId};

/// Drops the nodes that `outputs` do not need and renumbers the rest; `outputs` follow.
pub(super) fn simplify(nodes: Vec<Node>, outputs: &mut [NodeId]) -> Vec<Node> {
    let mut live = vec![false; nodes.len()];
    live[0] = true;
    for id in outputs.iter() {
        live[id.0] = true;
    }
    for i in (0..nodes.len()).rev() {
        if live[i] {
            nodes[i].op.operands().iter().for_each(|id| live[id.0] = true);
        }
    }
    let mut map = vec![NodeId(0); nodes.len()];
    let mut kept: Vec<Node> = Vec::new();
    for (i, mut node) in nodes.into_iter().enumerate().filter(|(i, _)| live[*i]) {
        map[i] = NodeId(kept.len());
        node.op.map_operands(|id| map[id.0]);
        kept.push(node);
    }
    outputs.iter_mut().for_each(|id| *id = map[id.0]);
    kept
}
