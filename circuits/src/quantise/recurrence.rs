//! The states of loops: a state's integers have one form, fixed before the node that computes it is reached.

use super::ranges::Range;
use super::{Info, MAX_FRACTION, MAX_WIRING, QuantiseError, Quantiser, bits_of};
use crate::circuit::{Layout, Op as IntOp, Tensor, TensorId};
use crate::graph::{Node, NodeId, Op};

/// How a node is rounded whose step before is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    range: Range,
    limbs: u8,
    fraction: u8,
}

impl Quantiser<'_> {
    /// Chooses the form of every state from the ranges alone: that of a rounding.
    pub(super) fn find_states(&mut self) -> Result<(), QuantiseError> {
        for (id, node) in self.graph.iter() {
            let Op::Previous { x, .. } = &node.op else { continue };
            let mut range = self.ranges[id.index()].union(self.ranges[x.index()]);
            if let Some(known) = self.states.get(x) {
                range = range.union(known.range);
            }
            let (limbs, fraction) = self.limbs(&node.name, range, true, MAX_FRACTION)?;
            self.states.insert(*x, State { range, limbs, fraction });
        }
        Ok(())
    }

    /// The tensor of a step before, without its operand.
    pub(super) fn previous(
        &mut self,
        node: &Node,
        x: NodeId,
        initial: &[f64],
        backward: bool,
    ) -> Result<TensorId, QuantiseError> {
        let layout = Layout::of(&node.shape);
        let rows = initial.len() as u32 / layout.cols;
        if layout.rows as usize > MAX_WIRING / layout.rows as usize {
            let elements = layout.len();
            return Err(QuantiseError::Wiring { tensor: node.name.clone(), from: elements, to: elements });
        }
        let State { range, limbs, fraction } = self.states[&x];
        let mut first = vec![0.0; layout.len()];
        let at = if backward { layout.len() - initial.len() } else { 0 };
        first[at..at + initial.len()].copy_from_slice(initial);
        let initial = self.by_position(&node.name, layout, &first, fraction)?;
        let largest = initial.iter().map(|v| bits_of((*v).into())).max().unwrap_or(0);
        let bits = largest.max(u32::from(limbs * self.limb));
        let op = IntOp::Previous { x: 0, shift: 0, rows, backward, initial };
        self.add(node, fraction, op, range, bits, true)
    }

    /// The tensor of a node as all that follows reads it: rounded to the form of a state, if it is one.
    pub(super) fn as_state(&mut self, id: NodeId, t: TensorId) -> Result<TensorId, QuantiseError> {
        let Some(State { range, limbs, fraction }) = self.states.get(&id).copied() else { return Ok(t) };
        let Tensor { name, layout, fraction: from, .. } = self.circuit.tensors[t].clone();
        let info = self.info[t];
        let bits = u32::from(limbs * self.limb);
        if from > fraction {
            let op = IntOp::Round { x: t, shift: from - fraction, limbs };
            return self.push(
                Tensor { name, layout, fraction, op },
                Info { range, bits, linear: true, narrow: None },
            );
        }
        // It has fewer fraction bits than there is room for, and then no more than its range needs.
        let needed = info.bits + u32::from(fraction - from);
        if needed > bits {
            return Err(QuantiseError::TooLarge { tensor: name, bits: needed });
        }
        if info.linear {
            return Ok(t);
        }
        let op = IntOp::Copy { x: t };
        self.push(Tensor { name, layout, fraction: from, op }, Info { linear: true, narrow: None, ..info })
    }

    /// Gives every step before the tensor whose it is.
    pub(super) fn close_loops(&mut self) {
        let mut operands = Vec::new();
        for (id, node) in self.graph.iter() {
            if let Some(x) = node.op.previous() {
                let (t, x) = (self.operand(id), self.operand(x));
                operands.push((t, x, self.fraction(t) - self.fraction(x)));
            }
        }
        for (t, of, bits) in operands {
            if let IntOp::Previous { x, shift, .. } = &mut self.circuit.tensors[t].op {
                (*x, *shift) = (of, bits);
            }
        }
    }
}
