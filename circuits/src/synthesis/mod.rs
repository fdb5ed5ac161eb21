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
mod key;
mod names;
mod places;
mod program;
mod statement;
mod weights;

pub use carry::carried;
pub use form::{Form, FormError, Phase, Scale};
pub use statement::{Synthesis, SynthesisError};

use crate::circuit::{Circuit, Layout, Op, Tensor};
use places::{OBSERVED, PERCENTILES, Places, RESULT, STATE};

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

/// A tensor of the statement: name, length, fraction bits, bits, and where it lies: slot, row and column.
type Stated = (&'static str, usize, u8, u8, (usize, usize, usize));

impl Form {
    fn stated(&self, places: &Places) -> (Vec<Stated>, Vec<Stated>) {
        let (combined, naive) = (places.combined, places.combined + 1);
        let columns = 1usize << places.columns;
        let value = self.value_fraction;
        let forecasts = self.forecasters.max(1);
        let inputs = vec![
            ("inferences", self.inferers, value, VALUE_BITS, (OBSERVED, combined, 0)),
            ("forecasts", forecasts * columns, LOSS_FRACTION, LOSS_BITS, (OBSERVED, 0, 0)),
            ("state", 2 * columns, LOSS_FRACTION, LOSS_BITS, (STATE, combined, 0)),
        ];
        let mut outputs = vec![("network_inference", 1, value, VALUE_BITS, (RESULT, naive, combined))];
        if self.phase != Phase::First {
            let workers = self.inferers + self.forecasters;
            outputs.extend([
                ("confidence", PERCENTILES.len(), value, VALUE_BITS, (RESULT, 0, 0)),
                ("naive_inference", 1, value, VALUE_BITS, (RESULT, naive, naive)),
                ("forecast_implied", forecasts, value, VALUE_BITS, (RESULT, naive, 0)),
                ("weights", workers, WEIGHT_FRACTION, WEIGHT_BITS, (RESULT, combined, 0)),
            ]);
        }
        (inputs, outputs)
    }

    /// The circuit, of limbs of so many bits.
    fn circuit(&self, limb: u8) -> Circuit {
        let places = Places::of(self);
        let program = program::program(self);
        let (inputs, outputs) = self.stated(&places);
        let tensor = |name: &str, len: usize, fraction, op| {
            let layout = Layout { rows: 1, cols: len as u32 };
            Tensor { name: name.into(), layout, fraction, op }
        };
        let at = |(slot, row, column)| places.at(slot, row, column);
        let run = inputs.len();
        let mut tensors: Vec<Tensor> = inputs
            .iter()
            .map(|(name, len, fraction, bits, _)| tensor(name, *len, *fraction, Op::Input { bits: *bits }))
            .collect();
        let taken = inputs.iter().enumerate().map(|(t, (.., place))| (t, at(*place))).collect();
        tensors.push(tensor("numbers", 1 << program.log(), 0, Op::Lanes { program: 0, inputs: taken }));
        tensors.extend(outputs.iter().map(|(name, len, fraction, bits, place)| {
            tensor(name, *len, *fraction, Op::Result { of: run, at: at(*place), bits: *bits })
        }));
        Circuit {
            limb,
            inputs: (0..run).collect(),
            committed: vec![run - 1],
            outputs: (run + 1..tensors.len()).collect(),
            tensors,
            programs: vec![program],
            tables: vec![],
            forests: vec![],
            missing: false,
            bounds: vec![],
            batch: 0,
        }
    }
}
