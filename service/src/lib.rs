//! The proving service: where this workspace meets the network.
//!
//! Requests become [`job`]s in a database, SQLite in one file or PostgreSQL; a queue in the same database hands them to the
//! processes that work on them, this one and others. What a job is of and what comes of it are files beside it.
//! `docs/service.md` says what holds when something fails.
#![forbid(unsafe_code)]

mod artifacts;
mod config;
mod http;
pub mod job;
pub mod keys;
mod metrics;
mod queue;
pub mod relay;
mod store;
mod trace;
mod worker;

pub use artifacts::{Artifacts, File};
pub use config::Config;
pub use http::Problem;
pub use queue::Queue;
pub use relay::Relay;
pub use store::{Input, NewJob, NewPost, Page, PostPage, Put, Store, Unfinished};
pub use worker::{Compile, Prove, Topic};

use anyhow::Context;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// How often the queue is looked after.
const SWEEP: Duration = Duration::from_secs(5);

/// How long nothing is asked of the queue after it has failed.
const AGAIN: Duration = Duration::from_secs(1);

/// A process of the service, ready to begin.
#[derive(Debug)]
pub struct Process {
    service: http::Service,
    worker: Arc<worker::Worker>,
    ending: watch::Sender<bool>,
}

impl Process {
    /// Opens the database, the queue and the folder of artifacts, which are made where there are none.
    ///
    /// # Errors
    /// What cannot be opened.
    pub async fn open(config: Config) -> anyhow::Result<Self> {
        let store = open_store(&config).await?;
        let url = config.database();
        let queue = Queue::open(&url);
        let queue = queue.await.with_context(|| format!("cannot open the queue in {}", config.shown_database()))?;
        let folder = config.artifacts();
        let artifacts = Artifacts::in_folder(&folder)
            .with_context(|| format!("cannot open the folder {}", folder.display()))?;
        let (ending, told) = watch::channel(false);
        let worker = worker::Worker::new(
            config.clone(),
            store.clone(),
            artifacts.clone(),
            queue.clone(),
            told.clone(),
        );
        let models = worker.models.clone();
        let limits = http::Limits::new(&config);
        let service = http::Service { config, store, artifacts, queue, models, ending: told, limits };
        Ok(Self { service, worker: Arc::new(worker), ending })
    }

    /// Whether requests need a key while there is none.
    ///
    /// # Errors
    /// The database's.
    pub async fn lacks_key(&self) -> anyhow::Result<bool> {
        Ok(self.service.config.asks_for_keys() && self.service.store.keys().await?.is_empty())
    }

    /// Listens, before anything is answered: where.
    ///
    /// # Errors
    /// If the address cannot be had.
    pub async fn listen(&self) -> anyhow::Result<(TcpListener, SocketAddr)> {
        let asked = self.service.config.listen;
        let listener = TcpListener::bind(asked).await.with_context(|| format!("cannot listen at {asked}"))?;
        let found = listener.local_addr()?;
        Ok((listener, found))
    }

    /// Answers requests and works on jobs until it is told to stop; what is begun is finished.
    ///
    /// # Errors
    /// What ends it before.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let config = &self.service.config;
        let bounds = http::Bounds {
            connections: config.max_connections,
            trusted: !config.asks_for_keys(),
            patience: Duration::from_secs(config.patience_seconds),
        };
        let router = http::router(self.service.clone())?;
        let ending = self.ending.clone();
        let answering = http::serve(listener, router, bounds, ending.subscribe());
        let working = self.work(told(ending.subscribe()));
        let stopping = async move {
            stop.await;
            ending.send_replace(true);
        };
        let ((), worked, ()) = tokio::join!(answering, working, stopping);
        worked
    }

    /// Works on jobs until it is told to stop; what is begun is finished. Where the database goes away it goes on once it is
    /// back.
    ///
    /// # Errors
    /// If threads cannot be had.
    pub async fn work(self, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
        let sweep = tokio::spawn(sweep(self.service));
        let (ending, ended) = (self.ending.clone(), told(self.ending.subscribe()));
        let stopping = tokio::spawn(async move {
            tokio::select! { () = stop => { ending.send_replace(true); } () = ended => () }
        });
        let worker = self.worker;
        loop {
            let (worker, stop) = (worker.clone(), told(self.ending.subscribe()));
            let runtime = Handle::current();
            // A thread of its own: the queue's future does not leave the one it is on.
            let working = tokio::task::spawn_blocking(move || {
                let name = format!("sumcast-{}", ulid::Ulid::new());
                let (queue, at_once) = (worker.queue.clone(), worker.config.jobs_at_once);
                runtime.block_on(queue.work(&name, at_once, worker, stop))
            });
            match working.await? {
                Ok(()) => break,
                Err(error) => tracing::warn!("{error:#}"),
            }
            tokio::select! { () = tokio::time::sleep(AGAIN) => (), () = told(self.ending.subscribe()) => break }
        }
        worker.ended().await;
        stopping.abort();
        sweep.abort();
        Ok(())
    }
}

/// Opens the database of a service, whose folder is made where there is none.
///
/// # Errors
/// What cannot be opened.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("cannot make the folder {}", config.data.display()))?;
    let url = config.database();
    let store = Store::open(&url).await;
    store.with_context(|| format!("cannot open the database {}", config.shown_database()))
}

/// A new name, later ones after earlier ones.
fn new_id() -> String {
    ulid::Ulid::new().to_string().to_lowercase()
}

/// Until it is told.
async fn told(mut stop: watch::Receiver<bool>) {
    // Nobody tells any more once the sender is gone.
    let _ = stop.wait_for(|told| *told).await;
}

/// Looks after the queue.
async fn sweep(service: http::Service) {
    loop {
        if let Err(error) = mend(&service).await {
            tracing::warn!("{error:#}");
        }
        tokio::time::sleep(SWEEP).await;
    }
}

async fn mend(service: &http::Service) -> anyhow::Result<()> {
    service.queue.mend_times().await?;
    service.queue.mend_tickets(&service.store.unfinished().await?).await
}
