//! The database of jobs: SQLite or PostgreSQL, by one set of statements.
//!
//! A job's row is the truth about it; the queue only says when to look. Whoever begins a job takes the next number of its
//! attempts, and only who has the last number may finish it: however often a job is begun, it has one result.

mod attestations;
mod dead;
mod ends;
mod inputs;
mod jobs;
mod keys;
mod leases;
mod posts;
mod totals;
mod transactions;

pub(crate) use attestations::{Attestation, Signature};
pub(crate) use ends::Ends;
pub use inputs::Input;
pub use jobs::{NewJob, Page, Put, Unfinished};
pub(crate) use leases::Lease;
pub use posts::{NewPost, PostPage};
pub(crate) use posts::{Open, Place};
pub(crate) use totals::Total;
pub(crate) use transactions::{Settled, Transaction};

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{AnyPool, Connection, Executor};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::broadcast;

/// The database of jobs.
#[derive(Clone, Debug)]
pub struct Store {
    pool: AnyPool,
    ends: broadcast::Sender<String>,
}

impl Store {
    /// Opens a database, and brings its tables up to date.
    ///
    /// # Errors
    /// What the database has against it.
    pub async fn open(url: &str) -> Result<Self, sqlx::Error> {
        install_default_drivers();
        let sqlite = is_sqlite(url);
        let options = AnyPoolOptions::new().max_connections(if sqlite { 4 } else { 8 });
        let options = options.acquire_timeout(ANSWER).after_connect(move |connection, _| {
            Box::pin(async move {
                if sqlite {
                    connection.execute(PRAGMAS).await?;
                }
                Ok(())
            })
        });
        let options = options.after_release(|connection, _| Box::pin(is_sound(connection)));
        let pool = options.connect(&with_file(url)).await?;
        let mut migrations = sqlx::migrate!("./migrations");
        // The queue keeps its own in the same database.
        migrations.dangerous_set_table_name("sumcast_migrations");
        migrations.run(&pool).await?;
        Ok(Self { pool, ends: broadcast::Sender::new(ends::KEPT) })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// What it says if it does not.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT 1").execute(&self.pool).await.map(|_| ())
    }
}

/// How long the database may be away before who asks is told.
pub(crate) const ANSWER: Duration = Duration::from_secs(10);

/// Settings of every connection: what is written lasts, and who finds it locked waits.
pub(crate) const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON;";

/// Whether a connection may be used again. Where there is no room SQLite ends a transaction by itself, and a connection that
/// does not know of it would end none of its later ones, which keeps all others from writing.
pub(crate) async fn is_sound<C: Connection>(connection: &mut C) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // What was dropped is rolled back before this is answered.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// A column that holds what it should not.
fn damaged(column: &str, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.into(), source: why.into() }
}

/// Whether a question may be answered when it is asked again: the database is away, busy or has no room.
pub(crate) fn is_away(error: &sqlx::Error) -> bool {
    use sqlx::Error;
    matches!(
        error,
        Error::Io(_)
            | Error::Tls(_)
            | Error::Protocol(_)
            | Error::PoolTimedOut
            | Error::WorkerCrashed
            | Error::Database(_)
    )
}

/// Whether a database is one in a file.
pub(crate) fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}

/// The same, of a file that is made where there is none.
pub(crate) fn with_file(url: &str) -> String {
    match is_sqlite(url) && !url.contains('?') {
        true => format!("{url}?mode=rwc"),
        false => url.into(),
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Kind;

    #[tokio::test]
    async fn a_transaction_that_the_database_has_ended_keeps_nobody_from_writing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite://{}/a.db", folder.path().display())).await.unwrap();
        let returned = async || {
            while store.pool.num_idle() < store.pool.size() as usize {
                tokio::task::yield_now().await;
            }
        };
        let ended = "ROLLBACK";
        let written = "UPDATE sumcast_jobs SET priority = 1";
        for statement in [ended, written] {
            returned().await;
            let mut begun = store.pool.begin().await.unwrap();
            sqlx::query(statement).execute(&mut *begun).await.unwrap();
        }
        returned().await;
        let _others = store.pool.acquire().await.unwrap();
        store.put(&NewJob::new(Kind::Prove, "", serde_json::Value::Null)).await.unwrap();
    }
}
