//! Every node of the graph.

use super::ranges::Range;
use super::trees::{FEATURE_BITS, is_compared};
use super::{
    CELL_BITS, Info, LEAST_WEIGHT_BITS, MAX_SUM_FRACTION, QuantiseError, Quantiser, WEIGHT_BITS, bits_of,
    tables,
};
use crate::circuit::{Layout, Op as IntOp, Tensor, TensorId, Weights, log2_ceil};
use crate::graph::{Function, Matrix, Node, NodeId, Op};
use sumcast_verifier::vk::limits::TENSOR_BITS;

impl Quantiser<'_> {
    /// Adds the tensor of a node.
    pub(super) fn add(
        &mut self,
        node: &Node,
        fraction: u8,
        op: IntOp,
        range: Range,
        bits: u32,
        linear: bool,
    ) -> Result<TensorId, QuantiseError> {
        let layout = Layout::of(&node.shape);
        self.push(
            Tensor { name: node.name.clone(), layout, fraction, op },
            Info { range, bits, linear, narrow: None },
        )
    }

    pub(super) fn node(&mut self, id: NodeId, node: &Node) -> Result<TensorId, QuantiseError> {
        let range = self.ranges[id.index()];
        let layout = Layout::of(&node.shape);
        match &node.op {
            Op::Input => {
                // With the sign, three bytes of a statement; what trees compare fills its limbs.
                let bits = if is_compared(self.graph, id) { self.fill_limbs(FEATURE_BITS) } else { 23 };
                let fraction = self.free_fraction(range, bits as i32);
                let mut bits = (range.bits() + i32::from(fraction)).max(1) as u32;
                if self.committed.input {
                    // What its limbs hold, since they alone bound it: a leaf is beyond all features.
                    bits = self.fill_limbs(bits);
                }
                if bits > TENSOR_BITS.into() {
                    return Err(QuantiseError::TooLarge { tensor: node.name.clone(), bits });
                }
                self.add(node, fraction, IntOp::Input { bits: bits as u8 }, range, bits, true)
            }
            Op::Linear { x, weight, bias } => {
                let x = self.claimable(self.operand(*x))?;
                self.linear(id, node, x, weight, bias)
            }
            Op::Scale { x, scale, shift } => self.scale(id, node, self.operand(*x), scale, shift),
            Op::Combine { terms } => {
                let terms: Vec<(f64, TensorId)> = terms.iter().map(|(c, x)| (*c, self.operand(*x))).collect();
                self.combine(node, range, &terms, &[])
            }
            Op::Mul { a, b } => {
                let (a, b) = (self.claimable(self.operand(*a))?, self.claimable(self.operand(*b))?);
                let bits = self.info[a].bits + self.info[b].bits;
                let fraction = self.fraction(a) + self.fraction(b);
                self.add(node, fraction, IntOp::Mul { a, b }, range, bits, false)
            }
            Op::MatMul { a, b } => {
                let inner = self.graph.node(*a).shape.last().copied().unwrap_or(1);
                self.matmul(node, range, [self.operand(*a), self.operand(*b)], inner)
            }
            Op::Leaky { x, slope } => {
                let x = self.operand(*x);
                let p = self.rectify(node, x)?;
                if *slope == 0.0 {
                    return Ok(p);
                }
                let Info { range: bent, bits, .. } = self.info[p];
                let n = self.add(node, self.fraction(p), IntOp::Negative { of: p }, bent, bits, true)?;
                let terms = [(1.0, p), (-slope, n)];
                self.combine(node, range, &terms, &[])
            }
            Op::Positive { x } => self.positive(node, self.operand(*x)),
            Op::Function { x, function } => self.function(node, range, self.operand(*x), *function),
            Op::Div { a, b } => self.div(node, range, self.operand(*a), self.operand(*b)),
            Op::Sqrt { x } => self.sqrt(node, range, self.operand(*x)),
            Op::Rearrange { inputs, index } => {
                let inputs: Vec<TensorId> = inputs.iter().map(|x| self.operand(*x)).collect();
                self.rearrange(node, range, &inputs, index)
            }
            Op::Leaves { x, forest, value } => self.leaves(node, range, *x, forest, *value),
            Op::Reshape { x } => {
                let from = self.operand(*x);
                let old = self.circuit.tensors[from].layout;
                let same = old.log() == layout.log()
                    && (0..layout.len()).all(|i| old.position(i) == layout.position(i));
                if same && !self.circuit.is_view(from) {
                    let Info { bits, linear, .. } = self.info[from];
                    let op = IntOp::Combine { terms: vec![(1, from)], shift: vec![] };
                    return self.add(node, self.fraction(from), op, range, bits, linear);
                }
                let index: Vec<(u32, u32)> = (0..layout.len() as u32).map(|i| (0, i)).collect();
                self.rearrange(node, range, &[from], &index)
            }
            Op::Previous { x, initial, backward } => self.previous(node, *x, initial, *backward),
        }
    }

    fn function(
        &mut self,
        node: &Node,
        range: Range,
        x: TensorId,
        function: Function,
    ) -> Result<TensorId, QuantiseError> {
        let domain = self.info[x].range.bits().clamp(-4, 40) as i16;
        let table = tables::table(function, domain, self.limb, self.precision);
        let fraction = table.fraction;
        let largest = table.values.iter().zip(&table.slopes).map(|(v, s)| {
            let (v, s) = (i128::from(*v), i128::from(*s));
            bits_of(v).max(bits_of(v + (s << self.limb)))
        });
        let bits = largest.max().unwrap_or(0);
        let width = i32::from(self.fraction(x)) + i32::from(domain) + 1 - i32::from(table.log);
        let limbs = (width.max(1) as u8).div_ceil(self.limb);
        self.fits(&node.name, u32::from(limbs * self.limb) + u32::from(table.log))?;
        let known = self.circuit.tables.iter().position(|t| *t == table);
        let table = known.unwrap_or_else(|| {
            self.circuit.tables.push(table);
            self.circuit.tables.len() - 1
        });
        let op = IntOp::Function { x, table, limbs };
        self.add(node, fraction, op, range, bits, true)
    }

    /// Compared exactly: with all the fraction bits there are.
    fn positive(&mut self, node: &Node, x: TensorId) -> Result<TensorId, QuantiseError> {
        let info = self.info[x];
        let within = (info.range.bits() + i32::from(self.fraction(x))).max(1) as u32;
        let limbs = within.min(info.bits.max(1)).div_ceil(self.limb.into()) as u8;
        self.fits(&node.name, u32::from(limbs * self.limb) + 1)?;
        self.add(node, 0, IntOp::Positive { x, limbs }, Range { low: 0.0, high: 1.0 }, 1, true)
    }

    fn div(
        &mut self,
        node: &Node,
        range: Range,
        a: TensorId,
        b: TensorId,
    ) -> Result<TensorId, QuantiseError> {
        let b = self.claimable(b)?;
        let (limbs, wanted) = self.limbs(&node.name, range, true, super::MAX_FRACTION)?;
        // y = 2^shift a / b, so the fraction of y is that of a, plus the shift, less that of b.
        let mut a = a;
        if self.fraction(a) > wanted + self.fraction(b) {
            a = self.factor(a)?;
        }
        let shift = (wanted + self.fraction(b)).saturating_sub(self.fraction(a));
        let fraction = (self.fraction(a) + shift).saturating_sub(self.fraction(b));
        let within = self.info[b].range.bits() + i32::from(self.fraction(b));
        let remainder = (within.max(1) as u32).min(self.info[b].bits) as u8;
        let remainder = remainder.div_ceil(self.limb).max(1);
        let bits = u32::from(limbs * self.limb);
        self.fits(&node.name, (self.info[a].bits + u32::from(shift)).max(bits + self.info[b].bits))?;
        let op = IntOp::Div { a, b, shift, limbs, remainder };
        self.add(node, fraction, op, range, bits, true)
    }

    fn sqrt(&mut self, node: &Node, range: Range, x: TensorId) -> Result<TensorId, QuantiseError> {
        let (limbs, wanted) = self.limbs(&node.name, range, false, super::MAX_FRACTION)?;
        // y^2 = 2^shift x, so the fraction of y is half of that of x and the shift.
        let from = self.fraction(x);
        let shift = (2 * wanted).saturating_sub(from);
        let shift = shift + (from + shift) % 2;
        let fraction = (from + shift) / 2;
        let limbs = limbs + (fraction - wanted).div_ceil(self.limb);
        self.fits(&node.name, self.info[x].bits + u32::from(shift))?;
        let bits = u32::from(limbs * self.limb);
        let op = IntOp::Sqrt { x, shift, limbs };
        self.add(node, fraction, op, range, bits, true)
    }

    fn rectify(&mut self, node: &Node, x: TensorId) -> Result<TensorId, QuantiseError> {
        let info = self.info[x];
        let from = self.fraction(x);
        let (limbs, fraction) = self.limbs(&node.name, info.range, false, from)?;
        let op = IntOp::Rectify { x, shift: from - fraction, limbs };
        let bits = u32::from(limbs * self.limb);
        self.add(node, fraction, op, info.range, bits, true)
    }

    /// Fraction bits for the weights of `node`, so that what consumes it removes whole limbs. `largest` is the
    /// largest addend, which has to fit a cell.
    fn weight_fraction(
        &self,
        id: NodeId,
        node: &Node,
        x: TensorId,
        largest: f64,
    ) -> Result<u8, QuantiseError> {
        let range = self.ranges[id.index()];
        let room =
            i32::try_from(CELL_BITS).unwrap_or(0) - 1 - Range { low: 0.0, high: largest }.bits().max(0);
        let room = (room - i32::from(self.fraction(x))).clamp(0, 60) as u8;
        if room < LEAST_WEIGHT_BITS {
            let bits = CELL_BITS + u32::from(WEIGHT_BITS - room);
            return Err(QuantiseError::TooLarge { tensor: node.name.clone(), bits });
        }
        let mut consumers = self.graph.nodes().iter().filter(|n| n.op.operands().contains(&id)).peekable();
        if consumers.peek().is_none() || room <= WEIGHT_BITS {
            return Ok(room.min(WEIGHT_BITS));
        }
        let signed = !consumers.any(|n| matches!(n.op, Op::Leaky { .. }));
        let (_, kept) = self.limbs(&node.name, range, signed, super::MAX_FRACTION)?;
        let removed = i32::from(self.fraction(x) + WEIGHT_BITS) - i32::from(kept);
        let limb = i32::from(self.limb);
        Ok(room.min((i32::from(WEIGHT_BITS) + (-removed).rem_euclid(limb)) as u8))
    }

    fn linear(
        &mut self,
        id: NodeId,
        node: &Node,
        x: TensorId,
        weight: &Matrix,
        bias: &[f64],
    ) -> Result<TensorId, QuantiseError> {
        let layout = Layout::of(&node.shape);
        let largest = bias.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        let fraction = self.weight_fraction(id, node, x, largest)?;
        let total = self.fraction(x) + fraction;
        let data = self.scaled(&node.name, weight.data(), fraction)?;
        let largest = data.chunks(weight.cols()).map(|row| row.iter().map(|w| i128::from(w.abs())).sum());
        let bits = self.info[x].bits + bits_of(largest.max().unwrap_or(0i128));
        let every_row: Vec<f64> = (0..layout.len()).map(|i| bias[i % bias.len()]).collect();
        let bias = self.by_position(&node.name, layout, &every_row, total)?;
        let bits = bits.max(bias.iter().map(|b| bits_of((*b).into())).max().unwrap_or(0)) + 1;
        let weights = Weights { rows: weight.rows() as u32, cols: weight.cols() as u32, data };
        let row_vars = log2_ceil(layout.rows as usize);
        let op = IntOp::Linear { terms: vec![(x, weights)], row_vars, low_vars: 0, bias };
        let range = self.ranges[id.index()];
        self.add(node, total, op, range, bits, false)
    }

    fn scale(
        &mut self,
        id: NodeId,
        node: &Node,
        x: TensorId,
        scale: &[f64],
        shift: &[f64],
    ) -> Result<TensorId, QuantiseError> {
        let layout = Layout::of(&node.shape);
        let range = self.ranges[id.index()];
        if scale.iter().all(|c| *c == scale[0]) {
            return self.combine(node, range, &[(scale[0], x)], shift);
        }
        let x = self.claimable(x)?;
        let largest = shift.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        let fraction = self.weight_fraction(id, node, x, largest)?;
        let total = self.fraction(x) + fraction;
        let mut scale = self.by_position(&node.name, layout, scale, fraction)?;
        scale.resize(1 << layout.log(), 0);
        let shift = self.by_position(&node.name, layout, shift, total)?;
        let largest = |values: &[i64]| values.iter().map(|c| bits_of((*c).into())).max().unwrap_or(0);
        let bits = (self.info[x].bits + largest(&scale)).max(largest(&shift)) + 1;
        self.add(node, total, IntOp::Scale { x, scale, shift }, range, bits, false)
    }

    /// `sum c x + shift`, exact: operands are brought to one fraction.
    fn combine(
        &mut self,
        node: &Node,
        range: Range,
        terms: &[(f64, TensorId)],
        shift: &[f64],
    ) -> Result<TensorId, QuantiseError> {
        // The fewest fraction bits that hold a coefficient exactly, or those of a weight.
        let coefficient_bits = |c: f64| {
            (0..WEIGHT_BITS).find(|f| (c * 2f64.powi((*f).into())).fract() == 0.0).unwrap_or(WEIGHT_BITS)
        };
        // Addends are cells.
        let largest = shift.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        let room = CELL_BITS as i32 - 1 - Range { low: 0.0, high: largest }.bits().max(0);
        let most =
            if largest > 0.0 { room.clamp(0, MAX_SUM_FRACTION.into()) as u8 } else { MAX_SUM_FRACTION };
        let mut terms = terms.to_vec();
        for (c, x) in &mut terms {
            if self.fraction(*x) + coefficient_bits(*c) > most {
                *x = self.factor(*x)?;
            }
        }
        let fraction = terms.iter().map(|(c, x)| self.fraction(*x) + coefficient_bits(*c)).max().unwrap_or(0);
        let mut integers: Vec<(i64, TensorId)> = Vec::new();
        for (c, x) in terms {
            let c = self.scaled(&node.name, &[c], fraction - self.fraction(x))?[0];
            match integers.iter_mut().find(|(_, y)| *y == x) {
                _ if c == 0 => {}
                Some((sum, _)) => *sum += c,
                None => integers.push((c, x)),
            }
        }
        let bits = integers.iter().map(|(c, x)| bits_of((*c).into()) + self.info[*x].bits).max().unwrap_or(0)
            + integers.len() as u32;
        let shift = self.by_position(&node.name, Layout::of(&node.shape), shift, fraction)?;
        let shift_bits = shift.iter().map(|v| bits_of((*v).into())).max().unwrap_or(0);
        let linear = integers.iter().all(|(_, x)| self.info[*x].linear);
        let op = IntOp::Combine { terms: integers, shift };
        self.add(node, fraction, op, range, bits.max(shift_bits) + 1, linear)
    }

    /// Makes a node a public output.
    pub(super) fn publish(&mut self, id: NodeId) -> Result<(), QuantiseError> {
        let node = self.graph.node(id);
        let x = self.operand(id);
        let (range, from) = (self.info[x].range, self.fraction(x));
        let keep = self.precision + 8;
        let shift = from.saturating_sub(keep) / self.limb * self.limb;
        let fraction = from - shift;
        let bits = (range.bits() + i32::from(fraction) + 1).clamp(1, TENSOR_BITS.into()) as u8;
        let t = self.add(node, fraction, IntOp::Publish { x, shift, bits }, range, bits.into(), true)?;
        self.circuit.outputs.push(t);
        Ok(())
    }
}
