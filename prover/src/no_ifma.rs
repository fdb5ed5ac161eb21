//! In place of `ifma` for processors of another kind.

/// There is no such machine.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ifma {}

impl Ifma {
    pub(crate) fn detect() -> Option<Self> {
        None
    }
}
