//! `sumcast compile`.

use crate::error::Result;
use crate::files::{self, ModelDir, Readers};
use crate::format;
use crate::input;
use crate::measure::{self, Deviation};
use crate::output::{self, Outcome};
use crate::parameters;
use crate::precision::{self, Found, FracBits, Trial};
use crate::progress::Progress;
use crate::summary::{self, ProgramSummary};
use crate::tolerance::{self, Origin};
use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use rand::Rng;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use sumcast_circuits::graph::Graph;
use sumcast_circuits::samples::Samples;
use sumcast_circuits::{Committed, CompileOptions, Secret, compile, onnx};
use sumcast_prover::{Cpu, ProvingKey, available_memory, prover_memory};
use sumcast_verifier::vk::Program;

/// The share of the free memory that a proof of a batch may take, in percent.
const MEMORY_SHARE: u64 = 80;

/// Arguments of `compile`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast compile model.onnx --calibrate inputs.json -o model\n  \
    sumcast compile model.onnx --calibrate inputs.json --params ceremony.srs -o model --json\n  \
    sumcast compile model.onnx --calibrate inputs.json --hide input -o model\n  \
    sumcast compile model.onnx --calibrate inputs.json --batch 64 -o model\n  \
    sumcast compile model.onnx --calibrate inputs.json --frac-bits auto --tolerance 1e-4 -o model\n\n\
    The directory gets model.bin and srs.bin for the prover, vk.bin for verifiers, and report.json.\n\
    model.bin has the weights and a fresh secret that hides them in vk.bin, so each compilation has a model id of its\n\
    own; keep it as secret as the weights. With --public-model there is no secret, and whoever compiles the same file\n\
    with the same inputs, options and parameters gets the same model id.\n\
    With --frac-bits auto the precisions are tried from 8 fraction bits up, and the first is taken whose error on the\n\
    calibration inputs is within the tolerance for every output, relative to its spread as `sumcast accuracy` has it.\n\
    The report names the tensor where the error begins, also as there.\n\
    With --batch N one proof is of N inputs, rounded up to a power of two, or of as many as the memory that is free has\n\
    room for; `sumcast prove --batch` splits what is more.\n\
    Without --params a development string is used, which is insecure: it is made and cached on first use.")]
pub(crate) struct Compile {
    /// The model, one input, opset 8 to 21
    model: PathBuf,
    /// Inputs to choose scales and bounds by, {"inputs": [[..], ..]}; interval analysis if not given
    #[arg(long, value_name = "INPUTS.json")]
    calibrate: Option<PathBuf>,
    /// Fraction bits every tensor has at least, 8 to 24; auto for the fewest that meet the tolerance
    #[arg(long, value_name = "N", default_value = "16")]
    frac_bits: FracBits,
    /// The error accepted of an output, relative to its spread
    #[arg(long, value_name = "T", default_value_t = tolerance::DEFAULT, value_parser = tolerance::parse)]
    tolerance: f64,
    /// Most rows of weights; chosen by cost if not given
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u16).range(1..))]
    rows: Option<u16>,
    /// Width of limbs, 8, 10 or 12 bits; chosen by cost if not given. Models that one proof has together have the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(8..=12))]
    limb_bits: Option<u8>,
    /// Parameters from `sumcast params`; a development string if not given
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// How many inputs one proof is of
    #[arg(long, value_name = "N", default_value_t = 1, hide_default_value = true, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// What a proof's statement holds as commitments instead of values: input, output, or both
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    hide: Vec<Hidden>,
    /// Leave the weights' commitments unblinded, so that whoever has the ONNX file can recompute the model id
    #[arg(long)]
    public_model: bool,
    /// Directory to write, made if it is not there
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// What `--hide` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Hidden {
    Input,
    Output,
}

impl Compile {
    pub(crate) fn run(self) -> Result<Outcome> {
        let begun = Instant::now();
        let progress = Progress::new(6);
        let dir = ModelDir(self.output.clone());
        if dir.0.exists() && !dir.0.is_dir() {
            return Err(anyhow!("cannot write {}: it is a file; name a directory", dir.0.display()));
        }

        if self.frac_bits == FracBits::Auto && self.calibrate.is_none() {
            return Err(anyhow!(
                "--frac-bits auto measures errors on calibration inputs: give --calibrate INPUTS.json, or a number of bits"
            ));
        }

        progress.stage("import");
        let graph = import(&self.model)?;
        let samples = match &self.calibrate {
            Some(path) => input::many(path, &graph.node(graph.input()).shape)?,
            None => Samples { inputs: vec![], outputs: None },
        };

        progress.stage("quantise");
        let committed = Committed {
            input: self.hide.contains(&Hidden::Input),
            outputs: self.hide.contains(&Hidden::Output),
        };
        let secret = (!self.public_model).then(|| Secret(rand::rng().random()));
        let (rows, limb_bits) = (self.rows, self.limb_bits);
        let options = CompileOptions { rows, limb_bits, committed, secret, ..CompileOptions::default() };
        let file = || self.model.display().to_string();
        let (frac_bits, model, trials) = match self.frac_bits {
            FracBits::Bits(frac_bits) => {
                let options = CompileOptions { frac_bits, ..options };
                (frac_bits, compile(&graph, &samples.inputs, &options).with_context(file)?, vec![])
            }
            FracBits::Auto => {
                let found = precision::search(&graph, &samples.inputs, &options, self.tolerance);
                let Found { frac_bits, model, trials } = found.with_context(file)?;
                (frac_bits, model, trials)
            }
        };
        let room = available_memory().map(|bytes| bytes / 100 * MEMORY_SHARE);
        let fits = |program: &Program| room.is_none_or(|bytes| prover_memory(program) <= bytes);
        let model = model.largest_batch(self.batch, fits).with_context(file)?;
        let relation = model.lower().with_context(file)?;

        progress.stage("parameters");
        let srs = parameters::for_rows(self.params.as_deref(), relation.program.row_log)?;

        progress.stage("commit");
        let key = ProvingKey::setup(relation.program, relation.fixed, model.secret(), &srs, &Cpu)
            .with_context(file)?
            .key;

        progress.stage("errors");
        let (errors, origin) = match samples.inputs.as_slice() {
            [] => (vec![], None),
            inputs => {
                let quantised = measure::outputs_of(inputs, |input| Ok(model.infer(input)?))?;
                let float = measure::outputs_of(inputs, |input| Ok(graph.eval_outputs(input)))?;
                let errors = Deviation::all(model.output_names(), &quantised, &float);
                (errors, Some(Origin::of(&model, &graph, inputs, self.tolerance)?))
            }
        };

        progress.stage("write");
        let (vk, bin) = (key.to_bytes(), model.to_bytes());
        std::fs::create_dir_all(&dir.0).with_context(|| format!("cannot make {}", dir.0.display()))?;
        srs.write(&dir.srs())?;
        files::write(&dir.model(), &bin, Readers::Owner)?;
        files::write(&dir.key(), &vk, Readers::Usual)?;
        let report = Report {
            model_id: hex::encode(key.model_id()),
            name: model.name().to_owned(),
            model: summary::model(&model),
            input: summary::hidden(committed.input),
            output: summary::hidden(committed.outputs),
            parameters: model.parameters(),
            nodes: model.nodes(),
            input_shape: model.input_shape().to_vec(),
            output_names: model.output_names().to_vec(),
            dropped_outputs: graph
                .dropped_outputs
                .iter()
                .map(|d| format!("{}: {}", d.name, d.reason))
                .collect(),
            batch: 1 << model.batch_log(),
            batch_asked: self.batch,
            frac_bits,
            precisions_tried: trials,
            limb_bits: model.limb_bits(),
            calibration_inputs: samples.inputs.len(),
            outputs: errors,
            origin,
            program: ProgramSummary::of(&key.program),
            vk_bytes: vk.len(),
            model_bytes: bin.len(),
            srs: summary::srs_kind(key.srs.kind),
            insecure_srs: srs.is_insecure(),
            seconds: begun.elapsed().as_secs_f64(),
        };
        files::write(&dir.report(), &serde_json::to_vec_pretty(&report)?, Readers::Usual)?;
        drop(progress);
        output::warn_insecure(srs.is_insecure());
        Outcome::new(&report)
    }
}

/// Imports a model, each error naming the file.
pub(crate) fn import(path: &Path) -> Result<Graph> {
    onnx::import_path(path).map_err(|error| match error {
        onnx::ImportError::Io { path, source } => anyhow!("cannot read {}: {source}", path.display()),
        other => anyhow!("{}: {other}", path.display()),
    })
}

/// What `report.json` holds.
#[derive(Debug, Serialize)]
struct Report {
    model_id: String,
    name: String,
    /// `hidden`: the weights' commitments are blinded, and the model id is this compilation's own; or `public`.
    model: &'static str,
    /// `public` or `committed`, in the statement of a proof.
    input: &'static str,
    /// As `input`.
    output: &'static str,
    parameters: usize,
    nodes: usize,
    input_shape: Vec<usize>,
    output_names: Vec<String>,
    dropped_outputs: Vec<String>,
    /// Inputs of one proof.
    batch: u64,
    /// How many were asked for.
    batch_asked: u32,
    frac_bits: u8,
    /// With `--frac-bits auto`, the last of which is the one taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    precisions_tried: Vec<Trial>,
    limb_bits: u8,
    calibration_inputs: usize,
    /// Errors on the calibration inputs; empty without any.
    outputs: Vec<Deviation>,
    #[serde(flatten)]
    origin: Option<Origin>,
    #[serde(flatten)]
    program: ProgramSummary,
    vk_bytes: usize,
    model_bytes: usize,
    srs: &'static str,
    insecure_srs: bool,
    seconds: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "compiled {} in {}", self.name, format::seconds(self.seconds))?;
        writeln!(f, "model id       {}", self.model_id)?;
        let whose = match self.model {
            "hidden" => "the id is this compilation's own, and model.bin a secret",
            _ => "the same file, inputs, options and parameters give the same id",
        };
        writeln!(f, "model          {}: {whose}", self.model)?;
        writeln!(f, "parameters     {}", format::count(self.parameters as u64))?;
        writeln!(f, "nodes          {}", self.nodes)?;
        writeln!(f, "precision      {} fraction bits, limbs of {} bits", self.frac_bits, self.limb_bits)?;
        if let Some(origin) = self.origin.as_ref().filter(|_| !self.precisions_tried.is_empty()) {
            let [tolerance, error] = [origin.tolerance, measure::worst(&self.outputs)].map(format::small);
            writeln!(f, "               the fewest within the tolerance of {tolerance}: error {error}")?;
        }
        if self.batch_asked > 1 {
            writeln!(f, "batch          {} inputs a proof", format::count(self.batch))?;
        }
        if self.batch < self.batch_asked.into() {
            writeln!(
                f,
                "               as many as memory and key have room for: `sumcast prove --batch` splits {}",
                format::count(self.batch_asked.into())
            )?;
        }
        write!(f, "{}", self.program)?;
        writeln!(f, "vk             {}", format::bytes(self.vk_bytes as u64))?;
        writeln!(f, "SRS            {}", self.srs)?;
        for dropped in &self.dropped_outputs {
            writeln!(f, "left out       {dropped}")?;
        }
        if self.outputs.is_empty() {
            return writeln!(f, "errors         unknown without --calibrate");
        }
        writeln!(f, "\nquantisation error over {} calibration inputs", self.calibration_inputs)?;
        write!(f, "{}", measure::table(&self.outputs))?;
        self.origin.as_ref().map_or(Ok(()), |origin| writeln!(f, "{origin}"))
    }
}
