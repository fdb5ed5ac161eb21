//! Lane programs (`docs/protocol.md` 11).

use super::Cells;
use super::blocks::{Symbol, aligned};
use super::constraints::Lowering;
use super::paths::Fetch;
use super::products::coordinates;
use super::symbolic::{Form, Piece, Term, bound};
use crate::circuit::{Op, Taken, TensorId};
use crate::lanes::{DIGIT_BITS, Lanes, Lookup, NUMBER_BITS, Reach, SIGNED, Shape, Spot};
use sumcast_verifier::vk::Axis;

/// What tells the quarters of a table apart is added to values at this bit.
const QUARTER: u8 = NUMBER_BITS;

/// The numbers of a run.
struct Numbers<'a> {
    program: &'a Lanes,
    /// The limbs of all numbers, lowest first: all but the first are of wide numbers.
    limbs: Vec<Symbol>,
    width: u8,
}

impl Numbers<'_> {
    /// Slots `start .. start + 2^log` as a form: all, or some that are wide.
    fn slots(&self, start: u32, log: u8) -> Form {
        let Lanes { wide, signed, .. } = *self.program;
        let lanes = self.program.lanes();
        let mut form = Form::zero(log + lanes);
        for (k, symbol) in self.limbs.iter().enumerate() {
            let part = symbol.part(start << lanes, if k > 0 { log.min(wide) } else { log } + lanes);
            form.terms.push((1 << (usize::from(self.width) * k), 0, Piece::Block(part)));
        }
        for (size, cube) in aligned(0, signed.saturating_sub(start).min(1 << log)) {
            form.terms.push((-SIGNED, cube, Piece::One(size + lanes)));
        }
        form
    }
}

impl Numbers<'_> {
    /// Small slots, from `start` on.
    fn masks(&self, start: u32, log: u8) -> Form {
        let lanes = self.program.lanes();
        let lowest = self.limbs.first().map(|limb| limb.part(start << lanes, log + lanes));
        Form { log: log + lanes, terms: lowest.map(|part| (1, 0, Piece::Block(part))).into_iter().collect() }
    }
}

impl Lowering<'_> {
    /// A run: its numbers, its gates, its lookups, and the tensors of the statement that it takes and gives.
    pub(super) fn lanes(&mut self, t: TensorId, program: usize, inputs: &[Taken]) {
        let circuit = self.circuit;
        let (program, width) = (&circuit.programs[program], circuit.limb);
        let mut limbs = self.limb_blocks(1, program.log());
        limbs.extend(self.limb_blocks(NUMBER_BITS / width - 1, program.wide + program.lanes()));
        let numbers = Numbers { program, limbs: limbs.clone(), width };

        let (masks, masks_log) = program.masks;
        let half = program.statement.max(masks_log) + program.lanes();
        let mut statement = Form { log: half + 1, ..numbers.slots(0, program.statement) };
        let masks = numbers.masks(masks, masks_log);
        for (c, cube, piece) in masks.terms {
            statement.terms.push((c, ((1 << half) >> piece.log()) + cube, piece));
        }
        let constants = self.fixed_form(half + 1, program.constants.clone());
        statement = statement.add(-1, &constants);
        for taken in inputs {
            take(&mut statement, 1 << taken.shift, &self.atom(taken.x), taken.at);
        }
        for (result, tensor) in circuit.tensors.iter().enumerate() {
            if let Op::Result { of, at, .. } = tensor.op
                && of == t
            {
                let form = self.statement_form(result);
                take(&mut statement, 1, &form, at);
                self.atoms[result] = Some(form);
            }
        }
        self.out.relation.constrain(statement, vec![]);

        let factors = self.gates(&numbers);
        if let Some(lookup) = &program.lookup {
            self.entries(&numbers, lookup);
        }
        self.atoms[t] = Some(numbers.slots(0, program.slots));
        self.out.cells[t] = Some(Cells::Lanes { numbers: limbs, factors });
    }

    /// The factors of all gates, which are sums of slots, and their products, which are as well.
    fn gates(&mut self, numbers: &Numbers<'_>) -> Symbol {
        let program = numbers.program;
        let (lanes, gates) = (program.lanes(), program.gates_log);
        let factors = self.plain_block(lanes + gates + 1);
        let own = |c: &(u16, i64)| (Reach::Own, c.0, c.1);
        let a = program.gates.iter().map(|gate| gate.a.clone());
        let b = program.gates.iter().map(|gate| gate.b.iter().map(own).collect());
        let c: Vec<_> = program.gates.iter().map(|gate| gate.c.iter().map(own).collect()).collect();
        let rest = (1 << gates) - program.gates.len();
        let both: Vec<Vec<_>> = a.chain(std::iter::repeat_n(vec![], rest)).chain(b).collect();

        let mut terms = vec![self.slots(numbers, Reach::Own, &both, gates + 1)];
        for reach in [Reach::Row, Reach::Column, Reach::Group] {
            if both.iter().flatten().any(|(r, _, _)| *r == reach) {
                terms.push(self.slots(numbers, reach, &both, gates + 1));
            }
        }
        let equals = Form::of(Piece::Block(factors));
        self.out.relation.constrain(Form::zero(equals.log).add(-1, &equals), terms);

        let log = lanes + gates;
        let [a, b] = [0, 1].map(|half| {
            let block = factors.part(half << log, log);
            self.out.relation.claim_at_x(Form::of(Piece::Block(block)))
        });
        let products = Term { coefficient: -1, vars: log, eq: true, factors: vec![a, b] };
        let results = self.slots(numbers, Reach::Own, &c, gates);
        self.out.relation.constrain(Form::zero(log), vec![products, results]);
        factors
    }

    /// Sums of slots at `tau`, one for each gate and lane: those of the terms of one reach.
    fn slots(
        &mut self,
        numbers: &Numbers<'_>,
        reach: Reach,
        sums: &[Vec<(Reach, u16, i64)>],
        gates: u8,
    ) -> Term {
        let program = numbers.program;
        let Lanes { shape, slots, reaching, .. } = *program;
        // Few gates have sums over other lanes.
        let of = if reach == Reach::Own { gates } else { reaching };
        let mut cells = vec![0i64; 1 << (slots + of)];
        for (g, terms) in sums.iter().enumerate().take(1 << of) {
            for (_, slot, c) in terms.iter().filter(|(r, _, _)| *r == reach) {
                cells[g << slots | usize::from(*slot)] += c;
            }
        }
        let block = self.fixed_block(slots + of, cells);
        let matrix = Form { log: slots + gates, terms: vec![(1, 0, Piece::Block(block))] };
        let on_slots = coordinates(Axis::X, 0, slots);
        let Shape { groups, rows, columns } = shape;
        let (mut vars, mut lanes) = (slots, 0);
        let mut numbers_at = Vec::new();
        for (over, log) in [(Reach::Row, columns), (Reach::Column, rows), (Reach::Group, groups)] {
            if reach == over {
                numbers_at.extend(coordinates(Axis::X, slots, log));
                vars += log;
            } else {
                numbers_at.extend(coordinates(Axis::Tau, lanes, log));
            }
            lanes += log;
        }
        let matrix_at: Vec<_> = on_slots.clone().chain(coordinates(Axis::Tau, lanes, gates)).collect();
        numbers_at.extend(on_slots);
        let relation = &mut self.out.relation;
        let matrix = relation.claim(matrix, vars, bound(&matrix_at));
        let numbers = relation.claim(numbers.slots(0, slots), vars, bound(&numbers_at));
        Term { coefficient: 1, vars, eq: false, factors: vec![matrix, numbers] }
    }

    /// Digits and their entries of the table. Both a value and an entry have the number of their quarter of the table above
    /// them, so that a digit finds no entry of another quarter.
    fn entries(&mut self, numbers: &Numbers<'_>, lookup: &Lookup) {
        let lanes = numbers.program.lanes();
        let key = numbers.slots(lookup.positions, lookup.log);
        let mut value = numbers.slots(lookup.values, lookup.log);
        for k in 1..1u32 << lookup.log {
            value.terms.push((i128::from(k) << QUARTER, k, Piece::One(lanes)));
        }
        let entry = |(i, v): (usize, &i64)| v + ((i as i64 >> DIGIT_BITS) << QUARTER);
        let table = lookup.table.iter().enumerate().map(entry).collect();
        let table = self.fixed_form(lookup.log + DIGIT_BITS, table);
        let multiplicity = self.plain_block(table.log);
        self.out.fetches.push(Fetch { key, value, table, multiplicity });
    }
}

/// Takes a tensor of the statement, which is one piece, times a factor away from a form where it lies.
fn take(form: &mut Form, factor: i128, tensor: &Form, spot: Spot) {
    for (from, log, at) in spot.parts(tensor.log) {
        for (c, cube, piece) in &tensor.terms {
            let piece = match piece {
                Piece::Block(symbol) if !spot.is_whole() => Piece::Block(symbol.part(from, log)),
                whole => *whole,
            };
            form.terms.push((-factor * c, (at >> piece.log()) + cube, piece));
        }
    }
}
