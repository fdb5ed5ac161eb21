//! Points, and sums of many of them by batched additions in affine coordinates.

use super::arithmetic::Arithmetic;
use super::field::{Limbs, subtract_lazy};
use super::{ifma, words};

/// A point of G1: x below p, y below 2 p. No point of G1 has y = 0 (the order is odd), nor x = 0 (3 is not a square), so
/// those values mark the identity. What the residues stand for is the [`Arithmetic`]'s.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Point {
    pub(super) x: Limbs,
    pub(super) y: Limbs,
}

impl Point {
    pub(super) const IDENTITY: Self = Self { x: [0; 4], y: [0; 4] };

    #[inline(always)]
    pub(super) fn is_identity(&self) -> bool {
        self.y[0] | self.y[1] | self.y[2] | self.y[3] == 0
    }

    /// What an entry stands for: twice a place in the table, plus one for the opposite of the point there, which is
    /// not the identity.
    #[inline(always)]
    pub(super) fn of_entry(table: &[Self], entry: u32) -> Self {
        let Self { x, y } = table[entry as usize >> 1];
        let opposite = subtract_lazy(&[0; 4], &y);
        Self { x, y: if entry & 1 == 1 { opposite } else { y } }
    }
}

/// Pairs of indices of points.
pub(super) type Pairs = [[u32; 2]];

/// Points, and runs of them as `(start, length)`; of other points nothing is known.
#[derive(Default)]
pub(super) struct Runs {
    pub(super) points: Vec<Point>,
    pub(super) runs: Vec<(u32, u32)>,
}

/// Additions in one arithmetic.
enum Adder {
    Words(words::Adder),
    Vectors(ifma::Adder),
}

impl Adder {
    // Where there are no vectors the second arm cannot be reached.
    #[cfg_attr(not(target_arch = "x86_64"), allow(unreachable_code))]
    fn new(arithmetic: Arithmetic) -> Self {
        match arithmetic {
            Arithmetic::Words => Self::Words(words::Adder::default()),
            Arithmetic::Vectors(detected) => Self::Vectors(ifma::Adder::new(detected)),
        }
    }

    /// For each pair `[l, r]`: `points[l] += points[r]`, with one inversion in all. No index written may occur in
    /// another pair.
    fn add_pairs(&mut self, points: &mut [Point], pairs: &Pairs) {
        match self {
            Self::Words(adder) => adder.add_pairs(points, pairs),
            Self::Vectors(adder) => adder.add_pairs(points, pairs),
        }
    }

    /// For each b a run of points with the same sum as the entries `starts[b]..starts[b + 1]`, counted from
    /// `starts[0]`. The run has as many points, or half as many, rounded up.
    fn gather(&mut self, table: &[Point], entries: &[u32], starts: &[u32], to: &mut Runs) {
        match self {
            Self::Words(adder) => adder.gather(table, entries, starts, to),
            Self::Vectors(adder) => adder.gather(table, entries, starts, to),
        }
    }
}

/// Additions, with buffers that outlive one batch.
pub(super) struct Scratch {
    adder: Adder,
    gathered: Runs,
    unfinished: Vec<(u32, u32)>,
    pairs: Vec<[u32; 2]>,
}

impl Scratch {
    pub(super) fn new(arithmetic: Arithmetic) -> Self {
        Self {
            adder: Adder::new(arithmetic),
            gathered: Runs::default(),
            unfinished: Vec::new(),
            pairs: Vec::new(),
        }
    }

    /// Puts the sum of the entries `starts[b]..starts[b + 1]`, counted from `starts[0]`, into `sums[b]`, for each b
    /// where there are some: halves the runs of all b at once, with an addition a point, and an inversion a halving.
    pub(super) fn sum_runs(&mut self, table: &[Point], entries: &[u32], starts: &[u32], sums: &mut [Point]) {
        let Self { adder, gathered, unfinished, pairs } = self;
        adder.gather(table, entries, starts, gathered);
        let Runs { points, runs } = gathered;
        unfinished.clear();
        unfinished.extend(runs.iter().filter(|run| run.1 > 1));
        let mut stride = 1;
        while !unfinished.is_empty() {
            pairs.clear();
            for (start, length) in unfinished.iter_mut() {
                let lefts = (*start..).step_by(2 * stride as usize);
                pairs.extend(lefts.take(*length as usize / 2).map(|left| [left, left + stride]));
                *length = length.div_ceil(2);
            }
            adder.add_pairs(points, pairs);
            unfinished.retain(|run| run.1 > 1);
            stride *= 2;
        }
        for (sum, (start, length)) in sums.iter_mut().zip(runs) {
            if *length > 0 {
                *sum = points[*start as usize];
            }
        }
    }

    /// Running sums over segments of `length` points: leaves in the first place of a segment the sum of
    /// its points, and in the last the sum of `(j + 1) * points[j]`.
    pub(super) fn running_sums(&mut self, points: &mut [Point], length: usize) {
        let Self { adder, pairs, .. } = self;
        let last = length as u32 - 1;
        let count = points.len() as u32;
        let firsts = || (0..count).step_by(length);
        for k in (0..last).rev() {
            pairs.clear();
            pairs.extend(firsts().map(|first| [first + k, first + k + 1]));
            if k + 1 < last {
                pairs.extend(firsts().map(|first| [first + last, first + k + 1]));
            }
            adder.add_pairs(points, pairs);
        }
        if last > 0 {
            pairs.clear();
            pairs.extend(firsts().map(|first| [first + last, first]));
            adder.add_pairs(points, pairs);
        }
    }
}
