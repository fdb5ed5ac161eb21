//! Lists of jobs.

use super::body::Asking;
use super::caller::{Caller, Reader};
use super::{Problem, Service, page};
use crate::job::{Job, Kind, State};
use crate::store::Page;
use axum::Json;
use axum::extract;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which jobs are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Only those in this state
    state: Option<State>,
    /// Only those of epochs of this network topic
    topic: Option<String>,
    /// Only those that one request asked for
    batch: Option<String>,
    /// Only those before this one: the last of the page before
    before: Option<String>,
    /// How many, 1 to 100
    limit: Option<i64>,
}

/// Which jobs of any kind are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedOfAny {
    /// Only those of this kind
    kind: Option<Kind>,
    /// Only those in this state
    state: Option<State>,
    /// Only those of epochs of this network topic
    topic: Option<String>,
    /// Only those that one request asked for
    batch: Option<String>,
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
    /// The jobs of a kind, or of all of them, that a caller sees.
    pub(super) async fn jobs(
        &self,
        caller: &Caller,
        kind: impl Into<Option<Kind>>,
        asked: Asked,
    ) -> Result<Jobs, Problem> {
        let limit = page::limit(asked.limit)?;
        let Asked { state, topic, batch, before, .. } = asked;
        let owner = caller.sees().map(str::to_owned);
        let page = Page { kind: kind.into(), owner, state, topic, batch, before, limit: limit + 1 };
        Ok(Jobs::page(self.store.list(&page).await?, limit))
    }

    /// A job of a kind, if the caller sees it.
    pub(super) async fn job(&self, caller: &Caller, kind: Kind, id: &str) -> Result<Job, Problem> {
        let job = self.seen(caller, id).await?.filter(|job| job.kind == kind);
        job.ok_or_else(|| Problem::missing(kind.noun(), id))
    }

    /// A model that is there or to come.
    pub(super) async fn model(&self, caller: &Caller, id: &str) -> Result<Job, Problem> {
        to_come(self.job(caller, Kind::Compile, id).await?)
    }

    /// A job, if the caller sees it.
    pub(super) async fn seen(&self, caller: &Caller, id: &str) -> Result<Option<Job>, Problem> {
        let sees = |job: &Job| caller.sees().is_none_or(|owner| owner == job.owner);
        Ok(self.store.job(id).await?.filter(sees))
    }
}

impl Jobs {
    /// A page of so many jobs, of which one more were asked for.
    pub(super) fn page(jobs: Vec<Job>, limit: i64) -> Self {
        let (jobs, next) = page::cut(jobs, limit, |job| &job.id);
        Self { jobs, next }
    }
}

/// A job, unless nothing will come of it.
pub(super) fn to_come(job: Job) -> Result<Job, Problem> {
    match job.state {
        State::Failed | State::Cancelled => Err(not_there(&job)),
        State::Queued | State::Running | State::Done => Ok(job),
    }
}

/// A job that has not made what is asked for.
pub(super) fn not_there(job: &Job) -> Problem {
    let why = job.error.as_deref().map_or_else(String::new, |error| format!(": {error}"));
    Problem::conflict(format!("job {:?} is {}{why}", job.id, job.state.word()))
}

impl Kind {
    /// What it makes.
    fn noun(self) -> &'static str {
        match self {
            Self::Compile => "model",
            Self::Prove => "proof",
            Self::Synthesize => "synthesis",
            Self::Settle => "settlement",
        }
    }
}

/// List jobs of every kind
#[utoipa::path(
    get,
    path = "/v1/jobs",
    tag = "jobs",
    security(("key" = ["read"])),
    params(AskedOfAny),
    responses((status = 200, body = Jobs), (status = 422, body = Problem))
)]
pub(super) async fn list(
    extract::State(service): extract::State<Service>,
    Reader(caller): Reader,
    Asking(AskedOfAny { kind, state, topic, batch, before, limit }): Asking<AskedOfAny>,
) -> Result<Json<Jobs>, Problem> {
    let asked = Asked { state, topic, batch, before, limit };
    Ok(Json(service.jobs(&caller, kind, asked).await?))
}

pub(super) type Listed = Asking<Asked>;
