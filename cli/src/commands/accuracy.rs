//! `sumcast accuracy`.

use super::run::{import_for, load};
use crate::error::Result;
use crate::input;
use crate::measure::{self, Deviation};
use crate::output::Outcome;
use crate::tolerance::{self, Origin};
use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// Arguments of `accuracy`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast accuracy model --onnx model.onnx --inputs inputs.json\n  \
    sumcast accuracy model --onnx model.onnx --inputs inputs.json --tolerance 1e-4\n\n\
    Relative errors are relative to the standard deviation of each output over the inputs, or to 0.01 where that is\n\
    smaller. Where the file of inputs has \"outputs\" too, such as onnxruntime's, the model is compared with them as well.\n\n\
    The error begins at the first tensor, in the order of computation, whose relative error is above the tolerance, or\n\
    above a tenth of it and more than ten times that of the tensors it is computed from. The error of a tensor that is\n\
    no output is relative to the root mean square of its elements' standard deviations, or to a hundredth of its largest\n\
    magnitude where that is larger.")]
pub(crate) struct Accuracy {
    /// Directory that `compile` wrote
    dir: PathBuf,
    /// The float model
    #[arg(long, value_name = "MODEL.onnx")]
    onnx: PathBuf,
    /// The inputs, {"inputs": [[..], ..]}
    #[arg(long, value_name = "INPUTS.json")]
    inputs: PathBuf,
    /// The relative error from which on a tensor is named
    #[arg(long, value_name = "T", default_value_t = tolerance::DEFAULT, value_parser = tolerance::parse)]
    tolerance: f64,
}

impl Accuracy {
    pub(crate) fn run(self) -> Result<Outcome> {
        let model = load(&self.dir)?;
        let graph = import_for(&self.onnx, &model)?;
        let samples = input::many(&self.inputs, model.input_shape())?;
        let file = || self.inputs.display().to_string();
        let quantised =
            measure::outputs_of(&samples.inputs, |input| Ok(model.infer(input)?)).with_context(file)?;
        let float: Vec<_> = samples.inputs.iter().map(|input| graph.eval_outputs(input)).collect();
        let names = model.output_names();
        let recorded =
            samples.outputs.map(|outputs| split(outputs, &float)).transpose().with_context(file)?;
        let outputs = Deviation::all(names, &quantised, &float);
        let recorded = recorded.map(|recorded| Deviation::all(names, &quantised, &recorded));
        let origin = Origin::of(&model, &graph, &samples.inputs, self.tolerance).with_context(file)?;
        Outcome::new(&Report {
            inputs: samples.inputs.len(),
            max_relative_error: measure::worst(&outputs),
            outputs,
            origin,
            recorded_max_relative_error: recorded.as_deref().map(measure::worst),
            recorded,
        })
    }
}

/// The recorded outputs, all of an input in one list, by output as the model has them.
fn split(recorded: Vec<Vec<f64>>, float: &[Vec<Vec<f64>>]) -> Result<Vec<Vec<Vec<f64>>>> {
    let cut = |(i, (values, like)): (usize, (Vec<f64>, &Vec<Vec<f64>>))| {
        let expected: usize = like.iter().map(Vec::len).sum();
        if values.len() != expected {
            bail!("\"outputs\"[{i}] has {} numbers, and the model gives {expected}", values.len());
        }
        let mut rest = values.as_slice();
        let take = |output: &Vec<f64>| {
            let (head, tail) = rest.split_at(output.len());
            rest = tail;
            head.to_vec()
        };
        Ok(like.iter().map(take).collect())
    };
    recorded.into_iter().zip(float).enumerate().map(cut).collect()
}

/// How accurate a model is.
#[derive(Debug, Serialize)]
struct Report {
    inputs: usize,
    max_relative_error: f64,
    /// Against the float model.
    outputs: Vec<Deviation>,
    #[serde(flatten)]
    origin: Origin,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_max_relative_error: Option<f64>,
    /// Against the outputs in the file of inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<Vec<Deviation>>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "against the float model, over {} inputs", self.inputs)?;
        write!(f, "{}", measure::table(&self.outputs))?;
        writeln!(f, "{}", self.origin)?;
        if let Some(recorded) = &self.recorded {
            writeln!(f, "\nagainst the outputs recorded with the inputs")?;
            write!(f, "{}", measure::table(recorded))?;
        }
        Ok(())
    }
}
