//! Functions by their tables (`docs/protocol.md` 11).

use super::Cells;
use super::blocks::{Area, Symbol};
use super::constraints::Lowering;
use super::symbolic::{Form, Piece, Term};
use crate::circuit::TensorId;
use crate::execute::Cut;

impl Lowering<'_> {
    pub(super) fn function(&mut self, t: TensorId, x: TensorId, table: usize, limbs: u8) {
        let log = self.log(t);
        let width = self.circuit.limb;
        let id = self.out.tuples.add(log);
        self.out.tuple_tables.push(Some(table));
        let tuple = |area: Area| Symbol { area, id, offset: 0, log };
        let (position, value, slope) = (tuple(Area::Positions), tuple(Area::Values), tuple(Area::Slopes));
        let below = self.limb_blocks(limbs, log);
        let result = self.plain_block(log);
        let of = |symbol: Symbol| Form::of(Piece::Block(symbol));

        // 2^e (x + offset) = 2^(width limbs) (position - start) + sum of limbs.
        let cut = Cut::new(&self.circuit.tables[table], self.circuit.tensors[x].fraction, limbs, width);
        let start = i128::from(self.out.table_starts[table]);
        let low_bits = u32::from(limbs * width);
        let equals = Form::limbs(&below, width).add(1 << low_bits, &of(position)).plus(-(start << low_bits));
        let argument = self.expression(x);
        self.equate(argument, 1 << cut.scale, cut.offset << cut.scale, &equals);

        // value + slope top = result, both sides zero on the padding.
        let top = below.last().copied().unwrap_or(result);
        let tensor = &self.circuit.tensors[t];
        let [slope_at_x, top] = [slope, top].map(|symbol| self.out.relation.claim_at_x(of(symbol)));
        let (linear, products) = match tensor.layout.padding() {
            None => (of(value), vec![vec![slope_at_x, top]]),
            Some(padding) => {
                let elements: Vec<i64> = padding.iter().map(|v| 1 - v).collect();
                let mask = self.constant_at_x(log, &elements);
                let value = self.out.relation.claim_at_x(of(value));
                (Form::zero(log), vec![vec![value, mask], vec![slope_at_x, top, mask]])
            }
        };
        let term = |factors| Term { coefficient: 1, vars: log, eq: true, factors };
        let terms = products.into_iter().map(term).collect();
        self.out.relation.constrain(linear.add(-1, &of(result)), terms);
        self.out.cells[t] = Some(Cells::Function { position, value, slope, below, result });
        self.atoms[t] = Some(of(result));
    }
}
