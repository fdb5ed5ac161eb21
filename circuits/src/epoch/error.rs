//! What can be wrong with an epoch.

use super::{Decimal, MAX_ADDRESS};
use std::fmt;
use thiserror::Error;

/// Who an address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Someone who infers.
    Inferer,
    /// Someone who forecasts the losses of inferers.
    Forecaster,
    /// Someone who reports losses.
    Reputer,
    /// Someone who infers or forecasts.
    Worker,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inferer => "inferer",
            Self::Forecaster => "forecaster",
            Self::Reputer => "reputer",
            Self::Worker => "worker",
        })
    }
}

/// Why an epoch or a settlement is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EpochError {
    /// It is no JSON, or a field is missing or of another kind.
    #[error("this is no {what}: {message}")]
    Json {
        /// What it was read as.
        what: &'static str,
        /// What is wrong and where.
        message: String,
    },
    /// Nobody infers.
    #[error("there are no inferers, and without an inference there is nothing to combine: give at least one")]
    NoInferers,
    /// Nobody reports losses.
    #[error("there are no reports, and without a reputer there are no losses: give at least one")]
    NoReports,
    /// Nobody has a regret.
    #[error("there are no regrets to bring up to date: give those of at least one worker")]
    NoRegrets,
    /// An address is empty or too long.
    #[error("the address of {role} {index} has {found} bytes, and 1 to {MAX_ADDRESS} are allowed")]
    Address {
        /// Whose it is.
        role: Role,
        /// Its position, from 0.
        index: usize,
        /// Its length.
        found: usize,
    },
    /// An address is there twice in the same role.
    #[error("{role} {address:?} is there twice: keep one of them")]
    Twice {
        /// Its role.
        role: Role,
        /// The address.
        address: String,
    },
    /// A forecaster forecasts the loss of one inferer twice.
    #[error("forecaster {forecaster:?} forecasts the loss of inferer {inferer:?} twice: keep one of them")]
    ForecastTwice {
        /// The forecaster.
        forecaster: String,
        /// The inferer.
        inferer: String,
    },
    /// There are more of something than an epoch has.
    #[error("there are {found} {what}, and an epoch has at most {limit}: leave out the others")]
    TooMany {
        /// What there are too many of.
        what: String,
        /// How many there are.
        found: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// A parameter has to be above zero.
    #[error("params.{field} is {value}, and has to be above 0")]
    NotPositive {
        /// The parameter.
        field: &'static str,
        /// Its value.
        value: Decimal,
    },
    /// The share of new regrets is none.
    #[error("params.alpha_regret is {value}, and has to be above 0 and at most 1")]
    Alpha {
        /// Its value.
        value: Decimal,
    },
    /// A worker has no regret, and there is no initial one.
    #[error(
        "{role} {address:?} has no {field}, and there is no initial_regret to take in its place: give one of them"
    )]
    NoRegret {
        /// The worker's role.
        role: Role,
        /// The worker.
        address: String,
        /// Which regret.
        field: &'static str,
    },
    /// A worker has a name that stands for all of them.
    #[error(
        "a worker with a regret is called {worker:?}, which stands for what all workers make together: leave it out"
    )]
    Reserved {
        /// The name.
        worker: &'static str,
    },
    /// A naive regret is of a worker without a regret.
    #[error("{worker:?} has a naive regret and no regret: give both or neither")]
    NaiveOnly {
        /// The worker.
        worker: String,
    },
    /// A stake is negative.
    #[error("the stake of reputer {reputer:?} is {value}, and has to be 0 or above")]
    NegativeStake {
        /// The reputer.
        reputer: String,
        /// The stake.
        value: Decimal,
    },
    /// Nobody reports a loss that is needed.
    #[error(
        "no reputer reports the loss of {worker:?}, which has a regret: add a report or leave out the regret"
    )]
    NotReported {
        /// The worker, or what stands for all of them.
        worker: String,
    },
    /// All who report a loss have no stake.
    #[error(
        "the reputers that report the loss of {worker:?} have no stake, so that it has no mean: leave it out"
    )]
    NoStake {
        /// The worker, or what stands for all of them.
        worker: String,
    },
    /// A report lacks the loss of the network inference.
    #[error("the report of reputer {reputer:?} has no loss of \"network\", the network inference: add it")]
    NoNetworkLoss {
        /// The reputer.
        reputer: String,
    },
}

/// That addresses are of a length that is allowed, and none is there twice; they are sorted.
pub(super) fn check_addresses<'a>(
    role: Role,
    sorted: impl Iterator<Item = &'a str>,
) -> Result<(), EpochError> {
    let mut last = None;
    for (index, address) in sorted.enumerate() {
        if address.is_empty() || address.len() > MAX_ADDRESS {
            return Err(EpochError::Address { role, index, found: address.len() });
        }
        if last == Some(address) {
            return Err(EpochError::Twice { role, address: address.to_owned() });
        }
        last = Some(address);
    }
    Ok(())
}

/// That there are not too many of something.
pub(super) fn check_count(
    what: impl FnOnce() -> String,
    found: usize,
    limit: usize,
) -> Result<(), EpochError> {
    if found > limit { Err(EpochError::TooMany { what: what(), found, limit }) } else { Ok(()) }
}
