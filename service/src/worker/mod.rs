//! What is done about jobs, beside the threads that answer requests.

mod compile;
mod memory;
mod models;
mod prove;

use crate::artifacts::Artifacts;
use crate::config::Config;
use crate::job::{Job, Kind};
use crate::queue::Queue;
use crate::store::{Store, now};
use models::Models;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

pub use compile::Compile;
pub use prove::Prove;

/// The longest wait between attempts.
const LONGEST: Duration = Duration::from_secs(300);

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
    models: Arc<Models>,
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
        let Some(job) = self.store.begin(id).await? else { return Ok(()) };
        let attempt = job.attempts;
        let refused = if attempt > i64::from(self.config.attempts) {
            Some(format!("it was begun {} times and never came to an end", attempt - 1))
        } else if job.deadline.is_some_and(|deadline| deadline < now()) {
            Some("its deadline had passed before it was begun".to_owned())
        } else {
            None
        };
        let found = match refused {
            Some(why) => Err(Fault::Job(why)),
            None => self.clone().run(&job).await,
        };
        match found {
            Ok(result) => self.store.end(id, attempt, Ok(&result)).await?,
            Err(Fault::Job(why)) => self.store.end(id, attempt, Err(&why)).await?,
            Err(Fault::Other(error)) if attempt >= i64::from(self.config.attempts) => {
                let why = format!("it failed {attempt} times, at last because: {error:#}");
                self.store.end(id, attempt, Err(&why)).await?
            }
            Err(Fault::Other(error)) => {
                tracing::warn!(job = id, attempt, "{error:#}");
                let back = self.store.put_back(id, attempt).await?;
                let wait = Duration::from_secs(1 << attempt.clamp(0, 16)).min(LONGEST);
                self.queue.put(id, attempt, job.priority, wait).await?;
                back
            }
        };
        Ok(())
    }

    async fn run(self: Arc<Self>, job: &Job) -> Result<Value, Fault> {
        let (stages, heard) = mpsc::unbounded_channel();
        let noting = tokio::spawn(note(self.store.clone(), job.id.clone(), job.attempts, heard));
        let result = match job.kind {
            Kind::Compile => self.compile(job, stages).await,
            Kind::Prove => self.prove(job, stages).await,
        };
        noting.abort();
        result
    }
}

/// Notes the stages that a job reaches, if it stays at them for a while.
async fn note(store: Store, id: String, attempt: i64, mut heard: mpsc::UnboundedReceiver<&'static str>) {
    let mut last = Instant::now();
    while let Some(mut stage) = heard.recv().await {
        if let Some(rest) = NOTED.checked_sub(last.elapsed()) {
            tokio::time::sleep(rest).await;
        }
        while let Ok(later) = heard.try_recv() {
            stage = later;
        }
        if let Err(error) = store.stage(&id, attempt, stage).await {
            tracing::warn!(job = id, "{error}");
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
