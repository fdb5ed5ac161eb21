//! The network inference of a topic's epoch as a circuit: from inferences, forecasts and regrets to weights, the combined
//! inference and its confidence interval (`docs/synthesis.md`).
//!
//! ```
//! use sumcast_circuits::{epoch::Epoch, synthesis::{Form, Synthesis}};
//!
//! let epoch = Epoch::from_json(include_bytes!("../../tests/epochs/synthesis_g1_301.json"))?;
//! let synthesis = Synthesis::new(Form::of(&epoch)?)?;
//! let outcome = synthesis.outcome(&epoch)?;
//! assert!((outcome.network_inference.to_f64() - 0.19450614433065).abs() < 1e-10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod carry;
mod form;
mod groups;
mod key;
mod names;
mod one_outs;
mod places;
mod program;
mod statement;
mod weights;

pub use carry::carried;
pub use form::{Form, FormError, Phase, Scale};
pub use statement::{Synthesis, SynthesisError};

use crate::circuit::Circuit;
use crate::lanes::{Lane, Stated, circuit};
pub(crate) use form::{fits, fixed};
pub(crate) use groups::{Groups, Out};
pub(crate) use key::MAX_FRACTION;
use places::{OBSERVED, ONE_OUTS, PERCENTILES, Places, RESULT, STATE};
pub(crate) use places::{columns, row_log, scalar};
pub(crate) use statement::loss;

/// Fraction bits of losses, regrets and their scale.
pub const LOSS_FRACTION: u8 = 44;

/// Bits of losses and regrets.
pub const LOSS_BITS: u8 = 56;

/// Bits of inferences.
pub const VALUE_BITS: u8 = 53;

/// Fraction bits of weights.
pub const WEIGHT_FRACTION: u8 = 50;

/// Bits of weights, which are below 8.
const WEIGHT_BITS: u8 = WEIGHT_FRACTION + 3;

/// What stands for a number that is absent, in a tensor of so many bits: the least that it can hold.
pub(crate) const fn absent(bits: u8) -> i64 {
    1 - (1 << bits)
}

impl Form {
    /// The circuit, of limbs of so many bits.
    fn circuit(&self, limb: u8) -> Circuit {
        let (inputs, outputs) = self.stated();
        // The state.
        circuit(program::program(self), limb, &inputs, &outputs, &[2])
    }

    /// The same, with a tensor for each inference, which come first: the inferers', then forecasts and state.
    pub(crate) fn circuit_by_inferer(&self, limb: u8) -> Circuit {
        let ([inferences, forecasts, state], outputs) = self.stated();
        let places = Places::of(self);
        let spot = |j: usize| places.shape.spot(OBSERVED, Lane::first(places.combined, j));
        let inference = |j: usize| Stated { len: 1, at: spot(j), ..inferences };
        let inputs: Vec<_> = (0..self.inferers).map(inference).chain([forecasts, state]).collect();
        circuit(program::program(self), limb, &inputs, &outputs, &[inputs.len() - 1])
    }

    /// The tensors of the statement: inputs and outputs.
    fn stated(&self) -> ([Stated; 3], Vec<Stated>) {
        let places = Places::of(self);
        let (combined, naive) = (places.combined, places.combined + 1);
        let columns = 1usize << places.shape.columns;
        let (value, losses) = (self.value_fraction, LOSS_FRACTION);
        let forecasts = self.forecasters.max(1);
        let workers = self.inferers + self.forecasters;
        let of = |name, len, bits, fraction, (slot, row, column)| {
            let at = places.shape.spot(slot, Lane::first(row, column));
            Stated { name, len, bits, fraction, at }
        };
        let state = of("state", places.state(), LOSS_BITS, losses, (STATE, combined, 0));
        let state = Stated { at: places.shape.parts(STATE, Lane::first(combined, 0)), ..state };
        let inputs = [
            of("inferences", self.inferers, VALUE_BITS, value, (OBSERVED, combined, 0)),
            of("forecasts", forecasts * columns, LOSS_BITS, losses, (OBSERVED, 0, 0)),
            state,
        ];
        let outputs = [
            of("network_inference", 1, VALUE_BITS, value, (RESULT, naive, combined)),
            of("confidence", PERCENTILES.len(), VALUE_BITS, value, (RESULT, 0, 0)),
            of("naive_inference", 1, VALUE_BITS, value, (RESULT, naive, naive)),
            of("forecast_implied", forecasts, VALUE_BITS, value, (RESULT, naive, 0)),
            of("weights", workers, WEIGHT_BITS, WEIGHT_FRACTION, (RESULT, combined, 0)),
        ];
        let out = self.inferers + self.groups().forecasters_out();
        let one_outs = [
            of("one_out_inferences", out, VALUE_BITS, value, (ONE_OUTS, combined, 0)),
            of("one_in_inferences", forecasts, VALUE_BITS, value, (ONE_OUTS, naive, 0)),
            of("one_out_forecast_implied", forecasts * columns, VALUE_BITS, value, (ONE_OUTS, 0, 0)),
        ];
        let outputs = [&outputs[..], if self.one_outs { &one_outs } else { &[] }].concat();
        let given = if self.phase == Phase::First { 1 } else { outputs.len() };
        (inputs, outputs[..given].to_vec())
    }
}

#[cfg(test)]
mod tests;
