//! The tensors of the statement, public or committed.

use super::blocks::{Area, Symbol};
use super::constraints::Lowering;
use super::symbolic::{Form, Piece, Term};
use crate::circuit::{Circuit, Op, Tensor, TensorId};
use sumcast_verifier::vk::{Role, TensorSpec, Visibility};

impl Lowering<'_> {
    /// The form of a tensor of the statement, and the limbs that bound it where it is committed: the verifier bounds a
    /// public one.
    pub(super) fn stated(&mut self, t: TensorId, bits: u8) -> (Form, Vec<Symbol>) {
        let (form, log) = (self.statement_form(t), self.log(t));
        // The numbers of a program have bounds of their own, and so has an input that is nothing else.
        let is_input = matches!(self.circuit.tensors[t].op, Op::Input { .. });
        let readers = self.circuit.tensors.iter().filter(|tensor| tensor.op.operands().contains(&t));
        let mut readers = readers.peekable();
        let bounded = is_input
            && readers.peek().is_some()
            && readers.all(|tensor| matches!(tensor.op, Op::Lanes { .. }));
        if bounded || !self.circuit.committed.contains(&t) {
            return (form, vec![]);
        }
        let width = self.circuit.limb;
        let limbs = self.limb_blocks((bits + 1).div_ceil(width), log);
        let value = Form::limbs(&limbs, width).plus(-(1i128 << (limbs.len() as u32 * u32::from(width) - 1)));
        self.out.relation.constrain(form.clone().add(-1, &value), vec![]);
        (form, limbs)
    }

    /// The form of a tensor of the statement.
    pub(super) fn statement_form(&self, t: TensorId) -> Form {
        let (log, number) = (self.log(t), self.stated[t].unwrap_or_default());
        Form::of(if self.circuit.committed.contains(&t) {
            Piece::Block(Symbol { area: Area::Statement, id: number.into(), offset: 0, log })
        } else {
            Piece::Public(log, number)
        })
    }

    /// An input, zero on its padding: the verifier sees to that of a public one beyond its last row, or that of the last
    /// input of a batch, only.
    pub(super) fn unpadded(&mut self, tensor: &Tensor, form: &Form) {
        if let Some(padding) = tensor.layout.padding() {
            let log = form.log;
            let factors = vec![self.constant_at_x(log, &padding), self.out.relation.claim_at_x(form.clone())];
            let product = Term { coefficient: 1, vars: log, eq: true, factors };
            self.out.relation.constrain(Form::zero(log), vec![product]);
        }
    }
}

/// Whether an input has padding between its rows, or between the inputs of a batch. The verifier sees to it that what is
/// beyond the last element is zero.
pub(super) fn has_gaps(circuit: &Circuit, input: &Tensor) -> bool {
    let layout = input.layout;
    let between_inputs = circuit.batch > 0 && layout.len() < 1 << layout.log();
    between_inputs || (layout.rows > 1 && !layout.cols.is_power_of_two())
}

/// Whether elements of a tensor depend on padding between the rows of the input, if it is not zero: where two computed
/// matrices are multiplied, or one operand of several is read in the place of another.
pub(super) fn padding_matters(circuit: &Circuit) -> bool {
    let mut keeps: Vec<bool> = Vec::with_capacity(circuit.tensors.len());
    for tensor in &circuit.tensors {
        let (kept, read) = match &tensor.op {
            Op::Input { .. } => (has_gaps(circuit, tensor), false),
            // Programs mask what is no element.
            Op::Lanes { .. } | Op::Result { .. } => (false, false),
            // Elements alone are multiplied, looked up, or have a step before them.
            Op::Linear { .. } | Op::Function { .. } | Op::Leaves { .. } | Op::Previous { .. } => {
                (false, false)
            }
            Op::MatMul { a, b, .. } => (true, keeps[*a] || keeps[*b]),
            Op::Rearrange { terms } => {
                let kept = terms.iter().any(|wire| keeps[wire.x]);
                (kept, kept && terms.len() > 1)
            }
            Op::Combine { terms, .. } => (terms.iter().any(|(_, x)| keeps[*x]), false),
            Op::Mul { a, b } | Op::Div { a, b, .. } => (keeps[*a] || keeps[*b], false),
            Op::Scale { x, .. }
            | Op::Round { x, .. }
            | Op::Positive { x, .. }
            | Op::Rectify { x, .. }
            | Op::Negative { of: x }
            | Op::Copy { x }
            | Op::Sqrt { x, .. }
            | Op::Publish { x, .. } => (keeps[*x], false),
        };
        if read {
            return true;
        }
        keeps.push(kept);
    }
    false
}

/// The tensors of the statement: number in the circuit, role, visibility.
pub(super) fn stated(circuit: &Circuit) -> impl Iterator<Item = (TensorId, Role, Visibility)> {
    let inputs = circuit.inputs.iter().map(|t| (*t, Role::Input));
    let all = inputs.chain(circuit.outputs.iter().map(|t| (*t, Role::Output)));
    all.map(|(t, role)| {
        let committed = circuit.committed.contains(&t);
        (t, role, if committed { Visibility::Committed } else { Visibility::Public })
    })
}

/// Tensors of the statement are listed by position, padding between rows included.
pub(super) fn positions(circuit: &Circuit, t: TensorId) -> u32 {
    let layout = &circuit.tensors[t].layout;
    let copies_before = (1u32 << circuit.batch) - 1;
    (copies_before << layout.log()) + layout.position(layout.len() - 1) as u32 + 1
}

pub(super) fn tensors(circuit: &Circuit) -> Vec<TensorSpec> {
    let spec = |(t, role, visibility): (TensorId, Role, Visibility)| {
        let tensor = &circuit.tensors[t];
        let (log, bits, len) = (circuit.log(t), tensor.op.bits(), positions(circuit, t));
        let fraction = tensor.fraction;
        TensorSpec { role, visibility, log, bits, fraction, len }
    };
    stated(circuit).map(spec).collect()
}
