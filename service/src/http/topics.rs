//! Proofs of what a topic's network computes: its inferences and its losses.

use super::body::{Asking, context, deadline, idempotency, priority};
use super::caller::{Caller, Prover, Reader};
use super::jobs::{Asked, Jobs, Listed, to_come};
use super::{Problem, Service, digest};
use crate::artifacts::File;
use crate::job::{Job, Kind};
use crate::store::NewJob;
use crate::worker::Topic;
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
    /// The synthesis or settlement whose proof has the state: its commitment is the same in this proof
    state: Option<String>,
    /// Proofs of a higher one go first, 0 to 9
    #[serde(default)]
    priority: i64,
    /// Seconds after which it is no longer wanted: it is not begun if it would not be done by then
    deadline_seconds: Option<u32>,
}

type Epoch = Result<Bytes, BytesRejection>;

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
        let asked = Topic {
            inferers: how.inferers,
            forecasters: how.forecasters,
            one_out: how.one_out,
            frac_bits: how.frac_bits,
            context: context(how.context.as_deref())?,
            state: how.state,
        };
        let (topic, _) = asked.circuit(kind, &epoch).map_err(Problem::invalid)?.of();
        let job = NewJob {
            idempotency: idempotency(headers)?,
            digest,
            topic: Some(topic.to_string()),
            needs: asked.state.clone(),
            priority: priority(how.priority)?,
            deadline: deadline(how.deadline_seconds),
            ..NewJob::new(kind, caller.owner(), serde_json::to_value(&asked)?)
        };
        self.artifacts.put_given(&job.id, File::Epoch, epoch).await?;
        let (status, job) = self.put_with_files(job).await?;
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
