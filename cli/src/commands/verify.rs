//! `sumcast verify`.

use crate::error::Result;
use crate::output::{self, Outcome};
use crate::summary::reals;
use crate::{files, format};
use anyhow::Context;
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use std::time::Instant;
use sumcast_verifier::vk::{Role, SrsKind};
use sumcast_verifier::{Key, ProofFile, verify};

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast verify --vk model/vk.bin model.proof\n\n\
    Exit code 0: the proof is valid; 1: it is not; 2: the key or a file is unusable.\n\
    A valid proof says that the model of the key gives this output for this input. Whether the input and the context\n\
    are the expected ones is for whoever relies on it to compare.")]
pub(crate) struct Verify {
    /// The verifying key
    #[arg(long, value_name = "VK")]
    vk: PathBuf,
    /// The proof with its statement
    proof: PathBuf,
}

impl Verify {
    pub(crate) fn run(self) -> Result<Outcome> {
        let (vk, bytes) = (files::read_small(&self.vk)?, files::read_small(&self.proof)?);
        let begun = Instant::now();
        let key = Key::from_bytes(&vk).with_context(|| self.vk.display().to_string())?;
        let file = ProofFile::from_bytes(&bytes);
        let verdict = file.as_ref().map_err(Clone::clone).and_then(|file| verify(&key, file));
        let verify_seconds = begun.elapsed().as_secs_f64();

        let insecure_srs = key.srs.kind == SrsKind::Development;
        output::warn_insecure(insecure_srs);
        let statement = file.as_ref().ok().map(|file| &file.statement);
        let public = |role| statement.map(|statement| reals(&key.program, &statement.public, role));
        let report = Report {
            valid: verdict.is_ok(),
            error: verdict.as_ref().err().map(|error| format!("{}: {error}", self.proof.display())),
            verify_seconds,
            model_id: hex::encode(key.model_id()),
            context: statement.map(|statement| hex::encode(statement.context)),
            input: public(Role::Input),
            output: public(Role::Output),
            insecure_srs,
        };
        let outcome = Outcome::new(&report)?;
        Ok(if report.valid { outcome } else { outcome.rejected() })
    }
}

/// The verdict. What an invalid proof claims is given too, as far as it can be read.
#[derive(Debug, Serialize)]
struct Report {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Decoding key and proof, and all checks.
    verify_seconds: f64,
    model_id: String,
    context: Option<String>,
    input: Option<Vec<f64>>,
    output: Option<Vec<f64>>,
    insecure_srs: bool,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            None => writeln!(f, "valid, in {}", format::seconds(self.verify_seconds))?,
            Some(error) => return writeln!(f, "INVALID: {error}"),
        }
        writeln!(f, "model id  {}", self.model_id)?;
        if let Some(context) = &self.context {
            writeln!(f, "context   {context}")?;
        }
        for (name, values) in [("input", &self.input), ("output", &self.output)] {
            if let Some(values) = values {
                writeln!(f, "{name:<9} {}", format::reals(values))?;
            }
        }
        Ok(())
    }
}
