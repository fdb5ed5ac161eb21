//! The lookups of a program, and which function table each tuple and each entry is of.

use super::Lowered;
use super::blocks::Area;
use super::place::Placement;
use crate::circuit::Circuit;
use std::collections::BTreeMap;
use sumcast_verifier::vk::{self, Block, Coefficient, Form, FormTerm, Lookup};

impl Placement {
    /// The lookups: of limbs, of tuples, of features.
    pub(super) fn lookups(&self, lowered: &Lowered, circuit: &Circuit, forms: &mut Vec<Form>) -> Vec<Lookup> {
        let mut out = Vec::new();
        if !lowered.limbs.is_empty() {
            let column = vec![push(forms, block_form(self.witness_block(self.limbs, lowered.limbs.log())))];
            let multiplicity = self.witness_block(self.multiplicities[0], circuit.limb);
            out.push(self.lookup(0, forms, column, vec![], multiplicity));
        }
        if let Some(table) = &lowered.table {
            let log = lowered.tuples.log();
            let areas = lowered
                .tuple_areas()
                .map(|area| (area, block_form(self.witness_block(self.tuples[&area], log))));
            let mut areas: BTreeMap<Area, Form> = areas.collect();
            let mut ids = self.tuple_ids(lowered, log);
            ids.terms.extend(areas.remove(&Area::Features).into_iter().flat_map(|form| form.terms));
            for paths in &lowered.paths {
                let cube = (self.tuple_offsets[paths.position.id] >> paths.level) as u32;
                let leaf = paths.leaf(&circuit.forests[paths.forest]).map(|(coefficient, piece)| {
                    self.terms(lowered, coefficient, cube, piece).collect::<Vec<_>>()
                });
                for (area, terms) in [Area::Values, Area::Slopes].into_iter().zip(leaf) {
                    areas.entry(area).and_modify(|form| form.terms.extend(terms));
                }
            }
            let positions = areas.remove(&Area::Positions);
            let column = positions.into_iter().chain([ids]).chain(areas.into_values());
            let column = column.map(|form| push(forms, form)).collect();
            let fixed = |id| block_form(self.fixed.block(&lowered.fixed, id, self.row_log));
            let mut ids = table_ids(lowered, circuit);
            ids.terms.extend(table.features.map(&fixed).into_iter().flat_map(|form| form.terms));
            let rest =
                [table.values, table.slopes].into_iter().chain(table.leaves.iter().copied()).map(fixed);
            let entries = std::iter::once(ids).chain(rest).map(|form| push(forms, form)).collect();
            let multiplicity = self.witness_block(self.multiplicities[1], lowered.table_log);
            out.push(self.lookup(1, forms, column, entries, multiplicity));
        }
        for (i, fetch) in lowered.fetches.iter().enumerate() {
            let [key, value, table] =
                [&fetch.key, &fetch.value, &fetch.table].map(|form| push(forms, self.form(lowered, form)));
            let multiplicity = self.block(lowered, fetch.multiplicity);
            out.push(self.lookup(2 + i, forms, vec![key, value], vec![table], multiplicity));
        }
        out
    }

    /// A lookup of one column: with more, S1 has fewer rounds, but of a higher degree, and more claims.
    fn lookup(
        &self,
        number: usize,
        forms: &[Form],
        column: Vec<u16>,
        table: Vec<u16>,
        multiplicity: Block,
    ) -> Lookup {
        let (log, table_log) = (forms[usize::from(column[0])].log, multiplicity.log);
        let [cells, entries] = self.helpers[number];
        Lookup {
            log,
            table_log,
            columns: vec![column],
            table,
            multiplicity,
            helper: self.helper_block(cells, log),
            table_helper: self.helper_block(entries, table_log),
        }
    }

    /// Which function table each tuple is of, so that an argument beyond its table's domain finds nothing in the next
    /// one. Unused tuples are of the first entry.
    fn tuple_ids(&self, lowered: &Lowered, log: u8) -> Form {
        let blocks = self.tuple_offsets.iter().zip(lowered.tuples.logs()).zip(&lowered.tuple_tables);
        let mut ids = Form { log, terms: Vec::new() };
        for ((offset, block_log), table) in blocks {
            let cube = (*offset >> block_log) as u32;
            let id = table.map_or(0, |table| table_id(lowered, table));
            ids.terms.extend(constant(block_log, cube, id));
        }
        ids
    }
}

impl Lowered {
    /// The areas of the tuples' components, other than the numbers of tables.
    pub(super) fn tuple_areas(&self) -> impl Iterator<Item = Area> {
        let table = self.table.iter();
        let of_forests = table.flat_map(|table| {
            let leaves = (0..table.leaves.len() as u8).map(Area::Leaves);
            table.features.map(|_| Area::Features).into_iter().chain(leaves)
        });
        [Area::Positions, Area::Values, Area::Slopes].into_iter().chain(of_forests)
    }
}

fn push(forms: &mut Vec<Form>, form: Form) -> u16 {
    forms.push(form);
    (forms.len() - 1) as u16
}

fn block_form(block: Block) -> Form {
    let term = FormTerm { coefficient: Coefficient::ONE, cube: 0, piece: vk::Piece::Block(block) };
    Form { log: block.log, terms: vec![term] }
}

/// The value on a sub-cube; nothing for zero.
fn constant(log: u8, cube: u32, value: usize) -> Option<FormTerm> {
    let coefficient = Coefficient::new(value as i128)?;
    Some(FormTerm { coefficient, cube, piece: vk::Piece::One { log } })
}

/// A function table's number in order of position, from that of the first, which is 0 or, with forests, none of their
/// features.
fn table_id(lowered: &Lowered, table: usize) -> usize {
    first_id(lowered)
        + lowered.table_starts.iter().filter(|start| **start < lowered.table_starts[table]).count()
}

fn first_id(lowered: &Lowered) -> usize {
    let features = lowered.table.as_ref().and_then(|table| table.features);
    features.map_or(0, |id| lowered.fixed[id].cells.iter().max().map_or(0, |most| *most as usize + 1))
}

/// Which function table each entry is of, 0 for those of forests; the others have a number of their own.
fn table_ids(lowered: &Lowered, circuit: &Circuit) -> Form {
    let none = first_id(lowered) + circuit.tables.len();
    // `none` everywhere, and what is missing to it taken away on each table.
    let mut ids =
        Form { log: lowered.table_log, terms: constant(lowered.table_log, 0, none).into_iter().collect() };
    let tables = circuit
        .tables
        .iter()
        .enumerate()
        .map(|(t, table)| (lowered.table_starts[t], table.log, none - table_id(lowered, t)));
    let forests = lowered.forest_starts.iter().map(|(start, log)| (*start, *log, none));
    for (start, log, missing) in tables.chain(forests) {
        let missing = constant(log, (start >> log) as u32, missing);
        ids.terms.extend(missing.and_then(|term| {
            let (mantissa, shift) = term.coefficient.parts();
            Some(FormTerm { coefficient: Coefficient::from_parts(-mantissa, shift)?, ..term })
        }));
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Function, GraphBuilder};
    use crate::{CompileOptions, compile};

    /// A form of constants, by position.
    fn expand(form: &Form) -> Vec<i64> {
        let mut out = vec![0; 1 << form.log];
        for term in &form.terms {
            assert!(matches!(term.piece, vk::Piece::One { .. }));
            let (mantissa, shift) = term.coefficient.parts();
            let start = (term.cube as usize) << term.piece.log();
            out[start..start + (1 << term.piece.log())]
                .iter_mut()
                .for_each(|v| *v += i64::from(mantissa) << shift);
        }
        out
    }

    #[test]
    fn no_function_reaches_into_the_table_of_another() {
        let mut b = GraphBuilder::new("two", "x", &[1, 3]).unwrap();
        let x = b.input();
        let wide = b.affine(x, 8.0, 0.0).unwrap();
        let (t, s) = (b.function(x, Function::Tanh).unwrap(), b.function(wide, Function::Sigmoid).unwrap());
        let g = b.function(t, Function::Gelu).unwrap();
        let sum = b.combine(&[(1.0, g), (1.0, s)]).unwrap();
        let graph = b.finish(&[("y", sum)]).unwrap();
        let model = compile(&graph, &[vec![1.0, -2.0, 0.5]], &CompileOptions::default()).unwrap();
        let relation = model.lower().unwrap();
        let (lowered, program) = (&relation.lowered, &relation.program);
        let lookup = &program.lookups[1];
        let table = expand(&program.forms[usize::from(lookup.table[0])]);
        let columns = lookup.columns.iter().flat_map(|c| expand(&program.forms[usize::from(c[1])]));
        let tuples: Vec<i64> = columns.collect();
        let mut owners = vec![0; 1 << lowered.table_log];
        for (id, number) in lowered.tuple_tables.iter().flatten().enumerate() {
            let start = lowered.table_starts[*number] as usize;
            let entries = start..start + (1 << model.table_logs()[*number]);
            let own = table[start];
            assert!(table[entries.clone()].iter().all(|v| *v == own));
            assert!(entries.clone().all(|i| owners[i] == 0), "tables do not overlap");
            owners[entries].fill(id + 1);
            let at = relation.placement.tuple_offsets[id] as usize;
            assert!(tuples[at..at + 4].iter().all(|v| *v == own));
            let others = lowered.tuple_tables.iter().flatten().filter(|t| *t != number);
            assert!(others.into_iter().all(|t| table[lowered.table_starts[*t] as usize] != own));
        }
        assert!(
            owners.iter().zip(&table).all(|(o, id)| *o != 0 || *id == 3),
            "unused entries are of no table"
        );
        assert_eq!(table[0], 0, "unused tuples are of table 0");
    }
}
