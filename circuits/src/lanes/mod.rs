//! Lane programs: the same arithmetic on a matrix of lanes, at the cost on chain of three constraints whatever the program
//! (`docs/protocol.md` 11).
//!
//! A program has *slots*, each a number of 60 bits for every lane, or of 10, and *gates*, each of which says `a b = c` in every
//! lane, where `a`, `b` and `c` are sums of slots; `a` may have sums over the lane's row or column too, or over all groups
//! of lanes. What slots hold is found by *rules*, of which the proof knows nothing: gates alone bind.

mod build;
mod circuit;
mod gadgets;
mod run;
mod shape;
mod spread;
mod sum;

pub(crate) use build::Builder;
pub(crate) use circuit::{LIMBS, Stated, circuit};
pub(crate) use gadgets::{ARGUMENT, UNIT, Weighted};
pub(crate) use run::Liar;
pub(crate) use shape::{Lane, Shape, Spot};
pub(crate) use spread::{HALF, Members};
pub(crate) use sum::{Number, Sum};

use serde::{Deserialize, Serialize};

/// Bits of a number.
pub(crate) const NUMBER_BITS: u8 = 60;

/// Bits of a small one, which is one limb of any width.
pub(crate) const SMALL_BITS: u8 = 10;

/// What a signed number is stored with added to it.
pub(crate) const SIGNED: i128 = 1 << (NUMBER_BITS - 1);

/// Bits of the position in a table's quarter.
pub(crate) const DIGIT_BITS: u8 = 10;

/// Where a term of a sum takes its slot from: the lane itself, all lanes of its row, or of its column, in its group; or
/// those of all groups at its row and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Reach {
    Own,
    Row,
    Column,
    Group,
}

/// Reach, slot and coefficient of each term.
type Terms = Vec<(Reach, u16, i64)>;

/// `a b = c` in every lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gate {
    /// The factor that may reach other lanes.
    pub(crate) a: Terms,
    /// The other one.
    pub(crate) b: Vec<(u16, i64)>,
    /// The result.
    pub(crate) c: Vec<(u16, i64)>,
}

/// How slots are found, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Rule {
    /// `to = x`.
    Linear { to: u16, x: Terms },
    /// `to = a b`.
    Product { to: u16, a: Terms, b: Terms },
    /// `a b = 2^shift high + low`, `0 <= low < 2^shift`.
    Split { high: u16, low: u16, a: Terms, b: Terms, shift: u8 },
    /// `x = to by + rest`, `0 <= rest < by`, `above = by - 1 - rest`.
    Quotient { to: u16, rest: u16, above: u16, x: Terms, by: Terms },
    /// `x = to to + rest`, `0 <= rest <= 2 to`, `above = 2 to - rest`.
    Root { to: u16, rest: u16, above: u16, x: Terms },
    /// `positive - negative = x`, one of them zero.
    Parts { positive: u16, negative: u16, x: Terms },
    /// Whether `x`, not negative, is not zero; and `x` less that.
    Nonzero { to: u16, less: u16, x: Terms },
    /// One for the first lane of a row that has the largest `x` of those where `among` is one.
    Largest { to: u16, x: Terms, among: Terms },
    /// `start`, and bits of `x`, as many as `bits`, from `shift` on.
    Digit { to: u16, x: Terms, shift: u8, bits: u8, start: i64 },
    /// The entry of the table.
    Entry { to: u16, position: u16 },
    /// Where the weights of a row are cut, in the order of keys.
    Cut { slots: [u16; 3], key: Terms, among: Terms, weight: Terms, target: Terms, median: bool },
}

impl Rule {
    /// The slots it finds.
    fn finds(&mut self) -> Vec<&mut u16> {
        match self {
            Self::Linear { to, .. }
            | Self::Product { to, .. }
            | Self::Largest { to, .. }
            | Self::Digit { to, .. }
            | Self::Entry { to, .. } => vec![to],
            Self::Split { high, low, .. } => vec![high, low],
            Self::Quotient { to, rest, above, .. } | Self::Root { to, rest, above, .. } => {
                vec![to, rest, above]
            }
            Self::Parts { positive, negative, .. } => vec![positive, negative],
            Self::Nonzero { to, less, .. } => vec![to, less],
            Self::Cut { slots, .. } => slots.iter_mut().collect(),
        }
    }

    /// The sums it finds them from.
    fn reads(&mut self) -> Vec<&mut Terms> {
        match self {
            Self::Linear { x, .. }
            | Self::Root { x, .. }
            | Self::Parts { x, .. }
            | Self::Nonzero { x, .. }
            | Self::Digit { x, .. } => vec![x],
            Self::Product { a, b, .. } | Self::Split { a, b, .. } => vec![a, b],
            Self::Quotient { x, by, .. } => vec![x, by],
            Self::Largest { x, among, .. } => vec![x, among],
            Self::Entry { .. } => vec![],
            Self::Cut { key, among, weight, target, .. } => vec![key, among, weight, target],
        }
    }

    /// Renumbers all slots.
    fn map(&mut self, map: impl Fn(u16) -> u16) {
        self.finds().into_iter().for_each(|slot| *slot = map(*slot));
        for terms in self.reads() {
            terms.iter_mut().for_each(|(_, slot, _)| *slot = map(*slot));
        }
        if let Self::Entry { position, .. } = self {
            *position = map(*position);
        }
    }
}

/// Positions and values that are looked up in a program's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lookup {
    /// The first slot of positions, and of as many values.
    pub(crate) positions: u32,
    pub(crate) values: u32,
    /// Log2 of their number.
    pub(crate) log: u8,
    /// The table.
    pub(crate) table: Vec<i64>,
}

/// A lane program. Slot `s` of a lane is number `s 2^lanes + lane`; likewise gates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lanes {
    /// Its lanes.
    pub(crate) shape: Shape,
    /// Log2 of the slots.
    pub(crate) slots: u8,
    /// Log2 of those, the first ones, whose numbers have [`NUMBER_BITS`]; others have [`SMALL_BITS`].
    pub(crate) wide: u8,
    /// Log2 of the gates.
    pub(crate) gates_log: u8,
    /// Log2 of the slots of the statement, which are the first: inputs, outputs and constants.
    pub(crate) statement: u8,
    /// The first slot of the masks, which are small constants, and log2 of their number.
    pub(crate) masks: (u32, u8),
    /// Constants of the statement's slots, by number, and in the upper half those of the masks.
    pub(crate) constants: Vec<i64>,
    /// How many slots are signed, the first ones.
    pub(crate) signed: u32,
    /// Log2 of the gates with sums over other lanes, which are the first.
    pub(crate) reaching: u8,
    /// What each slot is, for errors.
    pub(crate) names: Vec<String>,
    /// The gates.
    pub(crate) gates: Vec<Gate>,
    rules: Vec<Rule>,
    /// How often they are followed.
    passes: u8,
    /// What is looked up.
    pub(crate) lookup: Option<Lookup>,
}

impl Lanes {
    /// Log2 of the lanes.
    pub(crate) fn lanes(&self) -> u8 {
        self.shape.lanes()
    }

    /// Log2 of all numbers.
    pub(crate) fn log(&self) -> u8 {
        self.slots + self.lanes()
    }
}
