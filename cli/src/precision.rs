//! The precision of a model: given, or the smallest that meets a tolerance.

use crate::error::Result;
use crate::format;
use crate::measure::{self, Deviation};
use crate::tolerance::Begins;
use anyhow::bail;
use serde::Serialize;
use std::str::FromStr;
use sumcast_circuits::graph::Graph;
use sumcast_circuits::{CompileOptions, FRAC_BITS, Model, compile};

/// What `--frac-bits` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FracBits {
    /// The smallest precision that meets the tolerance.
    Auto,
    /// This many fraction bits.
    Bits(u8),
}

impl FromStr for FracBits {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let bits = text.parse().ok().filter(|bits| FRAC_BITS.contains(bits));
        bits.map(Self::Bits).ok_or_else(|| format!("{text} is not in {FRAC_BITS:?}, and not auto"))
    }
}

/// A precision that was tried, and what came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Trial {
    frac_bits: u8,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// The largest error of an output.
    MaxRelativeError(f64),
    /// Why there is no such model, or no inference.
    Failed(String),
}

/// A model at the smallest precision that meets a tolerance.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) frac_bits: u8,
    pub(crate) model: Model,
    pub(crate) trials: Vec<Trial>,
}

/// Tries every precision from the smallest up, until the error of all outputs on `inputs` is within the tolerance. A
/// bisection would not do: a bit more can lead to other limbs, which leave less room, and so to a larger error.
pub(crate) fn search(
    graph: &Graph,
    inputs: &[Vec<f64>],
    options: &CompileOptions,
    tolerance: f64,
) -> Result<Found> {
    let float = measure::outputs_of(inputs, |input| Ok(graph.eval_outputs(input)))?;
    let mut trials: Vec<Trial> = Vec::new();
    let mut least: Option<(f64, u8, Model)> = None;
    for frac_bits in FRAC_BITS {
        let options = CompileOptions { frac_bits, ..options.clone() };
        let tried = compile(graph, inputs, &options).map_err(anyhow::Error::from).and_then(|model| {
            let found = measure::outputs_of(inputs, |input| Ok(model.infer(input)?))?;
            let error = measure::worst(&Deviation::all(model.output_names(), &found, &float));
            Ok((error, model))
        });
        let outcome = match tried {
            Err(error) => Outcome::Failed(format!("{error:#}")),
            Ok((error, model)) if error <= tolerance => {
                trials.push(Trial { frac_bits, outcome: Outcome::MaxRelativeError(error) });
                return Ok(Found { frac_bits, model, trials });
            }
            Ok((error, model)) => {
                if least.as_ref().is_none_or(|(least, ..)| error < *least) {
                    least = Some((error, frac_bits, model));
                }
                Outcome::MaxRelativeError(error)
            }
        };
        trials.push(Trial { frac_bits, outcome });
    }
    let Some((error, frac_bits, model)) = least else { bail!(none_compiles(&trials)) };
    // By half of the error that is left, as by the tolerance it could be anywhere.
    let errors = model.tensor_errors(graph, inputs)?.unwrap_or_default();
    let begins = Begins::first(&errors, error / 2.0).map(|begins| format!(", and {begins}"));
    bail!(
        "{} meets the tolerance of {} on the calibration inputs: the least error is {}, at {frac_bits} bits{}; raise \
         --tolerance above the least error",
        no_precision(),
        format::small(tolerance),
        format::small(error),
        begins.unwrap_or_default(),
    )
}

fn no_precision() -> String {
    format!("no precision from {} to {} fraction bits", FRAC_BITS.start(), FRAC_BITS.end())
}

/// Why there is not one model to measure: the cause at the smallest precision, which asks the least.
fn none_compiles(trials: &[Trial]) -> String {
    let cause = trials.iter().find_map(|trial| match &trial.outcome {
        Outcome::Failed(cause) => Some(cause.as_str()),
        Outcome::MaxRelativeError(_) => None,
    });
    format!("{} has a model for the calibration inputs: {}", no_precision(), cause.unwrap_or_default())
}
