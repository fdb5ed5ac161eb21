//! Where the points of pairs are, and where their sums go.

use super::batch::Places;
use crate::msm::affine::Point;

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
    fn store(&mut self, place: u32, sum: Point) {
        self.points[place as usize] = sum;
    }
}
