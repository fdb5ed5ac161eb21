//! What the losses and regrets of an epoch follow from, and what is printed of them.

use super::error::{check_addresses, check_count};
use super::{
    ByWorker, Decimal, EpochError, MAX_FORECASTERS, MAX_INFERERS, MAX_REPUTERS, OneOutRegrets, OneOutValues,
    Params, Role,
};
use serde::{Deserialize, Serialize};

/// What stands for the network inference among losses.
pub const NETWORK: &str = "network";
/// What stands for the naive inference among losses.
pub const NAIVE: &str = "naive";

/// What the losses and regrets of an epoch follow from.
///
/// What [`from_json`](Self::from_json) and [`checked`](Self::checked) give has workers and reputers in the order of their
/// addresses; [`NETWORK`] and [`NAIVE`] come behind all workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The topic.
    pub topic_id: u64,
    /// Block height whose inferences the losses are of.
    pub nonce: u64,
    /// The parameters.
    pub params: Params,
    /// The workers' regrets before.
    pub regrets: ByWorker,
    /// The inferers' naive regrets before, where they are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub naive_regrets: Option<ByWorker>,
    /// The network's last loss before, which the state has; the loss of this epoch takes its place. None before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_network_loss: Option<Decimal>,
    /// Regret of workers that have none; of a topic whose state keeps one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_regret: Option<Decimal>,
    /// Workers of whose regrets the initial one is a quantile: those with enough epochs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub experienced: Vec<String>,
    /// Which workers are forecasters: they come last in a state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forecasters: Vec<String>,
    /// The regrets of one-out and one-in networks before.
    #[serde(flatten)]
    pub one_outs: OneOutRegrets,
    /// What reputers report.
    pub reports: Vec<Report>,
}

/// What a reputer reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The account.
    pub reputer: String,
    /// Its stake, 0 or above.
    pub stake: Decimal,
    /// The losses of workers, of [`NETWORK`] and, if at all, of [`NAIVE`].
    pub losses: ByWorker,
    /// Those of one-out and one-in networks.
    #[serde(flatten)]
    pub one_out_values: OneOutValues,
}

/// What is printed of a settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The topic.
    pub topic_id: u64,
    /// Block height whose inferences the losses are of.
    pub nonce: u64,
    /// The losses, weighted by stake: of every worker that someone reports, of [`NETWORK`] and [`NAIVE`].
    pub losses: ByWorker,
    /// The workers' regrets after.
    pub regrets: ByWorker,
    /// The inferers' naive regrets after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub naive_regrets: Option<ByWorker>,
    /// The initial regret after, where some are experienced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_regret: Option<Decimal>,
    /// The regret scale after, of a topic that stores it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regret_scale: Option<Decimal>,
    /// The regrets of one-out and one-in networks after, where they are asked for.
    #[serde(flatten)]
    pub one_outs: OneOutRegrets,
    /// The losses of these networks, weighted by stake.
    #[serde(flatten)]
    pub one_out_values: OneOutValues,
}

impl Settlement {
    /// Reads a settlement.
    ///
    /// # Errors
    /// [`EpochError`] for what is no settlement and for what [`checked`](Self::checked) refuses.
    pub fn from_json(bytes: &[u8]) -> Result<Self, EpochError> {
        let none =
            |error: serde_json::Error| EpochError::Json { what: "settlement", message: error.to_string() };
        serde_json::from_slice::<Self>(bytes).map_err(none)?.checked()
    }

    /// The settlement with its workers and reputers in order, if it is one.
    ///
    /// # Errors
    /// [`EpochError`] where there is nobody to report or to be reported, or too many of them, someone twice, a parameter out
    /// of its range, a loss missing that a regret depends on, or no stake behind it.
    pub fn checked(mut self) -> Result<Self, EpochError> {
        self.params.check()?;
        if self.regrets.is_empty() {
            return Err(EpochError::NoRegrets);
        }
        if self.reports.is_empty() {
            return Err(EpochError::NoReports);
        }
        let workers = MAX_INFERERS + MAX_FORECASTERS;
        check_count(|| "workers with regrets".into(), self.regrets.len(), workers)?;
        check_count(|| "reports".into(), self.reports.len(), MAX_REPUTERS)?;
        self.regrets.sort();
        self.forecasters.sort();
        self.experienced.sort();
        check_addresses(Role::Worker, self.regrets.iter().map(|(worker, _)| worker))?;
        if let Some(worker) = [NETWORK, NAIVE].into_iter().find(|worker| self.regrets.get(worker).is_some()) {
            return Err(EpochError::Reserved { worker });
        }
        self.reports.sort_by(|a, b| a.reputer.cmp(&b.reputer));
        check_addresses(Role::Reputer, self.reports.iter().map(|report| report.reputer.as_str()))?;
        for report in &mut self.reports {
            if report.stake.is_negative() {
                return Err(EpochError::NegativeStake {
                    reputer: report.reputer.clone(),
                    value: report.stake.clone(),
                });
            }
            if report.losses.get(NETWORK).is_none() {
                return Err(EpochError::NoNetworkLoss { reputer: report.reputer.clone() });
            }
            report.losses.sort_workers();
        }
        if let Some(naive) = &mut self.naive_regrets {
            naive.sort();
            if let Some((worker, _)) = naive.iter().find(|(worker, _)| self.regrets.get(worker).is_none()) {
                return Err(EpochError::NaiveOnly { worker: worker.to_owned() });
            }
        }
        check_count(|| "reported losses".into(), self.reported().len(), workers + 2)?;
        self.check_losses()?;
        Ok(self)
    }

    /// That every loss which is needed or reported has a mean.
    fn check_losses(&self) -> Result<(), EpochError> {
        let naive = self.naive_regrets.as_ref().map(|_| NAIVE);
        let needed = self.regrets.iter().map(|(worker, _)| worker).chain(naive);
        if let Some(worker) = needed.into_iter().find(|worker| self.reporters(worker).next().is_none()) {
            return Err(EpochError::NotReported { worker: worker.to_owned() });
        }
        let staked = |worker: &str| self.reporters(worker).any(|(stake, _)| stake.is_positive());
        match self.reported().into_iter().find(|worker| !staked(worker)) {
            Some(worker) => Err(EpochError::NoStake { worker: worker.to_owned() }),
            None => Ok(()),
        }
    }

    /// The stakes of those who report a worker's loss, and the losses they report, in order.
    pub fn reporters<'a>(&'a self, worker: &str) -> impl Iterator<Item = (&'a Decimal, &'a Decimal)> {
        self.reports.iter().filter_map(move |report| Some((&report.stake, report.losses.get(worker)?)))
    }

    /// All whose losses are reported, in order: workers, then [`NETWORK`], then [`NAIVE`].
    #[must_use]
    pub fn reported(&self) -> Vec<&str> {
        let all = self.reports.iter().flat_map(|report| report.losses.iter().map(|(worker, _)| worker));
        let mut all: Vec<&str> = all.collect();
        all.sort_by_key(|worker| (place(worker), *worker));
        all.dedup();
        all
    }
}

/// Workers first, then the network, then the naive network.
fn place(worker: &str) -> u8 {
    match worker {
        NETWORK => 1,
        NAIVE => 2,
        _ => 0,
    }
}

impl ByWorker {
    /// Orders losses: by worker, then the network's, then the naive network's.
    fn sort_workers(&mut self) {
        self.sort_by_key(|worker| (place(worker), worker.to_owned()));
    }
}

#[cfg(test)]
mod tests;
