//! Where a synthesis has what: lanes, slots of the statement, constants.

use super::Form;
use crate::lanes::{Builder, Number};

/// The percentiles of the confidence interval, in hundredths of a percent.
pub(super) const PERCENTILES: [i64; 5] = [228, 1587, 5000, 8413, 9772];

/// Fraction bits of percentiles.
const PERCENTILE_FRACTION: u8 = 58;

/// Rows and columns of lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// Log2 of rows and columns.
    pub(super) rows: u8,
    pub(super) columns: u8,
    /// The row of the combined set; that of the naive set is the next one. Rows before it are of forecasters, and of
    /// percentiles.
    pub(super) combined: usize,
    /// The first column of the naive row that is no worker: the network's loss, the initial regret and the regret scale.
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

/// Log2 of the rows of a key of so many columns, log2: that of a synthesis and of a settlement is the same, so that a
/// state has one commitment in both.
pub(crate) fn row_log(columns: u8) -> u8 {
    (columns + 11).max(16)
}

/// Slots of the statement.
pub(super) const OBSERVED: usize = 0;
pub(super) const STATE: usize = 1;
pub(super) const RESULT: usize = 2;

impl Places {
    pub(super) fn of(form: &Form) -> Self {
        let combined = form.forecasters.next_multiple_of(2).max(PERCENTILES.len() - 1);
        Self {
            rows: (combined + 2).next_power_of_two().trailing_zeros() as u8,
            columns: columns(form.inferers, form.forecasters),
            combined,
            scalars: form.inferers,
        }
    }
}

/// Constants, most of them one in some lanes.
#[derive(Clone, Debug)]
pub(super) struct Masks {
    /// Forecasts of inferers.
    pub(super) forecasts: Number,
    /// Inferences.
    pub(super) inferences: Number,
    /// The combined row, and the naive one.
    pub(super) combined: Number,
    pub(super) naive: Number,
    /// The first row.
    pub(super) first: Number,
    /// A forecaster's column in the row of its set.
    pub(super) own_column: Number,
    /// The column of the row's number.
    pub(super) own_row: Number,
    /// Rows of the percentiles of the interval.
    pub(super) queries: Number,
    /// Single numbers of the state.
    pub(super) loss: Number,
    pub(super) initial: Number,
    pub(super) scale: Number,
    /// The row's percentile.
    pub(super) percentiles: Number,
    /// The order of workers with the same value.
    pub(super) order: Number,
}

impl Masks {
    pub(super) fn new(b: &mut Builder, form: &Form, places: &Places) -> Self {
        let Form { inferers, forecasters, .. } = *form;
        let Places { combined, scalars, .. } = *places;
        let naive = combined + 1;
        let mut mask = |name: &str, of: &dyn Fn(usize, usize) -> bool| {
            b.mask(name, |row, column| i64::from(of(row, column)))
        };
        let scalar = |k: usize| move |row: usize, column: usize| (row, column) == (naive, scalars + k);
        let forecasts = mask("forecasts", &|row, column| row < forecasters && column < inferers);
        let inferences = mask("inferences", &|row, column| row == combined && column < inferers);
        let first = mask("first row", &|row, _| row == 0);
        let own_column = mask("own column", &|row, column| row < forecasters && column == inferers + row);
        let own_row = mask("own row", &|row, column| row == column);
        let queries = mask("percentiles", &|row, _| row < PERCENTILES.len());
        let [combined_row, naive_row] = [combined, naive].map(|of| mask("set", &|row, _| row == of));
        let [loss, initial, scale] = [0, 1, 2].map(|k| mask("scalar", &scalar(k)));
        let percentile = |row: usize, _: usize| {
            PERCENTILES.get(row).map_or(0, |q| ((i128::from(*q) << PERCENTILE_FRACTION) / 10_000) as i64)
        };
        Self {
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
            percentiles: b.constant("percentile", percentile),
            order: b.mask("order", |_, column| column as i64),
        }
    }
}
