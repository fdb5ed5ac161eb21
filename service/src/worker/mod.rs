//! What is done about jobs, beside the threads that answer requests.

mod begun;
mod company;
mod compile;
mod deadline;
mod memory;
mod models;
mod proof;
mod prove;
mod topic;

use crate::artifacts::Artifacts;
use crate::config::Config;
use crate::job::{Cause, Failure, Job, Kind};
use crate::metrics;
use crate::queue::Queue;
use crate::store::{self, Store, now};
use anyhow::bail;
use begun::Begun;
use deadline::{Times, too_late};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tracing::Instrument;

pub use compile::Compile;
pub(crate) use models::Models;
pub use prove::Prove;
pub(crate) use topic::Circuit;
pub use topic::Topic;

/// The longest wait between attempts.
const LONGEST: Duration = Duration::from_secs(300);

/// The first and the longest wait for the database.
const SOON: Duration = Duration::from_millis(250);
const LONG: Duration = Duration::from_secs(10);

/// How often the stage of a job is noted at most.
const NOTED: Duration = Duration::from_millis(100);

/// Why a job came to nothing.
#[derive(Debug)]
pub(crate) enum Fault {
    /// By its own fault: it would again.
    Job(String),
    /// By no fault of its own.
    Other(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

impl Fault {
    /// A job's own fault.
    pub(crate) fn job(error: impl std::fmt::Display) -> Self {
        Self::Job(format!("{error:#}"))
    }
}

/// Says which stage a job is at.
pub(crate) type Stages = mpsc::UnboundedSender<&'static str>;

/// Works on jobs.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) artifacts: Artifacts,
    pub(crate) queue: Queue,
    pub(crate) models: Arc<Models>,
    begun: Begun,
    times: Times,
    /// Whether the process is to end.
    ending: watch::Receiver<bool>,
}

impl Worker {
    pub(crate) fn new(
        config: Config,
        store: Store,
        artifacts: Artifacts,
        queue: Queue,
        ending: watch::Receiver<bool>,
    ) -> Self {
        let models = Arc::new(Models::new(config.params.clone()));
        let begun = Begun::new(config.jobs_at_once);
        Self { config, store, artifacts, queue, models, begun, times: Times::default(), ending }
    }

    /// Looks at a job, and does it if there is something to be done. What is begun goes on when nobody waits for it.
    ///
    /// # Errors
    /// If the job is to be looked at again.
    pub(crate) async fn look(self: Arc<Self>, id: String) -> anyhow::Result<()> {
        let looking = tokio::spawn(async move {
            let looked = self.begun.alone(&id, self.clone().attempt(&id)).await;
            looked.inspect_err(|error| tracing::error!(job = id, "{error:#}"))
        });
        looking.await?
    }

    /// Once all that is begun is at its end.
    pub(crate) async fn ended(&self) {
        self.begun.ended().await;
    }

    async fn attempt(self: Arc<Self>, id: &str) -> anyhow::Result<()> {
        let Some(job) = self.insist(|| self.store.begin(id)).await? else { return Ok(()) };
        if job.attempts > 1 {
            // Whoever began it may have been stopped before what was to be done with it.
            self.insist(|| self.store.disband(id)).await?;
        }
        if self.admitted(&job).await? {
            let company = self.company(&job).await?;
            self.clone().together(job, company).await?;
        }
        Ok(())
    }

    /// Whether a job that was begun is to be done; it has failed if not.
    async fn admitted(&self, job: &Job) -> anyhow::Result<bool> {
        let begun = job.attempts - job.forgiven;
        let takes = job.model.as_deref().and_then(|model| self.times.of(model));
        let failure = if begun > i64::from(self.config.attempts) {
            let why = format!("it was begun {} times and never came to an end", begun - 1);
            Failure { cause: Cause::Service, why }
        } else if let Some(why) = too_late(job.deadline, now(), takes) {
            Failure { cause: Cause::Job, why }
        } else {
            return Ok(true);
        };
        self.insist(|| self.store.end(&job.id, job.attempts, Err(&failure))).await?;
        Ok(false)
    }

    /// Ends an attempt: the job is done, has failed, or waits for the next one.
    async fn end(&self, job: &Job, found: Result<Value, Fault>) -> anyhow::Result<()> {
        let (id, attempt, begun) = (&job.id, job.attempts, job.attempts - job.forgiven);
        let ended = match found {
            Ok(result) => Ok(result),
            Err(Fault::Job(why)) => Err(Failure { cause: Cause::Job, why }),
            Err(Fault::Other(error)) if begun >= i64::from(self.config.attempts) => {
                let why = format!("it failed {begun} times, at last because: {error:#}");
                Err(Failure { cause: Cause::Service, why })
            }
            Err(Fault::Other(error)) => {
                tracing::warn!(job = id, attempt, "{error:#}");
                self.insist(|| self.store.put_back(id, attempt)).await?;
                let wait = Duration::from_secs(1 << begun.clamp(0, 16)).min(LONGEST);
                return self.queue.put(id, attempt, job.priority, wait).await;
            }
        };
        if !self.insist(|| self.store.end(id, attempt, ended.as_ref())).await? {
            // Another attempt counts, or it was cancelled. Files that cannot be removed do no harm.
            if let Err(error) = self.artifacts.forget(job).await {
                tracing::warn!(job = id, attempt, "{error}");
            }
        }
        if job.kind != Kind::Prove {
            // What has looked for it in vain is looked at again.
            let needing = self.insist(|| self.store.needing(id)).await?;
            self.queue.mend_tickets(&needing).await?;
        }
        Ok(())
    }

    /// Asks the database until it answers: what is done is not to be lost because it is away. A question may be asked twice.
    ///
    /// # Errors
    /// If the answer makes no sense, or the process is to end.
    async fn insist<T, F: Future<Output = Result<T, sqlx::Error>>>(
        &self,
        ask: impl Fn() -> F,
    ) -> anyhow::Result<T> {
        let mut ending = self.ending.clone();
        let mut wait = SOON;
        loop {
            match ask().await {
                Err(error) if store::is_away(&error) => tracing::warn!("{error}"),
                answer => return Ok(answer?),
            }
            // Whoever is to end does not wait; nobody tells once the sender is gone.
            tokio::select! {
                () = tokio::time::sleep(wait) => wait = (2 * wait).min(LONG),
                _ = ending.wait_for(|ending| *ending) => bail!("the database is away, and the process is to end"),
            }
        }
    }

    /// The results of jobs of one kind: of one, or of several that are proven together. The log and the metrics are told.
    async fn run(self: Arc<Self>, jobs: &[Job]) -> Result<Vec<Value>, Fault> {
        let Some(job) = jobs.first() else { return Ok(vec![]) };
        let begun = Instant::now();
        let request = job.request_id.as_deref().unwrap_or_default();
        let span = tracing::info_span!("job", id = job.id, kind = job.kind.word(), request);
        let results = self.work(job, jobs).instrument(span.clone()).await;
        let outcome = match &results {
            Ok(_) => "done",
            Err(Fault::Job(_)) => "failed",
            Err(Fault::Other(_)) => "faulty",
        };
        let took = begun.elapsed();
        let milliseconds = took.as_millis() as u64;
        span.in_scope(|| tracing::info!(jobs = jobs.len(), outcome, milliseconds, "ended"));
        metrics::attempt(job.kind, outcome, took, results.as_ref().ok().and_then(|results| results.first()));
        results
    }

    async fn work(self: Arc<Self>, job: &Job, jobs: &[Job]) -> Result<Vec<Value>, Fault> {
        let (stages, heard) = mpsc::unbounded_channel();
        let noted = jobs.iter().map(|job| (job.id.clone(), job.attempts)).collect();
        let noting = tokio::spawn(note(self.store.clone(), noted, heard));
        let results = match job.kind {
            Kind::Prove => self.prove(jobs, stages).await,
            Kind::Compile => self.compile(job, stages).await.map(|result| vec![result]),
            Kind::Synthesize | Kind::Settle => self.topic(job, stages).await.map(|result| vec![result]),
        };
        noting.abort();
        results
    }
}

/// Notes the stages that jobs reach, if they stay at them for a while.
async fn note(store: Store, jobs: Vec<(String, i64)>, mut heard: mpsc::UnboundedReceiver<&'static str>) {
    let mut last = Instant::now();
    while let Some(mut stage) = heard.recv().await {
        if let Some(rest) = NOTED.checked_sub(last.elapsed()) {
            tokio::time::sleep(rest).await;
        }
        while let Ok(later) = heard.try_recv() {
            stage = later;
        }
        for (id, attempt) in &jobs {
            if let Err(error) = store.stage(id, *attempt, stage).await {
                tracing::warn!(job = id, "{error}");
            }
        }
        last = Instant::now();
    }
}

/// Does what takes a core for long, beside the threads that answer requests.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await?
}
