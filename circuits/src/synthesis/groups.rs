//! The networks that a form with one-outs is of, each a group of lanes: that of all workers, then those without an inferer,
//! then those without a forecaster.
//!
//! A group has two sets of workers, and two rows of a state with their regrets: the combined set of its network, and in the
//! first group the naive set, in that of a forecaster left out the one-in set, which has no other forecaster.

use crate::circuit::log2_ceil;
use crate::lanes::Lane;

/// Whom a group is without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Out {
    Nobody,
    Inferer(usize),
    Forecaster(usize),
    /// It is there to make groups a power of two, and nobody is in it.
    All,
}

/// The groups of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Groups {
    inferers: usize,
    forecasters: usize,
    one_outs: bool,
}

impl Groups {
    /// Of a form with room for so many workers.
    pub(crate) fn new(inferers: usize, forecasters: usize, one_outs: bool) -> Self {
        Self { inferers, forecasters, one_outs }
    }

    /// How many forecasters are left out, and taken in, alone: of one none is, since the network without it is the naive
    /// one.
    pub(crate) fn forecasters_out(self) -> usize {
        if self.one_outs && self.forecasters > 1 { self.forecasters } else { 0 }
    }

    /// Log2 of the groups.
    pub(crate) fn log(self) -> u8 {
        if self.one_outs { log2_ceil(1 + self.inferers + self.forecasters_out()) } else { 0 }
    }

    /// Whom a group is without.
    pub(crate) fn out(self, group: usize) -> Out {
        match group.checked_sub(1) {
            None => Out::Nobody,
            Some(inferer) if inferer < self.inferers => Out::Inferer(inferer),
            Some(above) if above - self.inferers < self.forecasters_out() => {
                Out::Forecaster(above - self.inferers)
            }
            Some(_) => Out::All,
        }
    }

    /// Whether the worker of a column is in the combined set of a group.
    pub(crate) fn combines(self, group: usize, column: usize) -> bool {
        let is_worker = column < self.inferers + self.forecasters;
        is_worker
            && match self.out(group) {
                Out::Nobody => true,
                Out::Inferer(inferer) => column != inferer,
                Out::Forecaster(forecaster) => column != self.inferers + forecaster,
                Out::All => false,
            }
    }

    /// Whether it is in the other set: the naive or the one-in set.
    pub(crate) fn takes_in(self, group: usize, column: usize) -> bool {
        match self.out(group) {
            Out::Nobody => column < self.inferers,
            Out::Forecaster(forecaster) => column < self.inferers || column == self.inferers + forecaster,
            Out::Inferer(_) | Out::All => false,
        }
    }

    /// Whether what a group computes goes out in a lane, by the column of whoever is left out: in the row of the combined set
    /// and, of an inferer, in those of forecasters; in that of a one-in set by the number of the forecaster. The other set
    /// has the row after the combined one, and forecasters have the first ones.
    pub(crate) fn tells(self, at: Lane, combined: usize) -> bool {
        let own = self.column(at.group) == Some(at.column);
        match self.out(at.group) {
            Out::Nobody | Out::All => false,
            Out::Inferer(_) => own && (at.row < self.forecasters || at.row == combined),
            Out::Forecaster(_) if at.row == combined => own,
            Out::Forecaster(forecaster) => (at.row, at.column) == (combined + 1, forecaster),
        }
    }

    /// The column of whoever is left out of a group.
    pub(crate) fn column(self, group: usize) -> Option<usize> {
        match self.out(group) {
            Out::Nobody | Out::All => None,
            Out::Inferer(inferer) => Some(inferer),
            Out::Forecaster(forecaster) => Some(self.inferers + forecaster),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(of: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..16).filter(|column| of(*column)).collect()
    }

    #[test]
    fn a_group_is_without_an_inferer_or_a_forecaster() {
        let groups = Groups::new(3, 2, true);
        assert_eq!((groups.log(), groups.forecasters_out()), (3, 2));
        let combined = [vec![0, 1, 2, 3, 4], vec![1, 2, 3, 4], vec![0, 2, 3, 4], vec![0, 1, 3, 4]];
        let combined = combined.into_iter().chain([vec![0, 1, 2, 4], vec![0, 1, 2, 3], vec![], vec![]]);
        let second = [vec![0, 1, 2], vec![], vec![], vec![], vec![0, 1, 2, 3], vec![0, 1, 2, 4]];
        let second = second.into_iter().chain([vec![], vec![]]);
        for (group, (combined, second)) in combined.zip(second).enumerate() {
            assert_eq!(columns(|column| groups.combines(group, column)), combined, "{group}");
            assert_eq!(columns(|column| groups.takes_in(group, column)), second, "{group}");
        }
        let out: Vec<_> = (0..8).map(|group| groups.column(group)).collect();
        assert_eq!(out, [None, Some(0), Some(1), Some(2), Some(3), Some(4), None, None]);
        let told = |group| {
            let lanes = (0..8).flat_map(|row| (0..8).map(move |column| Lane { group, row, column }));
            lanes.filter(|at| groups.tells(*at, 4)).map(|at| (at.row, at.column)).collect::<Vec<_>>()
        };
        assert_eq!((told(0), told(6)), (vec![], vec![]));
        assert_eq!((told(3), told(5)), (vec![(0, 2), (1, 2), (4, 2)], vec![(4, 4), (5, 1)]));
    }

    #[test]
    fn the_only_forecaster_is_not_left_out() {
        let groups = Groups::new(3, 1, true);
        assert_eq!((groups.log(), groups.forecasters_out(), groups.out(4)), (2, 0, Out::All));
    }

    #[test]
    fn without_one_outs_there_is_one_group() {
        let groups = Groups::new(3, 2, false);
        assert_eq!((groups.log(), groups.forecasters_out()), (0, 0));
    }
}
