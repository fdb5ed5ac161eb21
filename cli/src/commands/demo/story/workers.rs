//! The workers: bundled models, and the days that all of them infer.

use super::super::models::{Bundled, bundled};
use super::prover::Prover;
use crate::error::Result;
use anyhow::{Context, anyhow};
use rand::Rng;
use std::path::Path;
use sumcast_circuits::{CompileOptions, Model, Secret, compile, onnx, samples};
use sumcast_contracts::alloy_primitives::Address;

/// The models of the workers, in the order of their names, which are the workers' accounts in the topic too.
pub(super) const NAMES: [&str; 3] = ["lgbm_300x6", "linreg", "mlp_8k"];

/// The days before those that are proven.
pub(super) const BEFORE: usize = 45;

/// The days that are proven, a week of trading: [`BEFORE`] and those that follow.
pub(super) const DAYS: [&str; 5] = ["10 Dec", "11 Dec", "12 Dec", "13 Dec", "14 Dec"];

/// The year of [`DAYS`].
pub(super) const YEAR: u16 = 2018;

/// The feature of a day's input that is the return of the S&P 500 on the day before.
const RETURN: usize = 0;

/// A worker with its model.
pub(super) struct Worker {
    /// Of the model, and of the worker in the topic.
    pub(super) name: &'static str,
    /// The account that posts its inferences.
    pub(super) account: Address,
    pub(super) model: Model,
    pub(super) prover: Prover,
    inputs: Vec<Vec<f64>>,
}

impl Worker {
    /// Compiles the model of a worker as `sumcast compile` does, and writes its key to a directory.
    pub(super) fn new(slot: usize, home: &Path) -> Result<Self> {
        let name = NAMES[slot];
        let Bundled(_, network, inputs) = bundled(name)?;
        let graph = onnx::import(network).context(name)?;
        let inputs = samples::parse(inputs, &graph.node(graph.input()).shape).context(name)?.inputs;
        let secret = Some(Secret(rand::rng().random()));
        let options = CompileOptions { secret, ..CompileOptions::default() };
        let model = compile(&graph, &inputs, &options).context(name)?;
        let prover = Prover::new(&model, name, home)?;
        // Bytes without zeros, as most addresses have.
        let account = Address::repeat_byte(0x11 * (slot as u8 + 1));
        Ok(Self { name, account, model, prover, inputs })
    }

    /// The input of a day.
    pub(super) fn input(&self, day: usize) -> Result<&[f64]> {
        let input = self.inputs.get(day).map(Vec::as_slice);
        input.ok_or_else(|| anyhow!("{}: there is no input of day {day}", self.name))
    }

    /// What it infers of a day, unproven.
    pub(super) fn infer(&self, day: usize) -> Result<f64> {
        let outputs =
            self.model.infer(self.input(day)?).with_context(|| format!("{}, day {day}", self.name))?;
        let first = outputs.first().and_then(|output| output.first());
        first.copied().ok_or_else(|| anyhow!("{} has no output", self.name))
    }

    /// The return of the S&P 500 on a day, in percent, as the next day's input has it; 0 where the exchange was closed.
    pub(super) fn truth(&self, day: usize) -> Result<f64> {
        Ok(self.input(day + 1)?[RETURN])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(name: &str) -> Vec<Vec<f64>> {
        let mut data: serde_json::Value = serde_json::from_slice(bundled(name).unwrap().2).unwrap();
        serde_json::from_value(data["inputs"].take()).unwrap()
    }

    #[test]
    fn all_models_have_the_same_days() {
        let [first, others @ ..] = NAMES.map(inputs);
        for other in others {
            assert_eq!((first.len(), other.len()), (64, 64));
            for (day, (a, b)) in first.iter().zip(&other).enumerate() {
                // As many features as both have: lags of the same series. Some are exported with fewer digits.
                assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6), "day {day}");
            }
        }
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn the_truth_of_a_day_is_in_the_next_input() {
        // Of 10 features, the sixth is the return a day further back.
        let inputs = inputs("linreg");
        for pair in inputs.windows(2) {
            assert_eq!(pair[0][RETURN], pair[1][RETURN + 5]);
        }
        // What the S&P 500 did from 10 to 14 December 2018.
        let returns = [0.1761, -0.0356, 0.5405, -0.0200, -1.9271];
        for (k, expected) in returns.into_iter().enumerate() {
            assert!((inputs[BEFORE + k + 1][RETURN] - expected).abs() < 1e-4, "{}", DAYS[k]);
        }
    }
}
