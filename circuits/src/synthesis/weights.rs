//! From normalised regrets to weights (`docs/synthesis.md`).

use super::{Form, WEIGHT_FRACTION};
use crate::epoch::WeightFunction;
use crate::lanes::{ARGUMENT, Builder, Number, Sum, UNIT};

/// Largest argument of an exponential: what is beyond has no part in a weight of [`WEIGHT_FRACTION`] bits.
const CAP: i64 = 40 << ARGUMENT;

/// `e^-6.75`, with [`UNIT`] fraction bits.
const BOUND: i64 = 674_966_147_058_028;

/// The weights of each row's workers: those of lanes where `among` is one. `x` is `p` times the normalised regret.
pub(super) fn weights(b: &mut Builder, form: &Form, x: &Sum, among: &Sum, present: &Sum) -> Number {
    match form.weight_function {
        WeightFunction::Exp1DivExp1 => quotients(b, form, x, among, present),
        WeightFunction::Gradient => gradients(b, form, x, among, present),
    }
}

/// `(1 + e^b) / (1 + e^v)`, `v = p c - x`, `b` the least `v` of the row.
///
/// One exponential a lane does. In the lane of the least `v`, whose weight is 1, it is `U = e^-|b|`, in others
/// `E = e^-(|v| - max(b, 0))`. With `Z = U` where `b > 0` and 1 elsewhere, and `N = E` where `v > 0` and 1 elsewhere, the
/// weight is `(1 + U) N / (1 + E Z)`.
fn quotients(b: &mut Builder, form: &Form, x: &Sum, among: &Sum, present: &Sum) -> Number {
    let (best, _) = b.largest("best regret", x, among, present.clone());
    let (above, below) = b.parts("argument", b.same(form.p_c) - x.clone());
    let is_above = b.nonzero("argument", above);
    let least = b.positive_product("least argument", best, above);
    let rest = b.positive_product("argument", above + below - least.row(), among.clone());
    let argument = capped(b, &(rest + least));
    let power = b.exp("exponential", argument);

    let one = b.same(1 << UNIT);
    let of_least = b.positive_product("least exponential", best, power);
    let least_above = b.both("least argument", best, is_above);
    let short = b.not_negative("least exponential", one.clone() - of_least.row());
    let short = b.positive_product("least exponential", least_above.row(), short);
    let short = b.positive_product("least exponential", short, b.same(1) - best);
    let term = b.times("exponential", one.clone() - short, power * 2);
    // N is one less than what is missing to it, and zero where there is no worker.
    let short = b.positive_product("exponential", is_above - least_above, one.clone() - power);
    let numerator = among.clone() * (1 << UNIT) - short;
    let numerator = b.times("numerator", one.clone() + of_least.row(), numerator);
    // The product has lost UNIT + 1 - WEIGHT_FRACTION bits to a weight's.
    b.quotient("weight", numerator * (1 << (WEIGHT_FRACTION + 1)), one + term).0
}

/// `p / (1 + e^v)` with the bounds of the network's first generation: `v >= -6.75`; where the least `v` is beyond 8.25, all
/// are moved so that it is that; zero where `v` is then beyond 17.25.
fn gradients(b: &mut Builder, form: &Form, x: &Sum, among: &Sum, present: &Sum) -> Number {
    const QUARTER: i64 = 1 << (ARGUMENT - 2);
    let (_, best) = b.largest("best regret", x, among, present.clone());
    let (moved, _) = b.parts("least argument", b.same(form.p_c - 33 * QUARTER) - best);
    // From the lower bound on.
    let from_bound = b.same(form.p_c + 27 * QUARTER) - x.clone() - moved;
    let (inside, _) = b.parts("argument", from_bound);
    let width = 96 * QUARTER;
    let (beyond, _) = b.parts("argument", inside - b.same(width));
    let cut = b.nonzero("argument", beyond);
    let kept = b.both("workers", b.same(1) - cut, among.clone());
    let argument = b.positive_product("argument", inside, kept);
    let power = b.exp("exponential", argument);
    let numerator = b.positive_product("exponential", kept, power);
    // e^-u / (e^-u + e^-6.75) is 1 / (1 + e^v), u = v + 6.75.
    let bound = b.same(BOUND);
    b.quotient("weight", numerator * form.p_weight, power + bound).0
}

/// At most [`CAP`].
fn capped(b: &mut Builder, x: &Sum) -> Number {
    let cap = b.same(CAP);
    let (left, _) = b.parts("argument", cap.clone() - x.clone());
    b.linear("argument", cap - left)
}
