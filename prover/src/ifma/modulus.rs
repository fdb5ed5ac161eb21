//! The fields whose residues are computed with in vectors.

use ark_bn254::{FqConfig, FrConfig};
use ark_ff::MontConfig;
use std::fmt::Debug;

/// Four words of a residue, from the lowest.
pub(crate) type Words = [u64; 4];

/// Bits of a limb.
pub(crate) const RADIX: u32 = 52;

/// The bits of a limb.
pub(crate) const MASK: u64 = (1 << RADIX) - 1;

/// Five limbs of 52 bits.
pub(crate) type Wide = [u64; 5];

/// A prime of 254 bits, 0.19 times 2^256, for which `FOLD` is below 0.13.
pub(crate) trait Modulus: Copy + Debug {
    /// What arkworks knows of the field.
    type Config: MontConfig<4>;

    /// The prime.
    const WORDS: Words = Self::Config::MODULUS.0;

    /// The prime p.
    const P: Wide = wide(&Self::WORDS);

    /// 2 p.
    const TWICE: Wide = {
        let p = Self::P;
        let mut twice = [0; 5];
        let mut i = 0;
        while i < 5 {
            let below = if i == 0 { 0 } else { p[i - 1] >> (RADIX - 1) };
            twice[i] = (p[i] << 1 | below) & MASK;
            i += 1;
        }
        twice
    };

    /// One, 2^260 mod p.
    const ONE: Wide = wide(&power_of_two(&Self::WORDS, 260));

    /// -1 / p mod 2^52, an eighth of that modulus.
    const NEGATIVE_INVERSE: u64 = Self::Config::INV & MASK;

    /// (p `NEGATIVE_INVERSE` + 1) / 2^52, below 0.13: adding its product with the lowest limb to the limbs above that
    /// divides by 2^52.
    const FOLD: Wide = {
        let mut fold = [0; 5];
        let mut carry = 1u128;
        let mut i = 0;
        while i < 5 {
            let sum = Self::P[i] as u128 * Self::NEGATIVE_INVERSE as u128 + carry;
            if i > 0 {
                fold[i - 1] = sum as u64 & MASK;
            }
            carry = sum >> RADIX;
            i += 1;
        }
        fold[4] = carry as u64;
        assert!(fold[4] < Self::P[4] * 13 / 100);
        fold
    };
}

/// The field of coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Base {}

impl Modulus for Base {
    type Config = FqConfig;
}

/// The field of scalars.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar {}

impl Modulus for Scalar {
    type Config = FrConfig;
}

/// Limbs of 52 bits for words.
pub(crate) const fn wide(a: &Words) -> Wide {
    [
        a[0] & MASK,
        (a[0] >> 52 | a[1] << 12) & MASK,
        (a[1] >> 40 | a[2] << 24) & MASK,
        (a[2] >> 28 | a[3] << 36) & MASK,
        a[3] >> 16,
    ]
}

/// 2 a, below p for a below p.
pub(crate) const fn twice(p: &Words, a: &Words) -> Words {
    let (mut sum, mut less) = ([0; 4], [0; 4]);
    let (mut carry, mut borrow) = (0, false);
    let mut i = 0;
    while i < 4 {
        sum[i] = a[i] << 1 | carry;
        carry = a[i] >> 63;
        let (without, first) = sum[i].overflowing_sub(p[i]);
        let (without, second) = without.overflowing_sub(borrow as u64);
        (less[i], borrow) = (without, first | second);
        i += 1;
    }
    if borrow { sum } else { less }
}

/// 2^n mod p.
pub(crate) const fn power_of_two(p: &Words, n: u32) -> Words {
    let mut power = [1, 0, 0, 0];
    let mut i = 0;
    while i < n {
        power = twice(p, &power);
        i += 1;
    }
    power
}
