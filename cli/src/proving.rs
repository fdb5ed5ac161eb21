//! Making a proof and writing it, with what opens its commitments: used by every command that proves.

use crate::error::Result;
use crate::files::{self, Readers, Staged};
use crate::format;
use crate::progress::Progress;
use anyhow::{anyhow, bail};
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use sumcast_params::Srs;
use sumcast_prover::{
    Assignment, Backend, Cpu, OpeningFile, Proven, ProvingKey, Stage, TensorOpening, peak_memory, prove_known,
};
use sumcast_verifier::verify;
use sumcast_verifier::vk::SrsKind;

/// 32 bytes that a proof is bound to.
pub(crate) type Context32 = [u8; 32];

/// The context of a proof that is bound to nothing.
pub(crate) const ZERO_CONTEXT: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Reads a context.
pub(crate) fn context(text: &str) -> std::result::Result<Context32, String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes)
        .map_err(|error| format!("a context is 64 hexadecimal digits, with or without 0x: {error}"))?;
    Ok(bytes)
}

/// How many stages a [`Job`] shows.
pub(crate) const STAGES: usize = Stage::ALL.len() + 2;

/// What proves and, where a device is looked for, what that is.
#[cfg(feature = "cuda")]
fn backend() -> (&'static dyn Backend, Option<String>) {
    let found = sumcast_cuda::found();
    (found.backend(), Some(found.to_string()))
}

/// What proves.
#[cfg(not(feature = "cuda"))]
fn backend() -> (&'static dyn Backend, Option<String>) {
    (&Cpu, None)
}

/// A proof to be made.
pub(crate) struct Job<'a> {
    pub(crate) key: &'a ProvingKey,
    pub(crate) srs: &'a Srs,
    /// The names of the statement's tensors.
    pub(crate) names: &'a [String],
    /// Where it goes.
    pub(crate) proof: &'a Path,
    /// Where its opening goes, if it has commitments.
    pub(crate) opening: Option<&'a Path>,
    /// Commitments that are there already.
    pub(crate) known: &'a [TensorOpening],
    /// What an error of the prover is about.
    pub(crate) about: String,
    /// What it means if the proof is not valid.
    pub(crate) invalid: &'a dyn Fn() -> anyhow::Error,
}

impl Job<'_> {
    /// Runs the inference, which gives a result of the caller's and what is to be proven of it; proves that, verifies the
    /// proof and writes it.
    pub(crate) fn run<T>(
        &self,
        progress: &Progress,
        inference: impl FnOnce() -> Result<(T, Assignment)>,
    ) -> Result<(T, Made)> {
        let begun = Instant::now();
        progress.stage("inference");
        let (result, assignment) = inference()?;
        let mut stages = vec![("inference", begun.elapsed().as_secs_f64())];
        let (backend, made_on) = backend();
        let Proven { file, openings, timings } = prove_known(
            self.key,
            self.srs,
            assignment,
            self.known,
            &mut rand::rng(),
            backend,
            &mut |stage| {
                progress.stage(stage.name());
            },
        )
        .map_err(|error| anyhow!("{}: {error}", self.about))?;
        let prove_seconds = begun.elapsed().as_secs_f64();
        stages.extend(timings.0.iter().map(|(stage, duration)| (stage.name(), duration.as_secs_f64())));

        progress.stage("check");
        let begun = Instant::now();
        let key = &self.key.key;
        verify(key, &file).map_err(|_| (self.invalid)())?;
        for opening in &openings {
            opening.check(&key.program, &file.statement, self.srs, &Cpu)?;
        }
        let check_seconds = begun.elapsed().as_secs_f64();
        let bytes = file.to_bytes();
        match self.opening {
            None => files::write(self.proof, &bytes, Readers::Usual)?,
            Some(at) => {
                let opening = OpeningFile::new(&key.program, self.names, &file, &openings).to_bytes()?;
                write_both(at, &opening, self.proof, &bytes)?;
            }
        }
        let made = Made {
            model_id: hex::encode(file.model_id),
            context: hex::encode(file.statement.context),
            proof: self.proof.to_owned(),
            opening: self.opening.map(Path::to_owned),
            proof_bytes: bytes.len(),
            proof_body_bytes: file.body.len(),
            prove_seconds,
            made_on,
            stages: Stages(stages),
            check_seconds,
            peak_memory_bytes: peak_memory(),
            insecure_srs: key.srs.kind == SrsKind::Development,
        };
        Ok((result, made))
    }
}

/// A path with more at its end.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

/// Where a file beside the proof goes, if it can be written there: where it was asked for by an argument, or at the
/// proof's name with a suffix.
pub(crate) fn beside(asked: Option<&Path>, proof: &Path, argument: &str, what: &str) -> Result<PathBuf> {
    let path = match asked {
        Some(path) => path.to_owned(),
        None if files::is_replaceable(proof) => with_suffix(proof, &format!(".{what}")),
        None => bail!("{} is no file: name one for the {what} with {argument}", proof.display()),
    };
    files::check_destination(&path)?;
    if is_same(&path, proof) {
        bail!("{argument}: {} is where the proof goes; name another file", path.display());
    }
    Ok(path)
}

/// Whether two paths lead to one place.
pub(crate) fn is_same(a: &Path, b: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole(a) == whole(b)
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

/// Stages and their seconds, in order.
#[derive(Debug)]
struct Stages(Vec<(&'static str, f64)>);

impl Serialize for Stages {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

/// A proof that was made, and what it took; several proofs once they are taken together.
#[derive(Debug, Serialize)]
pub(crate) struct Made {
    pub(crate) model_id: String,
    pub(crate) context: String,
    pub(crate) proof: PathBuf,
    /// What opens the commitments of its statement; none where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    opening: Option<PathBuf>,
    /// Bytes of the file, statement and proof.
    proof_bytes: usize,
    proof_body_bytes: usize,
    /// Inference and proof.
    pub(crate) prove_seconds: f64,
    /// The device, or the CPU and why it is that.
    #[serde(skip_serializing_if = "Option::is_none")]
    made_on: Option<String>,
    stages: Stages,
    pub(crate) check_seconds: f64,
    peak_memory_bytes: Option<u64>,
    pub(crate) insecure_srs: bool,
}

impl Made {
    /// Takes what another proof took together with this one's.
    pub(crate) fn add(&mut self, next: &Self) {
        self.proof_bytes += next.proof_bytes;
        self.proof_body_bytes += next.proof_body_bytes;
        self.prove_seconds += next.prove_seconds;
        for ((_, seconds), (_, more)) in self.stages.0.iter_mut().zip(&next.stages.0) {
            *seconds += more;
        }
        self.check_seconds += next.check_seconds;
        self.peak_memory_bytes = self.peak_memory_bytes.max(next.peak_memory_bytes);
    }
}

/// Sizes, memory and stages.
impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        if let Some(made_on) = &self.made_on {
            writeln!(f, "made on   {made_on}")?;
        }
        for (name, seconds) in &self.stages.0 {
            writeln!(f, "  {name:<12} {:>9}", format::seconds(*seconds))?;
        }
        Ok(())
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
