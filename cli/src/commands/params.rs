//! `sumcast params new` and `sumcast params import`.

use crate::error::Result;
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::{files, format};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use sumcast_params::{Srs, Stage};

/// Make or import parameters.
#[derive(Debug, Subcommand)]
pub(crate) enum Params {
    /// Make a development string from fresh randomness, marked insecure
    #[command(after_help = "Examples:\n  sumcast params new --log-size 17 -o development.srs")]
    New(New),
    /// Import a snarkjs .ptau file, checking its powers by pairings
    #[command(after_help = "Examples:\n  \
        sumcast params import powersOfTau28_hez_final_18.ptau -o ceremony.srs\n  \
        sumcast params import powersOfTau28_hez_final_20.ptau --log-size 16 -o ceremony.srs --json")]
    Import(Import),
}

/// Arguments of `params new`.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// Base-2 logarithm of the number of powers; models here need 10 to 18
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=24))]
    log_size: u32,
    /// File to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Arguments of `params import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The .ptau file
    ptau: PathBuf,
    /// Base-2 logarithm of the number of powers to keep; all of them if not given
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=28))]
    log_size: Option<u32>,
    /// File to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Params {
    pub(crate) fn run(self) -> Result<Outcome> {
        let begun = Instant::now();
        let (srs, path) = match self {
            Self::New(New { log_size, output }) => {
                files::check_destination(&output)?;
                let progress = Progress::new(2);
                progress.stage("powers");
                let srs = Srs::development(log_size, &mut rand::rng());
                progress.stage("writing");
                srs.write(&output)?;
                (srs, output)
            }
            Self::Import(Import { ptau, log_size, output }) => {
                files::check_destination(&output)?;
                let progress = Progress::new(0);
                let srs = Srs::import_ptau(&ptau, log_size, &mut |stage, done, total| {
                    let name = match stage {
                        Stage::Hash => "hashing the file",
                        Stage::Read => "reading the powers",
                        Stage::Check => "checking the powers",
                    };
                    progress.count(name, done, total);
                })?;
                srs.write(&output)?;
                (srs, output)
            }
        };
        output::warn_insecure(srs.is_insecure());
        Outcome::new(&Report::of(&srs, &path, begun.elapsed().as_secs_f64())?)
    }
}

/// A parameter file that was written.
#[derive(Debug, Serialize)]
struct Report {
    file: PathBuf,
    bytes: u64,
    log_size: u32,
    provenance: String,
    id: String,
    insecure_srs: bool,
    seconds: f64,
}

impl Report {
    fn of(srs: &Srs, path: &Path, seconds: f64) -> Result<Self> {
        Ok(Self {
            file: path.to_owned(),
            bytes: std::fs::metadata(path)?.len(),
            log_size: srs.log_size(),
            provenance: srs.provenance().to_string(),
            id: hex::encode(srs.id()),
            insecure_srs: srs.is_insecure(),
            seconds,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "wrote {}: 2^{} powers, {}, in {}",
            self.file.display(),
            self.log_size,
            format::bytes(self.bytes),
            format::seconds(self.seconds)
        )?;
        writeln!(f, "source  {}", self.provenance)?;
        writeln!(f, "id      {}", self.id)
    }
}
