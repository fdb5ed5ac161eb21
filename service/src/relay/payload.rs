//! What a post sends: a proof with its statement, as its contract takes it.

use super::account::Account;
use super::place::Place;
use super::post::Post;
use super::settings::Chain;
use crate::artifacts::File;
use sumcast_contracts::abi::{EpochKind, IInferenceFeed, ITopicFeed};
use sumcast_contracts::alloy_primitives::{Address, B256, Bytes, U256};
use sumcast_contracts::alloy_sol_types::SolCall;
use sumcast_contracts::epoch::{EpochPlace, next_state_hash};
use sumcast_contracts::statement;
use sumcast_verifier::{Key, ProofFile};

/// A proof that is to be posted, and where.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    pub(super) place: Place,
    key: Key,
    proof: ProofFile,
    /// The workers of a network inference by slot, zero for an absent one.
    members: Vec<Address>,
}

impl Payload {
    /// A post's, or why there is nothing to be sent.
    ///
    /// # Errors
    /// The database's of the jobs, and the store's of the files.
    pub(super) async fn of(account: &Account, post: &Post) -> anyhow::Result<Result<Self, String>> {
        let Account { chain, store, artifacts, .. } = account;
        let gone = || Err("the files of its proof are gone: ask for the proof again".into());
        let Some(job) = store.job(&post.job).await? else { return Ok(gone()) };
        let mut key = artifacts.made(&job, File::Key).await?;
        // A proof of a model alone has the model's.
        if let (None, Some(model)) = (&key, &job.model)
            && let Some(model) = store.job(model).await?
        {
            key = artifacts.made(&model, File::Key).await?;
        }
        match (key, artifacts.made(&job, File::Proof).await?) {
            (Some(key), Some(proof)) => Ok(Self::read(chain, post, &key, &proof)),
            _ => Ok(gone()),
        }
    }

    fn read(chain: &Chain, post: &Post, key: &[u8], proof: &[u8]) -> Result<Self, String> {
        let key = Key::from_bytes(key).map_err(|error| format!("the verifying key of its proof: {error}"))?;
        let proof = ProofFile::from_bytes(proof).map_err(|error| format!("its proof: {error}"))?;
        let topic = U256::from_str_radix(&post.topic, 10).map_err(|error| format!("its topic: {error}"))?;
        let place = Place::new(chain, post.kind, topic, post.epoch)
            .filter(|place| place.context() == proof.statement.context);
        let place = place.ok_or_else(|| {
            format!(
                "its proof is of another chain, feed or worker than chains.{} has now: ask for the proof again",
                chain.name
            )
        })?;
        let members = post.members.iter().map(|one| member(one)).collect::<Option<_>>();
        let members = members.ok_or("its members are no addresses")?;
        Ok(Self { place, key, proof, members })
    }

    /// The call that posts it; of an epoch with the signatures of attestors.
    pub(super) fn call(&self, signatures: Bytes) -> Bytes {
        let tensors = statement(&self.proof.statement, &self.key.program.tensors).tensors;
        let (model_id, proof) = (self.proof.model_id.into(), self.proof.body.clone().into());
        match self.place {
            Place::Inference(place) => IInferenceFeed::postCall {
                topicId: place.topic,
                epoch: place.epoch,
                worker: place.worker,
                modelId: model_id,
                tensors,
                proof,
            }
            .abi_encode(),
            Place::Epoch(EpochPlace { topic, epoch, kind: EpochKind::Settlement, .. }) => {
                ITopicFeed::settleCall {
                    topicId: topic,
                    epoch,
                    modelId: model_id,
                    tensors,
                    proof,
                    sourceData: signatures,
                }
                .abi_encode()
            }
            Place::Epoch(EpochPlace { topic, epoch, .. }) => ITopicFeed::postCall {
                topicId: topic,
                epoch,
                modelId: model_id,
                members: self.members.clone(),
                tensors,
                proof,
                sourceData: signatures,
            }
            .abi_encode(),
        }
        .into()
    }

    /// What attestors sign of an epoch's proof, as long as this epoch is the last one that was settled.
    pub(super) fn attestation(&self, place: &EpochPlace, attestors: Address, settled_epoch: u64) -> B256 {
        let (specs, ProofFile { model_id, statement, .. }) = (&self.key.program.tensors, &self.proof);
        let digest = place.digest((*model_id).into(), settled_epoch, &self.members, statement, specs);
        place.attestation(attestors, digest)
    }

    /// The hash of the state that a settlement leaves.
    pub(super) fn next_state(&self) -> B256 {
        next_state_hash(&self.proof.statement, &self.key.program.tensors)
    }
}

/// Reads a member of a network inference; who is absent is `-`, and zero.
pub(crate) fn member(text: &str) -> Option<Address> {
    match text {
        "-" => Some(Address::ZERO),
        _ => text.strip_prefix("0x")?.parse().ok().filter(|member: &Address| !member.is_zero()),
    }
}
