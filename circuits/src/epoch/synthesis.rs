//! What a network inference is synthesised from, and what is printed of it.

use super::error::{check_addresses, check_count};
use super::{ByWorker, Decimal, EpochError, OneOutInferences, OneOutRegrets, Params, Role, forecaster_key};
use super::{MAX_FORECASTERS, MAX_FORECASTS, MAX_INFERERS};
use serde::{Deserialize, Serialize};

/// What the network inference of an epoch is synthesised from.
///
/// What [`from_json`](Self::from_json) and [`checked`](Self::checked) give has its workers in the order of their addresses,
/// which is the chain's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// The topic.
    pub topic_id: u64,
    /// Block height the workers answered.
    pub nonce: u64,
    /// The parameters.
    pub params: Params,
    /// Loss of the network inference of the last epoch that has one; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_network_loss: Option<Decimal>,
    /// Regret of workers that have none; exactly 0 if all inferers are new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_regret: Option<Decimal>,
    /// Who infers, at least one.
    pub inferers: Vec<Inferer>,
    /// Who forecasts losses.
    #[serde(default)]
    pub forecasters: Vec<Forecaster>,
    /// The regrets of one-out and one-in networks.
    #[serde(flatten)]
    pub one_outs: OneOutRegrets,
}

/// Someone who infers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inferer {
    /// The account.
    pub address: String,
    /// What it infers.
    pub inference: Decimal,
    /// Regret of the network for it; none of a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regret: Option<Decimal>,
    /// The same in a network of inferers alone; none of a new one, or where nobody asks for the naive inference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub naive_regret: Option<Decimal>,
}

/// Someone who forecasts the losses of inferers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecaster {
    /// The account.
    pub address: String,
    /// Regret of the network for it; none of a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regret: Option<Decimal>,
    /// Its forecasts, in the order it gave them; those of accounts without an inference count for nothing.
    pub forecasts: Vec<Forecast>,
}

/// One forecast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// Whose loss.
    pub inferer: String,
    /// The loss.
    pub loss: Decimal,
}

/// How the network inference follows from an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// There is one inference, which is the network's.
    Single,
    /// There is no loss yet: the median of the inferences.
    Median,
    /// All inferers are new: the mean of the inferences, and forecasts weigh all the same.
    AllNew,
    /// The mean weighted by regrets.
    Weighted,
}

/// What is printed of a network inference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The topic.
    pub topic_id: u64,
    /// Block height the workers answered.
    pub nonce: u64,
    /// What each forecaster's forecasts imply; forecasters of no inferer at hand are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast_implied: Option<ByWorker>,
    /// The weights of inferers, then of forecasters, by [`Epoch::worker_keys`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<ByWorker>,
    /// The network inference.
    pub network_inference: Decimal,
    /// Its confidence interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// The inference of a network of inferers alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub naive_inference: Option<Decimal>,
    /// Those of one-out and one-in networks, where they are asked for.
    #[serde(flatten)]
    pub one_outs: OneOutInferences,
}

/// Values below which shares of the weight lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confidence {
    /// The shares, in percent.
    pub percentiles: Vec<Decimal>,
    /// For each its value.
    pub values: Vec<Decimal>,
}

impl Epoch {
    /// Reads an epoch.
    ///
    /// # Errors
    /// [`EpochError`] for what is no epoch and for what [`checked`](Self::checked) refuses.
    pub fn from_json(bytes: &[u8]) -> Result<Self, EpochError> {
        let no_epoch =
            |error: serde_json::Error| EpochError::Json { what: "epoch", message: error.to_string() };
        serde_json::from_slice::<Self>(bytes).map_err(no_epoch)?.checked()
    }

    /// The epoch with its workers in order, if it is one.
    ///
    /// # Errors
    /// [`EpochError`] where there is no inferer, or too much of anything, something twice, a parameter out of its range, or
    /// a regret missing that the network inference depends on.
    pub fn checked(mut self) -> Result<Self, EpochError> {
        self.params.check()?;
        if self.inferers.is_empty() {
            return Err(EpochError::NoInferers);
        }
        check_count(|| "inferers".into(), self.inferers.len(), MAX_INFERERS)?;
        check_count(|| "forecasters".into(), self.forecasters.len(), MAX_FORECASTERS)?;
        self.inferers.sort_by(|a, b| a.address.cmp(&b.address));
        self.forecasters.sort_by(|a, b| a.address.cmp(&b.address));
        check_addresses(Role::Inferer, self.inferers.iter().map(|inferer| inferer.address.as_str()))?;
        let forecasters = self.forecasters.iter().map(|forecaster| forecaster.address.as_str());
        check_addresses(Role::Forecaster, forecasters)?;
        for forecaster in &self.forecasters {
            forecaster.check()?;
        }
        if matches!(self.case(), Case::AllNew | Case::Weighted) && self.initial_regret.is_none() {
            self.check_regrets()?;
        }
        Ok(self)
    }

    /// That no regret is missing.
    fn check_regrets(&self) -> Result<(), EpochError> {
        let missing = |role, address: &String, field| {
            Err(EpochError::NoRegret { role, address: address.clone(), field })
        };
        for inferer in &self.inferers {
            if inferer.regret.is_none() {
                return missing(Role::Inferer, &inferer.address, "regret");
            }
            if inferer.naive_regret.is_none() && self.has_naive() {
                return missing(Role::Inferer, &inferer.address, "naive_regret");
            }
        }
        match self.forecasters.iter().find(|forecaster| forecaster.regret.is_none()) {
            Some(forecaster) => missing(Role::Forecaster, &forecaster.address, "regret"),
            None => Ok(()),
        }
    }

    /// How the network inference follows.
    #[must_use]
    pub fn case(&self) -> Case {
        if self.inferers.len() == 1 {
            Case::Single
        } else if self.previous_network_loss.is_none() {
            Case::Median
        } else if self.initial_regret.as_ref().is_some_and(Decimal::is_zero) {
            Case::AllNew
        } else {
            Case::Weighted
        }
    }

    /// Whether the naive inference is asked for: an inferer has a naive regret.
    #[must_use]
    pub fn has_naive(&self) -> bool {
        self.inferers.iter().any(|inferer| inferer.naive_regret.is_some())
    }

    /// A worker's own regret or the initial one; of a checked epoch there is one where the network inference depends on it.
    #[must_use]
    pub fn regret<'a>(&'a self, own: Option<&'a Decimal>) -> Option<&'a Decimal> {
        own.or(self.initial_regret.as_ref())
    }

    /// The keys of its workers in maps: inferers, then forecasters, in order.
    #[must_use]
    pub fn worker_keys(&self) -> Vec<String> {
        let infers = |address: &String| self.inferers.iter().any(|inferer| inferer.address == *address);
        let inferers = self.inferers.iter().map(|inferer| inferer.address.clone());
        let forecasters = self.forecasters.iter().map(|forecaster| &forecaster.address);
        inferers.chain(forecasters.map(|address| forecaster_key(address, infers(address)))).collect()
    }
}

impl Forecaster {
    /// That it has no more forecasts than allowed, and none twice.
    fn check(&self) -> Result<(), EpochError> {
        check_count(
            || format!("forecasts of forecaster {:?}", self.address),
            self.forecasts.len(),
            MAX_FORECASTS,
        )?;
        for (i, forecast) in self.forecasts.iter().enumerate() {
            if self.forecasts.iter().take(i).any(|other| other.inferer == forecast.inferer) {
                return Err(EpochError::ForecastTwice {
                    forecaster: self.address.clone(),
                    inferer: forecast.inferer.clone(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
