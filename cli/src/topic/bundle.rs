//! The proofs of workers beside that of a network inference: whether the inferences in its statement are their outputs.

use super::check::Verdict;
use crate::error::Result;
use crate::files;
use anyhow::anyhow;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use sumcast_circuits::epoch::{Decimal, Epoch};
use sumcast_circuits::synthesis::carried;
use sumcast_verifier::vk::{Role, SrsKind};
use sumcast_verifier::{Key, ProofFile, Statement, verify};

/// A worker's proof, as an argument names it.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) address: String,
    pub(crate) vk: PathBuf,
    pub(crate) proof: PathBuf,
}

impl FromStr for Worker {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parts = text.split_once('=').and_then(|(address, files)| Some((address, files.split_once(':')?)));
        match parts {
            Some((address, (vk, proof)))
                if !address.is_empty() && !vk.is_empty() && !proof.is_empty() && !proof.contains(':') =>
            {
                Ok(Self { address: address.into(), vk: vk.into(), proof: proof.into() })
            }
            _ => {
                Err("a worker is written ADDRESS=MODEL.vk:MODEL.proof, and no file's name has a colon".into())
            }
        }
    }
}

/// A worker whose inference is proven.
#[derive(Debug, Serialize)]
pub(crate) struct Linked {
    pub(crate) worker: String,
    slot: usize,
    model_id: String,
    /// Of the worker's proof; whether it is the expected one is for whoever relies on it to compare.
    context: String,
    /// The model's output.
    output: Decimal,
    pub(crate) insecure_srs: bool,
}

impl fmt::Display for Linked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "proven    {}: {}, by model {}", self.worker, self.output, self.model_id)?;
        writeln!(f, "          with context {}", self.context)
    }
}

impl Worker {
    /// Where the worker's inference is among those of an epoch.
    pub(crate) fn slot(&self, epoch: &Epoch) -> Result<usize> {
        let slot = epoch.inferers.iter().position(|inferer| inferer.address == self.address);
        slot.ok_or_else(|| {
            let inferers: Vec<_> = epoch.inferers.iter().map(|inferer| inferer.address.as_str()).collect();
            anyhow!(
                "--worker {}: nobody of that address infers in the epoch; there are {}",
                self.address,
                inferers.join(", ")
            )
        })
    }

    /// Whether a model's proof gives the inference that a synthesis' statement has in a slot.
    pub(crate) fn check(&self, slot: usize, key: &Key, statement: &Statement) -> Result<Verdict<Linked>> {
        let (own, _) = files::read_key(&self.vk)?;
        let bytes = files::read_small(&self.proof)?;
        let rejected = |reason: &dyn fmt::Display| {
            Ok(Err(format!("worker {}: {}: {reason}", self.address, self.proof.display())))
        };
        let proof = match ProofFile::from_bytes(&bytes) {
            Ok(proof) => proof,
            Err(error) => return rejected(&error),
        };
        if let Err(error) = verify(&own, &proof) {
            return rejected(&error);
        }
        let mut tensors = own.program.tensors.iter().zip(&proof.statement.tensors);
        let first = tensors.find(|(spec, _)| spec.role == Role::Output);
        let Some((spec, output)) = first.and_then(|(spec, tensor)| Some((spec, *tensor.public()?.first()?)))
        else {
            return rejected(&"its output is a commitment, so that nobody can compare it");
        };
        let inferences = key.program.tensors.first().zip(statement.tensors.first());
        let stated = inferences.and_then(|(spec, tensor)| Some((spec, *tensor.public()?.get(slot)?)));
        let Some((inferences, stated)) = stated else {
            return rejected(&"the statement has no inference of this worker");
        };
        if carried(output, spec.fraction, inferences.fraction) != Some(stated) {
            let [output, stated] = [(output, spec.fraction), (stated, inferences.fraction)]
                .map(|(value, fraction)| Decimal::from_fixed(value, fraction));
            return rejected(&format!(
                "its output is {output}, and the inference in the statement is {stated}"
            ));
        }
        Ok(Ok(Linked {
            worker: self.address.clone(),
            slot,
            model_id: hex::encode(own.model_id()),
            context: hex::encode(proof.statement.context),
            output: Decimal::from_fixed(output, spec.fraction),
            insecure_srs: own.srs.kind == SrsKind::Development,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_has_an_address_a_key_and_a_proof() {
        let worker: Worker = "allo1a=m/vk.bin:m.proof".parse().unwrap();
        assert_eq!(worker.address, "allo1a");
        assert_eq!((worker.vk, worker.proof), ("m/vk.bin".into(), "m.proof".into()));
        for wrong in ["", "a", "a=b", "=b:c", "a=:c", "a=b:", "a=b:c:d"] {
            assert!(wrong.parse::<Worker>().unwrap_err().contains("ADDRESS=MODEL.vk:MODEL.proof"), "{wrong}");
        }
    }
}
