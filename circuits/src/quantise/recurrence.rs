//! The states of loops: a state's integers have one form, fixed before the node that computes it is reached.

use super::ranges::Range;
use super::rearrange::MAX_WIRING;
use super::{Info, MAX_FRACTION, QuantiseError, Quantiser, bits_of};
use crate::circuit::{Layout, Op as IntOp, Tensor, TensorId, log2_ceil};
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
        if 2 * usize::from(log2_ceil(layout.rows as usize)) > MAX_WIRING {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::Committed;
    use crate::graph::{Function, Graph, GraphBuilder, GraphError, Matrix};
    use crate::quantise::{Ranges, quantise};

    type Step = fn(&mut GraphBuilder, NodeId, NodeId) -> Result<NodeId, GraphError>;

    /// A layer of `steps` with states of `rows` rows of two numbers.
    fn layer(steps: usize, rows: usize, backward: bool, step: Step) -> Graph {
        let shape = [steps, rows, 2];
        let mut b = GraphBuilder::new("layer", "x", &shape).unwrap();
        let x = b.input();
        let first = (0..rows * 2).map(|i| 0.3 - 0.2 * i as f64).collect();
        let before = b.previous(&shape, first, backward).unwrap();
        let h = step(&mut b, x, before).unwrap();
        b.close(before, h).unwrap();
        b.finish(&[("h", h)]).unwrap()
    }

    fn recurrent(b: &mut GraphBuilder, x: NodeId, before: NodeId) -> Result<NodeId, GraphError> {
        let product = b.linear(before, Matrix::new(2, 2, vec![0.5, -0.25, 0.75, 0.25])?, vec![0.1, 0.0])?;
        b.combine(&[(1.0, x), (1.0, product)])
    }

    const STEPS: [Step; 5] = [
        |b, x, before| {
            let sum = recurrent(b, x, before)?;
            b.function(sum, Function::Tanh)
        },
        // Fewer fraction bits than a rounding has.
        |b, x, before| {
            let sum = recurrent(b, x, before)?;
            b.relu(sum)
        },
        |b, x, before| {
            let gate = b.function(x, Function::Sigmoid)?;
            b.mul(gate, before)
        },
        recurrent,
        // No loop.
        |b, x, _| b.affine(x, 2.0, 0.0),
    ];

    #[test]
    fn integers_follow_the_steps() {
        for step in STEPS {
            for (steps, rows, backward) in [(5, 1, false), (3, 3, true), (1, 2, false), (4, 1, true)] {
                let graph = layer(steps, rows, backward, step);
                let input: Vec<f64> = (0..steps * rows * 2).map(|i| (i as f64 * 1.7).sin()).collect();
                for calibration in [vec![input.clone()], vec![]] {
                    let ranges = Ranges::of(&graph, &calibration).unwrap();
                    let circuit = quantise(&graph, &ranges, 16, 8, Committed::default()).unwrap();
                    for tensor in &circuit.tensors {
                        let IntOp::Previous { x, shift, .. } = tensor.op else { continue };
                        assert_eq!(circuit.tensors[x].fraction + shift, tensor.fraction);
                    }
                    let values = circuit.execute(&circuit.quantise_input(&input).unwrap()).unwrap();
                    let out = circuit.outputs[0];
                    let found = circuit.reals(out, &values[out]);
                    let expected = graph.eval_outputs(&input).remove(0);
                    let far = |(a, b): (&f64, &f64)| (a - b).abs() > 1e-3;
                    assert!(!found.iter().zip(&expected).any(far), "{found:?} is not {expected:?}");
                }
            }
        }
    }

    #[test]
    fn bounds_grow_step_by_step_or_settle() {
        let largest = |graph: &Graph| {
            let ranges = Ranges::of(graph, &[]).map(|ranges| ranges.of);
            ranges.map(|ranges| ranges.iter().map(|r| r.magnitude()).fold(0.0, f64::max))
        };
        // Inputs up to 64, added up.
        let sum: Step = |b, x, before| b.combine(&[(1.0, x), (1.0, before)]);
        assert_eq!(largest(&layer(4, 1, false, sum)), Ok(64.0 * 4.0 + 0.3));
        assert!(matches!(largest(&layer(300, 1, false, sum)), Err(QuantiseError::Unbounded { .. })));
        // What a tanh gives is between -1 and 1, at once.
        assert!(largest(&layer(300, 1, false, STEPS[0])).unwrap() < 70.0);
    }
}
