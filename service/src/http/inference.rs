//! What a worker's offchain node asks for: the inference of a token at once, and its proof in its turn.

use super::body::{Asking, Body, context};
use super::caller::{Caller, Prover, Reader};
use super::jobs::not_there;
use super::{Problem, Service, digest};
use crate::job::{Job, Kind, State as JobState};
use crate::store::{Input, NewJob};
use crate::worker::{Fault, Prove};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Where the proof of a number is.
const PROOF: HeaderName = HeaderName::from_static("sumcast-proof");

/// Why there will be no proof of it.
const NO_PROOF: HeaderName = HeaderName::from_static("sumcast-no-proof");

/// Longest token.
const LONGEST: usize = 64;

/// What a token stands for from now on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Give {
    /// The model's id: its output is one number
    model: String,
    /// The input, as many numbers as the model takes
    input: Vec<Option<f64>>,
    /// 32 bytes in hexadecimal that proofs are bound to; zeros if not given
    #[serde(default)]
    context: Option<String>,
}

/// What a token stands for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Given {
    token: String,
    /// The model's id.
    model: String,
    /// The input.
    #[schema(value_type = Prove)]
    request: serde_json::Value,
    /// How often it was given.
    version: i64,
    /// When it was given last, milliseconds since 1970.
    updated: i64,
}

/// Which inference is asked for.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Epoch {
    /// The network topic
    topic: Option<u64>,
    /// The block of the epoch: of each one there is one proof
    block_height: Option<u64>,
}

/// Give a token an input
///
/// Whoever runs a worker gives the model's latest input here, as often as there is a new one; its offchain node asks for the
/// inference at `/inference/{token}`.
#[utoipa::path(
    put,
    path = "/v1/inputs/{token}",
    tag = "workers",
    security(("key" = ["prove"])),
    params(("token", description = "1 to 64 of a-z, A-Z, 0-9, - and _")),
    request_body = Give,
    responses(
        (status = 200, body = Given), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)
    )
)]
pub(super) async fn give(
    State(service): State<Service>,
    Prover(caller): Prover,
    Path(token): Path<String>,
    Body(asked): Body<Give>,
) -> Result<Json<Given>, Problem> {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if token.is_empty() || token.len() > LONGEST || !token.chars().all(is_fine) {
        return Err(Problem::invalid("a token is 1 to 64 of a-z, A-Z, 0-9, - and _"));
    }
    service.model(&caller, &asked.model).await?;
    let request = Prove { input: asked.input, context: context(asked.context.as_deref())? };
    if !service.store.give(&token, caller.owner(), &asked.model, &serde_json::to_value(request)?).await? {
        return Err(Problem::conflict(format!("the token {token:?} is somebody else's: take another one")));
    }
    Ok(Json(service.given(&caller, token).await?))
}

/// What a token stands for
#[utoipa::path(
    get,
    path = "/v1/inputs/{token}",
    tag = "workers",
    security(("key" = ["read"])),
    params(("token",)),
    responses((status = 200, body = Given), (status = 404, body = Problem))
)]
pub(super) async fn given(
    State(service): State<Service>,
    Reader(caller): Reader,
    Path(token): Path<String>,
) -> Result<Json<Given>, Problem> {
    Ok(Json(service.given(&caller, token).await?))
}

/// An inference
///
/// The model's output for the last input of the token, as plain text: what an offchain node submits. Its proof is a job,
/// which the header `Sumcast-Proof` names; asking again for the same input and epoch is the same job. Where no job can wait,
/// the number comes without a proof, and `Sumcast-No-Proof` says why.
#[utoipa::path(
    get,
    path = "/inference/{token}",
    tag = "workers",
    security(("key" = ["prove"])),
    params(("token",), Epoch),
    responses(
        (status = 200, content_type = "text/plain", body = String), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)
    )
)]
pub(super) async fn infer(
    State(service): State<Service>,
    Prover(caller): Prover,
    Path(token): Path<String>,
    Asking(epoch): Asking<Epoch>,
) -> Result<([(HeaderName, HeaderValue); 1], String), Problem> {
    let found = service.token(&caller, &token).await?;
    let model = service.job(&caller, Kind::Compile, &found.model).await?;
    if model.state != JobState::Done {
        return Err(not_there(&model));
    }
    let refused = |fault| match fault {
        Fault::Job(why) => Problem::invalid(why),
        Fault::Other(error) => error.into(),
    };
    let job = async || Ok(service.store.job(&found.model).await?);
    let ready = service.models.of(&service.artifacts, &found.model, 0, job).await.map_err(refused)?;
    let input: Vec<f64> = serde_json::from_value::<Prove>(found.request.clone())?.numbers().collect();
    let outputs = tokio::task::spawn_blocking(move || ready.model.infer(&input)).await?;
    let outputs = outputs.map_err(|error| Problem::invalid(error.to_string()))?.concat();
    let [number] = outputs[..] else {
        let count = outputs.len();
        return Err(Problem::invalid(format!("the model gives {count} numbers, and an inference is one")));
    };
    let header = match service.queue_proof(&token, found, &epoch).await {
        Ok(job) => (PROOF, HeaderValue::try_from(format!("/v1/jobs/{}", job.id))?),
        Err(problem) => (NO_PROOF, HeaderValue::try_from(problem.detail)?),
    };
    Ok(([header], number.to_string()))
}

impl Service {
    /// What a token of the caller's stands for.
    async fn token(&self, caller: &Caller, token: &str) -> Result<Input, Problem> {
        let found = self.store.input(token).await?;
        let found = found.filter(|input| caller.sees().is_none_or(|owner| owner == input.owner));
        found.ok_or_else(|| Problem::missing("token", token))
    }

    async fn given(&self, caller: &Caller, token: String) -> Result<Given, Problem> {
        let Input { model, request, version, updated, .. } = self.token(caller, &token).await?;
        Ok(Given { token, model, request, version, updated })
    }

    /// The proof of a token's inference in an epoch: one, however often it is asked for.
    async fn queue_proof(&self, token: &str, found: Input, epoch: &Epoch) -> Result<Job, Problem> {
        let name = [token.as_bytes(), &found.version.to_be_bytes(), &serde_json::to_vec(epoch)?].concat();
        let job = NewJob {
            idempotency: Some(format!("inference {}", digest([&*name]))),
            model: Some(found.model),
            topic: epoch.topic.map(|topic| topic.to_string()),
            ..NewJob::new(Kind::Prove, found.owner, found.request)
        };
        Ok(self.put(job).await?.1)
    }
}
