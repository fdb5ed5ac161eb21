#![allow(unsafe_code)]

use super::*;
use crate::ifma::Ifma;
use crate::ifma::modulus::{Base, Words};
use crate::msm::tests::Random;
use ark_bn254::Fq;
use ark_ff::{BigInt, BigInteger, Field, PrimeField};
use std::mem::transmute;

type Number = BigInt<5>;

fn number(a: &Words) -> Number {
    BigInt([a[0], a[1], a[2], a[3], 0])
}

fn multiple_of_p(k: u32) -> Number {
    let mut sum = BigInt::zero();
    for _ in 0..k {
        sum.add_with_carry(&number(&Base::WORDS));
    }
    sum
}

/// Below `bound` p: the residues at the edges, and others, plus multiples of p; and the largest.
fn numbers(random: &mut Random, bound: u32) -> Vec<Number> {
    let minus_one = -Fq::ONE;
    let mut residues = vec![Fq::from(0), Fq::from(1), minus_one, Fq::from(1u128 << 104) - Fq::ONE];
    residues.extend((0..12).map(|_| Fq::from_le_bytes_mod_order(&random.bytes())));
    let mut numbers = Vec::new();
    for k in 0..bound {
        for residue in &residues {
            let mut number = number(&residue.into_bigint().0);
            number.add_with_carry(&multiple_of_p(k));
            numbers.push(number);
        }
    }
    assert_eq!(numbers.len() % 8, 0);
    numbers
}

fn limbs(a: &Number) -> Wide {
    let mut a = *a;
    std::array::from_fn(|_| {
        let limb = a.0[0] & MASK;
        a >>= RADIX;
        limb
    })
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn lanes(a: &[Number]) -> Lanes<Base> {
    let a: [Wide; 8] = std::array::from_fn(|i| limbs(&a[i]));
    // SAFETY: any eight words are a vector.
    Lanes::of(std::array::from_fn(|j| unsafe { transmute::<[u64; 8], __m512i>(a.map(|limbs| limbs[j])) }))
}

/// The numbers, whose limbs must be below 2^52.
fn values(a: &Lanes<Base>) -> [Number; 8] {
    // SAFETY: a vector is eight words.
    let limbs = a.0.map(|limb| unsafe { transmute::<__m512i, [u64; 8]>(limb) });
    std::array::from_fn(|i| {
        let mut sum = BigInt::zero();
        for limb in limbs.iter().rev() {
            assert!(limb[i] <= MASK, "{limb:?}");
            sum <<= RADIX;
            sum.0[0] |= limb[i];
        }
        sum
    })
}

fn residue(a: &Number) -> Fq {
    Fq::from_le_bytes_mod_order(&a.to_bytes_le())
}

/// In multiples of p.
fn size(a: &Number) -> f64 {
    let float = |a: &Number| a.0.iter().rev().fold(0.0, |sum, word| sum * 2f64.powi(64) + *word as f64);
    float(a) / float(&number(&Base::WORDS))
}

/// Calls `check` with all pairs of numbers below the bounds, eight at a time, and the numbers that `compute` makes of
/// them.
fn for_pairs(
    bounds: [u32; 2],
    compute: unsafe fn(&Lanes<Base>, &Lanes<Base>) -> Lanes<Base>,
    check: impl Fn(&Number, &Number, &Number),
) {
    if Ifma::detect().is_none() {
        return;
    }
    let mut random = Random(1);
    let (left, right) = (numbers(&mut random, bounds[0]), numbers(&mut random, bounds[1]));
    for left in left.chunks(8) {
        for shift in 0..right.len() {
            let right: Vec<Number> = right.iter().cycle().skip(shift).take(8).copied().collect();
            // SAFETY: the instructions were detected.
            let results = unsafe { values(&compute(&lanes(left), &lanes(&right))) };
            for i in 0..8 {
                check(&left[i], &right[i], &results[i]);
            }
        }
    }
}

fn shift() -> Fq {
    Fq::from(2).pow([260])
}

#[test]
fn products() {
    for bounds in [[1, 1], [2, 2], [2, 4], [5, 4], [16, 16]] {
        for_pairs(bounds, multiply, |a, b, r| {
            assert_eq!(residue(r) * shift(), residue(a) * residue(b));
            assert!(size(r) < 1.13 + size(a) * size(b) / 84.0, "{a} {b}");
        });
    }
}

#[test]
fn sums_and_differences() {
    let plus = |a: &Number, b: &Number| {
        let mut sum = *a;
        sum.add_with_carry(b);
        sum
    };
    for_pairs([3, 3], add, |a, b, r| assert_eq!(*r, plus(a, b)));
    for_pairs([2, 1], subtract, |a, b, r| assert_eq!(plus(r, b), plus(a, &multiple_of_p(1))));
    for_pairs([2, 2], subtract_lazy, |a, b, r| assert_eq!(plus(r, b), plus(a, &multiple_of_p(2))));
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn one_below_one(a: &Lanes<Base>, _: &Lanes<Base>) -> Lanes<Base> {
    below_one(a)
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn difference_below_one(a: &Lanes<Base>, b: &Lanes<Base>) -> Lanes<Base> {
    Loose::from(*a).minus(b).below_one()
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn difference_below_two(a: &Lanes<Base>, b: &Lanes<Base>) -> Lanes<Base> {
    Loose::from(*a).minus(b).below_two()
}

#[test]
fn reductions() {
    let canonical = |a: Fq| number(&a.into_bigint().0);
    for_pairs([2, 1], one_below_one, |a, _, r| assert_eq!(*r, canonical(residue(a))));
    for_pairs([2, 2], difference_below_one, |a, b, r| assert_eq!(*r, canonical(residue(a) - residue(b))));
    for_pairs([2, 2], difference_below_two, |a, b, r| {
        assert_eq!(residue(r), residue(a) - residue(b));
        assert!(*r < multiple_of_p(2));
    });
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn square_less(a: &Lanes<Base>, b: &Lanes<Base>) -> Lanes<Base> {
    square(a).minus(b).below_one()
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn product_less(a: &Lanes<Base>, b: &Lanes<Base>) -> Lanes<Base> {
    product(a, b).minus(b).below_two()
}

#[test]
fn limbs_need_no_carry_before_a_subtraction() {
    for_pairs([2, 2], square_less, |a, b, r| {
        let a = residue(a);
        assert_eq!(residue(r) * shift(), a * a - residue(b) * shift());
        assert!(*r < multiple_of_p(1));
    });
    for_pairs([2, 2], product_less, |a, b, r| {
        let (a, b) = (residue(a), residue(b));
        assert_eq!(residue(r) * shift(), a * b - b * shift());
        assert!(*r < multiple_of_p(2));
    });
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn packed(a: &Lanes<Base>, _: &Lanes<Base>) -> Lanes<Base> {
    unpack(&pack(a))
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn equal_or_zero(a: &Lanes<Base>, b: &Lanes<Base>) -> Lanes<Base> {
    select(equal(a, b) | zero(a), &splat(&[1, 0, 0, 0, 0]), &splat(&[0; 5]))
}

#[test]
fn words_and_comparisons() {
    for_pairs([5, 1], packed, |a, _, r| assert_eq!(a, r));
    for_pairs([2, 2], equal_or_zero, |a, b, r| {
        assert_eq!(*r, BigInt::from(u64::from(a == b || a.is_zero())));
    });
    // Numbers that differ in, or have, one limb only.
    if Ifma::detect().is_some() {
        for limb in 0..5 {
            let mut one = [0; 5];
            one[limb] = 1 << 51;
            // SAFETY: the instructions were detected.
            let (differ, zero) =
                unsafe { (equal::<Base>(&splat(&one), &splat(&[0; 5])), zero::<Base>(&splat(&one))) };
            assert_eq!((differ, zero), (0, 0));
        }
    }
}
