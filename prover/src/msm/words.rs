//! Batched additions in words, one after another: what any machine can do.

use super::affine::{Pairs, Point, Runs};
use super::field::{self, Limbs, ONE, add, below_one, below_two, multiply, subtract, subtract_lazy};
use super::inverse::invert;

/// What the first pass of a batch leaves for the second: a denominator, below 2, and the product of those before
/// it, below 1.7.
struct Step {
    product: Limbs,
    denominator: Limbs,
}

/// Additions, with a buffer that outlives a batch.
#[derive(Default)]
pub(super) struct Adder {
    steps: Vec<Step>,
}

impl Adder {
    /// [`super::affine::Adder::add_pairs`].
    pub(super) fn add_pairs(&mut self, points: &mut [Point], pairs: &Pairs) {
        let steps = &mut self.steps;
        steps.clear();
        let mut product = ONE;
        let mut any_special = false;
        for &[l, r] in pairs {
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
        for (&[l, r], step) in pairs.iter().zip(steps).rev() {
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

    /// [`super::affine::Adder::gather`]: all the points of each run.
    pub(super) fn gather(&mut self, table: &[Point], entries: &[u32], starts: &[u32], to: &mut Runs) {
        to.points.clear();
        to.points.extend(entries.iter().map(|entry| Point::of_entry(table, *entry)));
        to.runs.clear();
        to.runs.extend(starts.windows(2).map(|bounds| (bounds[0] - starts[0], bounds[1] - bounds[0])));
    }
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
