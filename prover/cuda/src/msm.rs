//! Multi-scalar multiplication on a device: which kernels run, on what (`kernels/msm.cuh`).

use crate::device::Argument::{self, Word as Number};
use crate::device::{Device, Fault};
use crate::layout::{Base, Cell, Element, Scalar, Sum, Word};
use crate::memory::{Buffer, Memory};
use ark_bn254::{Fr, G1Projective};
use ark_ff::{AdditiveGroup, Zero};
use std::sync::Arc;

/// Terms that a thread adds up.
const TASK: usize = 32;

/// Counts that a thread adds up.
const CHUNK: usize = 64;

/// Buckets that a thread weighs.
const SEGMENT: usize = 32;

/// Points that share an inversion.
const INVERTED: usize = 16;

/// Most terms of one multiplication: their entries in all windows are counted in words of 32 bits.
pub(crate) const MOST_TERMS: usize = 1 << 26;

/// Bases on the device, from an element of a buffer on.
pub(crate) struct Bases<'a, D: Device> {
    pub(crate) buffer: &'a Buffer<D, Base>,
    pub(crate) from: usize,
}

/// Signed digits of `width` bits in `windows` windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Digits {
    windows: usize,
    width: usize,
}

impl Digits {
    /// Those that take the fewest multiplications, for numbers below `2^bits`.
    fn cheapest(terms: usize, bits: usize) -> Self {
        let digits = (2..=16).map(|width| Self { windows: (bits + 1).div_ceil(width), width });
        // An addition of a base is 10 multiplications, of a point 14; a bucket takes two of those.
        let cost = |digits: &Self| digits.windows * (10 * terms + 28 * digits.buckets());
        digits.min_by_key(cost).unwrap_or(Self { windows: bits + 1, width: 1 })
    }

    /// Buckets of a window.
    fn buckets(self) -> usize {
        1 << (self.width - 1)
    }

    fn arguments<B>(self) -> [Argument<'static, B>; 2] {
        [Number(self.windows as u64), Number(self.width as u64)]
    }
}

/// The sum of `scalars[i] bases[i]`.
pub(crate) fn of_scalars<D: Device>(
    memory: &Arc<Memory<D>>,
    bases: &Bases<'_, D>,
    scalars: &[Fr],
) -> Result<G1Projective, Fault> {
    let digits = Digits::cheapest(scalars.len(), 254);
    let scalars = memory.filled::<Scalar>(scalars)?;
    of_numbers(memory, bases, &scalars, ["count_scalars", "place_scalars"], digits)
}

/// The same for small integers.
pub(crate) fn of_integers<D: Device>(
    memory: &Arc<Memory<D>>,
    bases: &Bases<'_, D>,
    integers: &[i64],
) -> Result<G1Projective, Fault> {
    let any = integers.iter().fold(0, |any, v| any | v.unsigned_abs());
    if any == 0 {
        return Ok(G1Projective::zero());
    }
    let digits = Digits::cheapest(integers.len(), (u64::BITS - any.leading_zeros()) as usize);
    let integers = memory.filled::<Cell>(integers)?;
    of_numbers(memory, bases, &integers, ["count_integers", "place_integers"], digits)
}

/// The sum of `table[index[i]] bases[i]`, where an index of `u32::MAX` stands for zero.
pub(crate) fn of_indices<D: Device>(
    memory: &Arc<Memory<D>>,
    bases: &Bases<'_, D>,
    index: &[u32],
    table: &[Fr],
) -> Result<G1Projective, Fault> {
    let entries = index.len();
    let index = memory.filled::<Word>(index)?;
    let runs = Runs::new(
        memory,
        table.len(),
        entries,
        |counts| memory.launch("count_indices", entries, &[index.all(), counts]),
        |starts, counts, to| memory.launch("place_indices", entries, &[index.all(), starts, counts, to]),
    )?;
    let sums = runs.sums(memory, bases, entries)?;
    let affine = memory.zeroed::<Base>(table.len())?;
    let count = Number(table.len() as u64);
    let arguments = [sums.points.all(), sums.starts.all(), count, Number(INVERTED as u64), affine.all()];
    memory.launch("to_affine", table.len().div_ceil(INVERTED), &arguments)?;
    of_scalars(memory, &Bases { buffer: &affine, from: 0 }, table)
}

/// The sum of `numbers[i] bases[i]`, by the kernels that count and place their digits.
fn of_numbers<D: Device, T: Element>(
    memory: &Arc<Memory<D>>,
    bases: &Bases<'_, D>,
    numbers: &Buffer<D, T>,
    [count, place]: [&'static str; 2],
    digits: Digits,
) -> Result<G1Projective, Fault> {
    let terms = numbers.len();
    let [windows, width] = digits.arguments();
    let runs = Runs::new(
        memory,
        digits.windows * digits.buckets(),
        digits.windows * terms,
        |counts| memory.launch(count, terms, &[numbers.all(), windows, width, counts]),
        |starts, counts, to| {
            memory.launch(place, terms, &[numbers.all(), windows, width, starts, counts, to])
        },
    )?;
    let sums = runs.sums(memory, bases, terms)?;
    let windows = sums.weigh(memory, digits)?;
    let mut total = G1Projective::zero();
    for window in windows.iter().rev() {
        for _ in 0..digits.width {
            total.double_in_place();
        }
        total += window;
    }
    Ok(total)
}

/// Entries by their buckets.
struct Runs<D: Device> {
    entries: Buffer<D, Word>,
    starts: Buffer<D, Word>,
}

/// Points by their buckets, at most one for each.
struct Sums<D: Device> {
    points: Buffer<D, Sum>,
    starts: Buffer<D, Word>,
}

impl<D: Device> Runs<D> {
    /// At most so many entries, as one kernel counts and another places them.
    fn new(
        memory: &Arc<Memory<D>>,
        buckets: usize,
        entries: usize,
        count: impl FnOnce(Argument<'_, D::Buffer>) -> Result<(), Fault>,
        place: impl FnOnce(
            Argument<'_, D::Buffer>,
            Argument<'_, D::Buffer>,
            Argument<'_, D::Buffer>,
        ) -> Result<(), Fault>,
    ) -> Result<Self, Fault> {
        let counts = memory.zeroed::<Word>(buckets)?;
        count(counts.all())?;
        let starts = prefixes(memory, &counts)?;
        let entries = memory.zeroed::<Word>(entries)?;
        place(starts.all(), counts.all(), entries.all())?;
        Ok(Self { entries, starts })
    }

    /// The sums of all runs, the longest of which has at most so many entries.
    fn sums(
        self,
        memory: &Arc<Memory<D>>,
        bases: &Bases<'_, D>,
        mut longest: usize,
    ) -> Result<Sums<D>, Fault> {
        let runs = self.starts.len() - 1;
        let (count, most) = (Number(runs as u64), Number(TASK as u64));
        let mut starts = self.starts;
        let mut tasks = task_starts(memory, &starts)?;
        let mut points = memory.zeroed::<Sum>(self.entries.len() / TASK + runs)?;
        let (from, entries) = (bases.buffer.from(bases.from), self.entries.all());
        let arguments = [from, entries, count, starts.all(), tasks.all(), most, points.all()];
        memory.launch("sum_entries", points.len(), &arguments)?;
        drop(self.entries);
        loop {
            starts = tasks;
            longest = longest.div_ceil(TASK);
            if longest <= 1 {
                return Ok(Sums { points, starts });
            }
            tasks = task_starts(memory, &starts)?;
            let shorter = memory.zeroed::<Sum>(points.len() / TASK + runs)?;
            let arguments = [points.all(), count, starts.all(), tasks.all(), most, shorter.all()];
            memory.launch("sum_points", shorter.len(), &arguments)?;
            points = shorter;
        }
    }
}

impl<D: Device> Sums<D> {
    /// The weighted sum of each window.
    fn weigh(&self, memory: &Arc<Memory<D>>, digits: Digits) -> Result<Vec<G1Projective>, Fault> {
        let buckets = digits.buckets();
        let segment = SEGMENT.min(buckets);
        let mut per_window = buckets / segment;
        let mut parts = memory.zeroed::<Sum>(digits.windows * per_window)?;
        let (buckets, length) = (Number(buckets as u64), Number(segment as u64));
        let arguments = [self.points.all(), self.starts.all(), buckets, length, parts.all()];
        memory.launch("weigh_buckets", parts.len(), &arguments)?;
        while per_window > 1 {
            let span = per_window.min(TASK);
            per_window /= span;
            let sums = memory.zeroed::<Sum>(digits.windows * per_window)?;
            memory.launch("add_points", sums.len(), &[parts.all(), Number(span as u64), sums.all()])?;
            parts = sums;
        }
        parts.read(0, digits.windows)
    }
}

/// Where runs of these lengths begin, and where the last ends.
fn prefixes<D: Device>(memory: &Arc<Memory<D>>, lengths: &Buffer<D, Word>) -> Result<Buffer<D, Word>, Fault> {
    let chunks = lengths.len().div_ceil(CHUNK).max(1);
    let (count, chunk) = (Number(lengths.len() as u64), Number(CHUNK as u64));
    let offsets = if chunks == 1 {
        memory.zeroed(1)?
    } else {
        let sums = memory.zeroed::<Word>(chunks)?;
        memory.launch("chunk_sums", chunks, &[lengths.all(), count, chunk, sums.all()])?;
        prefixes(memory, &sums)?
    };
    let starts = memory.zeroed(lengths.len() + 1)?;
    let arguments = [lengths.all(), count, chunk, offsets.all(), starts.all()];
    memory.launch("chunk_prefixes", chunks, &arguments)?;
    Ok(starts)
}

/// Where the tasks of runs begin.
fn task_starts<D: Device>(
    memory: &Arc<Memory<D>>,
    starts: &Buffer<D, Word>,
) -> Result<Buffer<D, Word>, Fault> {
    let counts = memory.zeroed::<Word>(starts.len() - 1)?;
    memory.launch("count_tasks", counts.len(), &[starts.all(), Number(TASK as u64), counts.all()])?;
    prefixes(memory, &counts)
}
