//! Windows, sorting by digit, and the weighted sum of buckets.

use super::affine::{Point, Scratch};
use super::arithmetic::Arithmetic;
use ark_bn254::{G1Affine, G1Projective};
use ark_ff::{AdditiveGroup, Zero};
use rayon::prelude::*;
use std::ops::Range;

/// Points a thread adds up at a time: they stay in its second-level cache.
const BLOCK: usize = 4096;

const SIGN: u128 = 1 << 127;

/// A magnitude below 2^127 with its sign.
pub(super) fn signed(negative: bool, magnitude: u128) -> u128 {
    if negative { magnitude | SIGN } else { magnitude }
}

/// Non-zero signed scalars, each with the tag of its point, as [`Arithmetic::points`] takes them.
pub(super) struct Terms {
    scalars: Vec<u128>,
    tags: Vec<u32>,
}

impl Terms {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        assert!(capacity <= 1 << 28, "too many terms");
        Self { scalars: Vec::with_capacity(capacity), tags: Vec::with_capacity(capacity) }
    }

    pub(super) fn push(&mut self, tag: usize, scalar: u128) {
        if scalar & !SIGN != 0 {
            self.scalars.push(scalar);
            self.tags.push(tag as u32);
        }
    }
}

/// One window: the digit at `position`, of `width` bits, signed unless it is the top one.
#[derive(Clone, Copy)]
struct Window {
    position: u32,
    width: u32,
    /// Added to a magnitude to make its digits signed and carry-free.
    offset: u128,
    top: bool,
}

impl Window {
    /// The magnitude of the digit, up to 2^(width - 1), and whether the term is subtracted.
    fn digit(&self, scalar: u128) -> (u32, bool) {
        let shifted = ((scalar & !SIGN) + self.offset) >> self.position;
        let digit = if self.top {
            shifted as i64
        } else {
            let digit = shifted as u64 & ((1 << self.width) - 1);
            digit as i64 - (1 << (self.width - 1))
        };
        (digit.unsigned_abs() as u32, (digit < 0) != (scalar & SIGN != 0))
    }

    fn buckets(&self) -> usize {
        1 << (self.width - 1)
    }
}

/// `count` windows of nearly equal width for magnitudes below 2^bits.
fn windows(bits: u32, count: u32) -> Vec<Window> {
    // One more bit than the magnitudes have, for the carry.
    let (width, wider) = ((bits + 1) / count, (bits + 1) % count);
    let mut windows = Vec::with_capacity(count as usize);
    let (mut position, mut offset) = (0, 0);
    for i in 0..count {
        let width = width + u32::from(i >= count - wider);
        let top = i + 1 == count;
        if !top {
            offset |= 1 << (position + width - 1);
        }
        windows.push(Window { position, width, offset: 0, top });
        position += width;
    }
    for window in &mut windows {
        window.offset = offset;
    }
    windows
}

/// Nanoseconds in words to add `terms` points into the buckets of one window, and to sum those. In vectors all of it
/// takes about a third, and the best windows are the same to within some percent of the time.
fn window_cost(terms: f64, width: u32) -> f64 {
    let buckets = 2f64.powi(width as i32 - 1);
    let occupied = buckets * (1.0 - (-terms / buckets).exp());
    (terms - occupied) * 130.0 + terms * 25.0 + buckets * 300.0 + 2000.0
}

/// The windows that are cheapest for this number of terms.
fn plan(terms: usize, bits: u32) -> Vec<Window> {
    let cost = |count: u32| {
        let (width, wider) = ((bits + 1) / count, (bits + 1) % count);
        let narrow = window_cost(terms as f64, width) * f64::from(count - wider);
        narrow + window_cost(terms as f64, width + 1) * f64::from(wider)
    };
    let fewest = (bits + 1).div_ceil(22);
    let counts = fewest..=(bits + 1).div_ceil(2);
    let best = counts.min_by(|a, b| cost(*a).total_cmp(&cost(*b)));
    windows(bits, best.unwrap_or(fewest))
}

/// The sum of the terms.
pub(super) fn sum_of_terms(arithmetic: Arithmetic, bases: &[G1Affine], terms: &Terms) -> G1Projective {
    let any = terms.scalars.par_iter().with_min_len(4096);
    let any = any.copied().reduce(|| 0, |a, b| a | b) & !SIGN;
    if any == 0 {
        return G1Projective::zero();
    }
    let windows = plan(terms.scalars.len(), 128 - any.leading_zeros());
    let total: usize = windows.iter().map(Window::buckets).sum();
    let mut entries = vec![0u32; windows.len() * terms.scalars.len()];
    let mut starts = vec![0u32; total + 1];
    sort(&terms.scalars, &windows, &mut entries, &mut starts);
    let points = arithmetic.points(bases, &terms.tags);
    let mut sums = vec![Point::IDENTITY; total];
    sorted_sums(arithmetic, points.as_flattened(), &entries, &starts, &mut sums);
    combine(arithmetic, &windows, &mut sums)
}

/// The entries (twice the place of a term, plus one if negative) of all windows, by window and digit, and where each
/// digit's entries start.
fn sort(scalars: &[u128], windows: &[Window], entries: &mut Vec<u32>, starts: &mut [u32]) {
    let count = scalars.len();
    let mut rest = &mut starts[..];
    let mut parts = Vec::with_capacity(windows.len());
    for (window, entries) in windows.iter().zip(entries.chunks_mut(count)) {
        let (starts, after) = rest.split_at_mut(window.buckets());
        rest = after;
        parts.push((window, entries, starts, 0usize));
    }
    parts.par_iter_mut().for_each_init(Vec::new, |digits, (window, entries, ends, used)| {
        digits.clear();
        digits.extend(scalars.iter().map(|scalar| window.digit(*scalar)));
        for (digit, _) in digits.iter().filter(|(digit, _)| *digit != 0) {
            ends[*digit as usize - 1] += 1;
        }
        for end in ends.iter_mut() {
            *used += *end as usize;
            *end = *used as u32;
        }
        // Filling each bucket from its end leaves its start behind.
        for (&(digit, negative), i) in digits.iter().zip(0u32..) {
            if digit != 0 {
                let place = &mut ends[digit as usize - 1];
                *place -= 1;
                entries[*place as usize] = i << 1 | u32::from(negative);
            }
        }
    });
    // Close the gaps that zero digits leave between windows.
    let used: Vec<usize> = parts.iter().map(|part| part.3).collect();
    let mut offset = 0;
    let mut starts = &mut starts[..];
    for (i, (window, used)) in windows.iter().zip(used).enumerate() {
        let (own, after) = starts.split_at_mut(window.buckets());
        starts = after;
        for start in own {
            *start += offset as u32;
        }
        entries.copy_within(i * count..i * count + used, offset);
        offset += used;
    }
    starts[0] = offset as u32;
    entries.truncate(offset);
}

/// Adds the points of the entries `starts[b]..starts[b + 1]` into `sums[b]`, for each b. An entry is twice the
/// place of its point, plus one to subtract it.
pub(super) fn sorted_sums(
    arithmetic: Arithmetic,
    points: &[Point],
    entries: &[u32],
    starts: &[u32],
    sums: &mut [Point],
) {
    let share = entries.len().div_ceil(2 * rayon::current_num_threads());
    let target = share.clamp(512, BLOCK) as u32;
    let mut blocks: Vec<(Range<usize>, &mut [Point])> = Vec::new();
    let (mut first, mut rest) = (0, sums);
    while first < starts.len() - 1 {
        let limit = starts[first] + target;
        let length = starts[first + 1..].partition_point(|start| *start <= limit);
        let length = length.max(1);
        let (own, after) = rest.split_at_mut(length);
        rest = after;
        blocks.push((first..first + length, own));
        first += length;
    }
    let scratch = || Scratch::new(arithmetic);
    blocks.into_par_iter().for_each_init(scratch, |scratch, (buckets, sums)| {
        let starts = &starts[buckets.start..=buckets.end];
        let entries = &entries[starts[0] as usize..starts[sums.len()] as usize];
        if entries.len() > 2 * BLOCK {
            sums[0] = large_sum(arithmetic, points, entries);
        } else {
            scratch.sum_runs(points, entries, starts, sums);
        }
    });
}

/// The sum of a bucket too large for one block.
fn large_sum(arithmetic: Arithmetic, points: &[Point], entries: &[u32]) -> Point {
    let sum = |points: &[Point], entries: &[u32], scratch: &mut Scratch| {
        let mut sum = [Point::IDENTITY];
        scratch.sum_runs(points, entries, &[0, entries.len() as u32], &mut sum);
        sum[0]
    };
    let scratch = || Scratch::new(arithmetic);
    let parts = entries.par_chunks(BLOCK);
    let parts: Vec<Point> =
        parts.map_init(scratch, |scratch, entries| sum(points, entries, scratch)).collect();
    let entries: Vec<u32> = (0..parts.len() as u32).map(|i| i << 1).collect();
    sum(&parts, &entries, &mut scratch())
}

/// The sum over windows w and digits d of 2^position(w) * d * sums[w][d - 1].
fn combine(arithmetic: Arithmetic, windows: &[Window], sums: &mut [Point]) -> G1Projective {
    let narrowest = windows.iter().map(Window::buckets).min().unwrap_or(1);
    let threads = rayon::current_num_threads();
    let share = sums.len().div_ceil(2 * threads).max(2048).min(sums.len().div_ceil(threads));
    // A step along the segments costs a share one inversion, and a segment costs three additions in other
    // coordinates, a third of that.
    let length = narrowest.min(1 << (share / 3).max(1).ilog2().div_ceil(2));
    let scratch = || Scratch::new(arithmetic);
    sums.par_chunks_mut(share.next_multiple_of(length)).for_each_init(scratch, |scratch, points| {
        scratch.running_sums(points, length);
    });
    let mut rest = &sums[..];
    let mut parts = Vec::with_capacity(windows.len());
    for window in windows {
        let (own, after) = rest.split_at(window.buckets());
        rest = after;
        parts.push(own);
    }
    let parts: Vec<G1Projective> =
        parts.into_par_iter().map(|sums| weighted_segments(arithmetic, sums, length)).collect();
    let mut total = G1Projective::zero();
    for (window, part) in windows.iter().zip(parts).rev() {
        for _ in 0..window.width {
            total.double_in_place();
        }
        total += part;
    }
    total
}

/// The weighted sum of one window, from the running sums of its segments.
fn weighted_segments(arithmetic: Arithmetic, sums: &[Point], length: usize) -> G1Projective {
    let mut running = G1Projective::zero();
    let mut weighted = G1Projective::zero();
    let mut within = G1Projective::zero();
    for (s, segment) in sums.chunks(length).enumerate().rev() {
        within += arithmetic.affine(&segment[length - 1]);
        if s > 0 {
            running += arithmetic.affine(&segment[0]);
            weighted += running;
        }
    }
    for _ in 0..length.ilog2() {
        weighted.double_in_place();
    }
    weighted + within
}
