//! `sumcast run`.

use super::compile::import;
use crate::error::Result;
use crate::files::{self, ModelDir};
use crate::output::Outcome;
use crate::{format, input};
use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use std::time::Instant;
use sumcast_circuits::Model;
use sumcast_circuits::graph::Graph;

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast run model --input input.json\n  \
    sumcast run model --input inputs.json --index 3 --onnx model.onnx --json")]
pub(crate) struct Run {
    /// Directory that `compile` wrote
    dir: PathBuf,
    /// The input, {"input": [..]} or {"inputs": [[..], ..]}
    #[arg(long, value_name = "INPUT.json")]
    input: PathBuf,
    /// Which of several inputs, from 0
    #[arg(long, value_name = "I")]
    index: Option<usize>,
    /// The float model, to compare with
    #[arg(long, value_name = "MODEL.onnx")]
    onnx: Option<PathBuf>,
}

impl Run {
    pub(crate) fn run(self) -> Result<Outcome> {
        let model = load(&self.dir)?;
        let input = input::one(&self.input, self.index, model.input_shape())?;
        let graph = self.onnx.as_deref().map(|path| import_for(path, &model)).transpose()?;
        let begun = Instant::now();
        let values = model.infer(&input).with_context(|| self.input.display().to_string())?;
        let seconds = begun.elapsed().as_secs_f64();
        let float = graph.map(|graph| graph.eval_outputs(&input));
        let outputs = model.output_names().iter().zip(&values).enumerate().map(|(i, (name, values))| {
            let float = float.as_ref().map(|all| all[i].clone());
            let difference =
                |float: &Vec<f64>| values.iter().zip(float).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            Output {
                name: name.clone(),
                values: values.clone(),
                max_error: float.as_ref().map(difference),
                float,
            }
        });
        Outcome::new(&Report {
            name: model.name().to_owned(),
            outputs: outputs.collect(),
            output: values.concat(),
            seconds,
        })
    }
}

/// The model of a directory.
pub(super) fn load(dir: &std::path::Path) -> Result<Model> {
    let dir = ModelDir(dir.to_owned());
    dir.check()?;
    files::read_model(&dir.model())
}

/// A float model of the same input and outputs as a compiled one.
pub(super) fn import_for(path: &std::path::Path, model: &Model) -> Result<Graph> {
    let graph = import(path)?;
    let input = &graph.node(graph.input()).shape;
    if input != model.input_shape() || graph.output_names() != model.output_names() {
        bail!(
            "{} takes {input:?} and gives {:?}, where the compiled model takes {:?} and gives {:?}: give the file it \
             was compiled from",
            path.display(),
            graph.output_names(),
            model.input_shape(),
            model.output_names()
        );
    }
    Ok(graph)
}

/// An inference.
#[derive(Debug, Serialize)]
struct Report {
    name: String,
    /// All outputs, one after another.
    output: Vec<f64>,
    outputs: Vec<Output>,
    seconds: f64,
}

/// One output.
#[derive(Debug, Serialize)]
struct Output {
    name: String,
    values: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    float: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_error: Option<f64>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for output in &self.outputs {
            writeln!(f, "{}: {}", output.name, format::reals(&output.values))?;
            if let (Some(float), Some(error)) = (&output.float, output.max_error) {
                writeln!(f, "  float {}", format::reals(float))?;
                writeln!(f, "  error {} at most", format::small(error))?;
            }
        }
        writeln!(f, "in {}", format::seconds(self.seconds))
    }
}
