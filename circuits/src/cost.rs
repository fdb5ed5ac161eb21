//! What a proof costs, its time beside its gas: the limb width and the row length are those that cost least.
//!
//! `docs/performance.md` has what is predicted beside what was measured, and every model at every row length.

use crate::gas::{evaluated_terms, gas_estimate, lookup_blocks};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use sumcast_verifier::Shape;
use sumcast_verifier::vk::{Block, Piece, Program};

/// Limb widths to choose from, bits.
pub const LIMBS: [u8; 3] = [8, 10, 12];

/// Row lengths to choose from, log2.
pub const ROW_LOGS: RangeInclusive<u8> = 8..=18;

/// What the time of a proof grows with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Cells of a row over their log2: the two long multi-scalar multiplications of the opening, whose windows are nearly
    /// as wide as that logarithm, so that a term takes so many fewer additions.
    Opening,
    /// Cells of the rows that a proof commits, and proves in lookups and constraints.
    Fresh,
    /// Cells of a row for every vector of the last sumcheck: one for each row with blocks of which something is claimed,
    /// and one for each claim on a block of more than one row.
    Vector,
    /// Blocks, as often as something is claimed of them.
    Claim,
    /// Scalars of both sumchecks, each with its part of a round and of a hash.
    Scalar,
}

/// Microseconds that a unit takes two cores with AVX-512 IFMA: least squares over the bundled models, with their own rows
/// and limbs and with others, and over the largest of three families. `cargo run --release -p sumcast-benches --example
/// cost -- --fit` prints this table anew, and how far it is off for models that it is not fitted to.
pub const MICROSECONDS: [(Work, f64); 5] = [
    (Work::Opening, 6.74),
    (Work::Fresh, 0.047),
    (Work::Vector, 0.070),
    (Work::Claim, 15.8),
    (Work::Scalar, 46.5),
];

/// Gas that weighs as much as a microsecond of two cores: what waiting is worth, not what a machine costs, since at any
/// price of both the gas of a proof costs a thousand times as much as the time.
pub const GAS_PER_MICROSECOND: f64 = 1.3;

impl Work {
    /// How much of it a proof is.
    fn count(self, program: &Program) -> u64 {
        let row = 1u64 << program.row_log;
        match self {
            Self::Opening => row / u64::from(program.row_log).max(1),
            Self::Fresh => row * (program.rows() - usize::from(program.fixed_rows)) as u64,
            Self::Vector => {
                let (long, short): (Vec<Block>, Vec<Block>) =
                    blocks(program).partition(|block| block.log > program.row_log);
                let rows: BTreeSet<u16> = short.iter().map(|block| block.row).collect();
                row * (rows.len() + long.len()) as u64
            }
            Self::Claim => blocks(program).count() as u64,
            Self::Scalar => Shape::of(program).mask as u64,
        }
    }
}

/// The blocks of which something is claimed, as often as it is.
fn blocks(program: &Program) -> impl Iterator<Item = Block> {
    let of_forms = evaluated_terms(program).flat_map(|term| {
        let (block, limbs) = match term.piece {
            Piece::Block(block) => (Some(block), None),
            Piece::Limbs(limbs) => (None, Some(limbs)),
            _ => (None, None),
        };
        block.into_iter().chain(limbs.into_iter().flat_map(|limbs| limbs.blocks().map(|(block, _)| block)))
    });
    of_forms.chain(lookup_blocks(program))
}

/// Everything that the time of a program's proofs grows with, and how much of it they are.
pub fn work(program: &Program) -> [(Work, u64); MICROSECONDS.len()] {
    MICROSECONDS.map(|(work, _)| (work, work.count(program)))
}

/// About the microseconds that a proof takes two cores, from the input to the proof.
pub fn microseconds(program: &Program) -> f64 {
    MICROSECONDS.iter().map(|(work, each)| each * work.count(program) as f64).sum()
}

/// What a proof costs, in gas: that of its verification, and its time.
pub(crate) fn cost(program: &Program) -> f64 {
    gas_estimate(program).total as f64 + GAS_PER_MICROSECOND * microseconds(program)
}
