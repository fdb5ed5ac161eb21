//! Between points, one after another in memory, and vectors.
#![allow(unsafe_code)]

use crate::ifma::lanes::Mask;
use crate::msm::affine::Point;
use std::arch::x86_64::*;
use std::mem::transmute;

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

/// Which left and which right indices of eight pairs are odd.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn odd(pairs: &[[u32; 2]; 8]) -> [Mask; 2] {
    // SAFETY: both are 64 bytes without padding, and any bytes are a vector.
    let pairs = unsafe { transmute::<[[u32; 2]; 8], __m512i>(*pairs) };
    [1, 1 << 32].map(|bit| _mm512_test_epi64_mask(pairs, _mm512_set1_epi64(bit)))
}
