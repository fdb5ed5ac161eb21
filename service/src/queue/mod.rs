//! The queue that hands out jobs, in the database of the jobs: to this process and to others.
//!
//! A ticket says which job to look at. What is to be done about it, the job's row says: a ticket that comes twice does no
//! harm.

mod mend;

use crate::store::{ANSWER, PRAGMAS, is_sound, is_sqlite, with_file};
use crate::worker::Worker;
use anyhow::Context;
use apalis::layers::WorkerBuilderExt;
use apalis::prelude::{BackendExt, Data, TaskBuilder, TaskSink, WorkerBuilder};
use apalis_postgres::{PgPool, PostgresStorage};
use apalis_sqlite::{SqlitePool, SqlitePoolOptions, SqliteStorage};
use futures::Stream;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The name of the queue.
const NAME: &str = "sumcast";

/// How often a process looks for tickets that others have put.
const LOOK: Duration = Duration::from_millis(500);

/// How often a process says that it is alive, and after how many times that it did not others take its tickets.
const HEARTBEAT: Duration = Duration::from_secs(5);
const MISSED: usize = 3;

/// Tickets may be lost with the machine, unlike jobs: who finds a job without one puts it again.
const UNSYNCED: &str = "PRAGMA synchronous = NORMAL;";

/// A job to look at.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ticket {
    job: String,
}

#[derive(Clone, Debug)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The queue.
#[derive(Clone, Debug)]
pub struct Queue {
    pool: Pool,
    /// Tells this process of its own tickets.
    put: Arc<Notify>,
}

impl Queue {
    /// Opens the queue in a database, and brings its tables up to date.
    ///
    /// # Errors
    /// What the database has against it.
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        let pool = if is_sqlite(url) {
            let options = SqlitePoolOptions::new().max_connections(4).acquire_timeout(ANSWER);
            let options = options.after_connect(|connection, _| {
                Box::pin(async move {
                    sqlx::Executor::execute(&mut *connection, PRAGMAS).await?;
                    sqlx::Executor::execute(connection, UNSYNCED).await.map(|_| ())
                })
            });
            let options = options.after_release(|connection, _| Box::pin(is_sound(connection)));
            let pool = options.connect(&with_file(url)).await?;
            SqliteStorage::migrations().run(&pool).await?;
            Pool::Sqlite(pool)
        } else {
            let pool = PgPoolOptions::new().acquire_timeout(ANSWER).connect(url).await?;
            PostgresStorage::setup(&pool).await?;
            Pool::Postgres(pool)
        };
        Ok(Self { pool, put: Arc::default() })
    }

    /// Puts a ticket, which is handed out after a while. One for each attempt of a job: a second one is left out.
    ///
    /// # Errors
    /// The database's.
    pub async fn put(&self, job: &str, attempt: i64, priority: i64, after: Duration) -> anyhow::Result<()> {
        let ticket = TaskBuilder::new(Ticket { job: job.into() })
            .idempotency_key(key(job, attempt))
            .priority(usize::try_from(priority).unwrap_or_default())
            .run_after(after)
            .build();
        match &self.pool {
            Pool::Sqlite(pool) => {
                let config = apalis_sqlite::Config::default().queue(NAME);
                SqliteStorage::new(pool).with_config(config).push_task(ticket).await?;
            }
            Pool::Postgres(pool) => {
                let config = apalis_postgres::Config::default().queue(NAME);
                let put = PostgresStorage::new(pool).with_config(config).push_task(ticket).await;
                if let Err(error) = put
                    && !error.to_string().contains("idempotency")
                {
                    return Err(error.into());
                }
            }
        }
        self.put.notify_one();
        Ok(())
    }

    /// Takes tickets until it is told to stop, and then finishes what it has begun.
    ///
    /// # Errors
    /// What ends it before: the database's.
    pub(crate) async fn work(
        &self,
        name: &str,
        at_once: usize,
        worker: Arc<Worker>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let stop = async move {
            stop.await;
            Ok::<(), std::io::Error>(())
        };
        macro_rules! run {
            ($storage:expr, $config:expr) => {{
                let config = $config.queue(NAME).batch_size(1).heartbeat_interval(HEARTBEAT);
                let storage = $storage.with_config(config.missed_heartbeats(MISSED));
                WorkerBuilder::new(name)
                    .backend(storage.poll_with_stream(looks(self.put.clone())))
                    .concurrency(at_once)
                    .data(worker)
                    .build(handle)
                    .run_until(stop)
                    .await
            }};
        }
        match &self.pool {
            Pool::Sqlite(pool) => run!(SqliteStorage::new(pool), apalis_sqlite::Config::default()),
            Pool::Postgres(pool) => run!(PostgresStorage::new(pool), apalis_postgres::Config::default()),
        }
        .context("the queue has failed")
    }
}

/// The name of a job's ticket.
fn key(job: &str, attempt: i64) -> String {
    format!("{job}:{attempt}")
}

/// A ticket whose job could not be looked at is handed out again.
async fn handle(ticket: Ticket, worker: Data<Arc<Worker>>) -> anyhow::Result<()> {
    Arc::clone(&worker).look(ticket.job).await
}

/// When to look for tickets: when this process has put one, and from time to time.
fn looks(put: Arc<Notify>) -> impl Stream<Item = ()> + Unpin + Send {
    Box::pin(futures::stream::unfold(put, |put| async move {
        let _ = tokio::time::timeout(LOOK, put.notified()).await;
        Some(((), put))
    }))
}
