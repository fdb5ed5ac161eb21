//! Jobs that were given up, and what is asked for again.

use super::Store;
use super::jobs::read;
use crate::job::Job;
use sqlx::Error;

impl Store {
    /// Jobs that were given up, from the latest: those before one, or all if that is empty, and so many.
    ///
    /// # Errors
    /// The database's.
    pub async fn given_up(&self, before: &str, limit: i64) -> Result<Vec<Job>, Error> {
        let list = sqlx::query(
            "SELECT * FROM sumcast_jobs WHERE state = 'failed' AND cause = 'service' AND (id < $1 OR $1 = '') \
             ORDER BY id DESC LIMIT $2",
        );
        list.bind(before).bind(limit).fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Puts a job that has failed back to wait, with as many attempts as a new one. Returns it as it is then; none if it has
    /// not failed.
    ///
    /// # Errors
    /// The database's.
    pub async fn ask_again(&self, id: &str) -> Result<Option<Job>, Error> {
        let set = sqlx::query(
            "UPDATE sumcast_jobs SET state = 'queued', forgiven = attempts, cause = NULL, error = NULL, finished = NULL, \
             deadline = NULL WHERE id = $1 AND state = 'failed' RETURNING *",
        );
        set.bind(id).fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }
}
