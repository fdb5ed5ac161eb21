//! What a proof of an epoch goes on a chain with.

use super::super::tensors;
use super::kind::Kind;
use super::place::Place;
use super::proof::EpochProof;
use super::signatures::{self, Signature};
use crate::error::Result;
use sumcast_contracts::abi::ITopicFeed;
use sumcast_contracts::alloy_primitives::{Address, Bytes};
use sumcast_contracts::client::Client;
use sumcast_contracts::statement as packed;
use sumcast_verifier::ProofFile;

/// What `post` and `settle` of the contract have in common.
pub(super) struct Submission {
    /// The statement's, packed.
    pub(super) tensors: Bytes,
    /// The signatures of attestors.
    pub(super) source_data: Bytes,
}

impl Submission {
    /// A proof, after a look at its key and its context, with signatures in the order of their signers. A settlement has no
    /// members.
    pub(super) async fn new(
        client: &Client,
        place: &Place,
        kind: Kind,
        proof: &EpochProof<'_>,
        members: &[Address],
        signatures: &[Signature],
    ) -> Result<Self> {
        let (of, topic_id) = (&place.of, place.of.topic);
        proof.check_kind(client, of, kind).await?;
        proof.check_context(client, place, kind).await?;
        let registry = of.ask(client, &ITopicFeed::registryCall {}).await?;
        let specs = tensors(client, registry, &proof.file).await?;
        let source = of.ask(client, &ITopicFeed::topicCall { topicId: topic_id }).await?.source;
        let settled = of.ask(client, &ITopicFeed::stateCall { topicId: topic_id }).await?.settledEpoch;
        let (of, ProofFile { model_id, statement, .. }) = (place.of_kind(client, kind), &proof.file);
        let attestation =
            of.attestation(source, of.digest((*model_id).into(), settled, members, statement, &specs));
        Ok(Self {
            tensors: packed(statement, &specs).tensors,
            source_data: signatures::source_data(client, source, attestation, signatures).await?,
        })
    }
}
