//! `sumcast reveal`.

use super::verify::sentence;
use crate::error::Result;
use crate::files;
use crate::format;
use crate::opening;
use crate::output::{self, Outcome};
use crate::parameters;
use crate::summary::{real, role};
use anyhow::bail;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use std::time::Instant;
use sumcast_params::Srs;
use sumcast_prover::{Cpu, OpeningFile};
use sumcast_verifier::vk::{Key, Role, SrsKind};
use sumcast_verifier::{ProofFile, verify};

/// Arguments of `reveal`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast reveal model.proof --opening model.proof.opening --vk model/vk.bin\n  \
    sumcast reveal model.proof --opening model.proof.opening --vk model/vk.bin --only output --json\n\n\
    Exit code 0: the proof is valid and these are the values in it; 1: it is not, or they are not; 2: a file is\n\
    unusable. The parameters are those of --params, else srs.bin beside the key, else the cached development string;\n\
    they are checked against the key, so they may come from whoever asks to be believed.\n\
    To show a part only, hand over a copy of the opening that lacks the other entries of \"tensors\".")]
pub(crate) struct Reveal {
    /// The proof with its statement
    proof: PathBuf,
    /// What `prove` wrote beside it, whole or in part
    #[arg(long, value_name = "FILE")]
    opening: PathBuf,
    /// The verifying key
    #[arg(long, value_name = "VK")]
    vk: PathBuf,
    /// The parameters that the key was made with
    #[arg(long, value_name = "SRS")]
    params: Option<PathBuf>,
    /// Only the input, or only the outputs
    #[arg(long, value_name = "WHAT", value_enum)]
    only: Option<Only>,
}

/// What `--only` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    Input,
    Output,
}

impl Only {
    fn role(self) -> Role {
        match self {
            Self::Input => Role::Input,
            Self::Output => Role::Output,
        }
    }
}

impl Reveal {
    pub(crate) fn run(self) -> Result<Outcome> {
        let (key, _) = files::read_key(&self.vk)?;
        let bytes = files::read_small(&self.proof)?;
        let opening = opening::read(&self.opening)?;
        let srs = parameters::of_key(&key, &self.vk, self.params.as_deref())?;
        output::warn_insecure(key.srs.kind == SrsKind::Development);
        let begun = Instant::now();
        let (context, verdict) = match ProofFile::from_bytes(&bytes) {
            Err(error) => (None, Err(sentence(&self.proof, &error))),
            Ok(proof) => {
                (Some(hex::encode(proof.statement.context)), self.check(&key, &srs, &proof, &opening)?)
            }
        };
        let (error, tensors) = match verdict {
            Ok(tensors) => (None, tensors),
            Err(error) => (Some(error), vec![]),
        };
        let report = Report {
            valid: error.is_none(),
            error,
            reveal_seconds: begun.elapsed().as_secs_f64(),
            model_id: hex::encode(key.model_id()),
            context,
            tensors,
            insecure_srs: key.srs.kind == SrsKind::Development,
        };
        let outcome = Outcome::new(&report)?;
        Ok(if report.valid { outcome } else { outcome.rejected() })
    }

    /// The values, or why they are not believed.
    fn check(
        &self,
        key: &Key,
        srs: &Srs,
        proof: &ProofFile,
        opening: &OpeningFile,
    ) -> Result<std::result::Result<Vec<Revealed>, String>> {
        if let Err(error) = verify(key, proof) {
            return Ok(Err(sentence(&self.proof, &error)));
        }
        if let Some(error) = opening::foreign(opening, &self.opening, proof, &self.proof) {
            return Ok(Err(error));
        }
        let file = self.opening.display();
        let mut revealed = Vec::new();
        for entry in &opening.tensors {
            let number = entry.tensor;
            let Some(spec) = key.program.tensors.get(number) else {
                return Ok(Err(format!("{file}: the statement has no tensor {number}")));
            };
            if self.only.is_some_and(|only| only.role() != spec.role) {
                continue;
            }
            let opened = entry.opening()?;
            if let Err(error) = opened.check(&key.program, &proof.statement, srs, &Cpu) {
                return Ok(Err(format!("{file}: {error}")));
            }
            revealed.push(Revealed {
                tensor: number,
                role: role(spec.role),
                values: opened.values.iter().map(|value| real(spec, *value)).collect(),
                integers: opened.values.iter().map(ToString::to_string).collect(),
            });
        }
        if revealed.is_empty() {
            let there: Vec<_> = opening.tensors.iter().map(|entry| entry.role.as_str()).collect();
            let what = self.only.map_or("tensor", |only| role(only.role()));
            let there = if there.is_empty() { "nothing".into() } else { there.join(", ") };
            bail!("{file} opens no {what}: it has {there}; ask whoever made the proof for a file with more");
        }
        Ok(Ok(revealed))
    }
}

/// The verdict, and the values.
#[derive(Debug, Serialize)]
struct Report {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Verifying the proof and checking the values.
    reveal_seconds: f64,
    model_id: String,
    context: Option<String>,
    /// None unless all is valid.
    tensors: Vec<Revealed>,
    insecure_srs: bool,
}

/// A tensor that was opened.
#[derive(Debug, Serialize)]
struct Revealed {
    tensor: usize,
    role: &'static str,
    values: Vec<f64>,
    /// In decimal, since JSON's own are short.
    integers: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            None => writeln!(f, "valid and opened, in {}", format::seconds(self.reveal_seconds))?,
            Some(error) => return writeln!(f, "INVALID: {error}"),
        }
        writeln!(f, "model id  {}", self.model_id)?;
        if let Some(context) = &self.context {
            writeln!(f, "context   {context}")?;
        }
        for Revealed { role, values, .. } in &self.tensors {
            writeln!(f, "{role:<9} {}", format::reals(values))?;
        }
        Ok(())
    }
}
