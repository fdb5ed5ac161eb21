//! What waits and what was done.

use super::caller::Reader;
use super::{Problem, Service};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// How many jobs that the caller sees are in each state.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Queue {
    queued: u64,
    running: u64,
    done: u64,
    failed: u64,
    cancelled: u64,
    /// How many of all callers may wait; more are refused until there are fewer.
    limit: u64,
}

/// How many jobs there are
#[utoipa::path(
    get,
    path = "/v1/queue",
    tag = "jobs",
    security(("key" = ["read"])),
    responses((status = 200, body = Queue))
)]
pub(super) async fn numbers(
    State(service): State<Service>,
    Reader(caller): Reader,
) -> Result<Json<Queue>, Problem> {
    use crate::job::State::{Cancelled, Done, Failed, Queued, Running};
    let counts = service.store.counts(caller.sees()).await?;
    let of = |state| counts.iter().find(|(of, _)| *of == state).map_or(0, |(_, count)| *count);
    Ok(Json(Queue {
        queued: of(Queued),
        running: of(Running),
        done: of(Done),
        failed: of(Failed),
        cancelled: of(Cancelled),
        limit: service.config.queue_limit,
    }))
}
