//! What attestors are to sign of posts to a `TopicFeed`, with the proofs, and their signatures.

use super::body::Body;
use super::caller::Attestor;
use super::{Problem, Service};
use crate::artifacts::File;
use crate::relay::{Post, PostKind, PostState};
use crate::store::{self, Signature};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{AppendHeaders, IntoResponse};
use serde::{Deserialize, Serialize};
use sumcast_contracts::alloy_primitives::Address;
use sumcast_contracts::{SIGNATURE_BYTES, read_signature, recover};
use utoipa::ToSchema;

/// What is to be signed of a post that waits, and who has signed it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Attestation {
    /// The post.
    post: String,
    /// The chain, by its name in the settings.
    chain: String,
    /// The chain's number.
    chain_id: u64,
    /// The feed.
    topics: String,
    /// The topic of the feed, in decimal.
    topic: String,
    /// The epoch.
    epoch: u64,
    /// What is posted.
    kind: PostKind,
    /// The workers by slot, `-` for an absent one, of a network inference: as who asked for the proof says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<String>,
    /// The epoch that was settled last, 0 for none.
    settled_epoch: u64,
    /// The contract of the attestors.
    attestors: String,
    /// The hash that is signed, by EIP-712.
    attestation: String,
    /// How many attestors have to sign.
    threshold: usize,
    /// Who they are.
    signers: Vec<String>,
    /// Who of them has signed.
    signed: Vec<String>,
}

/// What is to be signed of posts that wait.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Attestations {
    attestations: Vec<Attestation>,
}

/// A signature of an attestor.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    /// As `sumcast evm network attest` gives it: 65 bytes in hexadecimal
    signature: String,
}

impl Service {
    /// A network inference's or a settlement's post, whoever asked for it.
    async fn epoch_post(&self, id: &str) -> Result<Post, Problem> {
        let post = self.store.post(id).await?.filter(|post| post.kind != PostKind::Inference);
        post.ok_or_else(|| Problem::missing("post of an epoch", id))
    }

    /// What is to be signed of a post.
    async fn to_sign(&self, post: &Post) -> Result<store::Attestation, Problem> {
        let to_sign = self.store.attestation(&post.id).await?;
        to_sign.ok_or_else(|| {
            let why = match (&post.error, post.state) {
                (Some(error), _) => error,
                (None, PostState::Waiting) => "its proof is not done, or no relayer has looked at it yet",
                (None, _) => "it needs no signature",
            };
            let (id, state) = (&post.id, post.state.word());
            Problem::conflict(format!("post {id:?} is {state}, and there is nothing to be signed: {why}"))
        })
    }

    /// As it is shown.
    async fn shown(&self, post: Post, to_sign: &store::Attestation) -> Result<Attestation, Problem> {
        let chain = self.config.chains.get(&post.chain);
        let topics = chain.and_then(|chain| chain.topics).unwrap_or_default();
        let signed = self.store.signatures(&post.id, to_sign.hash).await?;
        Ok(Attestation {
            chain_id: chain.map_or(0, |chain| chain.chain_id),
            topics: topics.to_string(),
            post: post.id,
            chain: post.chain,
            topic: post.topic,
            epoch: post.epoch,
            kind: post.kind,
            members: post.members,
            settled_epoch: to_sign.settled_epoch,
            attestors: to_sign.attestors.to_string(),
            attestation: to_sign.hash.to_string(),
            threshold: to_sign.threshold,
            signers: to_sign.signers.iter().map(Address::to_string).collect(),
            signed: signed.iter().map(|signature| signature.signer.to_string()).collect(),
        })
    }
}

/// List what is to be signed
///
/// Of the first hundred posts that wait for attestors, by their epochs, whoever has asked for them.
#[utoipa::path(
    get,
    path = "/v1/attestations",
    tag = "attestations",
    security(("key" = ["attest"])),
    responses((status = 200, body = Attestations))
)]
pub(super) async fn list(
    State(service): State<Service>,
    _attestor: Attestor,
) -> Result<Json<Attestations>, Problem> {
    let mut attestations = vec![];
    for (post, to_sign) in service.store.attestations().await? {
        attestations.push(service.shown(post, &to_sign).await?);
    }
    Ok(Json(Attestations { attestations }))
}

/// What is to be signed of a post
#[utoipa::path(
    get,
    path = "/v1/posts/{id}/attestation",
    tag = "attestations",
    security(("key" = ["attest"])),
    params(("id",)),
    responses(
        (status = 200, body = Attestation), (status = 404, body = Problem),
        (status = 409, description = "there is nothing to be signed, now or any more", body = Problem)
    )
)]
pub(super) async fn one(
    State(service): State<Service>,
    _attestor: Attestor,
    Path(id): Path<String>,
) -> Result<Json<Attestation>, Problem> {
    let post = service.epoch_post(&id).await?;
    let to_sign = service.to_sign(&post).await?;
    service.shown(post, &to_sign).await.map(Json)
}

/// A file that attestors look at before they sign
///
/// `vk`: the verifying key; `proof`: the proof with its statement; `opening`: what opens the states in it.
#[utoipa::path(
    get,
    path = "/v1/posts/{id}/files/{name}",
    tag = "attestations",
    security(("key" = ["attest"])),
    params(("id",), ("name", description = "vk, proof or opening")),
    responses(
        (status = 200, content_type = "application/octet-stream", body = [u8]),
        (status = 404, body = Problem), (status = 409, body = Problem)
    )
)]
pub(super) async fn file(
    State(service): State<Service>,
    _attestor: Attestor,
    Path((id, name)): Path<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    let post = service.epoch_post(&id).await?;
    let file = File::SHOWN.into_iter().find(|file| file.name() == name);
    let file = file.ok_or_else(|| Problem::missing("file", &name))?;
    let bytes = service.made_by(&post.job, file).await?;
    Ok((AppendHeaders([(header::CONTENT_TYPE, "application/octet-stream")]), bytes))
}

/// Give a signature of an attestor
///
/// The same one twice does no harm. With as many as the topic asks for, the post is sent.
#[utoipa::path(
    post,
    path = "/v1/posts/{id}/signatures",
    tag = "attestations",
    security(("key" = ["attest"])),
    params(("id",)),
    request_body = Signed,
    responses(
        (status = 200, description = "it counts", body = Attestation), (status = 404, body = Problem),
        (status = 409, description = "there is nothing to be signed, now or any more", body = Problem),
        (status = 422, description = "it is no attestor's, or of something else", body = Problem)
    )
)]
pub(super) async fn sign(
    State(service): State<Service>,
    Attestor(caller): Attestor,
    Path(id): Path<String>,
    Body(Signed { signature }): Body<Signed>,
) -> Result<Json<Attestation>, Problem> {
    let post = service.epoch_post(&id).await?;
    let bytes = read_signature(&signature).map_err(|error| {
        Problem::invalid(format!("signature has {} hexadecimal digits: {error}", 2 * SIGNATURE_BYTES))
    })?;
    let to_sign = service.to_sign(&post).await?;
    let store::Attestation { hash, attestors, signers, .. } = &to_sign;
    let signer = recover(&bytes, *hash)
        .ok_or_else(|| Problem::invalid("signature is none: r, s and v, with a low s and a v of 27 or 28"))?;
    if !signers.contains(&signer) {
        return Err(Problem::invalid(format!(
            "signature would be that of {signer} over {hash}, who is no signer of the attestors {attestors}: another key has \
             signed it, or something else was signed, such as other members or an older state"
        )));
    }
    tracing::info!(post = id, %signer, by = caller.owner(), "a signature of an attestor");
    service.store.sign(&id, *hash, &Signature { signer, bytes }).await?;
    service.shown(post, &to_sign).await.map(Json)
}
