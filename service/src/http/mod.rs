//! The HTTP interface.

mod body;
mod chains;
mod health;
mod job;
mod jobs;
mod models;
mod posts;
mod problem;
mod proofs;
mod verify;

pub use problem::Problem;

use crate::artifacts::Artifacts;
use crate::config::Config;
use crate::job::{Job, State};
use crate::queue::Queue;
use crate::store::{NewJob, NewPost, Put, Store};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::sync::watch;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

/// What requests are answered from.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) artifacts: Artifacts,
    pub(crate) queue: Queue,
    /// Whether the process is to end.
    pub(crate) ending: watch::Receiver<bool>,
}

#[derive(OpenApi)]
#[openapi(info(
    title = "Sumcast",
    description = "Compiles ONNX models, proves their inferences, verifies the proofs."
))]
struct Api;

/// All paths.
pub(crate) fn router(service: Service) -> Router {
    let seconds = Duration::from_secs(service.config.request_seconds);
    let body = service.config.max_body_bytes;
    let (api, openapi) = OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(models::upload, models::list))
        .routes(routes!(proofs::submit, proofs::list))
        .routes(routes!(job::one, job::cancel))
        .routes(routes!(job::file))
        .routes(routes!(verify::check))
        .routes(routes!(chains::list))
        .routes(routes!(posts::list))
        .routes(routes!(posts::one))
        .routes(routes!(posts::retry))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, seconds))
        // Events take as long as their job.
        .routes(routes!(job::events))
        .layer(DefaultBodyLimit::max(body))
        .layer(TraceLayer::new_for_http())
        .with_state(service)
        .split_for_parts();
    api.merge(SwaggerUi::new("/docs").url("/openapi.json", openapi))
}

impl Service {
    /// Puts a job that a request asks for, and its ticket.
    async fn put(&self, job: NewJob) -> Result<(StatusCode, Job), Problem> {
        self.put_posting(job, None).await
    }

    /// As [`Service::put`], together with the post of what the job proves.
    async fn put_posting(&self, job: NewJob, post: Option<NewPost>) -> Result<(StatusCode, Job), Problem> {
        if self.store.count(State::Queued).await? >= self.config.queue_limit {
            return Err(Problem::busy(self.config.queue_limit));
        }
        match self.store.put_posting(&job, post.as_ref()).await? {
            Put::New(job) => {
                self.queue.put(&job.id, 0, job.priority, Duration::ZERO).await?;
                Ok((StatusCode::ACCEPTED, job))
            }
            Put::Known(job) => Ok((StatusCode::OK, job)),
            Put::Posted(other) => Err(posts::taken(&other)),
            Put::Other(id) => Err(Problem::conflict(format!(
                "this Idempotency-Key is that of job {id:?}, which is of another request: use another one"
            ))),
        }
    }
}

/// A digest of what was asked for.
fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// A new name, later ones after earlier ones.
fn new_id() -> String {
    ulid::Ulid::new().to_string().to_lowercase()
}
