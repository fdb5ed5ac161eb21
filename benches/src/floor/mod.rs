//! What each stage of a proof takes at least: the operations that its steps cannot do without, as often as the fastest
//! arithmetic of this machine takes for one (`docs/performance.md`).

mod beside;
mod counting;
mod pippenger;
mod units;

pub(crate) use beside::beside;
pub(crate) use counting::Counting;
pub use units::Units;

use std::iter::Sum;
use std::ops::Add;
use sumcast_prover::Stage;

/// Bytes that a processor's caches are taken to hold. What a step reads and writes beyond that comes from memory.
const CACHE: u64 = 32 << 20;

/// Bytes of a field element.
const ELEMENT: u64 = 32;

/// The operations of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// Group additions.
    pub(crate) additions: u64,
    /// Field multiplications.
    pub(crate) multiplications: u64,
    /// Multiplications of a field element by an integer of 64 bits, of which only sums are reduced.
    pub(crate) small: u64,
    /// Bytes read and written of vectors, each once.
    pub(crate) bytes: u64,
}

impl Work {
    /// Of so many field multiplications, on what is in the caches.
    pub(crate) fn multiplications(multiplications: u64) -> Self {
        Self { multiplications, ..Self::default() }
    }

    /// The bytes that come from memory.
    fn memory(self) -> u64 {
        if self.bytes > CACHE { self.bytes } else { 0 }
    }

    /// Seconds that it takes at least: arithmetic can be done while memory is waited for.
    fn seconds(self, units: &Units) -> f64 {
        let arithmetic = self.additions as f64 * units.addition
            + self.multiplications as f64 * units.multiplication
            + self.small as f64 * units.small;
        1e-9 * arithmetic.max(self.memory() as f64 * units.byte)
    }
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            additions: self.additions + other.additions,
            multiplications: self.multiplications + other.multiplications,
            small: self.small + other.small,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl Sum for Work {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// The steps of each stage, in the order of [`Stage::ALL`].
pub(crate) type Steps = [Vec<Work>; Stage::ALL.len()];

/// What a stage, or all of them, takes at least.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Floor {
    pub(crate) work: Work,
    pub(crate) from_memory: u64,
    pub(crate) seconds: f64,
}

impl Floor {
    /// Of these steps, one after another.
    pub(crate) fn of<'a>(steps: impl IntoIterator<Item = &'a Work>, units: &Units) -> Self {
        steps.into_iter().fold(Self::default(), |sum, step| Self {
            work: sum.work + *step,
            from_memory: sum.from_memory + step.memory(),
            seconds: sum.seconds + step.seconds(units),
        })
    }
}
