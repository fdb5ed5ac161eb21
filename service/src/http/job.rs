//! One job, whatever it does: how far it is, its files, its end.

use super::caller::{Caller, Prover, Reader, Who};
use super::jobs::not_there;
use super::shares::Place;
use super::{Problem, Service};
use crate::artifacts::File;
use crate::job::{Job, Kind, State as JobState};
use crate::store::Ends;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{AppendHeaders, IntoResponse};
use bytes::Bytes;
use futures::{Stream, stream};
use std::convert::Infallible;
use std::time::Duration;

/// How often a job that is followed is looked at, unless this process ends it.
const LOOK: Duration = Duration::from_millis(100);

impl Service {
    /// A job that the caller sees.
    pub(super) async fn any(&self, caller: &Caller, id: &str) -> Result<Job, Problem> {
        self.seen(caller, id).await?.ok_or_else(|| Problem::missing("job", id))
    }

    /// A file that a job has made, once it is done. The key of a proof that has none of its own is its model's.
    pub(super) async fn made(&self, caller: &Caller, id: &str, file: File) -> Result<Bytes, Problem> {
        let job = self.any(caller, id).await?;
        if job.state != JobState::Done {
            return Err(not_there(&job));
        }
        let of_model = job.model.as_deref().filter(|_| file == File::Key && job.kind == Kind::Prove);
        if let Some(bytes) = self.artifacts.made(&job, file).await? {
            return Ok(bytes);
        }
        let bytes = match of_model {
            Some(model) => self.artifacts.made(&self.any(caller, model).await?, file).await?,
            None => None,
        };
        bytes.ok_or_else(|| no_file(id, file))
    }

    /// A file that a job of anyone has made by itself, once it is done.
    pub(super) async fn made_by(&self, id: &str, file: File) -> Result<Bytes, Problem> {
        let job = self.store.job(id).await?.ok_or_else(|| Problem::missing("job", id))?;
        if job.state != JobState::Done {
            return Err(not_there(&job));
        }
        self.artifacts.made(&job, file).await?.ok_or_else(|| no_file(id, file))
    }
}

fn no_file(id: &str, file: File) -> Problem {
    Problem::missing("file", &format!("{id}/{}", file.name()))
}

/// A job
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}",
    tag = "jobs",
    security(("key" = ["read"])),
    params(("id",)),
    responses((status = 200, body = Job), (status = 404, body = Problem))
)]
pub(super) async fn one(
    State(service): State<Service>,
    Reader(caller): Reader,
    Path(id): Path<String>,
) -> Result<Json<Job>, Problem> {
    Ok(Json(service.any(&caller, &id).await?))
}

/// Cancel a job
///
/// What is at an end stays as it is.
#[utoipa::path(
    delete,
    path = "/v1/jobs/{id}",
    tag = "jobs",
    security(("key" = ["prove"])),
    params(("id",)),
    responses((status = 200, body = Job), (status = 404, body = Problem))
)]
pub(super) async fn cancel(
    State(service): State<Service>,
    Prover(caller): Prover,
    Path(id): Path<String>,
) -> Result<Json<Job>, Problem> {
    service.any(&caller, &id).await?;
    let job = service.store.cancel(&id).await?;
    job.map(Json).ok_or_else(|| Problem::missing("job", &id))
}

/// A file that a job has made
///
/// `vk`: the verifying key of a model, or of a proof; `proof`: the proof with its statement; `opening`: what opens the
/// commitments in the statement, where there are some.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/files/{name}",
    tag = "jobs",
    security(("key" = ["read"])),
    params(("id",), ("name", description = "vk, proof or opening")),
    responses(
        (status = 200, content_type = "application/octet-stream", body = [u8]),
        (status = 404, body = Problem), (status = 409, body = Problem)
    )
)]
pub(super) async fn file(
    State(service): State<Service>,
    Reader(caller): Reader,
    Path((id, name)): Path<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    let file = File::SHOWN.into_iter().find(|file| file.name() == name);
    let file = file.ok_or_else(|| Problem::missing("file", &name))?;
    let bytes = service.made(&caller, &id, file).await?;
    Ok((AppendHeaders([(header::CONTENT_TYPE, "application/octet-stream")]), bytes))
}

/// Who follows a job: the job as it is, as it was told, and what ends with the following.
type Following = (Service, Job, Option<Job>, (Place<Who>, Ends));

/// Follow a job
///
/// Server-sent events: `job`, with the job, whenever it has changed, until it is at an end or the
/// service is.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/events",
    tag = "jobs",
    security(("key" = ["read"])),
    params(("id",)),
    responses(
        (status = 200, content_type = "text/event-stream", body = Job),
        (status = 404, body = Problem)
    )
)]
pub(super) async fn events(
    State(service): State<Service>,
    Reader(caller): Reader,
    Path(id): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let ends = service.store.ends();
    let job = service.any(&caller, &id).await?;
    let place = service.limits.followers.enter(caller.who(), Duration::ZERO).await;
    let place = place.ok_or_else(Problem::overloaded)?;
    let begin = Some((service, job, None, (place, ends)));
    let changes = stream::unfold(begin, |state| async move {
        let (service, mut job, told, (place, mut ends)): Following = state?;
        while told.as_ref() == Some(&job) {
            // It is looked at in either case.
            let _ = tokio::time::timeout(LOOK, ends.of(&job.id)).await;
            // A service that is to end waits for nobody who follows a job.
            if *service.ending.borrow() {
                return None;
            }
            job = service.store.job(&job.id).await.ok().flatten()?;
        }
        let event = Event::default().event("job").json_data(&job).ok()?;
        let next = (!job.state.is_final()).then(|| (service, job.clone(), Some(job), (place, ends)));
        Some((Ok(event), next))
    });
    Ok(Sse::new(changes).keep_alive(KeepAlive::default()))
}
