//! What is done about jobs, beside the threads that answer requests.

mod compile;
mod memory;
mod models;
mod proof;
mod prove;
mod topic;

use crate::artifacts::Artifacts;
use crate::config::Config;
use crate::job::{Job, Kind};
use crate::metrics;
use crate::queue::Queue;
use crate::store::{Store, now};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tracing::Instrument;

pub use compile::Compile;
pub(crate) use models::Models;
pub use prove::Prove;
pub use topic::Topic;

/// The longest wait between attempts.
const LONGEST: Duration = Duration::from_secs(300);

/// How often the stage of a job is noted at most.
const NOTED: Duration = Duration::from_millis(100);

/// Most inputs of one proof.
const MOST_TOGETHER: i64 = 64;

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
}

impl Worker {
    pub(crate) fn new(config: Config, store: Store, artifacts: Artifacts, queue: Queue) -> Self {
        let models = Arc::new(Models::new(config.params.clone()));
        Self { config, store, artifacts, queue, models }
    }

    /// Looks at a job, and does it if there is something to be done.
    pub(crate) async fn look(self: Arc<Self>, id: String) {
        if let Err(error) = self.clone().attempt(&id).await {
            // The job is as it was, and its ticket is put again by whoever looks after jobs that wait.
            tracing::error!(job = id, "{error:#}");
        }
    }

    async fn attempt(self: Arc<Self>, id: &str) -> anyhow::Result<()> {
        let begun = self.store.begin(id).await?;
        if begun.as_ref().is_none_or(|job| job.attempts > 1) {
            // Whoever began it may have been stopped before what was to be done with it.
            self.store.disband(id).await?;
        }
        if let Some(job) = begun
            && self.admitted(&job).await?
        {
            let company = self.company(&job).await?;
            self.clone().together(job, company).await?;
        }
        Ok(())
    }

    /// Whether a job that was begun is to be done; it has failed if not.
    async fn admitted(&self, job: &Job) -> anyhow::Result<bool> {
        let (attempt, begun) = (job.attempts, job.attempts - job.forgiven);
        if begun > i64::from(self.config.attempts) {
            let why = format!("it was begun {} times and never came to an end", begun - 1);
            self.store.give_up(&job.id, attempt, &why).await?;
            return Ok(false);
        }
        let refused = if job.deadline.is_some_and(|deadline| deadline < now()) {
            "its deadline had passed before it was begun".to_owned()
        } else {
            return Ok(true);
        };
        self.store.end(&job.id, attempt, Err(&refused)).await?;
        Ok(false)
    }

    /// Jobs that are begun with a job, for one proof of all: with it as many as a power of two.
    async fn company(&self, job: &Job) -> anyhow::Result<Vec<Job>> {
        let mut company = vec![];
        if job.together.is_none() || job.attempts > 1 {
            return Ok(company);
        }
        let mut waiting = self.store.company(job, MOST_TOGETHER - 1).await?;
        let size = 1 << (waiting.len() + 1).ilog2();
        waiting.truncate(size - 1);
        for id in waiting {
            if let Some(other) = self.store.follow(&id, &job.id).await?
                && self.admitted(&other).await?
            {
                company.push(other);
            }
        }
        // Some were taken by others in between.
        let size = 1 << (company.len() + 1).ilog2();
        for other in company.split_off(size - 1) {
            self.store.put_back(&other.id, other.attempts).await?;
        }
        Ok(company)
    }

    /// Does a job and its company: by one proof or, if that comes to nothing, each by itself. The job is ended last, so that
    /// its ticket is there as long as there is something to be done.
    async fn together(self: Arc<Self>, job: Job, company: Vec<Job>) -> anyhow::Result<()> {
        let mut jobs = company;
        jobs.push(job);
        if jobs.len() > 1 {
            match self.clone().run(&jobs).await {
                Ok(results) => {
                    for (job, result) in jobs.iter().zip(results) {
                        self.end(job, Ok(result)).await?;
                    }
                    return Ok(());
                }
                Err(fault) => tracing::info!(jobs = jobs.len(), "each is proven by itself: {fault:?}"),
            }
        }
        for job in jobs {
            let result = self.clone().run(std::slice::from_ref(&job)).await;
            let result = result.map(|results| results.into_iter().next().unwrap_or_default());
            self.end(&job, result).await?;
        }
        Ok(())
    }

    /// Ends an attempt: the job is done, has failed, or waits for the next one.
    async fn end(&self, job: &Job, found: Result<Value, Fault>) -> anyhow::Result<()> {
        let (id, attempt, begun) = (&job.id, job.attempts, job.attempts - job.forgiven);
        match found {
            Ok(result) => self.store.end(id, attempt, Ok(&result)).await?,
            Err(Fault::Job(why)) => self.store.end(id, attempt, Err(&why)).await?,
            Err(Fault::Other(error)) if begun >= i64::from(self.config.attempts) => {
                let why = format!("it failed {begun} times, at last because: {error:#}");
                self.store.give_up(id, attempt, &why).await?
            }
            Err(Fault::Other(error)) => {
                tracing::warn!(job = id, attempt, "{error:#}");
                let back = self.store.put_back(id, attempt).await?;
                let wait = Duration::from_secs(1 << begun.clamp(0, 16)).min(LONGEST);
                self.queue.put(id, attempt, job.priority, wait).await?;
                back
            }
        };
        Ok(())
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
