//! Batched additions in affine coordinates.

use super::field::{self, Limbs, ONE, add, below_one, below_two, multiply, subtract, subtract_lazy};
use super::inverse::invert;
use ark_bn254::{Fq, G1Affine};
use ark_ff::BigInt;

/// A point of G1: x below p, y below 2 p. No point of G1 has y = 0 (the order is odd), so that value marks the
/// identity.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Point {
    x: Limbs,
    y: Limbs,
}

impl Point {
    pub(super) const IDENTITY: Self = Self { x: [0; 4], y: [0; 4] };

    pub(super) fn new(x: Fq, y: Fq) -> Self {
        Self { x: x.0.0, y: y.0.0 }
    }

    #[inline(always)]
    fn is_identity(&self) -> bool {
        self.y[0] | self.y[1] | self.y[2] | self.y[3] == 0
    }

    /// The opposite of a point other than the identity, if asked.
    #[inline(always)]
    pub(super) fn negate_if(self, negative: bool) -> Self {
        let opposite = subtract_lazy(&[0; 4], &self.y);
        Self { x: self.x, y: if negative { opposite } else { self.y } }
    }
}

impl From<&G1Affine> for Point {
    fn from(point: &G1Affine) -> Self {
        if point.infinity { Self::IDENTITY } else { Self::new(point.x, point.y) }
    }
}

impl From<&Point> for G1Affine {
    fn from(point: &Point) -> Self {
        let fq = |limbs| Fq::new_unchecked(BigInt(limbs));
        if point.is_identity() {
            Self::identity()
        } else {
            Self::new_unchecked(fq(point.x), fq(below_one(point.y)))
        }
    }
}

/// What the first pass of a batch leaves for the second: a denominator, below 2, and the product of those before
/// it, below 1.7.
struct Step {
    product: Limbs,
    denominator: Limbs,
}

/// Buffers that outlive one batch.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) points: Vec<Point>,
    pub(super) pairs: Vec<(u32, u32)>,
    pub(super) runs: Vec<(u32, u32)>,
    steps: Vec<Step>,
}

/// Whether one of the points is the identity, or both have the same x.
#[inline(always)]
fn is_special(p: &Point, q: &Point, dx: &Limbs) -> bool {
    (dx[0] | dx[1] | dx[2] | dx[3] == 0) | p.is_identity() | q.is_identity()
}

#[cold]
#[inline(never)]
fn special_denominator(p: &Point, q: &Point) -> Limbs {
    let doubled = p.x == q.x && below_one(p.y) == below_one(q.y) && !p.is_identity();
    if doubled { below_two(add(&p.y, &p.y)) } else { ONE }
}

/// The sum of two points that are not special, given the inverse of their difference in x, below 1.6.
#[inline(always)]
fn sum(p: &Point, q: &Point, inverse: &Limbs) -> Point {
    let dy = subtract_lazy(&q.y, &p.y);
    third_point(p, &q.x, &multiply(inverse, &dy))
}

#[cold]
#[inline(never)]
fn special_sum(p: &Point, q: &Point, inverse: &Limbs) -> Point {
    if p.is_identity() {
        *q
    } else if q.is_identity() {
        *p
    } else if below_one(p.y) != below_one(q.y) {
        Point::IDENTITY
    } else {
        let square = below_one(field::square(&p.x));
        let thrice = add(&add(&square, &square), &square);
        third_point(p, &q.x, &multiply(inverse, &thrice))
    }
}

/// The opposite of the third point on the line through `p` of this slope, below 2.3; `x` is the second's.
#[inline(always)]
fn third_point(p: &Point, x: &Limbs, slope: &Limbs) -> Point {
    let square = field::square(slope);
    let x = below_one(below_two(subtract_lazy(&square, &add(&p.x, x))));
    let y = multiply(slope, &subtract(&p.x, &x));
    Point { x, y: below_two(subtract_lazy(&y, &p.y)) }
}

/// For each pair `(l, r)`: `points[l] += points[r]`, with one inversion in all. No index written may occur in
/// another pair.
fn add_pairs(points: &mut [Point], pairs: &[(u32, u32)], steps: &mut Vec<Step>) {
    steps.clear();
    let mut product = ONE;
    let mut any_special = false;
    for &(l, r) in pairs {
        let (p, q) = (&points[l as usize], &points[r as usize]);
        let mut denominator = subtract(&q.x, &p.x);
        if is_special(p, q, &denominator) {
            denominator = special_denominator(p, q);
            any_special = true;
        }
        steps.push(Step { product, denominator });
        product = multiply(&product, &denominator);
    }
    let mut inverse = invert(below_one(product)).expect("no denominator is zero");
    for (&(l, r), step) in pairs.iter().zip(steps).rev() {
        let (p, q) = (points[l as usize], points[r as usize]);
        let own = multiply(&inverse, &step.product);
        inverse = multiply(&inverse, &step.denominator);
        points[l as usize] = if any_special && is_special(&p, &q, &subtract(&q.x, &p.x)) {
            special_sum(&p, &q, &own)
        } else {
            sum(&p, &q, &own)
        };
    }
}

impl Scratch {
    /// Sums each run `(start, length)` of `self.points` into its first place, halving all of them at
    /// once: an addition a point, and an inversion a halving.
    pub(super) fn sum_runs(&mut self) {
        let Self { points, pairs, runs, steps } = self;
        let mut stride = 1;
        runs.retain(|run| run.1 > 1);
        while !runs.is_empty() {
            pairs.clear();
            for (start, length) in runs.iter_mut() {
                let lefts = (*start..).step_by(2 * stride as usize);
                pairs.extend(lefts.take(*length as usize / 2).map(|left| (left, left + stride)));
                *length = length.div_ceil(2);
            }
            add_pairs(points, pairs, steps);
            runs.retain(|run| run.1 > 1);
            stride *= 2;
        }
    }

    /// Running sums over segments of `length` points: leaves in the first place of a segment the sum of
    /// its points, and in the last the sum of `(j + 1) * points[j]`.
    pub(super) fn running_sums(&mut self, points: &mut [Point], length: usize) {
        let Self { pairs, steps, .. } = self;
        let last = length as u32 - 1;
        let count = points.len() as u32;
        let firsts = || (0..count).step_by(length);
        for k in (0..last).rev() {
            pairs.clear();
            pairs.extend(firsts().map(|first| (first + k, first + k + 1)));
            if k + 1 < last {
                pairs.extend(firsts().map(|first| (first + last, first + k + 1)));
            }
            add_pairs(points, pairs, steps);
        }
        if last > 0 {
            pairs.clear();
            pairs.extend(firsts().map(|first| (first + last, first)));
            add_pairs(points, pairs, steps);
        }
    }
}
