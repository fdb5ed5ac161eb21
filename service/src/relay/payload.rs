//! What a post sends: a proof with its statement, as the feed takes it.

use super::account::Account;
use super::post::Post;
use super::settings::Chain;
use crate::artifacts::File;
use sumcast_contracts::abi::IInferenceFeed;
use sumcast_contracts::alloy_primitives::{Bytes, U256};
use sumcast_contracts::alloy_sol_types::SolCall;
use sumcast_contracts::{InferencePlace, statement};
use sumcast_verifier::{Key, ProofFile};

/// What is sent, or why there is nothing to be sent.
pub(super) type Payload = Result<Bytes, String>;

/// The call that posts a proof.
///
/// # Errors
/// The database's of the jobs, and the store's of the files.
pub(super) async fn payload(account: &Account, post: &Post) -> anyhow::Result<Payload> {
    let Account { chain, store, artifacts, .. } = account;
    let Some(job) = store.job(&post.job).await? else { return Ok(gone()) };
    let mut key = artifacts.made(&job, File::Key).await?;
    // A proof of a model alone has the model's.
    if let (None, Some(model)) = (&key, &job.model)
        && let Some(model) = store.job(model).await?
    {
        key = artifacts.made(&model, File::Key).await?;
    }
    match (key, artifacts.made(&job, File::Proof).await?) {
        (Some(key), Some(proof)) => Ok(encode(chain, post, &key, &proof)),
        _ => Ok(gone()),
    }
}

fn gone() -> Payload {
    Err("the files of its proof are gone: ask for the proof again".into())
}

fn encode(chain: &Chain, post: &Post, key: &[u8], proof: &[u8]) -> Payload {
    let key = Key::from_bytes(key).map_err(|error| format!("the verifying key of its proof: {error}"))?;
    let proof = ProofFile::from_bytes(proof).map_err(|error| format!("its proof: {error}"))?;
    let topic = U256::from_str_radix(&post.topic, 10).map_err(|error| format!("its topic: {error}"))?;
    let (epoch, worker) = (post.epoch, chain.worker);
    let place = InferencePlace { chain_id: chain.chain_id, feed: chain.feed, topic, epoch, worker };
    if place.context() != proof.statement.context {
        return Err(format!(
            "its proof is of another chain, feed or worker than chains.{} has now: ask for the proof again",
            chain.name
        ));
    }
    let call = IInferenceFeed::postCall {
        topicId: topic,
        epoch,
        worker,
        modelId: proof.model_id.into(),
        tensors: statement(&proof.statement, &key.program.tensors).tensors,
        proof: proof.body.into(),
    };
    Ok(call.abi_encode().into())
}
