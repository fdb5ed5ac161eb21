//! Proofs of inferences, one or many.

use super::body::{Body, context, deadline, idempotency, priority};
use super::caller::{Caller, Prover, Reader};
use super::jobs::{Asked, Jobs, Listed};
use super::{Problem, Service, digest, new_id};
use crate::job::{Job, Kind};
use crate::keys::Scope;
use crate::relay::Target;
use crate::store::NewJob;
use crate::worker::Prove;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most inputs of a batch.
const MOST: usize = 256;

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
    /// Whether it may be in one proof with others of its model and context that wait: that is faster, and whoever has the
    /// proof then sees the others' inputs and outputs, too
    #[serde(default)]
    together: bool,
    /// Proofs of a higher one go first, 0 to 9
    #[serde(default)]
    priority: i64,
    /// Seconds after which it is no longer wanted: it is not begun if it would not be done by then
    #[serde(default)]
    deadline_seconds: Option<u32>,
}

/// Proofs to be made of one model.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitMany {
    /// The model's id
    model: String,
    /// The inputs, at most 256, each as many numbers as the model takes
    inputs: Vec<Vec<Option<f64>>>,
    /// As of one proof
    #[serde(default)]
    context: Option<String>,
    /// Whether several of them may be in one proof, which is faster
    #[serde(default = "yes")]
    together: bool,
    /// As of one proof
    #[serde(default)]
    priority: i64,
    /// As of one proof
    #[serde(default)]
    deadline_seconds: Option<u32>,
}

fn yes() -> bool {
    true
}

/// What was asked for at once.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Batch {
    /// What `batch` is in the list of proofs.
    batch: String,
    /// One for each input, in their order.
    jobs: Vec<Job>,
}

impl Service {
    /// Puts the proof that a request asks for, of a model that is there or to come.
    async fn prove(
        &self,
        caller: &Caller,
        model: &Job,
        asked: Submit,
        batch: Option<String>,
        key: Option<String>,
    ) -> Result<(StatusCode, Job), Problem> {
        if let Some(expected) = input_len(model).filter(|expected| *expected != asked.input.len()) {
            let found = asked.input.len();
            return Err(Problem::invalid(format!(
                "input has {found} numbers, and the model takes {expected}"
            )));
        }
        let digest = digest([&*serde_json::to_vec(&asked)?]);
        let owner = caller.owner().to_owned();
        let (post, context) = match &asked.post {
            None => (None, context(asked.context.as_deref())?),
            Some(target) => {
                caller.check(Scope::Post)?;
                if asked.context.is_some() {
                    return Err(Problem::invalid("context is that of the place to post to: leave it out"));
                }
                let (post, context) = self.place(target)?;
                (Some(post), context)
            }
        };
        let group = || super::digest([owner.as_bytes(), asked.model.as_bytes(), context.as_bytes()]);
        // What is posted has a proof of its own.
        let together = (asked.together && post.is_none()).then(group);
        let mut request = serde_json::to_value(Prove { input: asked.input, context })?;
        if let Some(target) = &asked.post {
            request["post"] = serde_json::to_value(target)?;
        }
        let job = NewJob {
            idempotency: key,
            digest,
            model: Some(asked.model),
            batch,
            together,
            needs: Some(model.id.clone()),
            priority: priority(asked.priority)?,
            deadline: deadline(asked.deadline_seconds),
            ..NewJob::new(Kind::Prove, owner, request)
        };
        self.put_posting(job, post).await
    }
}

/// Ask for a proof
///
/// It is made in its turn: follow `/v1/jobs/{id}/events`, or ask `GET /v1/jobs/{id}`.
#[utoipa::path(
    post,
    path = "/v1/proofs",
    tag = "proofs",
    security(("key" = ["prove"])),
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
    Prover(caller): Prover,
    headers: HeaderMap,
    Body(asked): Body<Submit>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let model = service.model(&caller, &asked.model).await?;
    let (status, job) = service.prove(&caller, &model, asked, None, idempotency(&headers)?).await?;
    Ok((status, Json(job)))
}

/// Ask for proofs of many inputs
///
/// Each is a job of its own, and several of them may be in one proof: their results say which, and where in it they are. A
/// request that was cut short is asked again under the same Idempotency-Key: what it asked for already is not made twice.
#[utoipa::path(
    post,
    path = "/v1/batches",
    tag = "proofs",
    security(("key" = ["prove"])),
    request_body = SubmitMany,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same request twice is the same proofs")),
    responses(
        (status = 202, description = "they will be made", body = Batch),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)
    )
)]
pub(super) async fn submit_many(
    State(service): State<Service>,
    Prover(caller): Prover,
    headers: HeaderMap,
    Body(asked): Body<SubmitMany>,
) -> Result<(StatusCode, Json<Batch>), Problem> {
    let count = asked.inputs.len();
    if !(1..=MOST).contains(&count) {
        return Err(Problem::invalid(format!("inputs has {count} inputs: from 1 to {MOST}")));
    }
    let key = idempotency(&headers)?;
    if !service.is_known(caller.owner(), key.as_ref().map(|key| format!("{key}#0")).as_deref()).await? {
        service.room(count as u64).await?;
    }
    let batch = match &key {
        Some(key) => digest([b"batch", key.as_bytes()])[..26].to_owned(),
        None => new_id(),
    };
    let model = service.model(&caller, &asked.model).await?;
    let mut jobs = vec![];
    for (i, input) in asked.inputs.into_iter().enumerate() {
        let one = Submit {
            model: asked.model.clone(),
            input,
            context: asked.context.clone(),
            post: None,
            together: asked.together,
            priority: asked.priority,
            deadline_seconds: asked.deadline_seconds,
        };
        let key = key.as_ref().map(|key| format!("{key}#{i}"));
        jobs.push(service.prove(&caller, &model, one, Some(batch.clone()), key).await?.1);
    }
    Ok((StatusCode::ACCEPTED, Json(Batch { batch, jobs })))
}

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
    security(("key" = ["read"])),
    params(Asked),
    responses((status = 200, body = Jobs), (status = 422, body = Problem))
)]
pub(super) async fn list(
    State(service): State<Service>,
    Reader(caller): Reader,
    asked: Listed,
) -> Result<Json<Jobs>, Problem> {
    Ok(Json(service.jobs(&caller, Kind::Prove, asked.0).await?))
}
