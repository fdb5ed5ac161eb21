//! Keys and proofs of the story, by the same steps and in the same files as those of the commands.

use crate::error::Result;
use crate::files::{self, Readers};
use crate::opening;
use crate::parameters;
use crate::progress::Progress;
use crate::proving::Job;
use anyhow::{Context, anyhow};
use std::path::{Path, PathBuf};
use sumcast_circuits::{Inference, Model, Relation};
use sumcast_contracts::alloy_primitives::B256;
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Cpu, ProvingKey, TensorOpening};
use sumcast_verifier::vk::TensorSpec;

/// All that proofs of a model take.
pub(super) struct Prover {
    pub(super) relation: Relation,
    pub(super) srs: Srs,
    key: ProvingKey,
    names: Vec<String>,
    /// Where the verifying key is.
    pub(super) vk: PathBuf,
}

/// Where a proof and what opens its commitments are.
pub(super) struct Files {
    pub(super) proof: PathBuf,
    pub(super) opening: PathBuf,
}

impl Files {
    /// Of this name in a directory.
    pub(super) fn new(home: &Path, name: &str) -> Self {
        Self { proof: home.join(format!("{name}.proof")), opening: home.join(format!("{name}.opening")) }
    }

    /// What opens a tensor of the proof's statement.
    pub(super) fn opening(&self, tensor: usize) -> Result<TensorOpening> {
        let file = opening::read(&self.opening)?;
        let entry = file.tensors.iter().find(|entry| entry.tensor == tensor);
        Ok(entry.ok_or_else(|| anyhow!("tensor {tensor} is not opened"))?.opening()?)
    }
}

impl Prover {
    /// Makes the keys of a model, and writes the verifying key to a directory.
    pub(super) fn new(model: &Model, name: &str, home: &Path) -> Result<Self> {
        let about = || name.to_owned();
        let mut relation = model.lower().with_context(about)?;
        let srs = parameters::for_rows(None, relation.program.row_log)?;
        let fixed = std::mem::take(&mut relation.fixed);
        let program = relation.program.clone();
        let key = ProvingKey::setup(program, fixed, model.secret(), &srs, &Cpu).with_context(about)?;
        let vk = home.join(format!("{name}.vk"));
        files::write(&vk, &key.key.to_bytes(), Readers::Usual)?;
        Ok(Self { relation, srs, key, names: model.tensor_names(), vk })
    }

    /// The tensors of a statement.
    pub(super) fn specs(&self) -> &[TensorSpec] {
        &self.key.key.program.tensors
    }

    /// The hash of the verifying key.
    pub(super) fn model_id(&self) -> [u8; 32] {
        self.key.key.model_id()
    }

    /// Proves an inference and gives its seconds. Of the state that goes in, if it has a commitment already, `known` opens
    /// that.
    pub(super) fn prove<T>(
        &self,
        to: &Files,
        context: B256,
        known: Option<&TensorOpening>,
        progress: &Progress,
        infer: impl FnOnce() -> Result<(T, Inference)>,
    ) -> Result<(T, f64)> {
        let about = to.proof.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let job = Job {
            key: &self.key,
            srs: &self.srs,
            names: &self.names,
            proof: &to.proof,
            opening: (self.key.key.program.statement_rows() > 0).then_some(to.opening.as_path()),
            known: known.map_or(&[], std::slice::from_ref),
            about: about.clone(),
            invalid: &|| anyhow!("{about}: its proof is not valid"),
        };
        let (result, made) = job.run(progress, || {
            let (result, Inference { tensors, cells, .. }) = infer()?;
            Ok((result, Assignment { context: context.0, tensors, cells }))
        })?;
        Ok((result, made.prove_seconds))
    }
}
