//! Proofs.

use super::body::{Body, idempotency};
use super::jobs::{Jobs, Listed, not_there};
use super::{Problem, Service, digest, new_id};
use crate::job::{self, Job, Kind};
use crate::relay::Target;
use crate::store::{NewJob, now};
use crate::worker::Prove;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use utoipa::ToSchema;

/// Priorities that a request may have.
const PRIORITY: RangeInclusive<i64> = 0..=9;

/// A proof to be made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Submit {
    /// The model's id
    model: String,
    /// The input, as many numbers as the model takes; null is a missing one, for models whose inputs may miss some
    input: Vec<Option<f64>>,
    /// 32 bytes in hexadecimal that the proof is bound to; zeros if not given
    #[serde(default)]
    context: Option<String>,
    /// Where the inference is to be posted; the proof is bound to that place then, and context is not given
    #[serde(default, skip_serializing_if = "Option::is_none")]
    post: Option<Target>,
    /// Proofs of a higher one go first, 0 to 9
    #[serde(default)]
    priority: i64,
    /// Seconds after which it is no longer worth beginning
    #[serde(default)]
    deadline_seconds: Option<u32>,
}

/// Ask for a proof
///
/// It is made in its turn: follow `/v1/jobs/{id}/events`, or ask `GET /v1/jobs/{id}`.
#[utoipa::path(
    post,
    path = "/v1/proofs",
    tag = "proofs",
    request_body = Submit,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same request twice is one proof")),
    responses(
        (status = 202, description = "it will be made", body = Job),
        (status = 200, description = "the proof of an earlier request of this key", body = Job),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)
    )
)]
pub(super) async fn submit(
    State(service): State<Service>,
    headers: HeaderMap,
    Body(asked): Body<Submit>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let model = service.job(Kind::Compile, &asked.model).await?;
    if matches!(model.state, job::State::Failed | job::State::Cancelled) {
        return Err(not_there(&model));
    }
    if !PRIORITY.contains(&asked.priority) {
        return Err(Problem::invalid(format!("priority is {}: from 0 to 9", asked.priority)));
    }
    if let Some(expected) = input_len(&model).filter(|expected| *expected != asked.input.len()) {
        let found = asked.input.len();
        return Err(Problem::invalid(format!("input has {found} numbers, and the model takes {expected}")));
    }
    let post = asked.post.as_ref().map(|target| service.place(target)).transpose()?;
    let context = match (&post, &asked.context) {
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("context is that of the place to post to: leave it out"));
        }
        (Some((_, context)), None) => context,
        (None, context) => context.as_deref().unwrap_or(ZEROS),
    };
    let context = context.strip_prefix("0x").unwrap_or(context);
    if hex::decode_to_slice(context, &mut [0; 32]).is_err() {
        return Err(Problem::invalid("context has 64 hexadecimal digits, with or without 0x"));
    }
    let context = context.to_lowercase();
    let digest = digest([&*serde_json::to_vec(&asked)?]);
    let mut request = serde_json::to_value(Prove { input: asked.input, context })?;
    if let Some(target) = &asked.post {
        request["post"] = serde_json::to_value(target)?;
    }
    let job = NewJob {
        id: new_id(),
        kind: Kind::Prove,
        owner: String::new(),
        idempotency: idempotency(&headers)?,
        digest,
        model: Some(asked.model),
        request,
        priority: asked.priority,
        deadline: asked.deadline_seconds.map(|seconds| now() + 1000 * i64::from(seconds)),
    };
    let (status, job) = service.put_posting(job, post.map(|(post, _)| post)).await?;
    Ok((status, Json(job)))
}

const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How many numbers a model takes, once it is compiled.
fn input_len(model: &Job) -> Option<usize> {
    let shape = model.result.as_ref()?.get("input_shape")?.as_array()?;
    shape.iter().map(|side| usize::try_from(side.as_u64()?).ok()).product()
}

/// List proofs
#[utoipa::path(
    get,
    path = "/v1/proofs",
    tag = "proofs",
    params(super::jobs::Asked),
    responses((status = 200, body = Jobs), (status = 422, body = Problem))
)]
pub(super) async fn list(State(service): State<Service>, asked: Listed) -> Result<Json<Jobs>, Problem> {
    Ok(Json(service.jobs(Kind::Prove, asked.0).await?))
}
