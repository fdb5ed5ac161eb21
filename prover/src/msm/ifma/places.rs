//! Where the points of pairs are, and where their sums go.

use super::batch::Places;
use crate::msm::affine::Point;
use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

/// Additions to the left points.
pub(super) struct InPlace<'a> {
    pub(super) points: &'a mut [Point],
}

impl Places for InPlace<'_> {
    const SIGNED: bool = false;

    #[inline]
    fn point(&self, index: u32) -> &Point {
        &self.points[index as usize]
    }

    /// The points of a batch are in the cache.
    #[inline]
    fn prefetch(&self, _: u32) {}

    #[inline]
    fn store(&mut self, place: u32, sum: Point) {
        self.points[place as usize] = sum;
    }
}

/// Sums of two entries of a table, stored elsewhere.
pub(super) struct Halved<'a> {
    pub(super) table: &'a [Point],
    pub(super) points: &'a mut [Point],
}

impl Places for Halved<'_> {
    const SIGNED: bool = true;

    #[inline]
    fn point(&self, index: u32) -> &Point {
        &self.table[index as usize >> 1]
    }

    #[inline]
    #[allow(unsafe_code)]
    fn prefetch(&self, index: u32) {
        let point = &raw const self.table[index as usize >> 1];
        // SAFETY: the instruction reads nothing, and any address will do.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(point.cast()) };
    }

    #[inline]
    fn store(&mut self, place: u32, sum: Point) {
        self.points[place as usize] = sum;
    }
}
