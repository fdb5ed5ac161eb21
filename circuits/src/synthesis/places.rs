//! Where a synthesis has what: lanes, slots of the statement, constants.

use super::{Form, Groups, LOSS_BITS, Out, absent};
use crate::lanes::{Builder, Lane, Number, Shape, Sum};

/// The percentiles of the confidence interval, in hundredths of a percent.
pub(super) const PERCENTILES: [i64; 5] = [228, 1587, 5000, 8413, 9772];

/// Fraction bits of percentiles.
const PERCENTILE_FRACTION: u8 = 58;

/// Groups, rows and columns of lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) shape: Shape,
    pub(super) groups: Groups,
    /// The row of the combined set; that of the naive set is the next one. Rows before it are of forecasters, and of
    /// percentiles.
    pub(super) combined: usize,
    /// The first column of the first naive row that is no worker: the network's loss, the initial regret and the regret scale.
    pub(super) scalars: usize,
}

/// Log2 of the columns, of which the naive row has three for single numbers of the state.
pub(crate) fn columns(inferers: usize, forecasters: usize) -> u8 {
    (inferers + forecasters.max(3)).next_power_of_two().max(8).trailing_zeros() as u8
}

/// What the single numbers of a state are, which follow the naive regrets.
pub(crate) fn scalar(number: usize) -> &'static str {
    let names = ["the previous network loss", "the initial regret", "the regret scale"];
    names.get(number).copied().unwrap_or("a number that has no meaning")
}

/// Log2 of the rows of a key of lanes of a shape: that of a synthesis and of a settlement is the same, so that a state has
/// one commitment in both. With more groups there are more rows, and longer ones.
pub(crate) fn row_log(shape: Shape) -> u8 {
    (shape.columns + 11).max(16) + shape.groups.div_ceil(2)
}

/// Slots of the statement.
pub(super) const OBSERVED: usize = 0;
pub(super) const STATE: usize = 1;
pub(super) const RESULT: usize = 2;
/// Of a form with one-outs.
pub(super) const ONE_OUTS: usize = 3;

impl Places {
    pub(super) fn of(form: &Form) -> Self {
        let combined = form.forecasters.next_multiple_of(2).max(PERCENTILES.len() - 1);
        Self {
            shape: Shape {
                groups: form.groups().log(),
                rows: (combined + 2).next_power_of_two().trailing_zeros() as u8,
                columns: columns(form.inferers, form.forecasters),
            },
            groups: form.groups(),
            combined,
            scalars: form.inferers,
        }
    }

    /// How many numbers a state has: two rows for each group.
    pub(super) fn state(&self) -> usize {
        2 << (self.shape.columns + self.shape.groups)
    }
}

/// Constants, most of them one in some lanes. Those that are not of one group are the same in all.
#[derive(Clone, Debug)]
pub(super) struct Masks {
    /// Forecasts of inferers.
    pub(super) forecasts: Number,
    /// Inferences.
    pub(super) inferences: Number,
    /// The row of the combined set, and that of the naive or the one-in set where a group has one.
    pub(super) combined: Number,
    pub(super) naive: Number,
    /// The first row of the first group.
    pub(super) first: Number,
    /// A forecaster's column in the row of its set.
    pub(super) own_column: Number,
    /// The column of the row's number.
    pub(super) own_row: Number,
    /// Rows of the percentiles of the interval, in the first group.
    pub(super) queries: Number,
    /// Single numbers of the state.
    pub(super) loss: Number,
    pub(super) initial: Number,
    pub(super) scale: Number,
    /// The row's percentile.
    pub(super) percentiles: Number,
    /// The order of workers with the same value.
    pub(super) order: Number,
    /// What is absent of the state.
    pub(super) no_state: Sum,
    /// Inferers of a combined set, in its row.
    pub(super) inferers: Number,
    /// In the rows of combined and one-in sets, their forecasters; without one-outs the whole row.
    pub(super) forecasters: Number,
    /// The combined row of the first group, and its naive row.
    pub(super) weights: Number,
    pub(super) results: Number,
    /// Of a form with one-outs.
    pub(super) one_outs: Option<OneOuts>,
}

/// What is told of the groups.
#[derive(Clone, Copy, Debug)]
pub(super) struct OneOuts {
    /// In the rows of the combined set and of forecasters' sets, the column of the inferer or forecaster left out; in the
    /// row of a one-in set, the column of its forecaster's number.
    pub(super) told: Number,
    /// The first group.
    pub(super) first: Number,
}

impl Masks {
    pub(super) fn new(b: &mut Builder, form: &Form, places: &Places) -> Self {
        let Form { inferers, forecasters, one_outs, .. } = *form;
        let Places { combined, scalars, groups, .. } = *places;
        let naive = combined + 1;
        let mut mask = |name: &str, of: &dyn Fn(Lane) -> bool| b.mask(name, |at| i64::from(of(at)));
        let scalar = |k: usize| move |at: Lane| at == Lane::first(naive, scalars + k);
        let forecasts = mask("forecasts", &|at| at.row < forecasters && at.column < inferers);
        let inferences = mask("inferences", &|at| at.row == combined && at.column < inferers);
        let first = mask("first row", &|at| (at.group, at.row) == (0, 0));
        let own_column = mask("own column", &|at| at.row < forecasters && at.column == inferers + at.row);
        let own_row = mask("own row", &|at| at.row == at.column);
        let queries = mask("percentiles", &|at| at.group == 0 && at.row < PERCENTILES.len());
        let combined_row = mask("set", &|at| at.row == combined);
        let has_other = |group: usize| matches!(groups.out(group), Out::Nobody | Out::Forecaster(_));
        let naive_row = mask("set", &|at| at.row == naive && has_other(at.group));
        let [loss, initial, scale] = [0, 1, 2].map(|k| mask("scalar", &scalar(k)));
        let percentile = |at: Lane| {
            PERCENTILES.get(at.row).map_or(0, |q| ((i128::from(*q) << PERCENTILE_FRACTION) / 10_000) as i64)
        };
        let percentiles = b.constant("percentile", percentile);
        let order = b.mask("order", |at| at.column as i64);
        let mut masks = Self {
            forecasts,
            inferences,
            combined: combined_row,
            naive: naive_row,
            first,
            own_column,
            own_row,
            queries,
            loss,
            initial,
            scale,
            percentiles,
            order,
            no_state: (combined_row + naive_row) * absent(LOSS_BITS),
            inferers: inferences,
            forecasters: combined_row,
            weights: combined_row,
            results: naive_row,
            one_outs: None,
        };
        if one_outs {
            let mut mask = |name: &str, of: &dyn Fn(Lane) -> bool| b.mask(name, |at| i64::from(of(at)));
            masks.no_state = mask("state", &|at| [combined, naive].contains(&at.row)) * absent(LOSS_BITS);
            let combines = |at: Lane| at.row == combined && groups.combines(at.group, at.column);
            let takes_in = |at: Lane| at.row == naive && groups.takes_in(at.group, at.column);
            masks.inferers = mask("inferers", &|at| combines(at) && at.column < inferers);
            masks.forecasters =
                mask("forecasters", &|at| (combines(at) || takes_in(at)) && at.column >= inferers);
            masks.weights = mask("weights", &|at| (at.group, at.row) == (0, combined));
            masks.results = mask("results", &|at| (at.group, at.row) == (0, naive));
            let told = mask("told", &|at| groups.tells(at, combined));
            masks.one_outs = Some(OneOuts { told, first: mask("first group", &|at| at.group == 0) });
        }
        masks
    }
}
