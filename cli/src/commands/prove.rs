//! `sumcast prove`.

use crate::error::Result;
use crate::files::{self, ModelDir};
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::{format, input};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Instant;
use sumcast_prover::{Cpu, ProvingKey, Stage, prove};
use sumcast_verifier::vk::SrsKind;
use sumcast_verifier::{Statement, verify};

/// Arguments of `prove`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast prove model --input input.json -o model.proof\n  \
    sumcast prove model --input inputs.json --index 3 --context 0x00..2a -o model.proof --json\n\n\
    The proof is verified before it is written.")]
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
    /// One proof for all inputs; this version proves single inferences only
    #[arg(long, hide = true)]
    batch: bool,
    /// File to write the proof and its statement to
    #[arg(short, long, value_name = "PROOF")]
    output: PathBuf,
}

type Context32 = [u8; 32];
const ZERO_CONTEXT: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Reads a context.
fn context(text: &str) -> std::result::Result<Context32, String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes)
        .map_err(|error| format!("a context is 64 hexadecimal digits, with or without 0x: {error}"))?;
    Ok(bytes)
}

impl Prove {
    pub(crate) fn run(self) -> Result<Outcome> {
        if self.batch {
            bail!(
                "--batch: batches are not supported by this version; prove the inputs one by one with --index"
            );
        }
        files::check_destination(&self.output)?;
        let progress = Progress::new(Stage::ALL.len() + 3);
        progress.stage("load");
        let begun = Instant::now();
        let dir = ModelDir(self.dir);
        let loaded = dir.load()?;
        let input = input::one(&self.input, self.index, loaded.model.input_shape())?;
        let insecure_srs = loaded.key.srs.kind == SrsKind::Development;
        let load_seconds = begun.elapsed().as_secs_f64();

        let begun = Instant::now();
        progress.stage("inference");
        let inference =
            loaded.model.run(&loaded.relation, &input).with_context(|| self.input.display().to_string())?;
        let mut stages = vec![("inference", begun.elapsed().as_secs_f64())];
        let key = ProvingKey { key: loaded.key, fixed: loaded.relation.fixed };
        let statement = Statement { context: self.context, public: inference.public };
        let (file, timings) = prove(&key, &loaded.srs, statement, inference.cells, &Cpu, &mut |stage| {
            progress.stage(stage.name());
        })
        .map_err(|error| anyhow!("{}: {error}", dir.0.display()))?;
        let prove_seconds = begun.elapsed().as_secs_f64();
        stages.extend(timings.0.iter().map(|(stage, duration)| (stage.name(), duration.as_secs_f64())));

        progress.stage("check");
        let begun = Instant::now();
        verify(&key.key, &file).map_err(|_| dir.mismatch())?;
        let check_seconds = begun.elapsed().as_secs_f64();
        let bytes = file.to_bytes();
        files::write(&self.output, &bytes)?;
        drop(progress);
        output::warn_insecure(insecure_srs);
        let names = loaded.model.output_names().iter().cloned();
        Outcome::new(&Report {
            model_id: hex::encode(file.model_id),
            context: hex::encode(file.statement.context),
            output: inference.outputs.concat(),
            outputs: names.zip(inference.outputs).collect(),
            proof: self.output,
            proof_bytes: bytes.len(),
            proof_body_bytes: file.body.len(),
            prove_seconds,
            stages: Stages(stages),
            load_seconds,
            check_seconds,
            peak_memory_bytes: peak_memory(),
            insecure_srs,
        })
    }
}

/// The largest resident set of this process, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Stages and their seconds, in order.
#[derive(Debug)]
struct Stages(Vec<(&'static str, f64)>);

impl Serialize for Stages {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

/// A proof that was made.
#[derive(Debug, Serialize)]
struct Report {
    model_id: String,
    context: String,
    /// All outputs, one after another.
    output: Vec<f64>,
    outputs: BTreeMap<String, Vec<f64>>,
    proof: PathBuf,
    /// Bytes of the file, statement and proof.
    proof_bytes: usize,
    proof_body_bytes: usize,
    /// Inference and proof.
    prove_seconds: f64,
    stages: Stages,
    load_seconds: f64,
    check_seconds: f64,
    peak_memory_bytes: Option<u64>,
    insecure_srs: bool,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "proved in {}: {}", format::seconds(self.prove_seconds), self.proof.display())?;
        writeln!(f, "model id  {}", self.model_id)?;
        writeln!(f, "context   {}", self.context)?;
        writeln!(f, "output    {}", format::reals(&self.output))?;
        let (all, body) = (self.proof_bytes as u64, self.proof_body_bytes as u64);
        writeln!(f, "proof     {}, of which {} argument", format::bytes(all), format::bytes(body))?;
        if let Some(bytes) = self.peak_memory_bytes {
            writeln!(f, "memory    {} at most", format::bytes(bytes))?;
        }
        for (name, seconds) in &self.stages.0 {
            writeln!(f, "  {name:<12} {:>9}", format::seconds(*seconds))?;
        }
        writeln!(
            f,
            "loading took {}, checking the proof {}",
            format::seconds(self.load_seconds),
            format::seconds(self.check_seconds)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_have_64_digits() {
        assert_eq!(context(ZERO_CONTEXT), Ok([0; 32]));
        assert_eq!(context(&format!("0x{}", "Ab".repeat(32))), Ok([0xab; 32]));
        for wrong in ["", "0x", "00", &"0".repeat(63), &"0".repeat(66), &"g".repeat(64), &"0x".repeat(32)] {
            assert!(context(wrong).unwrap_err().contains("64 hexadecimal digits"), "{wrong}");
        }
    }
}
