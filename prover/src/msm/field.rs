//! The base field without branches and with few final subtractions.
//!
//! Values are in Montgomery form, like `Fq`'s, but may exceed the modulus p; 2^256 is 5.28 p. Where a bound
//! matters it is given as "below B", in multiples of p. The operations of `Fq` compare and branch, which costs
//! a misprediction in every second subtraction of random values: with these, adding up 2^16 points in few buckets
//! takes two thirds of the time.

use ark_bn254::{Fq, FqConfig};
use ark_ff::{Field, MontConfig, PrimeField};

/// Little-endian limbs of a residue.
pub(super) type Limbs = [u64; 4];

pub(super) const ONE: Limbs = <Fq as Field>::ONE.0.0;

pub(super) const P: Limbs = Fq::MODULUS.0;
pub(super) const TWICE_P: Limbs = add(&P, &P);

/// -1 / p mod 2^64.
pub(super) const NEGATIVE_INVERSE: u64 = FqConfig::INV;

/// The low word of a + b c + carry, and the next carry.
#[inline(always)]
const fn multiply_add(a: u64, b: u64, c: u64, carry: u64) -> (u64, u64) {
    let sum = a as u128 + b as u128 * c as u128 + carry as u128;
    (sum as u64, (sum >> 64) as u64)
}

#[inline(always)]
const fn add_carry(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(carry as u64);
    (sum, first | second)
}

#[inline(always)]
const fn subtract_borrow(a: u64, b: u64, borrow: bool) -> (u64, bool) {
    let (difference, first) = a.overflowing_sub(b);
    let (difference, second) = difference.overflowing_sub(borrow as u64);
    (difference, first | second)
}

/// a + b, which must be below 2^256.
#[inline(always)]
pub(super) const fn add(a: &Limbs, b: &Limbs) -> Limbs {
    let (r0, carry) = add_carry(a[0], b[0], false);
    let (r1, carry) = add_carry(a[1], b[1], carry);
    let (r2, carry) = add_carry(a[2], b[2], carry);
    let (r3, _) = add_carry(a[3], b[3], carry);
    [r0, r1, r2, r3]
}

/// a - b mod 2^256.
#[inline(always)]
const fn difference(a: &Limbs, b: &Limbs) -> Limbs {
    let (r0, borrow) = subtract_borrow(a[0], b[0], false);
    let (r1, borrow) = subtract_borrow(a[1], b[1], borrow);
    let (r2, borrow) = subtract_borrow(a[2], b[2], borrow);
    let (r3, _) = subtract_borrow(a[3], b[3], borrow);
    [r0, r1, r2, r3]
}

/// a - b, plus c if that is negative; a - b must be between -2 and 2. As 2 p is below 2^255, its sign is then
/// its top bit.
#[inline(always)]
fn subtract_or_add(a: &Limbs, b: &Limbs, c: &Limbs) -> Limbs {
    let r = difference(a, b);
    let mask = ((r[3] as i64) >> 63) as u64;
    add(&r, &c.map(|limb| limb & mask))
}

/// a - b, below 1 for a and b below 1.
#[inline(always)]
pub(super) fn subtract(a: &Limbs, b: &Limbs) -> Limbs {
    subtract_or_add(a, b, &P)
}

/// a - b + 2, for b below 2 and a below 3.28.
#[inline(always)]
pub(super) fn subtract_lazy(a: &Limbs, b: &Limbs) -> Limbs {
    add(&difference(a, b), &TWICE_P)
}

/// a mod p below 2, for a below 4.
#[inline(always)]
pub(super) fn below_two(a: Limbs) -> Limbs {
    subtract_or_add(&a, &TWICE_P, &TWICE_P)
}

/// a mod p below 1, for a below 2.
#[inline(always)]
pub(super) fn below_one(a: Limbs) -> Limbs {
    subtract_or_add(&a, &P, &P)
}

/// a b / 2^256, below 1 + 0.19 A B for a below A and b below B; A is at most 4.28.
#[inline(always)]
pub(super) fn multiply(a: &Limbs, b: &Limbs) -> Limbs {
    let mut r = [0u64; 4];
    for b in *b {
        let (low, mut carry) = multiply_add(r[0], a[0], b, 0);
        let k = low.wrapping_mul(NEGATIVE_INVERSE);
        let (_, mut carry_p) = multiply_add(low, k, P[0], 0);
        for j in 1..4 {
            let (sum, next) = multiply_add(r[j], a[j], b, carry);
            let (sum, next_p) = multiply_add(sum, k, P[j], carry_p);
            (r[j - 1], carry, carry_p) = (sum, next, next_p);
        }
        r[3] = carry + carry_p;
    }
    r
}

/// a^2 / 2^256, below 1 + 0.19 A^2.
#[inline(always)]
pub(super) fn square(a: &Limbs) -> Limbs {
    let (t1, carry) = multiply_add(0, a[0], a[1], 0);
    let (t2, carry) = multiply_add(0, a[0], a[2], carry);
    let (t3, t4) = multiply_add(0, a[0], a[3], carry);
    let (t3, carry) = multiply_add(t3, a[1], a[2], 0);
    let (t4, t5) = multiply_add(t4, a[1], a[3], carry);
    let (t5, t6) = multiply_add(t5, a[2], a[3], 0);
    let cross = [0, t1, t2, t3, t4, t5, t6, 0];
    let mut t = [0u64; 8];
    let (mut carry, mut above) = (false, 0);
    for i in 0..4 {
        let own = a[i] as u128 * a[i] as u128;
        let (low, high) = (cross[2 * i], cross[2 * i + 1]);
        (t[2 * i], carry) = add_carry(low << 1 | above >> 63, own as u64, carry);
        (t[2 * i + 1], carry) = add_carry(high << 1 | low >> 63, (own >> 64) as u64, carry);
        above = high;
    }
    let mut top = 0;
    for i in 0..4 {
        let k = t[i].wrapping_mul(NEGATIVE_INVERSE);
        let mut carry = 0;
        for j in 0..4 {
            (t[i + j], carry) = multiply_add(t[i + j], k, P[j], carry);
        }
        let sum = t[i + 4] as u128 + carry as u128 + top as u128;
        (t[i + 4], top) = (sum as u64, (sum >> 64) as u64);
    }
    [t[4], t[5], t[6], t[7]]
}
