//! `sumcast prove`.

use crate::error::Result;
use crate::files::{self, Loaded, ModelDir};
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::proving::{self, Context32, Job, Made, STAGES, ZERO_CONTEXT, context, with_suffix};
use crate::{format, input};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use sumcast_circuits::Model;
use sumcast_prover::Assignment;

/// Arguments of `prove`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast prove model --input input.json -o model.proof\n  \
    sumcast prove model --input inputs.json --index 3 --context 0x00..2a -o model.proof --json\n  \
    sumcast prove model --input inputs.json --batch -o model.proof\n\n\
    With --batch one proof is of all inputs, in their order, by a model that was compiled with --batch N. Where there\n\
    are fewer than N, the last one is repeated; where there are more, they are split and PROOF.0, PROOF.1, .. written.\n\
    The proof is verified before it is written. It tells nothing but its statement: context, model id, and the input\n\
    and output or, where the model was compiled with --hide, commitments of them. What opens these commitments is\n\
    written to PROOF.opening, readable by its owner alone: keep it secret, and keep it, since nothing else opens them.")]
pub(crate) struct Prove {
    /// Directory that `compile` wrote
    dir: PathBuf,
    /// The input, {"input": [..]} or {"inputs": [[..], ..]}
    #[arg(long, value_name = "INPUT.json")]
    input: PathBuf,
    /// Which of several inputs, from 0
    #[arg(long, value_name = "I", conflicts_with = "batch")]
    index: Option<usize>,
    /// 32 bytes in hexadecimal that the proof is bound to; zeros if not given
    #[arg(long, value_name = "HEX32", default_value = ZERO_CONTEXT, hide_default_value = true, value_parser = context)]
    context: Context32,
    /// File to write what opens the statement's commitments to; PROOF.opening if not given
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
    /// One proof for all inputs, of a model compiled with --batch
    #[arg(long)]
    batch: bool,
    /// File to write the proof and its statement to
    #[arg(short, long, value_name = "PROOF")]
    output: PathBuf,
}

impl Prove {
    pub(crate) fn run(self) -> Result<Outcome> {
        let dir = ModelDir(self.dir.clone());
        files::check_destination(&self.output)?;
        let begun = Instant::now();
        let loaded = dir.load()?;
        let inputs = self.inputs(&loaded.model)?;
        let size = 1usize << loaded.model.batch_log();
        let batches: Vec<&[Vec<f64>]> = inputs.chunks(size).collect();
        let paths: Vec<PathBuf> = match batches.len() {
            1 => vec![self.output.clone()],
            n => (0..n).map(|i| with_suffix(&self.output, &format!(".{i}"))).collect(),
        };
        let load_seconds = begun.elapsed().as_secs_f64();
        let progress = Progress::new(batches.len() * STAGES);
        let mut made: Option<Report> = None;
        for (path, batch) in paths.iter().zip(batches) {
            let report = self.prove(&dir, &loaded, batch, path, &progress)?;
            made = Some(match made {
                Some(before) => before.and(report),
                None => Report { load_seconds, ..report },
            });
        }
        drop(progress);
        let report = made.ok_or_else(|| anyhow!("{} has no inputs", self.input.display()))?;
        output::warn_insecure(report.made.insecure_srs);
        Outcome::new(&report)
    }

    /// The inputs to prove: one or, with `--batch`, all.
    fn inputs(&self, model: &Model) -> Result<Vec<Vec<f64>>> {
        match (self.batch, model.batch_log()) {
            (true, 0) => bail!(
                "--batch: {} proves inputs one by one; compile the model with --batch N for proofs of up to N inputs",
                self.dir.display()
            ),
            (false, 1..) => bail!(
                "{} proves batches of {} inputs: give --batch",
                self.dir.display(),
                1u64 << model.batch_log()
            ),
            (true, _) => Ok(input::many(&self.input, model.input_shape())?.inputs),
            (false, _) => Ok(vec![input::one(&self.input, self.index, model.input_shape())?]),
        }
    }

    /// Proves a batch, at most as many inputs as a proof is of.
    fn prove(
        &self,
        dir: &ModelDir,
        loaded: &Loaded,
        inputs: &[Vec<f64>],
        path: &Path,
        progress: &Progress,
    ) -> Result<Report> {
        let program = &loaded.key.key.program;
        let opening = match program.statement_rows() {
            0 => self.no_opening()?,
            _ => Some(self.opening_path(path)?),
        };
        let size = 1usize << loaded.model.batch_log();
        let padding = inputs.last().into_iter().cycle().take(size - inputs.len());
        let input: Vec<f64> = inputs.iter().chain(padding).flatten().copied().collect();
        let outputs = loaded.model.output_names();
        let names: Vec<String> = ["input".to_owned()].into_iter().chain(outputs.iter().cloned()).collect();
        let job = Job {
            key: &loaded.key,
            srs: &loaded.srs,
            names: &names,
            proof: path,
            opening: opening.as_deref(),
            known: &[],
            about: dir.0.display().to_string(),
            invalid: &|| dir.mismatch(),
        };
        let (outputs, made) = job.run(progress, || {
            let run = loaded.model.run(&loaded.relation, &input);
            let inference = run.with_context(|| self.input.display().to_string())?;
            let own = |output: Vec<f64>| output[..output.len() / size * inputs.len()].to_vec();
            let outputs: Vec<Vec<f64>> = inference.outputs.into_iter().map(own).collect();
            let (tensors, cells) = (inference.tensors, inference.cells);
            Ok((outputs, Assignment { context: self.context, tensors, cells }))
        })?;
        Ok(Report {
            inputs: inputs.len(),
            batch: size,
            output: outputs.concat(),
            outputs: loaded.model.output_names().iter().cloned().zip(outputs).collect(),
            more_proofs: vec![],
            load_seconds: 0.0,
            made,
        })
    }
}

impl Prove {
    /// Where the opening goes, if it can be written there.
    fn opening_path(&self, proof: &Path) -> Result<PathBuf> {
        if self.opening.is_some() && *proof != *self.output {
            bail!(
                "--opening: the inputs take several proofs, each with an opening of its own beside it; leave it out"
            );
        }
        proving::beside(self.opening.as_deref(), proof, "--opening", "opening")
    }

    /// That no opening was asked for, since there will be none.
    fn no_opening(&self) -> Result<Option<PathBuf>> {
        if self.opening.is_some() {
            bail!(
                "--opening: {} hides neither its input nor its output, so there is nothing to open; leave it out, or \
                 compile with --hide",
                self.dir.display()
            );
        }
        Ok(None)
    }
}

/// One proof or several.
#[derive(Debug, Serialize)]
struct Report {
    /// How many inputs were proven, and of how many one proof is.
    inputs: usize,
    batch: usize,
    /// All outputs, one after another.
    output: Vec<f64>,
    /// Of each output those of all inputs, one after another.
    outputs: BTreeMap<String, Vec<f64>>,
    /// Of a batch that was split, the other proofs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    more_proofs: Vec<PathBuf>,
    load_seconds: f64,
    #[serde(flatten)]
    made: Made,
}

impl Report {
    /// As one report on both.
    fn and(mut self, next: Self) -> Self {
        self.inputs += next.inputs;
        self.output.extend(next.output);
        for (name, values) in next.outputs {
            self.outputs.entry(name).or_default().extend(values);
        }
        self.made.add(&next.made);
        self.more_proofs.push(next.made.proof);
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = &self.made;
        writeln!(f, "proved in {}: {}", format::seconds(made.prove_seconds), made.proof.display())?;
        for proof in &self.more_proofs {
            writeln!(f, "and       {}", proof.display())?;
        }
        writeln!(f, "model id  {}", made.model_id)?;
        if self.batch > 1 {
            let [inputs, batch] = [self.inputs, self.batch].map(|n| format::count(n as u64));
            let split =
                if self.inputs > self.batch { ": more than one proof is of, so they are split" } else { "" };
            writeln!(f, "inputs    {inputs}, {batch} a proof{split}")?;
        }
        writeln!(f, "context   {}", made.context)?;
        writeln!(f, "output    {}", format::reals(&self.output))?;
        write!(f, "{made}")?;
        writeln!(
            f,
            "loading took {}, checking the proof {}",
            format::seconds(self.load_seconds),
            format::seconds(made.check_seconds)
        )
    }
}
