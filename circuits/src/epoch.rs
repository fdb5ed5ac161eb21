//! An epoch of an Allora topic: what goes into the network's inference and into its losses and regrets, and what comes out.
//!
//! Use it to read and write epochs, and to assemble them from what a node of the chain answers. Numbers are exact decimals,
//! as the chain has them; nothing here computes the synthesis.
//!
//! - [`Decimal`] is a number, [`Decimal::to_fixed`] its fixed-point integer;
//! - [`Epoch`] is what a network inference is synthesised from, [`Outcome`] what is printed of it;
//! - [`Settlement`] is what the losses and regrets of an epoch follow from, [`Settled`] what is printed of them;
//! - [`import`] makes both from the chain's answers.
//!
//! ```
//! use sumcast_circuits::epoch::{Case, Epoch};
//!
//! let epoch = Epoch::from_json(br#"{
//!     "topic_id": 1, "nonce": 301,
//!     "params": {
//!         "weight_function": "exp1_div_exp1", "regret_scale": "mad", "p_norm": "3", "c_norm": "0.75",
//!         "epsilon": "0.01", "epsilon_safe_div": "0.0000001", "alpha_regret": "0.1"
//!     },
//!     "previous_network_loss": "-3.9",
//!     "inferers": [
//!         {"address": "b", "inference": "0.24", "regret": "-1.5"},
//!         {"address": "a", "inference": "0.17", "regret": "-1.8"}
//!     ],
//!     "forecasters": [{"address": "c", "regret": "-0.2", "forecasts": [{"inferer": "a", "loss": "-2.9"}]}]
//! }"#)?;
//! assert_eq!(epoch.inferers[0].address, "a");
//! assert_eq!(epoch.case(), Case::Weighted);
//! # Ok::<(), sumcast_circuits::epoch::EpochError>(())
//! ```

mod by_worker;
mod decimal;
mod error;
pub mod import;
mod one_outs;
mod params;
mod settle;
mod synthesis;

pub use by_worker::{ByWorker, forecaster_key};
pub use decimal::{Decimal, DecimalError, MAGNITUDES, MAX_DIGITS, SHOWN_DIGITS};
pub use error::{EpochError, Role};
pub use one_outs::{OneOutInferences, OneOutRegrets, OneOutValues};
pub use params::{Params, RegretScale, WeightFunction};
pub use settle::{NAIVE, NETWORK, Report, Settled, Settlement};
pub use synthesis::{Case, Confidence, Epoch, Forecast, Forecaster, Inferer, Outcome};

/// Most inferers of an epoch, the chain's `max_top_inferers_to_reward`.
pub const MAX_INFERERS: usize = 32;
/// Most forecasters, the chain's `max_top_forecasters_to_reward`.
pub const MAX_FORECASTERS: usize = 6;
/// Most forecasts of one forecaster, the chain's `max_elements_per_forecast`.
pub const MAX_FORECASTS: usize = 12;
/// Most reputers, the chain's `max_top_reputers_to_reward`.
pub const MAX_REPUTERS: usize = 6;
/// Most bytes of a worker's or reputer's address, the chain's `max_string_length`.
pub const MAX_ADDRESS: usize = 255;
