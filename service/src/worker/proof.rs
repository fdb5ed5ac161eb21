//! What every job that proves has in common.

use super::Fault;
use super::Stages;
use super::models::Ready;
use serde_json::{Map, Value, json};
use std::time::Instant;
use sumcast_prover::{Assignment, Backend, Cpu, OpeningFile, Proven, TensorOpening, prove_known};
use sumcast_verifier::verify;

/// A proof that is valid, and what is said of it.
pub(super) struct Made {
    /// The proof with its statement.
    pub(super) proof: Vec<u8>,
    /// What opens the commitments in the statement, where there are some.
    pub(super) opening: Option<Vec<u8>>,
    /// Its model id, context, size and times.
    pub(super) result: Map<String, Value>,
}

impl Ready {
    /// Proves what a run gives, by a commitment that is there already where `known` has one.
    pub(super) fn proof(
        &self,
        known: &[TensorOpening],
        stages: &Stages,
        run: impl FnOnce() -> Result<Assignment, Fault>,
    ) -> Result<Made, Fault> {
        let begun = Instant::now();
        let assignment = run()?;
        let mut seconds = vec![("inference", begun.elapsed())];
        let Proven { file, openings, timings } =
            prove_known(&self.key, &self.srs, assignment, known, &mut rand::rng(), backend(), &mut |stage| {
                // Nobody has to hear.
                let _ = stages.send(stage.name());
            })
            .map_err(Fault::job)?;
        let prove_seconds = begun.elapsed().as_secs_f64();
        seconds.extend(timings.0.iter().map(|(stage, took)| (stage.name(), *took)));
        let key = &self.key.key;
        let made = Instant::now();
        verify(key, &file).map_err(Fault::job)?;
        let verify_seconds = made.elapsed().as_secs_f64();
        for opening in &openings {
            opening.check(&key.program, &file.statement, &self.srs, &Cpu).map_err(Fault::job)?;
        }
        let opening = match openings.is_empty() {
            true => None,
            false => {
                let names = self.model.tensor_names();
                Some(OpeningFile::new(&key.program, &names, &file, &openings).to_bytes()?)
            }
        };
        let seconds: Map<String, Value> =
            seconds.into_iter().map(|(stage, took)| (stage.into(), took.as_secs_f64().into())).collect();
        let proof = file.to_bytes();
        let mut result = Map::new();
        result.insert("model_id".into(), hex::encode(file.model_id).into());
        result.insert("context".into(), hex::encode(file.statement.context).into());
        result.insert("prove_seconds".into(), json!(prove_seconds));
        result.insert("verify_seconds".into(), json!(verify_seconds));
        result.insert("proof_bytes".into(), proof.len().into());
        result.insert("stages".into(), seconds.into());
        Ok(Made { proof, opening, result })
    }
}

/// What proves: the device that is found, or the CPU.
#[cfg(feature = "cuda")]
fn backend() -> &'static dyn Backend {
    sumcast_cuda::found().backend()
}

/// What proves.
#[cfg(not(feature = "cuda"))]
fn backend() -> &'static dyn Backend {
    &Cpu
}

/// The 32 bytes of a context.
pub(super) fn context(text: &str) -> Result<[u8; 32], Fault> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(Fault::job)?;
    Ok(bytes)
}
