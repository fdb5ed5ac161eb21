//! From an integer tensor graph to a relation of the argument (`docs/protocol.md` 11), and from an execution to its
//! witness.

mod blocks;
mod constraints;
mod fold;
mod place;
mod statement;
mod symbolic;
mod witness;

use crate::circuit::Circuit;
use blocks::{Allocator, FixedBlock, Symbol};
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
    /// Position, value, slope, limbs below (least significant first), result.
    Function { position: Symbol, value: Symbol, slope: Symbol, below: Vec<Symbol>, result: Symbol },
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
    /// The table of each block of tuples.
    tuple_tables: Vec<usize>,
    /// Fixed blocks of the tables' values and slopes.
    table_blocks: Option<(usize, usize)>,
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
    /// Cells of the limb area, and of all lookups together with their tables.
    pub(crate) fn lookup_cells(&self, circuit: &Circuit) -> (u64, u64) {
        let cells = |a: &Allocator| if a.is_empty() { 0 } else { 1u64 << a.log() };
        let tables = |a: &Allocator, log: u8| if a.is_empty() { 0 } else { 1u64 << log };
        (
            cells(&self.limbs) + cells(&self.tuples),
            tables(&self.limbs, circuit.limb) + tables(&self.tuples, self.table_log),
        )
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
