//! In place of `ifma` for processors of another kind.

use super::affine::{Pairs, Point, Runs};

/// There is no such machine.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ifma {}

impl Ifma {
    pub(super) fn detect() -> Option<Self> {
        None
    }

    pub(super) fn converted(self, _: &[Point; 8], _: u8) -> [Point; 8] {
        match self {}
    }
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
