//! Lists of jobs.

use super::body::Asking;
use super::{Problem, Service};
use crate::job::Job;
use crate::store::Page;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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

/// Which jobs of any kind are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedOfAny {
    /// Only those of this kind
    kind: Option<crate::job::Kind>,
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
    /// A page of the jobs of a kind, or of all of them.
    pub(super) async fn jobs(
        &self,
        kind: impl Into<Option<crate::job::Kind>>,
        asked: Asked,
    ) -> Result<Jobs, Problem> {
        let limit = asked.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::invalid(format!("limit is {limit}: from 1 to {MOST}")));
        }
        let (state, before) = (asked.state, asked.before);
        let page = Page { kind: kind.into(), state, before, limit: limit + 1 };
        let mut jobs = self.store.list(&page).await?;
        let more = jobs.len() as i64 > limit;
        jobs.truncate(usize::try_from(limit).unwrap_or_default());
        let next = jobs.last().filter(|_| more).map(|job| job.id.clone());
        Ok(Jobs { jobs, next })
    }

    /// A job of a kind.
    pub(super) async fn job(&self, kind: crate::job::Kind, id: &str) -> Result<Job, Problem> {
        let job = self.store.job(id).await?.filter(|job| job.kind == kind);
        job.ok_or_else(|| Problem::missing(kind.noun(), id))
    }
}

/// A job that has not made what is asked for.
pub(super) fn not_there(job: &Job) -> Problem {
    let why = job.error.as_deref().map_or_else(String::new, |error| format!(": {error}"));
    Problem::conflict(format!("job {:?} is {}{why}", job.id, job.state.word()))
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

/// List jobs of every kind
#[utoipa::path(
    get,
    path = "/v1/jobs",
    tag = "jobs",
    params(AskedOfAny),
    responses((status = 200, body = Jobs), (status = 422, body = Problem))
)]
pub(super) async fn list(
    State(service): State<Service>,
    Asking(AskedOfAny { kind, state, before, limit }): Asking<AskedOfAny>,
) -> Result<Json<Jobs>, Problem> {
    Ok(Json(service.jobs(kind, Asked { state, before, limit }).await?))
}

pub(super) type Listed = Asking<Asked>;
