//! What verifier and contract say to who lies about a network inference.

use super::checks::{STATE, Verified};
use super::topic::{Proved, Topic};
use crate::error::{Rejected, Result};
use crate::progress::Progress;
use serde::Serialize;
use sumcast_circuits::epoch::Epoch;
use sumcast_evm::Outcome;
use sumcast_verifier::{ProofFile, Tensor, verify};

/// The network inference among the tensors of a synthesis.
const NETWORK_INFERENCE: usize = 3;

/// The worker of whom something else is said.
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

    // Proofs of these are valid: what they are of is not what others have proven before.
    let mut other = epoch.clone();
    let victim = &mut other.inferers[VICTIM];
    victim.inference = (victim.inference.to_f64() + 1.0).to_string().parse()?;
    let lie = format!("{} made to say {:.4}", victim.address, victim.inference.to_f64());
    let proved = topic.synthesise(&other, "lie", topic.state(), progress)?;
    let verifier = verdict(topic, proved.verified.linked(&other, &honest.workers[VICTIM]))?;
    lies.push(refused(topic, epoch, lie, verifier, &proved.verified.file)?);

    let mut other = epoch.clone();
    let victim = &mut other.inferers[VICTIM];
    victim.regret = Some("-1".parse()?);
    let lie = format!("{} given a regret of -1", victim.address);
    let proved = topic.synthesise(&other, "other-state", None, progress)?;
    let verifier = verdict(topic, proved.verified.takes(honest.verified.tensor(STATE)?))?;
    lies.push(refused(topic, epoch, lie, verifier, &proved.verified.file)?);
    Ok(lies)
}

/// Why a check rejects, if it does.
fn verdict(topic: &Topic, checked: Result<()>) -> Result<Option<String>> {
    match checked {
        Ok(()) => Ok(None),
        Err(error) if error.is::<Rejected>() => Ok(Some(topic.without_paths(&error))),
        Err(error) => Err(error),
    }
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
