//! Jobs as they go on.

use super::caller::{Caller, Reader};
use super::{Problem, Service};
use crate::artifacts::File;
use crate::job::Job;
use crate::store::Page;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{AppendHeaders, IntoResponse};
use bytes::Bytes;
use futures::{Stream, stream};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// How often a job is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Most jobs of a page, and as many as are listed if nothing is said.
const MOST: i64 = 100;
const USUAL: i64 = 20;

/// Which jobs are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Only those in this state
    state: Option<crate::job::State>,
    /// Only those before this one: the last of the page before
    before: Option<String>,
    /// How many, 1 to 100
    limit: Option<i64>,
}

/// Jobs, from the latest.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Jobs {
    jobs: Vec<Job>,
    /// What `before` is for the next page; nothing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Service {
    /// The jobs of a kind that a caller sees.
    pub(super) async fn jobs(
        &self,
        caller: &Caller,
        kind: crate::job::Kind,
        asked: Asked,
    ) -> Result<Jobs, Problem> {
        let limit = asked.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::invalid(format!("limit is {limit}: from 1 to {MOST}")));
        }
        let (state, before) = (asked.state, asked.before);
        let owner = caller.sees().map(str::to_owned);
        let page = Page { kind: Some(kind), owner, state, before, limit: limit + 1 };
        let mut jobs = self.store.list(&page).await?;
        let more = jobs.len() as i64 > limit;
        jobs.truncate(usize::try_from(limit).unwrap_or_default());
        let next = jobs.last().filter(|_| more).map(|job| job.id.clone());
        Ok(Jobs { jobs, next })
    }

    /// A file that a job of a kind has made, once it is done.
    pub(super) async fn made(
        &self,
        caller: &Caller,
        kind: crate::job::Kind,
        id: &str,
        file: File,
    ) -> Result<Bytes, Problem> {
        let job = self.job(caller, kind, id).await?;
        let bytes = match job.state {
            crate::job::State::Done => self.artifacts.get(id, file).await?,
            _ => None,
        };
        bytes.ok_or_else(|| not_there(&job))
    }

    /// A job of a kind, if the caller sees it.
    pub(super) async fn job(
        &self,
        caller: &Caller,
        kind: crate::job::Kind,
        id: &str,
    ) -> Result<Job, Problem> {
        let job = self.seen(caller, id).await?.filter(|job| job.kind == kind);
        job.ok_or_else(|| Problem::missing(kind.noun(), id))
    }

    /// A job, if the caller sees it.
    async fn seen(&self, caller: &Caller, id: &str) -> Result<Option<Job>, Problem> {
        let sees = |job: &Job| caller.sees().is_none_or(|owner| owner == job.owner);
        Ok(self.store.job(id).await?.filter(sees))
    }
}

/// A job that has not made what is asked for.
pub(super) fn not_there(job: &Job) -> Problem {
    let why = job.error.as_deref().map_or_else(String::new, |error| format!(": {error}"));
    Problem::conflict(format!("job {:?} is {}{why}", job.id, job.state.word()))
}

/// Bytes as a file.
pub(super) fn octets(bytes: Bytes) -> impl IntoResponse {
    (AppendHeaders([(header::CONTENT_TYPE, "application/octet-stream")]), bytes)
}

impl crate::job::Kind {
    /// What it makes.
    fn noun(self) -> &'static str {
        match self {
            Self::Compile => "model",
            Self::Prove => "proof",
        }
    }
}

/// Follow a job
///
/// Server-sent events: `job`, with the job, whenever it has changed, until it is at an end or the
/// service is.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/events",
    tag = "jobs",
    security(("key" = ["read"])),
    params(("id", description = "The model's or the proof's")),
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
    let job = service.seen(&caller, &id).await?.ok_or_else(|| Problem::missing("job", &id))?;
    let begin = Some((service, job, None));
    let changes = stream::unfold(begin, |state| async move {
        let (service, mut job, told): (Service, Job, Option<Job>) = state?;
        while told.as_ref() == Some(&job) {
            tokio::time::sleep(LOOK).await;
            // A service that is to end waits for nobody who follows a job.
            if *service.ending.borrow() {
                return None;
            }
            job = service.store.job(&job.id).await.ok().flatten()?;
        }
        let event = Event::default().event("job").json_data(&job).ok()?;
        let next = (!job.state.is_final()).then(|| (service, job.clone(), Some(job)));
        Some((Ok(event), next))
    });
    Ok(Sse::new(changes).keep_alive(KeepAlive::default()))
}

pub(super) type Listed = Query<Asked>;
