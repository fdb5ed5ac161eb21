//! The witness of an execution.

use super::blocks::{Area, Symbol};
use super::paths::{Paths, feature};
use super::statement::positions;
use super::{Cells, Relation};
use crate::circuit::{Circuit, Op, fill, round_shift};
use crate::execute::Cut;
use crate::lanes::SIGNED;

/// Witness rows, one after another, and the public tensors, of the values of every tensor.
pub(crate) fn fill_witness(
    relation: &Relation,
    circuit: &Circuit,
    values: &[Vec<i128>],
) -> (Vec<i64>, Vec<Vec<i128>>) {
    let placement = &relation.placement;
    let cells = vec![0i64; (placement.witness_rows as usize) << placement.row_log];
    let mut writer = Writer { relation, circuit, values, cells };
    writer.unused_tuples();
    for (t, tensor) in circuit.tensors.iter().enumerate() {
        match &relation.lowered.cells[t] {
            Some(Cells::Paths(paths)) => writer.paths(t, paths),
            Some(Cells::Lanes { numbers, factors }) => writer.lanes(t, numbers, *factors),
            Some(cells) => writer.tensor(t, &tensor.op, cells),
            None => {}
        }
    }
    let public = circuit
        .inputs
        .iter()
        .chain(&circuit.outputs)
        .map(|t| values[*t][..positions(circuit, *t) as usize].to_vec());
    (writer.cells, public.collect())
}

struct Writer<'a> {
    relation: &'a Relation,
    circuit: &'a Circuit,
    values: &'a [Vec<i128>],
    cells: Vec<i64>,
}

impl Writer<'_> {
    /// Tuples that no tensor has are the table's first entry.
    fn unused_tuples(&mut self) {
        let (lowered, placement) = (&self.relation.lowered, &self.relation.placement);
        let Some(table) = &lowered.table else { return };
        for (area, column) in [(Area::Values, table.values), (Area::Slopes, table.slopes)] {
            let start = placement.tuples[&area] as usize;
            self.cells[start..start + (1 << lowered.tuples.log())].fill(lowered.fixed[column].cells[0]);
        }
    }

    /// Every path, and what the parts without a level hold: the first feature, at most a leaf's bound.
    fn paths(&mut self, t: usize, paths: &Paths) {
        let trees = &self.circuit.forests[paths.forest];
        let (tensor, features) = (&self.circuit.tensors[t], &self.values[paths.x]);
        let start = self.relation.lowered.forest_starts[paths.forest].0 as i128;
        let (trees_log, most) = (tensor.layout.cols_log(), 1i128 << trees.bits);
        let columns = features.len() >> (paths.level - trees_log);
        let area = |area| paths.component(area);
        for i in 0..1usize << paths.level {
            let (row, tree) = (i >> trees_log, i & ((1 << trees_log) - 1));
            let features = &features[row * columns..][..columns];
            let mut at = if self.circuit.is_element(tensor, i) { trees.root(tree) } else { trees.nothing() };
            for k in 0..trees.depth {
                let (cell, node) = (((k as usize) << paths.level) | i, trees.nodes[at]);
                let x = trees.compared(at, features);
                if k > 0 {
                    self.write(area(Area::Positions), cell, start + at as i128);
                    self.write(area(Area::Features), cell, feature(node, self.circuit.log(paths.x)).into());
                    self.write(area(Area::Values), cell, node.bound.into());
                    self.write(area(Area::Slopes), cell, start + i128::from(node.child));
                    for (value, numbers) in trees.values.iter().enumerate() {
                        self.write(area(Area::Leaves(value as u8)), cell, numbers[at].into());
                    }
                }
                self.write(paths.fetched, cell, x);
                let difference = node.bound as i128 - x;
                self.limbs(&paths.limbs, cell, if difference < 0 { -difference - 1 } else { difference });
                at = trees.next(at, features);
            }
            self.write(area(Area::Positions), i, start + at as i128);
            for (value, numbers) in trees.values.iter().enumerate() {
                self.write(area(Area::Leaves(value as u8)), i, numbers[at].into());
            }
        }
        for cell in usize::from(trees.depth) << paths.level..1 << paths.position.log {
            self.write(paths.fetched, cell, features[0]);
            self.limbs(&paths.limbs, cell, most - features[0]);
        }
        if let Some((bit, above)) = &paths.missing {
            for (i, x) in features.iter().enumerate() {
                let is_missing = *x == most - 1;
                self.write(*bit, i, is_missing.into());
                self.limbs(above, i, most - 2 - if is_missing { -x } else { *x });
            }
        }
    }

    fn write(&mut self, symbol: Symbol, i: usize, v: i128) {
        let start = self.relation.placement.witness_address(symbol) as usize;
        self.cells[start + i] = v as i64;
    }

    /// A non-negative number by its limbs.
    fn limbs(&mut self, symbols: &[Symbol], i: usize, mut v: i128) {
        let width = self.circuit.limb;
        for symbol in symbols {
            self.write(*symbol, i, v & ((1 << width) - 1));
            v >>= width;
        }
    }

    /// A number of either sign by its limbs, if it has any.
    fn signed(&mut self, symbols: &[Symbol], i: usize, v: i128) {
        if let Some(bits) = (symbols.len() as u32 * u32::from(self.circuit.limb)).checked_sub(1) {
            self.limbs(symbols, i, v + (1i128 << bits));
        }
    }

    /// What rounding `x` leaves: `2^e x + half - 2^(shift + e) rounded`.
    fn remainder(&mut self, symbols: &[Symbol], i: usize, x: i128, shift: u8) {
        let (e, _) = fill(shift, self.circuit.limb);
        if shift > 0 {
            let total = shift + e;
            let rounded = round_shift(x, shift);
            self.limbs(symbols, i, (x << e) + (1i128 << (total - 1)) - (rounded << total));
        }
    }

    /// All numbers of a run, and the factors of its gates.
    fn lanes(&mut self, t: usize, limbs: &[Symbol], factors: Symbol) {
        let Op::Lanes { program, .. } = self.circuit.tensors[t].op else { return };
        let program = &self.circuit.programs[program];
        let [signed, wide] =
            [program.signed as usize, 1 << program.wide].map(|slots| slots << program.lanes());
        for (i, v) in self.values[t].iter().enumerate() {
            let limbs = if i < wide { limbs } else { &limbs[..1] };
            self.limbs(limbs, i, v + if i < signed { SIGNED } else { 0 });
        }
        for (i, v) in program.factors(&self.values[t]).into_iter().enumerate() {
            self.write(factors, i, v);
        }
    }

    fn tensor(&mut self, t: usize, op: &Op, cells: &Cells) {
        let values = self.values;
        let width = self.circuit.limb;
        for (i, y) in values[t].iter().copied().enumerate() {
            match (op, cells) {
                (Op::Round { x, shift, .. }, Cells::Round { result, remainder }) => {
                    self.signed(result, i, y);
                    self.remainder(remainder, i, values[*x][i], *shift);
                }
                (Op::Input { .. }, Cells::Round { result, .. }) => self.signed(result, i, y),
                (Op::Publish { x, shift, .. }, Cells::Round { result, remainder }) => {
                    self.signed(result, i, y);
                    self.remainder(remainder, i, values[*x][i], *shift);
                }
                (Op::Rectify { x, shift, .. }, Cells::Rectify { positive, negative, remainder }) => {
                    let x = values[*x][i];
                    let rounded = round_shift(x, *shift);
                    self.limbs(positive, i, rounded.max(0));
                    self.limbs(negative, i, (-rounded).max(0));
                    self.remainder(remainder, i, x, *shift);
                }
                (Op::Positive { x, .. }, Cells::Positive { bit, below }) => {
                    // x - 1, and 2^bits more where that is negative.
                    let bits = below.len() * usize::from(width);
                    self.write(*bit, i, y);
                    self.limbs(below, i, values[*x][i] - 1 + ((1 - y) << bits));
                }
                (Op::Copy { .. } | Op::Previous { .. }, Cells::Copy(block)) => self.write(*block, i, y),
                (
                    Op::Function { x, table, limbs },
                    Cells::Function { position, value, slope, below, result },
                ) => {
                    let start = self.relation.lowered.table_starts[*table];
                    let fraction = self.circuit.tensors[*x].fraction;
                    let table = &self.circuit.tables[*table];
                    let cut = Cut::new(table, fraction, *limbs, width);
                    let Some((segment, low, rest)) = cut.split(values[*x][i]) else { continue };
                    self.write(*position, i, i128::from(start) + segment as i128);
                    self.write(*value, i, table.values[segment].into());
                    self.write(*slope, i, table.slopes[segment].into());
                    self.limbs(below, i, (i128::from(low) << ((limbs - 1) * width)) + rest);
                    self.write(*result, i, y);
                }
                (Op::Div { a, b, shift, .. }, Cells::Remainder { result, remainder, above }) => {
                    let padding = !self.circuit.is_element(&self.circuit.tensors[t], i);
                    let b = values[*b][i] + i128::from(padding);
                    let rest = (values[*a][i] << shift) - y * b;
                    self.signed(result, i, y);
                    self.limbs(remainder, i, rest);
                    self.limbs(above, i, b - 1 - rest);
                }
                (Op::Sqrt { x, shift, .. }, Cells::Remainder { result, remainder, above }) => {
                    let rest = (values[*x][i] << shift) - y * y;
                    self.limbs(result, i, y);
                    self.limbs(remainder, i, rest);
                    self.limbs(above, i, 2 * y - rest);
                }
                _ => {}
            }
        }
    }
}
