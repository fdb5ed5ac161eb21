//! Proofs of what a topic's network computes: its inferences and its losses.

use super::body::{Asking, context, deadline, idempotency, priority};
use super::caller::{Caller, Prover, Reader};
use super::jobs::{Asked, Jobs, Listed, to_come};
use super::{Problem, Service, digest};
use crate::artifacts::File;
use crate::job::{Job, Kind};
use crate::keys::Scope;
use crate::relay::{PostKind, Target, member};
use crate::store::NewJob;
use crate::worker::{Circuit, Topic};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

/// How an epoch is to be proven.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    /// Inferers that the circuit has room for, so that epochs of fewer have the same key; as many as there are if not given
    inferers: Option<u16>,
    /// Forecasters, as inferers
    forecasters: Option<u16>,
    /// With the networks without each worker
    #[serde(default)]
    one_out: bool,
    /// Fraction bits of inferences, of a synthesis: 0 to 48 by eights; by the size of the largest one if not given
    frac_bits: Option<u8>,
    /// 32 bytes in hexadecimal that the proof is bound to; zeros if not given
    context: Option<String>,
    /// The chain that it is to be posted to, by its name in the settings: the proof is bound to that place then, and context
    /// is not given
    #[serde(rename = "post.chain", skip_serializing_if = "Option::is_none")]
    chain: Option<String>,
    /// The topic of the chain's feed of topics, in decimal
    #[serde(rename = "post.topic", skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    /// The epoch, from 1
    #[serde(rename = "post.epoch", skip_serializing_if = "Option::is_none")]
    epoch: Option<u64>,
    /// The workers by slot, addresses with commas between, in the order of the epoch's inferers, and - for each slot without
    /// one; of a synthesis
    #[serde(rename = "post.members", skip_serializing_if = "Option::is_none")]
    members: Option<String>,
    /// The synthesis or settlement whose proof has the state: its commitment is the same in this proof
    state: Option<String>,
    /// Proofs of a higher one go first, 0 to 9
    #[serde(default)]
    priority: i64,
    /// Seconds after which it is no longer wanted: it is not begun if it would not be done by then
    deadline_seconds: Option<u32>,
}

type Epoch = Result<Bytes, BytesRejection>;

impl How {
    /// Where the proof is to be posted, if it is.
    fn target(&self) -> Result<Option<Target>, Problem> {
        match (&self.chain, &self.topic, self.epoch) {
            (Some(chain), Some(topic), Some(epoch)) => {
                Ok(Some(Target { chain: chain.clone(), topic: topic.clone(), epoch }))
            }
            (None, None, None) if self.members.is_none() => Ok(None),
            _ => Err(Problem::invalid(
                "post.chain, post.topic and post.epoch are given together, or not at all",
            )),
        }
    }

    /// The members of a network inference that is to be posted; none of a settlement.
    fn members(&self, circuit: &Circuit) -> Result<Vec<String>, Problem> {
        let Circuit::Synthesis(epoch, form) = circuit else {
            return match self.members {
                None => Ok(vec![]),
                Some(_) => {
                    Err(Problem::invalid("post.members is given, and a settlement has none: leave it out"))
                }
            };
        };
        let (slots, inferers) = (form.inferers, epoch.inferers.len());
        let members: Vec<&str> = self.members.iter().flat_map(|members| members.split(',')).collect();
        if members.len() != slots {
            return Err(Problem::invalid(format!(
                "post.members has {}, and there are {slots} slots: the address of each inferer, and - for each slot without one",
                members.len()
            )));
        }
        let checked = |(slot, text): (usize, &str)| {
            let address = member(text).ok_or_else(|| {
                Problem::invalid(format!(
                    "post.members has {text:?}: an address is 0x and 40 hexadecimal digits, or -"
                ))
            })?;
            match (address.is_zero(), slot < inferers) {
                (true, true) => Err(Problem::invalid(format!(
                    "post.members has no address for slot {slot}, which has an inference: name the worker, or leave it out of \
                     the epoch"
                ))),
                (false, false) => Err(Problem::invalid(format!(
                    "post.members has an address for slot {slot}, which has no inference: it is -"
                ))),
                (true, false) => Ok("-".into()),
                (false, true) => Ok(address.to_string()),
            }
        };
        members.into_iter().enumerate().map(checked).collect()
    }
}

impl Service {
    /// Puts the proof of an epoch.
    async fn epoch(
        &self,
        caller: &Caller,
        kind: Kind,
        how: How,
        headers: &HeaderMap,
        epoch: Epoch,
    ) -> Result<(StatusCode, Json<Job>), Problem> {
        let epoch = epoch.map_err(|error| Problem::unreadable(error.status(), error.body_text()))?;
        if let Some(bits) = how.frac_bits.filter(|bits| *bits > 48 || !bits.is_multiple_of(8)) {
            return Err(Problem::invalid(format!("frac_bits is {bits}: 0, 8, 16, 24, 32, 40 or 48")));
        }
        if let Some(state) = &how.state {
            let job = self.any(caller, state).await?;
            if !matches!(job.kind, Kind::Synthesize | Kind::Settle) {
                return Err(Problem::missing("synthesis or settlement", state));
            }
            to_come(job)?;
        }
        let digest = digest([&*epoch, &*serde_json::to_vec(&how)?]);
        let (mut post, context) = match how.target()? {
            None => (None, context(how.context.as_deref())?),
            Some(target) => {
                caller.check(Scope::Post)?;
                if how.context.is_some() {
                    return Err(Problem::invalid("context is that of the place to post to: leave it out"));
                }
                let kind = if kind == Kind::Settle { PostKind::Settlement } else { PostKind::Synthesis };
                let (post, context) = self.place(kind, &target)?;
                (Some((post, target)), context)
            }
        };
        let asked = Topic {
            inferers: how.inferers,
            forecasters: how.forecasters,
            one_out: how.one_out,
            frac_bits: how.frac_bits,
            context,
            state: how.state.clone(),
        };
        let circuit = asked.circuit(kind, &epoch).map_err(Problem::invalid)?;
        let (topic, _) = circuit.of();
        let mut request = serde_json::to_value(&asked)?;
        if let Some((post, target)) = &mut post {
            post.members = how.members(&circuit)?;
            request["post"] = serde_json::to_value(target)?;
        }
        let job = NewJob {
            idempotency: idempotency(headers)?,
            digest,
            topic: Some(topic.to_string()),
            needs: asked.state.clone(),
            priority: priority(how.priority)?,
            deadline: deadline(how.deadline_seconds),
            ..NewJob::new(kind, caller.owner(), request)
        };
        self.artifacts.put_given(&job.id, File::Epoch, epoch).await?;
        let (status, job) = self.put_with_files(job, post.map(|(post, _)| post)).await?;
        Ok((status, Json(job)))
    }
}

/// Ask for a proof of a network inference
///
/// The body is what `sumcast epoch import` writes. The result has the network inference, its interval and the weights.
#[utoipa::path(
    post,
    path = "/v1/syntheses",
    tag = "topics",
    security(("key" = ["prove"])),
    params(How, ("Idempotency-Key" = Option<String>, Header, description = "The same request twice is one proof")),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 202, description = "it will be made", body = Job),
        (status = 200, description = "the proof of an earlier request of this key", body = Job),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)
    )
)]
pub(super) async fn synthesize(
    State(service): State<Service>,
    Prover(caller): Prover,
    Asking(how): Asking<How>,
    headers: HeaderMap,
    epoch: Epoch,
) -> Result<(StatusCode, Json<Job>), Problem> {
    service.epoch(&caller, Kind::Synthesize, how, &headers, epoch).await
}

/// Ask for a proof of an epoch's losses and the regrets that follow
///
/// The body is what `sumcast epoch import-losses` writes.
#[utoipa::path(
    post,
    path = "/v1/settlements",
    tag = "topics",
    security(("key" = ["prove"])),
    params(How, ("Idempotency-Key" = Option<String>, Header, description = "The same request twice is one proof")),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 202, description = "it will be made", body = Job),
        (status = 200, description = "the proof of an earlier request of this key", body = Job),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)
    )
)]
pub(super) async fn settle(
    State(service): State<Service>,
    Prover(caller): Prover,
    Asking(how): Asking<How>,
    headers: HeaderMap,
    epoch: Epoch,
) -> Result<(StatusCode, Json<Job>), Problem> {
    service.epoch(&caller, Kind::Settle, how, &headers, epoch).await
}

/// List proofs of network inferences
#[utoipa::path(
    get,
    path = "/v1/syntheses",
    tag = "topics",
    security(("key" = ["read"])),
    params(Asked),
    responses((status = 200, body = Jobs), (status = 422, body = Problem))
)]
pub(super) async fn syntheses(
    State(service): State<Service>,
    Reader(caller): Reader,
    asked: Listed,
) -> Result<Json<Jobs>, Problem> {
    Ok(Json(service.jobs(&caller, Kind::Synthesize, asked.0).await?))
}

/// List proofs of losses
#[utoipa::path(
    get,
    path = "/v1/settlements",
    tag = "topics",
    security(("key" = ["read"])),
    params(Asked),
    responses((status = 200, body = Jobs), (status = 422, body = Problem))
)]
pub(super) async fn settlements(
    State(service): State<Service>,
    Reader(caller): Reader,
    asked: Listed,
) -> Result<Json<Jobs>, Problem> {
    Ok(Json(service.jobs(&caller, Kind::Settle, asked.0).await?))
}
