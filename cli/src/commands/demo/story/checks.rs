//! What a verifier checks who has the files alone: keys, proofs, and what they are of.

use super::prover::{Files, Prover};
use crate::error::{Rejected, Result};
use crate::files;
use crate::opening;
use crate::topic::Topic;
use crate::topic::bundle::Worker;
use crate::topic::check::{Checked, Claim};
use std::path::Path;
use std::time::Instant;
use sumcast_circuits::epoch::{Epoch, Outcome, Settlement};
use sumcast_circuits::settle::Settle;
use sumcast_circuits::synthesis::Synthesis;
use sumcast_prover::OpeningFile;
use sumcast_verifier::{Key, ProofFile, Tensor, verify};

/// The state among the tensors of a synthesis and of a settlement, and the one that a settlement leaves.
pub(super) const STATE: usize = 2;
pub(super) const NEXT_STATE: usize = 4;

/// A proof that is valid under its key.
pub(super) struct Verified {
    pub(super) key: Key,
    pub(super) file: ProofFile,
    /// Bytes of the proof's file.
    pub(super) bytes: usize,
    /// What decoding and verifying took.
    pub(super) seconds: f64,
}

impl Verified {
    /// Reads key and proof, and verifies.
    ///
    /// # Errors
    /// [`Rejected`] where the proof is not valid.
    pub(super) fn read(vk: &Path, proof: &Path) -> Result<Self> {
        let (vk_bytes, bytes) = (files::read_small(vk)?, files::read_small(proof)?);
        let begun = Instant::now();
        let key = files::decode_key(vk, &vk_bytes)?;
        let file = ProofFile::from_bytes(&bytes).map_err(|error| Rejected(error.to_string()))?;
        verify(&key, &file).map_err(|error| Rejected(error.to_string()))?;
        Ok(Self { key, file, bytes: bytes.len(), seconds: begun.elapsed().as_secs_f64() })
    }

    /// That a synthesis says this outcome of an epoch: its key is that of the epoch's circuit, its inputs are the epoch's,
    /// with the state, which is opened, and the inferences are what these workers have proven.
    pub(super) fn of_epoch(
        &self,
        epoch: &Epoch,
        outcome: &Outcome,
        prover: &Prover,
        files: &Files,
        workers: &[Worker],
    ) -> Result<()> {
        let opening = opening::read(&files.opening)?;
        let checked = self.claim::<Synthesis>(epoch, prover, files, Some(&opening))?;
        for worker in workers {
            self.linked(epoch, worker)?;
        }
        if checked.outcome != serde_json::to_value(outcome)? {
            return Err(Rejected("a synthesis says another outcome than its prover".into()).into());
        }
        Ok(())
    }

    /// That a worker's proof gives the inference in the statement.
    ///
    /// # Errors
    /// [`Rejected`] where it does not.
    pub(super) fn linked(&self, epoch: &Epoch, worker: &Worker) -> Result<()> {
        worker.check(worker.slot(epoch)?, &self.key, &self.file.statement)?.map_err(Rejected)?;
        Ok(())
    }

    /// That a settlement's key and public inputs are those of a file; its state is known by its commitment.
    pub(super) fn of_settlement(&self, file: &Settlement, prover: &Prover, files: &Files) -> Result<()> {
        self.claim::<Settle>(file, prover, files, None).map(|_| ())
    }

    fn claim<T: Topic>(
        &self,
        input: &T::Input,
        prover: &Prover,
        files: &Files,
        opening: Option<&OpeningFile>,
    ) -> Result<Checked> {
        let claim = Claim {
            key: &self.key,
            vk: &prover.vk,
            srs: &prover.srs,
            proof: &self.file,
            path: &files.proof,
            opening: opening.map(|opening| (files.opening.as_path(), opening)),
        };
        Ok(claim.check::<T>(input, Path::new(T::NAME))?.map_err(Rejected)?)
    }

    /// That the state is the one with this commitment.
    pub(super) fn takes(&self, state: &Tensor) -> Result<()> {
        match self.tensor(STATE)? {
            found if found == state => Ok(()),
            _ => Err(Rejected("its state is not the one that the last settlement left".into()).into()),
        }
    }

    /// A tensor of the statement.
    pub(super) fn tensor(&self, tensor: usize) -> Result<&Tensor> {
        let found = self.file.statement.tensors.get(tensor);
        found.ok_or_else(|| Rejected(format!("a statement has no tensor {tensor}")).into())
    }
}
