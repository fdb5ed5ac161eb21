//! Rows that nothing reads are not computed: of a sequence, often only the last step is.

use crate::graph::{Node, NodeId, Op, ZERO};

/// Restricts each node to the rows that later nodes and outputs read, where these are half of them or fewer. Rows are
/// those of the last axis; a restricted node's other axes become one.
pub(super) fn narrow(nodes: &[Node], outputs: &mut [NodeId]) -> Vec<Node> {
    let kept = demanded(nodes, outputs);
    let mut out = Narrowed { nodes: Vec::new(), map: Vec::new(), kept };
    for (i, node) in nodes.iter().enumerate() {
        let id = out.node(i, node);
        out.map.push((id, columns(node)));
    }
    outputs.iter_mut().for_each(|id| *id = out.map[id.0].0);
    out.nodes.iter_mut().for_each(|node| node.op.map_previous(|id| out.map[id.0].0));
    out.nodes
}

fn columns(node: &Node) -> usize {
    node.shape.last().copied().unwrap_or(1)
}

/// The rows of each node that are read; none where all are computed.
type Kept = Option<Vec<usize>>;

fn demanded(nodes: &[Node], outputs: &[NodeId]) -> Vec<Kept> {
    let mut read: Vec<Vec<bool>> =
        nodes.iter().map(|node| vec![false; node.elements() / columns(node)]).collect();
    // The steps of a loop all need those before them.
    let loops = nodes.iter().enumerate().filter_map(|(i, node)| Some([NodeId(i), node.op.previous()?]));
    for id in outputs.iter().copied().chain([NodeId(0)]).chain(loops.flatten()) {
        read[id.0].fill(true);
    }
    let mut kept = vec![None; nodes.len()];
    for (i, node) in nodes.iter().enumerate().rev() {
        let mut own = std::mem::take(&mut read[i]);
        if let Op::MatMul { .. } = node.op {
            alike(&mut own, node);
        }
        let rows: Vec<usize> = (0..own.len()).filter(|r| own[*r]).collect();
        if rows.len() * 2 > own.len() {
            own.fill(true);
        } else {
            kept[i] = Some(rows);
        }
        let mut same = |x: NodeId| read[x.0].iter_mut().zip(&own).for_each(|(read, own)| *read |= own);
        match &node.op {
            Op::Input => {}
            Op::MatMul { a, b } => {
                same(*a);
                read[b.0].fill(true);
            }
            Op::Rearrange { .. } | Op::Reshape { .. } => {
                for row in (0..own.len()).filter(|r| own[*r]) {
                    for (x, j) in sources(node, row).flatten() {
                        read[x.0][j / columns(&nodes[x.0])] = true;
                    }
                }
            }
            op => op.operands().into_iter().for_each(same),
        }
    }
    kept
}

/// The same rows of every pair of matrices, and a power of two where there are several pairs.
fn alike(own: &mut [bool], node: &Node) {
    let [lead @ .., m, _] = &node.shape[..] else { return };
    let pairs: usize = lead.iter().product();
    let mut rows: Vec<bool> = (0..*m).map(|i| own.iter().skip(i).step_by(*m).any(|read| *read)).collect();
    let count = rows.iter().filter(|read| **read).count();
    let room = if pairs > 1 { count.next_power_of_two() - count } else { 0 };
    rows.iter_mut().filter(|read| !**read).take(room).for_each(|read| *read = true);
    own.iter_mut().zip(rows.iter().cycle()).for_each(|(own, read)| *own = *read);
}

/// What each element of a row is; none for a zero.
fn sources(node: &Node, row: usize) -> impl Iterator<Item = Option<(NodeId, usize)>> + '_ {
    let cols = columns(node);
    (row * cols..(row + 1) * cols).map(|i| match &node.op {
        Op::Rearrange { inputs, index } => {
            inputs.get(index[i].0 as usize).map(|input| (*input, index[i].1 as usize))
        }
        Op::Reshape { x } => Some((*x, i)),
        _ => None,
    })
}

struct Narrowed {
    nodes: Vec<Node>,
    /// What each old node has become, and its columns.
    map: Vec<(NodeId, usize)>,
    kept: Vec<Kept>,
}

impl Narrowed {
    fn push(&mut self, name: &str, shape: Vec<usize>, op: Op) -> NodeId {
        self.nodes.push(Node { name: name.to_owned(), shape, op });
        NodeId(self.nodes.len() - 1)
    }

    fn node(&mut self, i: usize, node: &Node) -> NodeId {
        let cols = columns(node);
        let Some(rows) = self.kept[i].clone() else {
            let mut op = node.op.clone();
            match &mut op {
                Op::Rearrange { .. } | Op::Reshape { .. } => {
                    let all = node.elements() / cols;
                    return self.moved(node, 0..all, node.shape.clone());
                }
                op => op.map_operands(|x| self.map[x.0].0),
            }
            return self.push(&node.name, node.shape.clone(), op);
        };
        let shape = vec![rows.len(), cols];
        let of_rows = |list: &[f64]| -> Vec<f64> {
            rows.iter().flat_map(|r| &list[r * cols..(r + 1) * cols]).copied().collect()
        };
        let op = match &node.op {
            Op::Rearrange { .. } | Op::Reshape { .. } => {
                return self.moved(node, rows.iter().copied(), shape);
            }
            Op::MatMul { a, b } => {
                let [lead @ .., _, n] = &node.shape[..] else { return NodeId(0) };
                let each = rows.len() / lead.iter().product::<usize>().max(1);
                let a = self.rows_of(*a, &rows);
                let inner = columns(&self.nodes[a.0]);
                let name = format!("{}'", node.name);
                let a = self.push(&name, [lead, &[each, inner]].concat(), Op::Reshape { x: a });
                let op = Op::MatMul { a, b: self.map[b.0].0 };
                let y = self.push(&node.name, [lead, &[each, *n]].concat(), op);
                return self.push(&name, shape, Op::Reshape { x: y });
            }
            Op::Scale { x, scale, shift } => {
                Op::Scale { x: self.rows_of(*x, &rows), scale: of_rows(scale), shift: of_rows(shift) }
            }
            op => {
                let operands: Vec<(NodeId, NodeId)> =
                    op.operands().into_iter().map(|x| (x, self.rows_of(x, &rows))).collect();
                let mut op = op.clone();
                op.map_operands(|x| operands.iter().find(|(old, _)| *old == x).map_or(x, |(_, new)| *new));
                op
            }
        };
        self.push(&node.name, shape, op)
    }

    /// Where a row of an old node is in the new one.
    fn place(&self, x: NodeId, row: usize) -> usize {
        self.kept[x.0].as_ref().map_or(row, |kept| kept.binary_search(&row).unwrap_or_default())
    }

    /// These rows of an operand.
    fn rows_of(&mut self, x: NodeId, rows: &[usize]) -> NodeId {
        let (id, cols) = self.map[x.0];
        if self.kept[x.0].as_deref() == Some(rows) {
            return id;
        }
        let places: Vec<usize> = rows.iter().map(|r| self.place(x, *r)).collect();
        let index =
            places.into_iter().flat_map(|p| (p * cols..(p + 1) * cols).map(|j| (0, j as u32))).collect();
        let name = format!("{}'", self.nodes[id.0].name.trim_end_matches('\''));
        self.push(&name, vec![rows.len(), cols], Op::Rearrange { inputs: vec![id], index })
    }

    /// Rows of a node that moves elements.
    fn moved(&mut self, node: &Node, rows: impl Iterator<Item = usize>, shape: Vec<usize>) -> NodeId {
        let operands = node.op.operands();
        if let (Op::Reshape { x }, true) =
            (&node.op, shape == node.shape && self.kept[operands[0].0].is_none())
        {
            return self.push(&node.name, shape, Op::Reshape { x: self.map[x.0].0 });
        }
        let mut inputs: Vec<NodeId> = Vec::new();
        let mut index = Vec::new();
        for source in rows.flat_map(|row| sources(node, row)) {
            let Some((x, j)) = source else {
                index.push(ZERO);
                continue;
            };
            let (id, cols) = self.map[x.0];
            let input = inputs.iter().position(|known| *known == id).unwrap_or_else(|| {
                inputs.push(id);
                inputs.len() - 1
            });
            index.push((input as u32, (self.place(x, j / cols) * cols + j % cols) as u32));
        }
        self.push(&node.name, shape, Op::Rearrange { inputs, index })
    }
}
