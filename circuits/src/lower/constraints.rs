//! Every operator's constraint.

use super::blocks::{Allocator, Area, FixedBlock, Symbol};
use super::products::coordinates;
use super::statement::{has_gaps, padding_matters};
use super::symbolic::{Constraint, Form, Piece, Relation, Term, run};
use super::tables::Starts;
use super::{Cells, Lowered};
use crate::circuit::{Circuit, Op, Tensor, TensorId, Weights, fill, log2_ceil};
use std::collections::{BTreeMap, HashMap};
use sumcast_verifier::vk::Axis;

/// An exact value: products, and a form.
#[derive(Clone)]
pub(super) struct Expression {
    pub(super) terms: Vec<Term>,
    pub(super) linear: Form,
}

pub(super) struct Lowering<'a> {
    pub(super) circuit: &'a Circuit,
    pub(super) out: Lowered,
    /// A tensor's number among those of the statement.
    pub(super) stated: Vec<Option<u8>>,
    /// The form of a tensor that is linear in cells and public tensors.
    pub(super) atoms: Vec<Option<Form>>,
    /// The number of each fixed block.
    pub(super) fixed: HashMap<FixedBlock, usize>,
    /// Products are lowered once, however many tensors are computed from them.
    expressions: Vec<Option<Expression>>,
}

pub(super) fn lower(circuit: &Circuit) -> Lowered {
    let tensors = circuit.tensors.len();
    let starts = Starts::new(circuit);
    let mut lowering = Lowering {
        circuit,
        out: Lowered {
            relation: Relation::default(),
            limbs: Allocator::default(),
            tuples: Allocator::default(),
            plain: Allocator::default(),
            fixed: Vec::new(),
            cells: vec![None; tensors],
            table_starts: starts.tables,
            forest_starts: starts.forests,
            table_log: starts.log,
            tuple_tables: Vec::new(),
            table: None,
            paths: Vec::new(),
            fetches: Vec::new(),
        },
        stated: vec![None; tensors],
        atoms: vec![None; tensors],
        fixed: HashMap::new(),
        expressions: vec![None; tensors],
    };
    lowering.number();
    lowering.tables();
    lowering.rectifiers();
    for (t, tensor) in circuit.tensors.iter().enumerate() {
        lowering.tensor(t, tensor);
    }
    lowering.close_loops();
    if lowering.out.limbs.is_empty() {
        // Every relation has a lookup, whose helper row hides the opening.
        lowering.limb_blocks(1, 0);
    }
    lowering.out
}

impl Lowering<'_> {
    pub(super) fn log(&self, t: TensorId) -> u8 {
        self.circuit.log(t)
    }

    pub(super) fn limb_blocks(&mut self, count: u8, log: u8) -> Vec<Symbol> {
        (0..count)
            .map(|_| Symbol { area: Area::Limbs, id: self.out.limbs.add(log), offset: 0, log })
            .collect()
    }

    pub(super) fn plain_block(&mut self, log: u8) -> Symbol {
        Symbol { area: Area::Plain, id: self.out.plain.add(log), offset: 0, log }
    }

    /// Numbers the tensors of the statement: the inputs, then the outputs.
    fn number(&mut self) {
        for (i, t) in self.circuit.inputs.iter().chain(&self.circuit.outputs).enumerate() {
            self.stated[*t] = Some(i as u8);
        }
    }

    /// Allocates the limbs of all rectifiers of one kind together, so that one constraint says `p n = 0` for all.
    fn rectifiers(&mut self) {
        let mut groups: BTreeMap<(u8, u8), Vec<TensorId>> = BTreeMap::new();
        for (t, tensor) in self.circuit.tensors.iter().enumerate() {
            if let Op::Rectify { shift, limbs, .. } = tensor.op {
                let (_, remainder) = fill(shift, self.circuit.limb);
                groups.entry((limbs, remainder)).or_default().push(t);
            }
        }
        for ((limbs, remainder), tensors) in groups {
            let mut parts = Allocator::default();
            for t in &tensors {
                parts.add(self.log(*t));
            }
            let (offsets, total) = parts.place();
            let log = log2_ceil(total as usize);
            // The remainder first: in a rounding the positive part's limbs go on where it ends.
            let [remainder, positive, negative] = [remainder, limbs, limbs].map(|n| self.limb_blocks(n, log));
            for (t, offset) in tensors.iter().zip(offsets) {
                let log = self.log(*t);
                let part = |of: &[Symbol]| of.iter().map(|s| s.part(offset as u32, log)).collect();
                self.out.cells[*t] = Some(Cells::Rectify {
                    positive: part(&positive),
                    negative: part(&negative),
                    remainder: part(&remainder),
                });
            }
            let width = self.circuit.limb;
            let relation = &mut self.out.relation;
            let p = relation.claim_at_x(Form::limbs(&positive, width));
            let n = relation.claim_at_x(Form::limbs(&negative, width));
            let exclusive = Term { coefficient: 1, vars: log, eq: true, factors: vec![p, n] };
            relation.constrain(Form::zero(log), vec![exclusive]);
        }
    }

    /// The form of a linear tensor. Operands are lowered before what reads them.
    pub(super) fn atom(&self, t: TensorId) -> Form {
        self.atoms[t].clone().unwrap_or_else(|| Form::zero(self.log(t)))
    }

    pub(super) fn expression(&mut self, t: TensorId) -> Expression {
        let log = self.log(t);
        if let Some(form) = &self.atoms[t] {
            return Expression { terms: vec![], linear: form.clone() };
        }
        if let Some(known) = &self.expressions[t] {
            return known.clone();
        }
        let expression = match &self.circuit.tensors[t].op {
            Op::Linear { terms, row_vars, low_vars, bias } => {
                self.linear(log, terms, (*row_vars, *low_vars), bias)
            }
            Op::Rearrange { terms } => self.rearranged(t, terms),
            Op::MatMul { a, b, inner, cols, rows } => self.matmul(t, [*a, *b], [*inner, *cols, *rows]),
            Op::Scale { x, scale, shift } => {
                let factors = vec![self.constant_at_x(log, scale), self.claim_at_x(*x)];
                let product = Term { coefficient: 1, vars: log, eq: true, factors };
                let Expression { terms, linear } = self.constant(log, shift);
                Expression { terms: [product].into_iter().chain(terms).collect(), linear }
            }
            Op::Mul { a, b } => {
                let factors = vec![self.claim_at_x(*a), self.claim_at_x(*b)];
                let term = Term { coefficient: 1, vars: log, eq: true, factors };
                Expression { terms: vec![term], linear: Form::zero(log) }
            }
            Op::Combine { terms, shift } => {
                let mut out = self.constant(log, shift);
                for (c, x) in terms {
                    let operand = self.expression(*x);
                    out.linear = out.linear.add((*c).into(), &operand.linear);
                    out.terms.extend(
                        operand
                            .terms
                            .into_iter()
                            .map(|t| Term { coefficient: t.coefficient * i128::from(*c), ..t }),
                    );
                }
                out
            }
            _ => Expression { terms: vec![], linear: Form::zero(log) },
        };
        self.expressions[t] = Some(expression.clone());
        expression
    }

    /// `docs/protocol.md` 4: Thaler's matrix product, the output's variables at `tau`.
    pub(super) fn linear(
        &mut self,
        log: u8,
        terms: &[(TensorId, Weights)],
        (row_vars, low_vars): (u8, u8),
        bias: &[i64],
    ) -> Expression {
        let row_vars = row_vars + self.circuit.batch;
        let out_vars = log - row_vars - low_vars;
        let mut products = Vec::new();
        for (x, weights) in terms {
            let vars = self.log(*x) - row_vars - low_vars;
            let block = self.matrix(weights, vars, out_vars);
            let relation = &mut self.out.relation;
            let on_x = run(Axis::X, 0, vars);
            let w = relation.claim(
                Form::of(Piece::Block(block)),
                vars,
                on_x.into_iter().chain(run(Axis::Tau, low_vars, out_vars)),
            );
            let columns = coordinates(Axis::Tau, 0, low_vars);
            let rows = coordinates(Axis::Tau, low_vars + out_vars, row_vars);
            let x = self.claim(*x, vars, columns.chain(coordinates(Axis::X, 0, vars)).chain(rows));
            products.push(Term { coefficient: 1, vars, eq: false, factors: vec![w, x] });
        }
        let Expression { terms, linear } = self.constant(log, bias);
        products.extend(terms);
        Expression { terms: products, linear }
    }

    /// A matrix as a block: columns in the low variables.
    fn matrix(&mut self, weights: &Weights, vars: u8, out_vars: u8) -> Symbol {
        let (cols, width) = (weights.cols as usize, 1usize << vars);
        let mut cells = weights.data.clone();
        if cols != width {
            cells = vec![0; weights.rows as usize * width];
            for (to, from) in cells.chunks_mut(width).zip(weights.data.chunks(cols)) {
                to[..cols].copy_from_slice(from);
            }
        }
        self.fixed_block(vars + out_vars, cells)
    }

    /// `factor expression + constant = linear`.
    pub(super) fn equate(&mut self, expression: Expression, factor: i128, constant: i128, equals: &Form) {
        let linear = Form::zero(equals.log).add(factor, &expression.linear).plus(constant).add(-1, equals);
        let scaled = |t: Term| Term { coefficient: t.coefficient * factor, ..t };
        self.out.relation.constrain(linear, expression.terms.into_iter().map(scaled).collect());
    }

    fn tensor(&mut self, t: TensorId, tensor: &Tensor) {
        let (log, width) = (self.log(t), self.circuit.limb);
        match &tensor.op {
            Op::Input { bits } => {
                let (form, result) = self.stated(t, *bits);
                if !result.is_empty() || (has_gaps(self.circuit, tensor) && padding_matters(self.circuit)) {
                    self.unpadded(tensor, &form);
                }
                if !result.is_empty() {
                    self.out.cells[t] = Some(Cells::Round { result, remainder: vec![] });
                }
                self.atoms[t] = Some(form);
            }
            Op::Linear { .. }
            | Op::Rearrange { .. }
            | Op::MatMul { .. }
            | Op::Scale { .. }
            | Op::Mul { .. } => {}
            Op::Combine { terms, shift } => {
                if terms.iter().all(|(_, x)| self.atoms[*x].is_some()) {
                    let sum = terms
                        .iter()
                        .fold(Form::zero(log), |sum, (c, x)| sum.add((*c).into(), &self.atom(*x)));
                    let shift =
                        if shift.is_empty() { Form::zero(log) } else { self.constant_form(log, shift) };
                    self.atoms[t] = Some(shift.add(1, &sum));
                }
            }
            Op::Round { x, shift, limbs } => {
                // The remainder first: the result's limbs go on where it ends.
                let remainder = self.remainder_blocks(*shift, log);
                let result = self.limb_blocks(*limbs, log);
                let offset = 1i128 << (limbs * width - 1);
                let form = Form::limbs(&result, width).plus(-offset);
                self.rounding(*x, *shift, &form, &remainder);
                self.out.cells[t] = Some(Cells::Round { result, remainder });
                self.atoms[t] = Some(form);
            }
            Op::Publish { x, shift, bits } => {
                let (form, result) = self.stated(t, *bits);
                let remainder = self.remainder_blocks(*shift, log);
                self.rounding(*x, *shift, &form, &remainder);
                self.out.cells[t] = Some(Cells::Round { result, remainder });
                self.atoms[t] = Some(form);
            }
            Op::Rectify { x, shift, .. } => {
                let Some(Cells::Rectify { positive, negative, remainder }) = self.out.cells[t].clone() else {
                    return;
                };
                let p = Form::limbs(&positive, width);
                let signed = p.clone().add(-1, &Form::limbs(&negative, width));
                self.rounding(*x, *shift, &signed, &remainder);
                self.atoms[t] = Some(p);
            }
            Op::Negative { of } => {
                if let Some(Cells::Rectify { negative, .. }) = &self.out.cells[*of] {
                    self.atoms[t] = Some(Form::limbs(negative, width));
                }
            }
            Op::Copy { x } => {
                let block = self.plain_block(log);
                let form = Form::of(Piece::Block(block));
                let expression = self.expression(*x);
                self.equate(expression, 1, 0, &form);
                self.out.cells[t] = Some(Cells::Copy(block));
                self.atoms[t] = Some(form);
            }
            Op::Positive { x, limbs } => {
                // x - 1 + 2^bits = 2^bits bit + limbs, the bit its own square.
                let (bit, below) = (self.plain_block(log), self.limb_blocks(*limbs, log));
                let form = Form::of(Piece::Block(bit));
                let claim = self.out.relation.claim_at_x(form.clone());
                self.out.relation.constrain_bit(&form, claim);
                let top = 1i128 << (limbs * width);
                let expression = self.expression(*x);
                self.equate(expression, 1, top - 1, &Form::limbs(&below, width).add(top, &form));
                self.out.cells[t] = Some(Cells::Positive { bit, below });
                self.atoms[t] = Some(form);
            }
            Op::Previous { .. } => self.previous(t),
            Op::Lanes { program, inputs } => self.lanes(t, *program, inputs),
            // The run has said what it is.
            Op::Result { .. } => {}
            Op::Function { x, table, limbs } => self.function(t, *x, *table, *limbs),
            Op::Leaves { x, forest, value } => self.leaves(t, *x, *forest, *value),
            Op::Div { a, b, shift, limbs, remainder } => {
                let result = self.limb_blocks(*limbs, log);
                let y = Form::limbs(&result, width).plus(-(1i128 << (limbs * width - 1)));
                let quotient = self.out.relation.claim_at_x(y.clone());
                let mut most = self.expression(*b);
                // Padding divides by one.
                let ones = self.padding(t, tensor).unwrap_or_else(|| Form::zero(log));
                most.linear = most.linear.add(1, &ones);
                let mut divisors = Vec::new();
                if self.circuit.is_view(*b) {
                    divisors.push(self.claim_at_x(*b));
                }
                if !most.linear.terms.is_empty() {
                    divisors.push(self.out.relation.claim_at_x(most.linear.clone()));
                }
                most.linear = most.linear.plus(-1);
                let products = divisors.into_iter().map(|d| vec![quotient, d]).collect();
                self.with_remainder(t, *a, *shift, products, most, (result, *remainder));
                self.atoms[t] = Some(y);
            }
            Op::Sqrt { x, shift, limbs } => {
                let result = self.limb_blocks(*limbs, log);
                let y = Form::limbs(&result, width);
                let most = Expression { terms: vec![], linear: Form::zero(log).add(2, &y) };
                let root = self.out.relation.claim_at_x(y.clone());
                self.with_remainder(t, *x, *shift, vec![vec![root, root]], most, (result, limbs + 1));
                self.atoms[t] = Some(y);
            }
        }
    }

    /// `2^shift x = sum of products + rest` with `0 <= rest <= most`: both `rest` and `most - rest` are limbs.
    fn with_remainder(
        &mut self,
        t: TensorId,
        x: TensorId,
        shift: u8,
        products: Vec<Vec<usize>>,
        most: Expression,
        (result, limbs): (Vec<Symbol>, u8),
    ) {
        let log = self.log(t);
        let [remainder, above] = [0; 2].map(|_| self.limb_blocks(limbs, log));
        let [rest, rest_above] = [&remainder, &above].map(|symbols| Form::limbs(symbols, self.circuit.limb));
        let mut expression = self.expression(x);
        for term in &mut expression.terms {
            term.coefficient <<= shift;
        }
        let product = |factors| Term { coefficient: -1, vars: log, eq: true, factors };
        expression.terms.extend(products.into_iter().map(product));
        let linear = Form::zero(log).add(1 << shift, &expression.linear).add(-1, &rest);
        self.out.relation.constrain(linear, expression.terms);
        self.equate(most, 1, 0, &rest.add(1, &rest_above));
        self.out.cells[t] = Some(Cells::Remainder { result, remainder, above });
    }

    /// Ones in the padding of a tensor, if it has any.
    fn padding(&mut self, t: TensorId, tensor: &Tensor) -> Option<Form> {
        tensor.layout.padding().map(|ones| self.constant_form(self.log(t), &ones))
    }

    /// Limbs of the remainder of a rounding.
    fn remainder_blocks(&mut self, shift: u8, log: u8) -> Vec<Symbol> {
        let (_, limbs) = fill(shift, self.circuit.limb);
        self.limb_blocks(limbs, log)
    }

    /// `2^e x + 2^(shift + e - 1) = 2^(shift + e) result + remainder`.
    fn rounding(&mut self, x: TensorId, shift: u8, result: &Form, remainder: &[Symbol]) {
        let (e, _) = fill(shift, self.circuit.limb);
        let expression = self.expression(x);
        let total = shift + e;
        let half = if shift == 0 { 0 } else { 1i128 << (total - 1) };
        let mut equals = Form::zero(result.log);
        if !remainder.is_empty() {
            equals = equals.add(1, &Form::limbs(remainder, self.circuit.limb));
        }
        let equals = equals.add(1 << total, result);
        self.equate(expression, 1 << e, half, &equals);
    }
}

/// Constraints without terms and with an empty linear part say nothing.
pub(super) fn is_trivial(constraint: &Constraint, relation: &Relation) -> bool {
    constraint.terms.is_empty() && relation.forms[constraint.linear].terms.is_empty()
}
