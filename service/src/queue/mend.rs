//! What a queue is left with when clocks are set, databases are restored and processes end between two steps.

use super::{NAME, Pool, Queue};
use crate::store::Unfinished;
use std::collections::HashSet;
use std::time::Duration;

/// No ticket is put for later than this, with room for the machines' clocks: one that is, was put by another clock.
const LATEST: i64 = 600;

/// SQL for each kind of database.
struct Statements {
    due: &'static str,
    seen: &'static str,
    live: &'static str,
    again: &'static str,
}

const SQLITE: Statements = Statements {
    due: "UPDATE Jobs SET run_at = unixepoch() WHERE job_type = $1 AND status = 'Pending' AND run_at > unixepoch() \
          AND (run_at > unixepoch() + $2 OR idempotency_key LIKE '%:0')",
    seen: "UPDATE Workers SET last_seen = unixepoch() WHERE worker_type = $1 AND last_seen > unixepoch()",
    live: "SELECT idempotency_key FROM Jobs WHERE job_type = $1 AND (status IN ('Pending', 'Queued', 'Running') \
           OR (status = 'Failed' AND attempts < max_attempts))",
    again: "UPDATE Jobs SET status = 'Pending', attempts = 0, lock_by = NULL, lock_at = NULL, done_at = NULL \
            WHERE job_type = $1 AND idempotency_key = $2 AND status IN ('Done', 'Killed', 'Failed')",
};

const POSTGRES: Statements = Statements {
    due: "UPDATE apalis.jobs SET run_at = now() WHERE job_type = $1 AND status = 'Pending' AND run_at > now() \
          AND (run_at > now() + $2 * interval '1 second' OR idempotency_key LIKE '%:0')",
    seen: "UPDATE apalis.workers SET last_seen = now() WHERE worker_type = $1 AND last_seen > now()",
    live: "SELECT idempotency_key FROM apalis.jobs WHERE job_type = $1 AND (status IN ('Pending', 'Queued', 'Running') \
           OR (status = 'Failed' AND attempts < max_attempts))",
    again: "UPDATE apalis.jobs SET status = 'Pending', attempts = 0, lock_by = NULL, lock_at = NULL, done_at = NULL \
            WHERE job_type = $1 AND idempotency_key = $2 AND status IN ('Done', 'Killed', 'Failed')",
};

/// One body for both kinds of pools, which have no type in common.
macro_rules! on {
    ($self:ident, |$pool:ident, $sql:ident| $body:expr) => {
        match &$self.pool {
            Pool::Sqlite($pool) => {
                let $sql = SQLITE;
                $body
            }
            Pool::Postgres($pool) => {
                let $sql = POSTGRES;
                $body
            }
        }
    };
}

impl Queue {
    /// Tickets that a clock has put for later are due, and processes that were last seen in the future are as if seen now:
    /// a clock that is set back by a day keeps nothing waiting for a day.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn mend_times(&self) -> Result<(), sqlx::Error> {
        on!(self, |pool, sql| {
            sqlx::query(sql.due).bind(NAME).bind(LATEST).execute(pool).await?;
            sqlx::query(sql.seen).bind(NAME).execute(pool).await?;
        });
        Ok(())
    }

    /// Puts tickets of jobs that have none: whoever put the job was stopped in between, or what became of its ticket was
    /// not told to the job.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn mend_tickets(&self, jobs: &[Unfinished]) -> anyhow::Result<()> {
        if jobs.is_empty() {
            return Ok(());
        }
        let keys: Vec<Option<String>> =
            on!(self, |pool, sql| sqlx::query_scalar(sql.live).bind(NAME).fetch_all(pool).await?);
        let live: HashSet<&str> = keys.iter().flatten().filter_map(|key| key.split(':').next()).collect();
        for job in jobs.iter().filter(|job| !live.contains(&*job.id)) {
            self.put(&job.id, job.attempts, job.priority, Duration::ZERO).await?;
            let key = super::key(&job.id, job.attempts);
            on!(self, |pool, sql| {
                sqlx::query(sql.again).bind(NAME).bind(key).execute(pool).await?;
            });
        }
        Ok(())
    }
}
