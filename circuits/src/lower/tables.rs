//! The table that functions and forests share: where each begins, and its components.

use super::TableBlocks;
use super::blocks::Allocator;
use super::constraints::Lowering;
use super::paths::feature;
use crate::circuit::{Circuit, Op, Table, TreeNode, log2_ceil};

/// Where function tables and forests begin. Forests come first, so that with them entry 0 is of no tree and zero.
pub(super) struct Starts {
    pub(super) tables: Vec<u64>,
    /// With their log sizes.
    pub(super) forests: Vec<(u64, u8)>,
    pub(super) log: u8,
}

impl Starts {
    pub(super) fn new(circuit: &Circuit) -> Self {
        let mut entries = Allocator::default();
        let largest = circuit.tables.iter().map(|table| table.log).max().unwrap_or(0);
        // Places are in order of size: no table is larger than a forest.
        let logs: Vec<u8> = circuit.forests.iter().map(|f| log2_ceil(f.nodes.len()).max(largest)).collect();
        logs.iter().copied().chain(circuit.tables.iter().map(|table| table.log)).for_each(|log| {
            entries.add(log);
        });
        let (mut starts, _) = entries.place();
        let tables = starts.split_off(logs.len());
        Self { tables, forests: starts.into_iter().zip(logs).collect(), log: entries.log() }
    }
}

impl TableBlocks {
    /// All fixed blocks of the table.
    pub(super) fn all(&self) -> impl Iterator<Item = usize> + '_ {
        [self.values, self.slopes].into_iter().chain(self.features).chain(self.leaves.iter().copied())
    }
}

impl Lowering<'_> {
    /// Log2 of the features that a forest is of.
    fn features_log(&self, forest: usize) -> u8 {
        let features = self.circuit.tensors.iter().find_map(|tensor| match tensor.op {
            Op::Leaves { x, forest: own, .. } if own == forest => Some(self.log(x)),
            _ => None,
        });
        features.unwrap_or_default()
    }

    /// The components of the table as fixed columns.
    pub(super) fn tables(&mut self) {
        let circuit = self.circuit;
        if circuit.tables.is_empty() && circuit.forests.is_empty() {
            return;
        }
        let log = self.out.table_log;
        let starts = self.out.table_starts.clone();
        let forests = self.out.forest_starts.clone();
        let functions = |of: fn(&Table) -> &Vec<i64>, cells: &mut [i64]| {
            for (table, start) in circuit.tables.iter().zip(&starts) {
                cells[*start as usize..][..of(table).len()].copy_from_slice(of(table));
            }
        };
        let nodes = |of: &dyn Fn(&TreeNode, i64, u8) -> i64, cells: &mut [i64]| {
            for (number, (forest, (start, _))) in circuit.forests.iter().zip(&forests).enumerate() {
                let features = self.features_log(number);
                let cells = cells[*start as usize..].iter_mut().zip(&forest.nodes);
                // The first entry of the table stays zero, and those of other forests are of no tree.
                cells.skip(1).for_each(|(cell, node)| *cell = of(node, *start as i64, features));
            }
        };
        let empty = || vec![0i64; 1 << log];
        let (mut values, mut slopes, mut features) = (empty(), empty(), empty());
        functions(|table| &table.values, &mut values);
        functions(|table| &table.slopes, &mut slopes);
        nodes(&|node, _, _| node.bound, &mut values);
        nodes(&|node, start, _| i64::from(node.child) + start, &mut slopes);
        nodes(&|node, _, log| feature(*node, log), &mut features);
        let width = circuit.forests.iter().map(|f| f.values.len()).max().unwrap_or(0);
        let leaves: Vec<Vec<i64>> = (0..width)
            .map(|k| {
                let mut cells = empty();
                for (forest, (start, _)) in circuit.forests.iter().zip(&forests) {
                    let numbers = forest.values.get(k).map_or(&[][..], Vec::as_slice);
                    cells[*start as usize..][..numbers.len()].copy_from_slice(numbers);
                }
                cells
            })
            .collect();
        let mut column = |cells: Vec<i64>| self.fixed_block(log, cells).id;
        self.out.table = Some(TableBlocks {
            values: column(values),
            slopes: column(slopes),
            features: (!circuit.forests.is_empty()).then(|| column(features)),
            leaves: leaves.into_iter().map(column).collect(),
        });
    }
}
