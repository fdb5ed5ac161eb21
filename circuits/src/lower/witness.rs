//! The witness of an execution.

use super::blocks::Symbol;
use super::{Cells, Relation};
use crate::circuit::{Circuit, Op, fill, round_shift};
use crate::execute::Cut;

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
        if let Some(cells) = &relation.lowered.cells[t] {
            writer.tensor(t, &tensor.op, cells);
        }
    }
    let public = std::iter::once(0).chain(circuit.outputs.iter().copied()).map(|t| {
        let layout = circuit.tensors[t].layout;
        values[t][..=layout.position(layout.len() - 1)].to_vec()
    });
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
        let Some((values, slopes)) = lowered.table_blocks else { return };
        for (area, table) in placement.tuples[1..].iter().zip([values, slopes]) {
            let start = *area as usize;
            self.cells[start..start + (1 << lowered.tuples.log())].fill(lowered.fixed[table].cells[0]);
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
