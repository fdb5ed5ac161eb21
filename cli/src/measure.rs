//! How far the quantised model is from a reference.

use crate::error::Result;
use crate::format;
use serde::Serialize;

/// The smallest spread an error is relative to.
const LEAST_SPREAD: f64 = 0.01;

/// The error of one output over a set of inputs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Deviation {
    /// The output's name.
    pub(crate) name: String,
    /// Largest difference.
    pub(crate) max_error: f64,
    /// Mean difference.
    pub(crate) mean_error: f64,
    /// Largest difference, relative to the spread of its element.
    pub(crate) max_relative_error: f64,
    /// Mean difference, relative to the spread of its element.
    pub(crate) mean_relative_error: f64,
    /// The least spread among the elements: standard deviation of the reference over the inputs, or 0.01 where
    /// that is smaller.
    pub(crate) spread: f64,
}

impl Deviation {
    /// The deviation of `found` from `reference`, each the values of one output for every input, at least one.
    fn of(name: &str, found: &[&[f64]], reference: &[&[f64]]) -> Self {
        let samples = reference.len() as f64;
        let elements = reference.first().map_or(0, |first| first.len());
        let mut out = Self {
            name: name.to_owned(),
            max_error: 0.0,
            mean_error: 0.0,
            max_relative_error: 0.0,
            mean_relative_error: 0.0,
            spread: f64::INFINITY,
        };
        for element in 0..elements {
            let values = || reference.iter().map(|sample| sample[element]);
            let mean = values().sum::<f64>() / samples;
            let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / samples;
            let spread = variance.sqrt().max(LEAST_SPREAD);
            out.spread = out.spread.min(spread);
            for (found, reference) in found.iter().zip(reference) {
                let error = (found[element] - reference[element]).abs();
                let share = 1.0 / (samples * elements as f64);
                out.max_error = out.max_error.max(error);
                out.mean_error += error * share;
                out.max_relative_error = out.max_relative_error.max(error / spread);
                out.mean_relative_error += error / spread * share;
            }
        }
        out
    }

    /// The deviations of all outputs. The values are by input, then by output.
    pub(crate) fn all(names: &[String], found: &[Vec<Vec<f64>>], reference: &[Vec<Vec<f64>>]) -> Vec<Self> {
        fn column(samples: &[Vec<Vec<f64>>], output: usize) -> Vec<&[f64]> {
            samples.iter().map(|sample| sample[output].as_slice()).collect()
        }
        let of = |(i, name): (usize, &String)| Self::of(name, &column(found, i), &column(reference, i));
        names.iter().enumerate().map(of).collect()
    }
}

/// The largest relative error of all outputs.
pub(crate) fn worst(deviations: &[Deviation]) -> f64 {
    deviations.iter().map(|d| d.max_relative_error).fold(0.0, f64::max)
}

/// A table of deviations.
pub(crate) fn table(deviations: &[Deviation]) -> String {
    let heading = ["output", "max error", "mean error", "max relative", "mean relative", "spread"];
    let mut rows = vec![heading.map(String::from).to_vec()];
    rows.extend(deviations.iter().map(|d| {
        let figures = [d.max_error, d.mean_error, d.max_relative_error, d.mean_relative_error];
        let mut row = vec![d.name.clone()];
        row.extend(figures.map(format::small));
        row.push(format!("{:.4}", d.spread));
        row
    }));
    format::table(&rows)
}

/// The outputs of a model for all inputs, each error naming its input.
pub(crate) fn outputs_of(
    inputs: &[Vec<f64>],
    mut infer: impl FnMut(&[f64]) -> Result<Vec<Vec<f64>>>,
) -> Result<Vec<Vec<Vec<f64>>>> {
    use anyhow::Context;
    inputs.iter().enumerate().map(|(i, input)| infer(input).with_context(|| format!("input {i}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_relative_to_each_element() {
        // Element 0 spreads by 1, element 1 not at all.
        let reference = vec![vec![vec![1.0, 5.0]], vec![vec![-1.0, 5.0]]];
        let found = vec![vec![vec![1.5, 5.0]], vec![vec![-1.0, 5.001]]];
        let all = Deviation::all(&["y".into()], &found, &reference);
        let d = &all[0];
        assert_eq!(d.max_error, 0.5);
        assert!((d.mean_error - 0.501 / 4.0).abs() < 1e-12);
        assert_eq!(d.max_relative_error, 0.5);
        assert!((d.mean_relative_error - 0.6 / 4.0).abs() < 1e-12);
        assert_eq!(d.spread, LEAST_SPREAD);
    }
}
