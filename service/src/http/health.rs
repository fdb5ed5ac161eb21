//! Whether the service works.

use super::{Problem, Service};
use axum::extract::State;

/// The process answers
#[utoipa::path(get, path = "/health/live", tag = "operation", responses((status = 200, description = "it does")))]
pub(super) async fn live() -> &'static str {
    "ok"
}

/// The database answers, too
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "operation",
    responses((status = 200, description = "it does"), (status = 500, body = Problem))
)]
pub(super) async fn ready(State(service): State<Service>) -> Result<&'static str, Problem> {
    service.store.ping().await?;
    Ok("ok")
}
