//! Inversion in the base field by a binary greatest common divisor without unpredictable branches.
//!
//! Pornin, "Optimized Binary GCD for Modular Inversion" (2020), algorithm 2: 31 steps at a time are decided on
//! the top 33 and bottom 31 bits of the two numbers, then applied to the numbers at once. A third of the time of
//! `Fq`'s own, which matters to small sums only.

use super::field::{Limbs, NEGATIVE_INVERSE, P, add, below_one};
use ark_bn254::FqConfig;
use ark_ff::MontConfig;

/// 2^512 mod p: what turns the inverse of a Montgomery form into the Montgomery form of the inverse.
const R_SQUARED: Limbs = <FqConfig as MontConfig<4>>::R2.0;

/// Steps taken at a time.
const STEPS: u32 = 31;

/// Added to a pair of 32-bit factors to make both halves positive.
const BIAS: i64 = 0x7fff_ffff;

/// 1 / a in Montgomery form, below 1, for a below 1. Zero has no inverse.
pub(super) fn invert(value: Limbs) -> Option<Limbs> {
    if value == [0; 4] {
        return None;
    }
    // a = value u / R^2 and b = value v / R^2 mod p throughout.
    let (mut a, mut b) = (value, P);
    let (mut u, mut v) = (R_SQUARED, [0; 4]);
    while a != [0; 4] {
        let (first, second) = factors(&a, &b);
        let (next_a, first) = magnitude(shifted(&combination(&a, &b, first)), first);
        let (next_b, second) = magnitude(shifted(&combination(&a, &b, second)), second);
        (u, v) = (residue(&u, &v, first), residue(&u, &v, second));
        (a, b) = (next_a, next_b);
    }
    Some(v)
}

/// The factors ((f0, g0), (f1, g1)) such that 31 steps make (a f0 + b g0) / 2^31 of a and
/// (a f1 + b g1) / 2^31 of b.
#[inline(always)]
fn factors(a: &Limbs, b: &Limbs) -> ((i64, i64), (i64, i64)) {
    let (mut x, mut y) = approximations(a, b);
    // Both factors of a number in one word, f below g.
    let (mut first, mut second) = (1i64, 1i64 << 32);
    for _ in 0..STEPS {
        let odd = (x & 1).wrapping_neg();
        let swap = odd & u64::from(x < y).wrapping_neg();
        let exchange = (x ^ y) & swap;
        (x, y) = (x ^ exchange, y ^ exchange);
        let exchange = (first ^ second) & swap as i64;
        (first, second) = (first ^ exchange, second ^ exchange);
        x = (x - (y & odd)) >> 1;
        first = first.wrapping_sub(second & odd as i64);
        second = second.wrapping_shl(1);
    }
    let halves = |pair: i64| {
        let pair = pair.wrapping_add(BIAS << 32 | BIAS) as u64;
        ((pair & 0xffff_ffff) as i64 - BIAS, (pair >> 32) as i64 - BIAS)
    };
    (halves(first), halves(second))
}

/// The lowest 31 bits of each number, below the 33 bits from the top of the longer one.
#[inline(always)]
fn approximations(a: &Limbs, b: &Limbs) -> (u64, u64) {
    let Some(top) = (1..4).rev().find(|i| a[*i] | b[*i] != 0) else {
        return (a[0], b[0]);
    };
    let shift = (a[top] | b[top]).leading_zeros();
    let approximation = |limbs: &Limbs| {
        let pair = u128::from(limbs[top]) << 64 | u128::from(limbs[top - 1]);
        let high = ((pair << shift) >> 64) as u64;
        (high >> STEPS << STEPS) | (limbs[0] & ((1 << STEPS) - 1))
    };
    (approximation(a), approximation(b))
}

/// a f + b g, in five limbs of which the last is signed.
#[inline(always)]
fn combination(a: &Limbs, b: &Limbs, (f, g): (i64, i64)) -> [u64; 5] {
    let mut r = [0; 5];
    let mut carry = 0i128;
    for i in 0..4 {
        let sum = i128::from(a[i]) * i128::from(f) + i128::from(b[i]) * i128::from(g) + carry;
        (r[i], carry) = (sum as u64, sum >> 64);
    }
    r[4] = carry as u64;
    r
}

/// A signed number divided by 2^31, which must leave 256 bits.
#[inline(always)]
fn shifted(r: &[u64; 5]) -> Limbs {
    std::array::from_fn(|i| r[i] >> STEPS | r[i + 1] << (64 - STEPS))
}

/// The magnitude of a signed number, and its factors with the same change of sign.
#[inline(always)]
fn magnitude(r: Limbs, (f, g): (i64, i64)) -> (Limbs, (i64, i64)) {
    let mask = (r[3] as i64) >> 63;
    let flipped = r.map(|limb| limb ^ mask as u64);
    let negative = [mask as u64 & 1, 0, 0, 0];
    (add(&flipped, &negative), ((f ^ mask) - mask, (g ^ mask) - mask))
}

/// (u f + v g) / 2^31 mod p, below 1.
#[inline(always)]
fn residue(u: &Limbs, v: &Limbs, factors: (i64, i64)) -> Limbs {
    let mut r = combination(u, v, factors);
    let k = r[0].wrapping_mul(NEGATIVE_INVERSE) & ((1 << STEPS) - 1);
    let mut carry = 0u128;
    for i in 0..4 {
        let sum = u128::from(r[i]) + u128::from(k) * u128::from(P[i]) + carry;
        (r[i], carry) = (sum as u64, sum >> 64);
    }
    r[4] = r[4].wrapping_add(carry as u64);
    // Between -1 and 2.
    let r = shifted(&r);
    let mask = ((r[3] as i64) >> 63) as u64;
    below_one(add(&r, &P.map(|limb| limb & mask)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::Fq;
    use ark_ff::{BigInt, Field, Fp};

    #[test]
    fn agrees_with_the_field() {
        assert_eq!(invert([0; 4]), None);
        let mut value = Fq::from(3u64);
        let mut values = vec![Fq::ONE, -Fq::ONE, Fp::new_unchecked(BigInt::one())];
        for i in 0..5000u64 {
            value = value.square() + Fq::from(i);
            values.extend([value, Fq::from(i + 1), -Fq::from(i + 1)]);
            let mut short = value.0;
            short >>= (i % 250) as u32;
            values.push(Fp::new_unchecked(short));
        }
        for value in values {
            assert_eq!(invert(value.0.0), value.inverse().map(|inverse| inverse.0.0), "{value}");
        }
    }
}
