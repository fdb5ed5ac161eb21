//! One-out and one-in networks in a settlement: what is reported of them, and their regrets before and after.

use super::form::{Form, read};
use super::program::REPUTERS;
use crate::epoch::{ByWorker, Decimal, OneOutRegrets, OneOutValues, Report, SHOWN_DIGITS, Settlement};
use crate::lanes::Lane;
use crate::synthesis::{FormError, LOSS_FRACTION, Out, loss};

/// The settlement's workers.
struct Workers {
    inferers: Vec<String>,
    forecasters: Vec<String>,
}

impl Workers {
    fn of(settlement: &Settlement) -> Self {
        let (inferers, forecasters) = settlement.workers();
        Self { inferers, forecasters }
    }

    /// Whom a group is without, if the settlement has it.
    fn key(&self, out: Out) -> Option<&String> {
        match out {
            Out::Nobody | Out::All => None,
            Out::Inferer(j) => self.inferers.get(j),
            Out::Forecaster(k) => self.forecasters.get(k),
        }
    }
}

/// What a report says of the network of a group's set: the combined one, or the other.
fn of_network<'a>(report: &'a Report, out: Out, other: usize, without: &str) -> Option<&'a Decimal> {
    let values = &report.one_out_values;
    match (out, other) {
        (Out::Inferer(_), 0) => values.one_out_inferer_values.get(without),
        (Out::Forecaster(_), 0) => values.one_out_forecaster_values.get(without),
        (Out::Forecaster(_), _) => values.one_in_forecaster_values.get(without),
        _ => None,
    }
}

/// What it says of a forecaster without an inferer.
fn of_forecaster<'a>(report: &'a Report, forecaster: &str, without: &str) -> Option<&'a Decimal> {
    report.one_out_values.one_out_inferer_forecaster_values.get(forecaster)?.get(without)
}

/// Whether anyone with a stake reports it.
fn is_reported<'a>(settlement: &'a Settlement, of: impl Fn(&'a Report) -> Option<&'a Decimal>) -> bool {
    settlement.reports.iter().any(|report| report.stake.is_positive() && of(report).is_some())
}

impl Form {
    /// The groups but the first: whom each is without.
    fn others(&self) -> impl Iterator<Item = (usize, Out)> {
        let groups = self.groups();
        (1..1 << groups.log()).map(move |group| (group, groups.out(group)))
    }

    /// Whether the worker of a column is in a group's set: the combined one, or the other.
    fn is_member(&self, group: usize, other: usize, column: usize) -> bool {
        let groups = self.groups();
        if other == 0 { groups.combines(group, column) } else { groups.takes_in(group, column) }
    }

    /// The rows of reports of all groups but the first: of forecasters without an inferer, and of networks.
    pub(super) fn one_out_reports(&self, settlement: &Settlement) -> Result<Vec<Vec<i128>>, FormError> {
        let workers = Workers::of(settlement);
        let mut out = Vec::new();
        for (group, of) in self.others() {
            let mut rows = self.no_reports();
            let put = |slot: &mut i128, value: Option<&Decimal>, at: Lane| -> Result<(), FormError> {
                let field = || self.one_out_name(settlement, true, (group, at.row), at.column);
                *slot = value.map_or(Ok(*slot), |value| loss(&field(), value))?;
                Ok(())
            };
            for (m, report) in settlement.reports.iter().enumerate() {
                let Some(without) = workers.key(of) else { continue };
                for (other, row) in Self::NETWORKS.into_iter().enumerate() {
                    put(
                        &mut rows[row][m],
                        of_network(report, of, other, without),
                        Lane { group, row, column: m },
                    )?;
                }
                if !matches!(of, Out::Inferer(_)) {
                    continue;
                }
                for (k, forecaster) in workers.forecasters.iter().enumerate() {
                    let at = Lane { group, row: m, column: self.inferers + k };
                    put(&mut rows[m][at.column], of_forecaster(report, forecaster, without), at)?;
                }
            }
            out.extend(rows);
        }
        Ok(out)
    }

    /// Two rows of regrets for each group but the first, behind those of the first: of its combined set, and of its one-in
    /// set.
    pub(super) fn one_out_regrets(
        &self,
        settlement: &Settlement,
        rows: &mut [i128],
    ) -> Result<(), FormError> {
        let workers = Workers::of(settlement);
        let columns = self.columns_of(settlement);
        let keys = [&workers.inferers[..], &workers.forecasters[..]];
        for (row, (group, of, other)) in rows
            .chunks_mut(1 << self.columns())
            .zip(self.others().flat_map(|(group, of)| [(group, of, 0), (group, of, 1)]))
        {
            let Some(without) = workers.key(of) else { continue };
            let regrets = settlement.one_outs.of_group(of, keys)[other];
            let is_network = is_reported(settlement, |report| of_network(report, of, other, without));
            for (column, worker) in &columns {
                if !self.is_member(group, other, *column) {
                    continue;
                }
                let field = || self.one_out_name(settlement, false, (group, other), *column);
                match regrets.and_then(|regrets| regrets.get(worker)) {
                    Some(regret) => row[*column] = loss(&field(), regret)?,
                    None if is_network && settlement.initial_regret.is_none() => {
                        let is_own = matches!(of, Out::Inferer(_)) && *column >= self.inferers;
                        let is_needed = is_reported(settlement, |report| match is_own {
                            true => of_forecaster(report, worker, without),
                            false => report.losses.get(worker),
                        });
                        if is_needed {
                            return Err(FormError::Regret(field()));
                        }
                    }
                    None => {}
                }
            }
        }
        Ok(())
    }

    /// What a number of another group than the first is: of the reports, or of the state, by group and row in it, and column.
    pub(super) fn one_out_name(
        &self,
        settlement: &Settlement,
        is_report: bool,
        (group, row): (usize, usize),
        column: usize,
    ) -> String {
        let columns = self.columns_of(settlement);
        let worker = |at: usize| match columns.iter().find(|(column, _)| *column == at) {
            Some((_, worker)) => format!("{worker:?}"),
            None => format!("slot {at}, which the settlement has nobody for"),
        };
        let reputer = |at: usize| match settlement.reports.get(at) {
            Some(report) => format!("{:?}", report.reputer),
            None => format!("reputer {at}, whom the settlement does not have"),
        };
        let (out, of) = (self.groups().column(group).map(worker), self.groups().out(group));
        let [network, other] = Self::NETWORKS;
        match (is_report, row, out, of) {
            (true, row, Some(out), _) if row == network => {
                format!("the loss without {out} that {} reports", reputer(column))
            }
            (true, row, Some(out), Out::Forecaster(_)) if row == other => {
                format!("the loss with no forecaster but {out} that {} reports", reputer(column))
            }
            (true, row, Some(out), Out::Inferer(_)) if row < REPUTERS && column >= self.inferers => {
                format!("the loss of {} without {out} that {} reports", worker(column), reputer(row))
            }
            (false, 0, Some(out), _) if self.is_member(group, 0, column) => {
                format!("the regret of {} without {out}", worker(column))
            }
            (false, 1, Some(out), _) if self.is_member(group, 1, column) => {
                format!("the regret of {} with no forecaster but {out}", worker(column))
            }
            _ => "a number that has no meaning".into(),
        }
    }

    /// The regrets and the losses of networks after, of the numbers of a statement's tensors. Losses that nobody reports are
    /// left out, and regrets that are absent.
    pub(super) fn one_outs_after(
        &self,
        settlement: &Settlement,
        at: &dyn Fn(usize, usize) -> Option<i128>,
    ) -> (OneOutRegrets, OneOutValues) {
        let (mut regrets, mut values) = (OneOutRegrets::default(), OneOutValues::default());
        let workers = Workers::of(settlement);
        let (columns, width) = (self.columns_of(settlement), 1usize << self.columns());
        let value = |tensor: usize, i: usize| {
            Decimal::from_fixed(at(tensor, i).unwrap_or_default(), LOSS_FRACTION).rounded(SHOWN_DIGITS)
        };
        // Keys differ.
        for (group, of) in self.others() {
            let Some(without) = workers.key(of) else { continue };
            let (to, of_networks) = match of {
                Out::Inferer(_) => (
                    [&mut regrets.one_out_inferer_regrets, &mut regrets.one_in_forecaster_regrets],
                    [&mut values.one_out_inferer_values, &mut values.one_in_forecaster_values],
                ),
                _ => (
                    [&mut regrets.one_out_forecaster_regrets, &mut regrets.one_in_forecaster_regrets],
                    [&mut values.one_out_forecaster_values, &mut values.one_in_forecaster_values],
                ),
            };
            let own = self.groups().column(group).unwrap_or_default();
            let places = [(5, own), (6, own.saturating_sub(self.inferers))];
            for (other, ((to, network), (tensor, i))) in
                to.into_iter().zip(of_networks).zip(places).enumerate()
            {
                if is_reported(settlement, |report| of_network(report, of, other, without)) {
                    let _ = network.push(without.clone(), value(tensor, i));
                }
                let mut after = ByWorker::default();
                for (column, worker) in
                    columns.iter().filter(|(column, _)| self.is_member(group, other, *column))
                {
                    let regret = at(4, (2 * group + other) * width + column).and_then(read);
                    let _ = regret.map(|regret| after.push(worker.clone(), regret));
                }
                if !after.is_empty() {
                    let _ = to.push(without.clone(), after);
                }
            }
        }
        for (k, forecaster) in workers.forecasters.iter().enumerate().filter(|_| self.one_outs) {
            let mut without = ByWorker::default();
            for (j, inferer) in workers.inferers.iter().enumerate() {
                if is_reported(settlement, |report| of_forecaster(report, forecaster, inferer)) {
                    let _ = without.push(inferer.clone(), value(7, k * width + j));
                }
            }
            if !without.is_empty() {
                let _ = values.one_out_inferer_forecaster_values.push(forecaster.clone(), without);
            }
        }
        (regrets, values)
    }
}
