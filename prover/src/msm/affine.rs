//! Batched additions in affine coordinates.

use ark_bn254::{Fq, G1Affine};
use ark_ff::{AdditiveGroup, Field, Zero};

/// A point of G1. No point of G1 has y = 0 (the order is odd), so that value marks the identity.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Point {
    pub(super) x: Fq,
    pub(super) y: Fq,
}

impl Point {
    pub(super) const IDENTITY: Self = Self { x: Fq::ZERO, y: Fq::ZERO };

    pub(super) fn is_identity(&self) -> bool {
        self.y.is_zero()
    }

    pub(super) fn negate_if(self, negative: bool) -> Self {
        let y = if negative { -self.y } else { self.y };
        Self { x: self.x, y }
    }
}

impl From<&G1Affine> for Point {
    fn from(point: &G1Affine) -> Self {
        if point.infinity { Self::IDENTITY } else { Self { x: point.x, y: point.y } }
    }
}

impl From<&Point> for G1Affine {
    fn from(point: &Point) -> Self {
        if point.is_identity() { Self::identity() } else { Self::new_unchecked(point.x, point.y) }
    }
}

/// Buffers that outlive one batch.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) points: Vec<Point>,
    pub(super) pairs: Vec<(u32, u32)>,
    pub(super) runs: Vec<(u32, u32)>,
    products: Vec<Fq>,
}

/// How a pair is added: by a chord, by a tangent, or without a slope.
fn denominator(p: &Point, q: &Point) -> Fq {
    let dx = q.x - p.x;
    if dx.is_zero() | p.is_identity() | q.is_identity() {
        return special_denominator(p, q);
    }
    dx
}

#[cold]
fn special_denominator(p: &Point, q: &Point) -> Fq {
    let doubled = p.x == q.x && p.y == q.y && !p.is_identity();
    if doubled { p.y.double() } else { Fq::ONE }
}

fn add(p: &Point, q: &Point, inverse: Fq) -> Point {
    let dx = q.x - p.x;
    let slope = if dx.is_zero() | p.is_identity() | q.is_identity() {
        if p.is_identity() {
            return *q;
        } else if q.is_identity() {
            return *p;
        } else if p.y != q.y {
            return Point::IDENTITY;
        }
        let square = p.x.square();
        (square.double() + square) * inverse
    } else {
        (q.y - p.y) * inverse
    };
    let x = slope.square() - p.x - q.x;
    let y = slope * (p.x - x) - p.y;
    Point { x, y }
}

/// For each pair `(l, r)`: `points[l] += points[r]`, with one inversion in all. No index written may occur in
/// another pair.
pub(super) fn add_pairs(points: &mut [Point], pairs: &[(u32, u32)], products: &mut Vec<Fq>) {
    products.clear();
    let mut product = Fq::ONE;
    for &(l, r) in pairs {
        products.push(product);
        product *= denominator(&points[l as usize], &points[r as usize]);
    }
    let mut inverse = product.inverse().expect("no denominator is zero");
    for (&(l, r), prefix) in pairs.iter().zip(products).rev() {
        let (p, q) = (points[l as usize], points[r as usize]);
        let own = inverse * *prefix;
        inverse *= denominator(&p, &q);
        points[l as usize] = add(&p, &q, own);
    }
}

impl Scratch {
    /// Sums each run `(start, length)` of `self.points` into its first place, halving all of them at
    /// once: an addition a point, and an inversion a halving.
    pub(super) fn sum_runs(&mut self) {
        let Self { points, pairs, runs, products } = self;
        let mut stride = 1;
        runs.retain(|run| run.1 > 1);
        while !runs.is_empty() {
            pairs.clear();
            for (start, length) in runs.iter_mut() {
                let lefts = (*start..).step_by(2 * stride as usize);
                pairs.extend(lefts.take(*length as usize / 2).map(|left| (left, left + stride)));
                *length = length.div_ceil(2);
            }
            add_pairs(points, pairs, products);
            runs.retain(|run| run.1 > 1);
            stride *= 2;
        }
    }

    /// Running sums over segments of `length` points: leaves in the first place of a segment the sum of
    /// its points, and in the last the sum of `(j + 1) * points[j]`.
    pub(super) fn running_sums(&mut self, points: &mut [Point], length: usize) {
        let firsts = || (0..points.len() as u32).step_by(length);
        let last = length as u32 - 1;
        let mut products = std::mem::take(&mut self.products);
        let firsts: Vec<u32> = firsts().collect();
        for k in (0..last).rev() {
            self.pairs.clear();
            for &first in &firsts {
                self.pairs.push((first + k, first + k + 1));
                if k + 1 < last {
                    self.pairs.push((first + last, first + k + 1));
                }
            }
            add_pairs(points, &self.pairs, &mut products);
        }
        if last > 0 {
            self.pairs.clear();
            self.pairs.extend(firsts.iter().map(|first| (first + last, *first)));
            add_pairs(points, &self.pairs, &mut products);
        }
        self.products = products;
    }
}
