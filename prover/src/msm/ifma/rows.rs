//! Between points, one after another in memory, and vectors of one word each of eight points.
#![allow(unsafe_code)]

use super::lanes::Mask;
use crate::msm::affine::Point;
use crate::msm::field::Limbs;
use std::arch::x86_64::*;
use std::mem::transmute;

/// A word each of eight residues, from the lowest word on.
pub(super) type Words = [__m512i; 4];

/// A point as a vector.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn row(point: &Point) -> __m512i {
    // SAFETY: both are 64 bytes without padding, and any bytes are a vector.
    unsafe { transmute::<Point, __m512i>(*point) }
}

/// A vector as a point.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn point(row: __m512i) -> Point {
    // SAFETY: both are 64 bytes without padding, and any bytes are eight words.
    unsafe { transmute::<__m512i, Point>(row) }
}

/// Two residues as a vector.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
pub(super) fn two(low: &Limbs, high: &Limbs) -> __m512i {
    // SAFETY: each is 32 bytes without padding, and any bytes are a vector.
    let (low, high) = unsafe { (transmute::<Limbs, __m256i>(*low), transmute::<Limbs, __m256i>(*high)) };
    _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
}

/// Which left and which right indices of eight pairs are odd.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn odd(pairs: &[[u32; 2]; 8]) -> [Mask; 2] {
    // SAFETY: both are 64 bytes without padding, and any bytes are a vector.
    let pairs = unsafe { transmute::<[[u32; 2]; 8], __m512i>(*pairs) };
    [1, 1 << 32].map(|bit| _mm512_test_epi64_mask(pairs, _mm512_set1_epi64(bit)))
}

/// The first lane.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn first(words: &Words) -> Limbs {
    words.map(|word| _mm_cvtsi128_si64(_mm512_castsi512_si128(word)) as u64)
}

/// From eight rows of two residues to the first residues and the second.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn columns(rows: &[__m512i; 8]) -> [Words; 2] {
    let [c0, c1, c2, c3, c4, c5, c6, c7] = transposed(rows);
    [[c0, c1, c2, c3], [c4, c5, c6, c7]]
}

/// From first and second residues to eight rows of both.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn rows(columns: &[Words; 2]) -> [__m512i; 8] {
    let [[c0, c1, c2, c3], [c4, c5, c6, c7]] = *columns;
    transposed(&[c0, c1, c2, c3, c4, c5, c6, c7])
}

#[inline]
#[target_feature(enable = "avx512f")]
fn transposed(rows: &[__m512i; 8]) -> [__m512i; 8] {
    // Two columns, four apart, of two rows each; then of four, and of eight.
    let even = std::array::from_fn(|i| _mm512_unpacklo_epi64(rows[2 * i], rows[2 * i + 1]));
    let odd = std::array::from_fn(|i| _mm512_unpackhi_epi64(rows[2 * i], rows[2 * i + 1]));
    let [c0, c2, c4, c6] = joined(&even);
    let [c1, c3, c5, c7] = joined(&odd);
    [c0, c1, c2, c3, c4, c5, c6, c7]
}

/// The transposition of four rows of quarters.
#[inline]
#[target_feature(enable = "avx512f")]
fn joined(rows: &[__m512i; 4]) -> [__m512i; 4] {
    let [a, b, c, d] = *rows;
    // Quarters 0 and 2 of both, quarters 1 and 3 of both.
    let (even, odd) = (_mm512_shuffle_i64x2::<0x88>(a, b), _mm512_shuffle_i64x2::<0xdd>(a, b));
    let (even_below, odd_below) = (_mm512_shuffle_i64x2::<0x88>(c, d), _mm512_shuffle_i64x2::<0xdd>(c, d));
    [
        _mm512_shuffle_i64x2::<0x88>(even, even_below),
        _mm512_shuffle_i64x2::<0x88>(odd, odd_below),
        _mm512_shuffle_i64x2::<0xdd>(even, even_below),
        _mm512_shuffle_i64x2::<0xdd>(odd, odd_below),
    ]
}
