//! Between residues, one after another in memory, and vectors of one word each of eight residues.
#![allow(unsafe_code)]

use super::modulus::Words;
use std::arch::x86_64::*;
use std::array;
use std::mem::transmute;

/// A word each of eight residues, from the lowest word on.
pub(crate) type Columns = [__m512i; 4];

/// Two residues as a vector.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
pub(crate) fn two(low: &Words, high: &Words) -> __m512i {
    // SAFETY: each is 32 bytes without padding, and any bytes are a vector.
    let (low, high) = unsafe { (transmute::<Words, __m256i>(*low), transmute::<Words, __m256i>(*high)) };
    _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
}

/// The first lane.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn first(words: &Columns) -> Words {
    words.map(|word| _mm_cvtsi128_si64(_mm512_castsi512_si128(word)) as u64)
}

/// From eight residues to their words. The lanes are those of the residues 0, 2, 1, 3, 4, 6, 5 and 7.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
pub(crate) fn crossed(residues: &[Words; 8]) -> Columns {
    let rows: [__m512i; 4] = array::from_fn(|i| two(&residues[2 * i], &residues[2 * i + 1]));
    let even = [_mm512_unpacklo_epi64(rows[0], rows[1]), _mm512_unpacklo_epi64(rows[2], rows[3])];
    let odd = [_mm512_unpackhi_epi64(rows[0], rows[1]), _mm512_unpackhi_epi64(rows[2], rows[3])];
    [
        _mm512_shuffle_i64x2::<0x88>(even[0], even[1]),
        _mm512_shuffle_i64x2::<0x88>(odd[0], odd[1]),
        _mm512_shuffle_i64x2::<0xdd>(even[0], even[1]),
        _mm512_shuffle_i64x2::<0xdd>(odd[0], odd[1]),
    ]
}

/// Back from [`crossed`].
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn uncrossed(words: &Columns) -> [Words; 8] {
    let [w0, w1, w2, w3] = *words;
    let low = [_mm512_unpacklo_epi64(w0, w1), _mm512_unpackhi_epi64(w0, w1)];
    let high = [_mm512_unpacklo_epi64(w2, w3), _mm512_unpackhi_epi64(w2, w3)];
    let front = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    let back = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    let rows = [front, back].map(|half| array::from_fn(|i| _mm512_permutex2var_epi64(low[i], half, high[i])));
    // SAFETY: both are 256 bytes without padding, and any bytes are words.
    unsafe { transmute::<[[__m512i; 2]; 2], [Words; 8]>(rows) }
}

/// Lanes in the order of [`crossed`], from those in their own.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn crossed_lanes(lanes: __m512i) -> __m512i {
    _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 1, 3, 4, 6, 5, 7), lanes)
}

/// Eight integers.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn integers(integers: &[i64; 8]) -> __m512i {
    // SAFETY: both are 64 bytes without padding, and any bytes are a vector.
    unsafe { transmute::<[i64; 8], __m512i>(*integers) }
}

/// From eight rows of two residues to the first residues and the second.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn columns(rows: &[__m512i; 8]) -> [Columns; 2] {
    let [c0, c1, c2, c3, c4, c5, c6, c7] = transposed(rows);
    [[c0, c1, c2, c3], [c4, c5, c6, c7]]
}

/// From first and second residues to eight rows of both.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn rows(columns: &[Columns; 2]) -> [__m512i; 8] {
    let [[c0, c1, c2, c3], [c4, c5, c6, c7]] = *columns;
    transposed(&[c0, c1, c2, c3, c4, c5, c6, c7])
}

#[inline]
#[target_feature(enable = "avx512f")]
fn transposed(rows: &[__m512i; 8]) -> [__m512i; 8] {
    // Two columns, four apart, of two rows each; then of four, and of eight.
    let even = array::from_fn(|i| _mm512_unpacklo_epi64(rows[2 * i], rows[2 * i + 1]));
    let odd = array::from_fn(|i| _mm512_unpackhi_epi64(rows[2 * i], rows[2 * i + 1]));
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
