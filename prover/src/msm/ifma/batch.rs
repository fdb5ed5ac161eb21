//! Batches of additions with one inversion: two vectors of eight pairs at a time, so that one computes while the other
//! waits.

use super::rows::{odd, point, row};
use crate::ifma::columns::{columns, first, rows, two};
use crate::ifma::lanes::{
    self, Mask, add, below_one, equal, multiply, pack, product, rotated, select, splat, square, subtract,
    subtract_lazy, unpack, zero,
};
use crate::ifma::modulus::{Base, Modulus, Wide, power_of_two, wide};
use crate::msm::affine::{Pairs, Point};
use crate::msm::field;
use crate::msm::inverse::invert;
use std::array;

type Lanes = lanes::Lanes<Base>;

const ONE: Wide = Base::ONE;

/// Pairs in a group of two vectors.
pub(super) const GROUP: usize = 16;

/// Groups whose points are brought from memory before it is their turn.
const AHEAD: usize = 2;

/// What turns 1 / a in Montgomery form with 2^256, where a has one with 2^260, into the form with 2^260.
const LIFT: Wide = wide(&power_of_two(&Base::WORDS, 268));

/// Where the points of pairs are, and where their sums go.
pub(super) trait Places {
    /// Whether a point with an odd index is to be subtracted; none of the points is then the identity.
    const SIGNED: bool;

    /// The point of an index.
    fn point(&self, index: u32) -> &Point;

    /// Has the point of an index brought from memory.
    fn prefetch(&self, index: u32);

    /// Stores a sum.
    fn store(&mut self, place: u32, sum: Point);
}

/// What the first pass of a batch leaves for the second: denominators, below 4, and the products of those before
/// them, below 1.2.
#[derive(Clone, Copy)]
pub(super) struct Step {
    product: Lanes,
    denominator: Lanes,
}

/// The indices of eight pairs.
type Indices = [[u32; 2]; 8];

/// The left and right points of eight pairs, x below 1 and y below 2.
struct Eight {
    x: [Lanes; 2],
    y: [Lanes; 2],
}

impl Eight {
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn load<P: Places>(places: &P, pairs: &Indices) -> Self {
        let [left_x, left_y] = columns(&array::from_fn(|i| row(places.point(pairs[i][0]))));
        let [right_x, right_y] = columns(&array::from_fn(|i| row(places.point(pairs[i][1]))));
        let mut y = [unpack(&left_y), unpack(&right_y)];
        if P::SIGNED {
            let [left, right] = odd(pairs);
            y = [negate_some(left, &y[0]), negate_some(right, &y[1])];
        }
        Self { x: [unpack(&left_x), unpack(&right_x)], y }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn load_x<P: Places>(places: &P, pairs: &Indices) -> [Lanes; 2] {
    let both = |pair: &[u32; 2]| two(&places.point(pair[0]).x, &places.point(pair[1]).x);
    columns(&array::from_fn(|i| both(&pairs[i]))).map(|words| unpack(&words))
}

/// The opposites in the lanes of the mask.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn negate_some(negative: Mask, y: &Lanes) -> Lanes {
    select(negative, &subtract_lazy(&splat(&[0; 5]), y), y)
}

/// The lanes in which the formula for two points does not do. Only the identity has x = 0, as 3 is not a square.
struct Special {
    identity: [Mask; 2],
    doubled: Mask,
    opposite: Mask,
}

impl Special {
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn of(pairs: &Eight) -> Self {
        let Eight { x, y } = pairs;
        let identity = [zero(&x[0]), zero(&x[1])];
        let same = equal(&x[0], &x[1]) & !identity[0] & !identity[1];
        let doubled = same & equal(&below_one(&y[0]), &below_one(&y[1]));
        Self { identity, doubled, opposite: same & !doubled }
    }
}

/// Whether there is a special lane.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn any_special(x: &[Lanes; 2]) -> bool {
    zero(&x[0]) | zero(&x[1]) | equal(&x[0], &x[1]) != 0
}

/// The denominators, where the lanes that are not special have this difference of x.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn special_denominator(pairs: &Eight, difference: &Lanes) -> Lanes {
    let special = Special::of(pairs);
    let denominator = select(special.doubled, &add(&pairs.y[0], &pairs.y[0]), difference);
    select(special.identity[0] | special.identity[1] | special.opposite, &splat(&ONE), &denominator)
}

/// The sums, for the inverses of [`special_denominator`].
#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn special_sum(pairs: &Eight, inverse: &Lanes) -> [Lanes; 2] {
    let special = Special::of(pairs);
    let Eight { x, y } = pairs;
    let square = multiply(&x[0], &x[0]);
    let thrice = add(&add(&square, &square), &square);
    let slope = multiply(inverse, &select(special.doubled, &thrice, &subtract_lazy(&y[1], &y[0])));
    let sum_x = third_x(pairs, &slope);
    let sum_y = third_y(pairs, &sum_x, &slope);
    let choose = |sum: &Lanes, left: &Lanes, right: &Lanes| {
        let sum = select(special.opposite, &splat(&[0; 5]), sum);
        select(special.identity[0], right, &select(special.identity[1], left, &sum))
    };
    [choose(&sum_x, &x[0], &x[1]), choose(&sum_y, &y[0], &y[1])]
}

/// The x of the third point on the line of this slope, below 1.2; below 1.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn third_x(pairs: &Eight, slope: &Lanes) -> Lanes {
    square(slope).minus(&pairs.x[0]).minus(&pairs.x[1]).below_one()
}

/// The opposite of the y of the third point; below 2.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn third_y(pairs: &Eight, x: &Lanes, slope: &Lanes) -> Lanes {
    product(slope, &subtract(&pairs.x[0], x)).minus(&pairs.y[0]).below_two()
}

/// The inverses of sixteen residues below 1.2, none of them zero; below 1.2.
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn inverses(a: &[Lanes; 2]) -> [Lanes; 2] {
    // Each lane is multiplied by those it lacks: the one four away, then two, then one.
    let one = multiply(&a[0], &a[1]);
    let other = rotated::<_, 4>(&one);
    let two = multiply(&one, &other);
    let others = rotated::<_, 2>(&two);
    let four = multiply(&two, &others);
    let rest = rotated::<_, 1>(&four);
    let all = field::below_one(first(&pack(&multiply(&four, &rest))));
    let inverse = invert(all).expect("no denominator is zero");
    let inverse = multiply(&splat(&wide(&inverse)), &splat(&LIFT));
    let inverse = multiply(&inverse, &multiply(&multiply(&other, &others), &rest));
    [multiply(&inverse, &a[1]), multiply(&inverse, &a[0])]
}

/// Takes eight pairs into the product; whether some are special.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn first_pass<P: Places>(places: &P, pairs: &Indices, step: &mut Step, product: &mut Lanes) -> bool {
    let x = load_x(places, pairs);
    let mut denominator = subtract(&x[1], &x[0]);
    let special = any_special(&x);
    if special {
        denominator = special_denominator(&Eight::load(places, pairs), &denominator);
    }
    *step = Step { product: *product, denominator };
    *product = multiply(product, &denominator);
    special
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn store<P: Places>(places: &mut P, to: &[u32; 8], x: &Lanes, y: &Lanes) {
    for (&place, row) in to.iter().zip(rows(&[pack(x), pack(y)])) {
        places.store(place, point(row));
    }
}

/// Stores these sums if none is special.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn store_special<P: Places>(places: &mut P, to: &[u32; 8], pairs: &Eight, inverse: &Lanes, sum: [Lanes; 2]) {
    let [x, y] = if any_special(&pairs.x) { special_sum(pairs, inverse) } else { sum };
    store(places, to, &x, &y);
}

/// Adds pairs, a multiple of [`GROUP`], and stores each sum in its place of `to`, with one inversion in all. What is
/// stored for a group may be read by none after it, nor by one before it.
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn add_pairs<P: Places>(places: &mut P, pairs: &Pairs, to: &[u32], steps: &mut Vec<[Step; 2]>) {
    let groups = pairs.as_chunks::<8>().0.as_chunks::<2>().0;
    let to = to.as_chunks::<8>().0.as_chunks::<2>().0;
    let one = splat(&ONE);
    if steps.len() < groups.len() {
        steps.resize(groups.len(), [Step { product: one, denominator: one }; 2]);
    }
    let mut special = false;
    let (mut product_a, mut product_b) = (one, one);
    for (i, (pairs, step)) in groups.iter().zip(&mut *steps).enumerate() {
        if let Some(later) = groups.get(i + AHEAD) {
            later.as_flattened().as_flattened().iter().for_each(|index| places.prefetch(*index));
        }
        special |= first_pass(places, &pairs[0], &mut step[0], &mut product_a);
        special |= first_pass(places, &pairs[1], &mut step[1], &mut product_b);
    }
    let [mut inverse_a, mut inverse_b] = inverses(&[product_a, product_b]);
    for ((pairs, to), step) in groups.iter().zip(to).zip(steps).rev() {
        let own_a = multiply(&inverse_a, &step[0].product);
        let a = Eight::load(places, &pairs[0]);
        let own_b = multiply(&inverse_b, &step[1].product);
        let b = Eight::load(places, &pairs[1]);
        let slope_a = multiply(&own_a, &subtract_lazy(&a.y[1], &a.y[0]));
        let slope_b = multiply(&own_b, &subtract_lazy(&b.y[1], &b.y[0]));
        let x_a = third_x(&a, &slope_a);
        let x_b = third_x(&b, &slope_b);
        inverse_a = multiply(&inverse_a, &step[0].denominator);
        let y_a = third_y(&a, &x_a, &slope_a);
        inverse_b = multiply(&inverse_b, &step[1].denominator);
        let y_b = third_y(&b, &x_b, &slope_b);
        if special {
            store_special(places, &to[0], &a, &own_a, [x_a, y_a]);
            store_special(places, &to[1], &b, &own_b, [x_b, y_b]);
        } else {
            store(places, &to[0], &x_a, &y_a);
            store(places, &to[1], &x_b, &y_b);
        }
    }
}
