//! Dead letters: jobs that the service has given up.

use super::body::Asking;
use super::caller::Operator;
use super::jobs::Jobs;
use super::{Problem, Service, page};
use crate::job::Job;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use std::time::Duration;
use utoipa::IntoParams;

/// Which jobs are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Only those before this one: the last of the page before
    #[serde(default)]
    before: String,
    /// How many, 1 to 100
    limit: Option<i64>,
}

/// List jobs that were given up
///
/// They have failed as often as the settings allow, by no fault of their own; everyone's, from the latest.
#[utoipa::path(
    get,
    path = "/v1/dead-letters",
    tag = "operation",
    security(("key" = ["operate"])),
    params(Asked),
    responses((status = 200, body = Jobs), (status = 422, body = Problem))
)]
pub(super) async fn list(
    State(service): State<Service>,
    Operator(_caller): Operator,
    Asking(asked): Asking<Asked>,
) -> Result<Json<Jobs>, Problem> {
    let limit = page::limit(asked.limit)?;
    Ok(Json(Jobs::page(service.store.given_up(&asked.before, limit + 1).await?, limit)))
}

/// Try a failed job again
///
/// It waits as a new one does, with as many attempts, and no deadline.
#[utoipa::path(
    post,
    path = "/v1/jobs/{id}/retry",
    tag = "operation",
    security(("key" = ["operate"])),
    params(("id",)),
    responses(
        (status = 202, description = "it waits", body = Job),
        (status = 404, body = Problem), (status = 409, body = Problem)
    )
)]
pub(super) async fn retry(
    State(service): State<Service>,
    Operator(caller): Operator,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let before = service.any(&caller, &id).await?;
    let Some(job) = service.store.ask_again(&id).await? else {
        let (id, state) = (before.id, before.state.word());
        return Err(Problem::conflict(format!("job {id:?} is {state}: only what has failed is tried again")));
    };
    service.queue.put(&id, job.attempts, job.priority, Duration::ZERO).await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}
