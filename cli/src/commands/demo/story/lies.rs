//! What verifier and contract say to who lies about a network inference.

use super::checks::Verified;
use super::topic::{Proved, Topic};
use crate::error::{Rejected, Result};
use crate::progress::Progress;
use serde::Serialize;
use sumcast_circuits::epoch::Epoch;
use sumcast_evm::Outcome;
use sumcast_verifier::{ProofFile, Tensor, verify};

/// The network inference among the tensors of a synthesis.
const NETWORK_INFERENCE: usize = 3;

/// The worker who is made to say another inference.
const VICTIM: usize = 1;

/// A lie, and why it is refused.
#[derive(Debug, Serialize)]
pub(super) struct Lie {
    /// What is not true.
    pub(super) lie: String,
    /// Why the verifier refuses it.
    pub(super) verifier: String,
    /// Why the contract does.
    pub(super) contract: String,
}

/// Tries to pass off lies about an epoch, whose true proof is given, before that is posted.
///
/// # Errors
/// [`Rejected`] where a lie is taken.
pub(super) fn try_all(
    topic: &mut Topic,
    epoch: &Epoch,
    honest: &Proved,
    progress: &Progress,
) -> Result<Vec<Lie>> {
    let Verified { key, file, .. } = &honest.verified;
    let mut raised = file.clone();
    if let Some(Tensor::Public(values)) = raised.statement.tensors.get_mut(NETWORK_INFERENCE) {
        values.iter_mut().for_each(|value| *value += 1);
    }
    let mut flipped = file.clone();
    if let Some(last) = flipped.body.last_mut() {
        *last ^= 1;
    }
    let mut lies = vec![];
    for (lie, file) in
        [("a network inference that is 2^-48 higher", raised), ("one bit of the proof flipped", flipped)]
    {
        let verifier = verify(key, &file).err().map(|error| error.to_string());
        lies.push(refused(topic, epoch, lie.to_owned(), verifier, &file)?);
    }

    // The proof of it is valid: what it is of is not what the worker has proven.
    let mut other = epoch.clone();
    let victim = &mut other.inferers[VICTIM];
    victim.inference = (victim.inference.to_f64() + 1.0).to_string().parse()?;
    let lie = format!("{} made to say {:.4}", victim.address, victim.inference.to_f64());
    let proved = topic.synthesise(&other, "lie", progress)?;
    let verifier = match proved.verified.linked(&other, &honest.workers[VICTIM]) {
        Ok(()) => None,
        Err(error) if error.is::<Rejected>() => Some(topic.without_paths(&error)),
        Err(error) => return Err(error),
    };
    lies.push(refused(topic, epoch, lie, verifier, &proved.verified.file)?);
    Ok(lies)
}

/// That neither verifier nor contract takes it.
fn refused(
    topic: &mut Topic,
    epoch: &Epoch,
    lie: String,
    verifier: Option<String>,
    file: &ProofFile,
) -> Result<Lie> {
    let contract = match topic.post(epoch.nonce, file)?.outcome {
        Outcome::Returned(_) => None,
        outcome => Some(outcome.to_string()),
    };
    match (verifier, contract) {
        (Some(verifier), Some(contract)) => Ok(Lie { lie, verifier, contract }),
        (None, _) => Err(Rejected(format!("the verifier accepts {lie}")).into()),
        (_, None) => Err(Rejected(format!("the contract accepts {lie}")).into()),
    }
}
