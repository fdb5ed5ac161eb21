//! `sumcast prove`.

use crate::error::Result;
use crate::files::{self, Loaded, ModelDir, Readers, Staged};
use crate::opening::OpeningFile;
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::{format, input};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use sumcast_circuits::Model;
use sumcast_prover::{Assignment, Cpu, Proven, Stage, prove};
use sumcast_verifier::verify;
use sumcast_verifier::vk::SrsKind;

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

pub(super) type Context32 = [u8; 32];
const ZERO_CONTEXT: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Reads a context.
pub(super) fn context(text: &str) -> std::result::Result<Context32, String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes)
        .map_err(|error| format!("a context is 64 hexadecimal digits, with or without 0x: {error}"))?;
    Ok(bytes)
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
        let progress = Progress::new(batches.len() * (Stage::ALL.len() + 2));
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
        output::warn_insecure(report.insecure_srs);
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
        let begun = Instant::now();
        progress.stage("inference");
        let size = 1usize << loaded.model.batch_log();
        let padding = inputs.last().into_iter().cycle().take(size - inputs.len());
        let input: Vec<f64> = inputs.iter().chain(padding).flatten().copied().collect();
        let inference =
            loaded.model.run(&loaded.relation, &input).with_context(|| self.input.display().to_string())?;
        let mut stages = vec![("inference", begun.elapsed().as_secs_f64())];
        let own = |output: Vec<f64>| output[..output.len() / size * inputs.len()].to_vec();
        let outputs: Vec<Vec<f64>> = inference.outputs.into_iter().map(own).collect();
        let assignment =
            Assignment { context: self.context, tensors: inference.tensors, cells: inference.cells };
        let Proven { file, openings, timings } =
            prove(&loaded.key, &loaded.srs, assignment, &mut rand::rng(), &Cpu, &mut |stage| {
                progress.stage(stage.name());
            })
            .map_err(|error| anyhow!("{}: {error}", dir.0.display()))?;
        let prove_seconds = begun.elapsed().as_secs_f64();
        stages.extend(timings.0.iter().map(|(stage, duration)| (stage.name(), duration.as_secs_f64())));

        progress.stage("check");
        let begun = Instant::now();
        verify(&loaded.key.key, &file).map_err(|_| dir.mismatch())?;
        for opening in &openings {
            opening.check(program, &file.statement, &loaded.srs, &Cpu)?;
        }
        let check_seconds = begun.elapsed().as_secs_f64();
        let bytes = file.to_bytes();
        let names = loaded.model.output_names();
        match &opening {
            None => files::write(path, &bytes, Readers::Usual)?,
            Some(at) => {
                let opening = OpeningFile::new(program, names, &file, &openings).to_bytes()?;
                write_both(at, &opening, path, &bytes)?;
            }
        }
        Ok(Report {
            model_id: hex::encode(file.model_id),
            context: hex::encode(file.statement.context),
            inputs: inputs.len(),
            batch: size,
            output: outputs.concat(),
            outputs: names.iter().cloned().zip(outputs).collect(),
            proof: path.to_owned(),
            more_proofs: vec![],
            opening,
            proof_bytes: bytes.len(),
            proof_body_bytes: file.body.len(),
            prove_seconds,
            stages: Stages(stages),
            load_seconds: 0.0,
            check_seconds,
            peak_memory_bytes: peak_memory(),
            insecure_srs: loaded.key.key.srs.kind == SrsKind::Development,
        })
    }
}

/// A path with more at its end.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

impl Prove {
    /// Where the opening goes, if it can be written there.
    fn opening_path(&self, proof: &Path) -> Result<PathBuf> {
        let path = match &self.opening {
            Some(_) if *proof != *self.output => bail!(
                "--opening: the inputs take several proofs, each with an opening of its own beside it; leave it out"
            ),
            Some(path) => path.clone(),
            None if files::is_replaceable(proof) => with_suffix(proof, ".opening"),
            None => bail!("{} is no file: name one for the opening with --opening", proof.display()),
        };
        files::check_destination(&path)?;
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if whole(&path) == whole(proof) {
            bail!("--opening: {} is where the proof goes; name another file", path.display());
        }
        Ok(path)
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

/// Writes an opening and its proof so that, whatever happens in between, no proof is there without its opening: a
/// proof of the same name goes before the opening it had.
fn write_both(opening: &Path, opening_bytes: &[u8], proof: &Path, proof_bytes: &[u8]) -> Result<()> {
    let opening = Staged::new(opening, opening_bytes, Readers::Owner)?;
    let proof = Staged::new(proof, proof_bytes, Readers::Usual)?;
    proof.clear()?;
    opening.place()?;
    proof.place()
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
    /// How many inputs were proven, and of how many one proof is.
    inputs: usize,
    batch: usize,
    /// All outputs, one after another.
    output: Vec<f64>,
    /// Of each output those of all inputs, one after another.
    outputs: BTreeMap<String, Vec<f64>>,
    proof: PathBuf,
    /// Of a batch that was split, the other proofs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    more_proofs: Vec<PathBuf>,
    /// What opens the commitments of its statement; none where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    opening: Option<PathBuf>,
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

impl Report {
    /// As one report on both.
    fn and(mut self, next: Self) -> Self {
        self.inputs += next.inputs;
        self.output.extend(next.output);
        for (name, values) in next.outputs {
            self.outputs.entry(name).or_default().extend(values);
        }
        self.more_proofs.push(next.proof);
        self.proof_bytes += next.proof_bytes;
        self.proof_body_bytes += next.proof_body_bytes;
        self.prove_seconds += next.prove_seconds;
        for ((_, seconds), (_, more)) in self.stages.0.iter_mut().zip(next.stages.0) {
            *seconds += more;
        }
        self.check_seconds += next.check_seconds;
        self.peak_memory_bytes = self.peak_memory_bytes.max(next.peak_memory_bytes);
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "proved in {}: {}", format::seconds(self.prove_seconds), self.proof.display())?;
        for proof in &self.more_proofs {
            writeln!(f, "and       {}", proof.display())?;
        }
        writeln!(f, "model id  {}", self.model_id)?;
        if self.batch > 1 {
            let [inputs, batch] = [self.inputs, self.batch].map(|n| format::count(n as u64));
            let split =
                if self.inputs > self.batch { ": more than one proof is of, so they are split" } else { "" };
            writeln!(f, "inputs    {inputs}, {batch} a proof{split}")?;
        }
        writeln!(f, "context   {}", self.context)?;
        writeln!(f, "output    {}", format::reals(&self.output))?;
        let (all, body) = (self.proof_bytes as u64, self.proof_body_bytes as u64);
        writeln!(f, "proof     {}, of which {} argument", format::bytes(all), format::bytes(body))?;
        if let Some(opening) = &self.opening {
            writeln!(
                f,
                "opening   {}: keep it secret, and keep it: it shows what the proof hides, and nothing else does",
                opening.display()
            )?;
        }
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

    #[test]
    fn no_proof_is_there_without_its_opening() {
        let folder = tempfile::tempdir().unwrap();
        let (opening, proof) = (folder.path().join("a.opening"), folder.path().join("a"));
        let read = |path: &Path| std::fs::read(path).ok();
        write_both(&opening, b"opening 1", &proof, b"proof 1").unwrap();
        assert_eq!((read(&opening), read(&proof)), (Some(b"opening 1".into()), Some(b"proof 1".into())));
        write_both(&opening, b"opening 2", &proof, b"proof 2").unwrap();
        assert_eq!((read(&opening), read(&proof)), (Some(b"opening 2".into()), Some(b"proof 2".into())));
        // Nothing takes the place of a directory: the proof of the opening that was there is gone before.
        let taken = folder.path().join("taken");
        std::fs::create_dir_all(taken.join("by")).unwrap();
        write_both(&taken, b"opening 3", &proof, b"proof 3").unwrap_err();
        assert_eq!((read(&opening), read(&proof)), (Some(b"opening 2".into()), None));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
    }
}
