//! Functions and order statistics of lanes.

use super::{Builder, DIGIT_BITS, HALF, Members, Number, Sum};

/// Fraction bits of the argument of [`Builder::exp`], and its bits in all.
pub(crate) const ARGUMENT: u8 = 40;
const ARGUMENT_BITS: u8 = ARGUMENT + 6;

/// Fraction bits of its result.
pub(crate) const UNIT: u8 = 59;

impl Builder {
    /// `e^-x` for `0 <= x < 64`, with [`UNIT`] fraction bits; `x` has [`ARGUMENT`]. The error is below 2^-56, and 1 is
    /// exact.
    pub(crate) fn exp(&mut self, name: &str, x: Number) -> Number {
        // Ten bits are below the digits: e^-low = 1 - low, to 2^-61.
        let rest = self.bits(name, &x.into(), DIGIT_BITS, ARGUMENT_BITS - DIGIT_BITS);
        let low = x - rest * (1 << DIGIT_BITS);
        // With its limbs, 2^50 low < 2^60.
        self.not_negative(name, low.clone() * (1 << 50));
        let mut digits = Sum::default();
        let mut power: Option<Number> = None;
        for k in (0..4).rev() {
            let shift = k * DIGIT_BITS;
            let table = powers(ARGUMENT - DIGIT_BITS - shift);
            let (digit, value) = self.entry(name, &rest.into(), shift, &table);
            digits = digits + digit * (1 << shift);
            power = Some(match power {
                None => value,
                Some(power) => self.times(name, power * 2, value),
            });
        }
        self.zero(digits - rest);
        let linear = self.same(1 << UNIT) - low * (1 << (UNIT - ARGUMENT));
        power.map_or(rest, |power| self.times(name, power * 2, linear))
    }

    /// Twice the median of each row's numbers; 0 of none.
    pub(crate) fn median(&mut self, name: &str, of: &Members) -> Sum {
        let Members { x, among, count, present } = of;
        // It is 0 or 1: the row of `next` has `present - odd` ones.
        let odd = self.bits(name, count, 0, 1);
        let [below, last, next] = self.cut(name, [x, among, among], count, true);
        // Half of them, and the middle one, are below the cut.
        self.gate(among.clone() - below, below, Sum::default());
        self.zero(below.row() * 2 - count.clone() - odd);
        self.gate(below - last, last, Sum::default());
        self.zero(last.row() - present.clone());
        self.gate(among.clone() - below - next, next, Sum::default());
        self.zero(next.row() - present.clone() + odd);
        let [last, next] = [last, next].map(|one| self.product(name, one, x.clone()));
        // Where there is no next one, the last is on both sides.
        let again = self.product(name, last.row(), odd);
        let above = next.row() + again;
        self.positive_product(name, last.row() - x.clone(), below);
        self.positive_product(name, x.clone() - above.clone(), among.clone() - below);
        last.row() + above
    }

    /// The weighted percentile of each row, by linear interpolation between the middles of weights: of the values `x` of
    /// lanes where `among` is one, in the order of `key`, which differ. `target` is twice the weight below it, of `rows`.
    pub(crate) fn percentile(&mut self, name: &str, of: &Weighted, target: &Sum, rows: &Sum) -> Sum {
        let Weighted { x, key, weight, among } = of;
        let [below, last, next] = self.cut(name, [key, among, weight], target, false);
        self.gate(among.clone() - below, below, Sum::default());
        for one in [last, next] {
            self.gate(among.clone() - one, one, Sum::default());
            self.zero(one.row() - rows.clone());
        }
        let of = |builder: &mut Self, one: Number, what: &Sum| builder.product(name, one, what.clone());
        let [last_key, next_key] = [last, next].map(|one| of(self, one, key));
        let [last_weight, next_weight] = [last, next].map(|one| of(self, one, weight));
        let [last_below, next_below] = [last, next].map(|one| self.both(name, one, below));
        let [last_x, next_x] = [last, next].map(|one| of(self, one, x));
        // All keys below the cut are up to the last one's, all others from the next one's on.
        self.positive_product(name, last_key.row() - key.clone(), below);
        self.positive_product(name, key.clone() - next_key.row(), among.clone() - below);
        // The last one is below the cut and the next one is not; but where nothing is below, or all, they are the same.
        let apart = next_key.row() - last_key.row();
        self.gate(below.row(), last - last_below, Sum::default());
        self.gate(apart.clone(), last - last_below, Sum::default());
        self.gate((among.clone() - below).row(), next_below, Sum::default());
        self.gate(apart, next_below, Sum::default());
        // Between the middles of both weights.
        let under = self.product(name, below, weight.clone());
        let twice = under.row() * 2;
        let after = self.not_negative(name, target.clone() - twice.clone() + last_weight.row());
        self.not_negative(name, twice + next_weight.row() - target.clone() - rows.clone());
        let (high, low) = self.split(name, next_x.row() - last_x.row(), after, HALF);
        let both = last_weight.row() + next_weight.row() + self.same(1) - rows.clone();
        last_x.row() + self.quotient(name, high * (1 << HALF) + low, both).0
    }
}

/// What a percentile is of.
#[derive(Clone, Debug)]
pub(crate) struct Weighted {
    pub(crate) x: Sum,
    pub(crate) key: Sum,
    pub(crate) weight: Sum,
    pub(crate) among: Sum,
}

/// `e^-(k 2^-bits)` for `k` below 2^10, with [`UNIT`] fraction bits.
fn powers(bits: u8) -> Vec<i64> {
    const ONE: u128 = 1 << 96;
    // Both below 2^97.
    let times = |a: u128, b: u128| {
        let half = (1u128 << 48) - 1;
        (a >> 48) * (b >> 48) + (((a >> 48) * (b & half) + (a & half) * (b >> 48)) >> 48)
    };
    // e^-u = 1 / (1 + u + u^2 / 2 + ..), by the series of alternating signs.
    let (mut step, mut term) = (0i128, ONE as i128);
    for n in 1i128.. {
        step += term;
        term = -(term >> bits) / n;
        if term == 0 {
            break;
        }
    }
    let mut power = ONE;
    (0..1 << DIGIT_BITS)
        .map(|_| {
            let rounded = ((power >> (95 - UNIT)) + 1) >> 1;
            power = times(power, step as u128);
            rounded as i64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_powers_of_e() {
        for bits in [0u8, 10, 20, 30] {
            let table = powers(bits);
            for (k, v) in table.iter().enumerate() {
                let expected = (-(k as f64) / 2f64.powi(bits.into())).exp();
                assert!((*v as f64 / 2f64.powi(UNIT.into()) - expected).abs() < 3e-16, "{bits} {k}");
            }
            // e^-(a + b) = e^-a e^-b, beyond what a float tells.
            let product = (i128::from(table[3]) * i128::from(table[4])) >> UNIT;
            assert!((product - i128::from(table[7])).abs() <= 3);
        }
    }
}
