//! Networks without a worker, and of inferers with one forecaster: their regrets, inferences and losses.
//!
//! All are by the keys of workers ([`Epoch::worker_keys`](super::Epoch::worker_keys)), in maps that are left out where they
//! have nothing.

use super::ByWorker;
use serde::{Deserialize, Serialize};

/// The regrets of one-out and one-in networks for their workers, as the chain names them. Who has none has the topic's
/// initial one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneOutRegrets {
    /// By the inferer that is left out: of all other workers.
    #[serde(default, skip_serializing_if = "ByWorker::is_empty")]
    pub one_out_inferer_regrets: ByWorker<ByWorker>,
    /// By the forecaster that is left out: of all other workers.
    #[serde(default, skip_serializing_if = "ByWorker::is_empty")]
    pub one_out_forecaster_regrets: ByWorker<ByWorker>,
    /// By the forecaster that is taken in alone: of all inferers and of itself.
    #[serde(default, skip_serializing_if = "ByWorker::is_empty")]
    pub one_in_forecaster_regrets: ByWorker<ByWorker>,
}

/// The losses of one-out and one-in networks, as the chain names them in what a reputer reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneOutValues {
    /// Of the network without each inferer.
    #[serde(default, skip_serializing_if = "ByWorker::is_empty")]
    pub one_out_inferer_values: ByWorker,
    /// Of that without each forecaster.
    #[serde(default, skip_serializing_if = "ByWorker::is_empty")]
    pub one_out_forecaster_values: ByWorker,
    /// Of that of all inferers and each forecaster.
    #[serde(default, skip_serializing_if = "ByWorker::is_empty")]
    pub one_in_forecaster_values: ByWorker,
    /// By forecaster, of what its forecasts imply without each inferer.
    #[serde(default, skip_serializing_if = "ByWorker::is_empty")]
    pub one_out_inferer_forecaster_values: ByWorker<ByWorker>,
}

/// What one-out and one-in networks infer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneOutInferences {
    /// The network inference without each inferer.
    #[serde(default, skip_serializing_if = "ByWorker::is_empty")]
    pub one_out_inferer_inferences: ByWorker,
    /// That without each forecaster, of several.
    #[serde(default, skip_serializing_if = "ByWorker::is_empty")]
    pub one_out_forecaster_inferences: ByWorker,
    /// That of all inferers and each forecaster, of several.
    #[serde(default, skip_serializing_if = "ByWorker::is_empty")]
    pub one_in_forecaster_inferences: ByWorker,
    /// By forecaster, what its forecasts imply without each inferer, where there are others.
    #[serde(default, skip_serializing_if = "ByWorker::is_empty")]
    pub one_out_inferer_forecast_implied: ByWorker<ByWorker>,
}
