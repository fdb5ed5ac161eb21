//! In place of `ifma` for processors of another kind.

use super::affine::{Pairs, Point, Runs};
use crate::ifma::Ifma;

pub(super) fn converted(detected: Ifma, _: &[Point; 8], _: u8) -> [Point; 8] {
    match detected {}
}

/// Never made.
pub(super) enum Adder {}

impl Adder {
    pub(super) fn new(detected: Ifma) -> Self {
        match detected {}
    }

    pub(super) fn add_pairs(&mut self, _: &mut [Point], _: &Pairs) {
        match *self {}
    }

    pub(super) fn gather(&mut self, _: &[Point], _: &[u32], _: &[u32], _: &mut Runs) {
        match *self {}
    }
}
