//! The HTTP interface.

mod answers;
mod body;
mod caller;
mod chains;
mod connections;
mod dashboard;
mod dead;
mod health;
mod inference;
mod job;
mod jobs;
mod metrics;
mod models;
mod openapi;
mod origin;
mod page;
mod posts;
mod problem;
mod proofs;
mod queue;
mod rates;
mod shares;
mod topics;
mod trace;
mod verify;

pub(crate) use caller::Limits;
pub(crate) use connections::{Bounds, serve};
pub use problem::Problem;

use crate::artifacts::Artifacts;
use crate::config::Config;
use crate::job::{Job, State};
use crate::new_id;
use crate::queue::Queue;
use crate::store::{NewJob, NewPost, Put, Store};
use crate::worker::Models;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
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
    pub(crate) models: Arc<Models>,
    /// Whether the process is to end.
    pub(crate) ending: watch::Receiver<bool>,
    pub(crate) limits: Limits,
}

/// All paths.
///
/// # Errors
/// What is wrong with the settings, as a sentence.
pub(crate) fn router(service: Service) -> anyhow::Result<Router> {
    let body = service.config.max_body_bytes;
    let cors = origin::cors(&service.config.cors_origins)?;
    let in_time = from_fn_with_state(service.clone(), answers::in_time);
    let identify = from_fn_with_state(service.clone(), caller::identify);
    let pages = from_fn_with_state(service.clone(), origin::check);
    let health = OpenApiRouter::new().routes(routes!(health::live)).routes(routes!(health::ready));
    let (api, mut openapi) = OpenApiRouter::with_openapi(openapi::Api::openapi())
        .routes(routes!(models::upload, models::list))
        .routes(routes!(proofs::submit, proofs::list))
        .routes(routes!(proofs::submit_many))
        .routes(routes!(topics::synthesize, topics::syntheses))
        .routes(routes!(topics::settle, topics::settlements))
        .routes(routes!(inference::give, inference::given))
        .routes(routes!(inference::infer))
        .routes(routes!(job::one, job::cancel))
        .routes(routes!(job::file))
        .routes(routes!(verify::check))
        .routes(routes!(chains::list))
        .routes(routes!(posts::list))
        .routes(routes!(posts::one))
        .routes(routes!(posts::retry))
        .routes(routes!(jobs::list))
        .routes(routes!(queue::numbers))
        .routes(routes!(dead::list))
        .routes(routes!(dead::retry))
        .routes(routes!(metrics::read))
        .route_layer(in_time.clone())
        // Events take as long as their job.
        .routes(routes!(job::events))
        .layer(DefaultBodyLimit::max(body))
        .route_layer(identify)
        .merge(health.route_layer(in_time))
        .with_state(service)
        .split_for_parts();
    openapi::complete(&mut openapi);
    let all = api.merge(dashboard::router()).merge(SwaggerUi::new("/docs").url("/openapi.json", openapi));
    Ok(all.layer(pages).layer(cors).layer(from_fn(answers::refusals)).layer(from_fn(trace::traced)))
}

impl Service {
    /// That so many more jobs may wait.
    async fn room(&self, more: u64) -> Result<(), Problem> {
        let limit = self.config.queue_limit;
        if self.store.count(State::Queued).await? + more > limit {
            return Err(Problem::busy(limit));
        }
        Ok(())
    }

    /// Puts a job whose files are there already; they are removed if it is not put.
    async fn put_with_files(&self, job: NewJob) -> Result<(StatusCode, Job), Problem> {
        let id = job.id.clone();
        let put = self.put(job).await;
        if !matches!(&put, Ok((_, job)) if job.id == id) && self.store.job(&id).await?.is_none() {
            self.artifacts.remove(&id).await?;
        }
        put
    }

    /// Whether a caller's name for a request stands for a job.
    async fn is_known(&self, owner: &str, key: Option<&str>) -> Result<bool, Problem> {
        Ok(match key {
            Some(key) => self.store.known(owner, key).await?.is_some(),
            None => false,
        })
    }

    /// Puts a job that a request asks for, and its ticket.
    async fn put(&self, job: NewJob) -> Result<(StatusCode, Job), Problem> {
        self.put_posting(job, None).await
    }

    /// As [`Service::put`], together with the post of what the job proves.
    async fn put_posting(&self, job: NewJob, post: Option<NewPost>) -> Result<(StatusCode, Job), Problem> {
        if !self.is_known(&job.owner, job.idempotency.as_deref()).await? {
            self.room(1).await?;
        }
        let put = match &post {
            Some(post) => self.store.put_posting(&job, post).await?,
            None => self.store.put(&job).await?,
        };
        match put {
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
