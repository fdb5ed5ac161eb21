//! From an integer tensor graph to a relation of the argument (`docs/protocol.md` 11), and from an execution to its
//! witness.

mod blocks;
mod constants;
mod constraints;
mod fold;
mod functions;
mod lanes;
mod lookups;
mod paths;
mod place;
mod products;
mod recurrence;
mod statement;
mod symbolic;
mod tables;
mod witness;

use crate::circuit::Circuit;
use blocks::{Allocator, FixedBlock, Symbol};
use paths::{Fetch, Paths};
pub(crate) use place::Placement;
use sumcast_verifier::vk::Program;
pub(crate) use witness::fill_witness;

/// The cells an operator commits, in the order its constraint names them.
#[derive(Clone, Debug)]
pub(crate) enum Cells {
    /// Limbs of the result and of the remainder.
    Round {
        /// Result limbs, none where the result is public. Also of a committed input.
        result: Vec<Symbol>,
        /// Remainder limbs.
        remainder: Vec<Symbol>,
    },
    /// Positive, negative and remainder limbs.
    Rectify { positive: Vec<Symbol>, negative: Vec<Symbol>, remainder: Vec<Symbol> },
    /// The integers themselves.
    Copy(Symbol),
    /// The bit, and the limbs below it.
    Positive { bit: Symbol, below: Vec<Symbol> },
    /// Position, value, slope, limbs below (least significant first), result.
    Function { position: Symbol, value: Symbol, slope: Symbol, below: Vec<Symbol>, result: Symbol },
    /// The paths of trees; nothing of a tensor that shares those of another.
    Paths(Paths),
    /// The limbs of all numbers of a run of a lane program, and the factors of its gates.
    Lanes { numbers: Vec<Symbol>, factors: Symbol },
    /// Limbs of the result, of the remainder, and of what is above it.
    Remainder { result: Vec<Symbol>, remainder: Vec<Symbol>, above: Vec<Symbol> },
}

/// A relation before its blocks are placed, for any row length.
#[derive(Debug)]
pub(crate) struct Lowered {
    relation: symbolic::Relation,
    limbs: Allocator,
    tuples: Allocator,
    plain: Allocator,
    fixed: Vec<FixedBlock>,
    /// By tensor.
    cells: Vec<Option<Cells>>,
    /// Where each function table starts in the one they share, and its log size.
    table_starts: Vec<u64>,
    table_log: u8,
    /// The function table of each block of tuples; none of paths.
    tuple_tables: Vec<Option<usize>>,
    /// Where each forest starts in the table, and its log size.
    forest_starts: Vec<(u64, u8)>,
    /// Fixed blocks of the components of the table.
    table: Option<TableBlocks>,
    /// The blocks of tuples that are paths.
    paths: Vec<Paths>,
    /// Lookups of features.
    fetches: Vec<Fetch>,
}

/// The fixed blocks of the table that functions and forests share, by component.
#[derive(Clone, Debug)]
pub(crate) struct TableBlocks {
    /// Of nodes; none without forests.
    features: Option<usize>,
    /// Values of functions, bounds of nodes.
    values: usize,
    /// Slopes of functions, children of nodes.
    slopes: usize,
    /// The numbers of leaves.
    leaves: Vec<usize>,
}

/// A relation: the program of a verifying key, the fixed cells it commits, and how a witness is laid out.
#[derive(Debug)]
pub struct Relation {
    /// The program.
    pub program: Program,
    /// The fixed rows, one after another.
    pub fixed: Vec<i64>,
    pub(crate) lowered: Lowered,
    pub(crate) placement: place::Placement,
}

impl Lowered {
    /// Witness cells and lookups of a tensor.
    #[cfg(test)]
    pub(crate) fn cells_of(&self, tensor: usize) -> (u64, u64) {
        let limbs = |lists: &[&Vec<Symbol>]| {
            let cells = lists.iter().flat_map(|l| l.iter()).map(|s| 1u64 << s.log).sum();
            (cells, cells)
        };
        match &self.cells[tensor] {
            None => (0, 0),
            Some(Cells::Copy(symbol)) => (1 << symbol.log, 0),
            Some(Cells::Lanes { numbers, factors }) => {
                let (cells, lookups) = limbs(&[numbers]);
                (cells + (1 << factors.log), lookups)
            }
            Some(Cells::Round { result, remainder }) => limbs(&[result, remainder]),
            Some(Cells::Rectify { positive, negative, remainder }) => limbs(&[positive, negative, remainder]),
            Some(Cells::Remainder { result, remainder, above }) => limbs(&[result, remainder, above]),
            Some(Cells::Positive { bit, below }) => {
                let (cells, lookups) = limbs(&[below]);
                (cells + (1 << bit.log), lookups)
            }
            Some(Cells::Paths(paths)) => {
                // A tuple is one lookup of four cells and the leaf's number; a feature is another.
                let (cells, size) = (limbs(&[&paths.limbs]).0, 1 << paths.position.log);
                (cells + 6 * size, cells + 2 * size)
            }
            Some(Cells::Function { below, result, .. }) => {
                // A tuple is one lookup of three cells.
                let (cells, size) = (limbs(&[below]).0, 1 << result.log);
                (cells + 4 * size, cells + size)
            }
        }
    }

    /// Fixed cells other than those of the tables of functions.
    #[cfg(test)]
    pub(crate) fn weights(&self) -> u64 {
        let of_table: Vec<usize> = self.table.iter().flat_map(TableBlocks::all).collect();
        let blocks = self.fixed.iter().enumerate().filter(|(i, _)| !of_table.contains(i));
        blocks.map(|(_, block)| block.cells.len() as u64).sum()
    }

    pub(crate) fn new(circuit: &Circuit) -> Self {
        let mut lowered = constraints::lower(circuit);
        fold::fold(&mut lowered);
        lowered
    }

    /// The relation with rows of `2^row_log`.
    pub(crate) fn place(self, circuit: &Circuit, row_log: u8) -> Relation {
        let placement = place::Placement::new(&self, circuit, row_log);
        let program = placement.program(&self, circuit);
        let fixed = placement.fixed_cells(&self);
        Relation { program, fixed, lowered: self, placement }
    }
}
