//! `sumcast verify`.

use crate::error::Result;
use crate::output::{self, Outcome};
use crate::summary::{commitments, reals};
use crate::{files, format};
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use sumcast_verifier::vk::{Role, SrsKind};
use sumcast_verifier::{Key, ProofFile, VerifyError, verify};

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast verify --vk model/vk.bin model.proof\n\n\
    Exit code 0: the proof is valid; 1: it is not; 2: the key or a file is unusable.\n\
    A valid proof says that the model of the key gives this output for this input. Whether the input and the context\n\
    are the expected ones is for whoever relies on it to compare. What the statement has as commitments, only who has\n\
    their opening can show: see `sumcast reveal`.")]
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
        let key = files::decode_key(&self.vk, &vk)?;
        let file = ProofFile::from_bytes(&bytes);
        let verdict = file.as_ref().map_err(Clone::clone).and_then(|file| verify(&key, file));
        let verify_seconds = begun.elapsed().as_secs_f64();

        let error = verdict.err().map(|error| sentence(&self.proof, &error));
        let report = Verdict::new(&key, file.as_ref().ok(), error, verify_seconds);
        output::warn_insecure(report.insecure_srs);
        let outcome = Outcome::new(&report)?;
        Ok(if report.valid { outcome } else { outcome.rejected() })
    }
}

/// Why a proof is rejected.
pub(super) fn sentence(proof: &Path, error: &VerifyError) -> String {
    format!("{}: {error}", proof.display())
}

/// The verdict. What an invalid proof claims is given too, as far as it can be read.
#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    pub(super) valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Decoding key and proof, and all checks.
    verify_seconds: f64,
    model_id: String,
    context: Option<String>,
    /// Of the tensors that the statement has as values.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Vec<f64>>,
    /// Of those that it has as commitments, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_commitment: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_commitment: Option<Vec<String>>,
    pub(super) insecure_srs: bool,
}

impl Verdict {
    /// What there is to say of a proof that was found valid, or has this error.
    pub(super) fn new(
        key: &Key,
        proof: Option<&ProofFile>,
        error: Option<String>,
        verify_seconds: f64,
    ) -> Self {
        let statement = proof.map(|proof| &proof.statement);
        let public = |role| reals(&key.program, statement?, role);
        let committed = |role| commitments(&key.program, statement?, role);
        Self {
            valid: error.is_none(),
            error,
            verify_seconds,
            model_id: hex::encode(key.model_id()),
            context: statement.map(|statement| hex::encode(statement.context)),
            input: public(Role::Input),
            input_commitment: committed(Role::Input),
            output: public(Role::Output),
            output_commitment: committed(Role::Output),
            insecure_srs: key.srs.kind == SrsKind::Development,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            None => writeln!(f, "valid, in {}", format::seconds(self.verify_seconds))?,
            Some(error) => return writeln!(f, "INVALID: {error}"),
        }
        writeln!(f, "model id  {}", self.model_id)?;
        if let Some(context) = &self.context {
            writeln!(f, "context   {context}")?;
        }
        let of = [
            ("input", &self.input, &self.input_commitment),
            ("output", &self.output, &self.output_commitment),
        ];
        for (name, values, commitments) in of {
            if let Some(values) = values {
                writeln!(f, "{name:<9} {}", format::reals(values))?;
            }
            for commitment in commitments.iter().flatten() {
                writeln!(f, "{name:<9} committed as {commitment}")?;
            }
        }
        Ok(())
    }
}
