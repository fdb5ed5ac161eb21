//! Epochs from what a node of the chain answers.
//!
//! The answers are those of the REST interface of `emissions` v9, each as the node printed it: numbers as strings, fields in
//! snake case. Of v10 its lists of values are read where they have one value, of v9 and before the topic's centre of the
//! weight function from the module's parameters.
//!
//! A node answers for its latest block unless asked for another by the header `x-cosmos-block-height`. Inferences, forecasts
//! and losses name their block themselves; regrets, stakes, the stored scale, topic and parameters do not, and are to be
//! asked for at the block in which the network inference, or the losses, were computed.

mod answer;
mod epoch;
mod settlement;

pub use epoch::{EpochAnswers, Synthesis};
pub use settlement::SettlementAnswers;

use super::EpochError;
use thiserror::Error;

/// Why answers do not make an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The node answered with an error.
    #[error(
        "the answer for {answer} is an error of the node: {message:?} (code {code}): ask again at {path}"
    )]
    Refused {
        /// Which answer.
        answer: String,
        /// The node's code.
        code: i64,
        /// What it says.
        message: String,
        /// Where the answer is to be had.
        path: &'static str,
    },
    /// A field is missing.
    #[error("the answer for {answer} has no field {field}: is it that of {path}?")]
    Missing {
        /// Which answer.
        answer: String,
        /// The field.
        field: String,
        /// Where the answer is to be had.
        path: &'static str,
    },
    /// A field is not what it should be.
    #[error("the answer for {answer} has {field} = {found}: {expected}")]
    Malformed {
        /// Which answer.
        answer: String,
        /// The field.
        field: String,
        /// What it holds.
        found: String,
        /// What it should hold.
        expected: String,
    },
    /// There is no answer about a worker or reputer.
    #[error("there is no answer for {answer} of {address:?}: ask {path} for it")]
    Nobody {
        /// Which answer.
        answer: &'static str,
        /// Whom it is about.
        address: String,
        /// Where it is to be had.
        path: &'static str,
    },
    /// An inference has other than one value.
    #[error(
        "inferer {inferer:?} infers {found} values: epochs of topics with one value alone can be imported"
    )]
    Values {
        /// The inferer.
        inferer: String,
        /// How many values.
        found: usize,
    },
    /// What the answers make is no epoch.
    #[error(transparent)]
    Epoch(#[from] EpochError),
}

#[cfg(test)]
mod tests;
