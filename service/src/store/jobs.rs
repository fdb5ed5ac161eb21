//! Jobs in the database.

use super::posts::{self, NewPost};
use super::{Store, damaged, now};
use crate::job::{Cause, Failure, Job, Kind, State};
use crate::new_id;
use crate::relay::Post;
use crate::trace;
use serde_json::Value;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, Error, Row};

/// A job to be done.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its name.
    pub id: String,
    /// What it does.
    pub kind: Kind,
    /// Whose it is.
    pub owner: String,
    /// The caller's name for the request.
    pub idempotency: Option<String>,
    /// A digest of what was asked for.
    pub digest: String,
    /// The model, of a proof.
    pub model: Option<String>,
    /// The network topic, of a proof of its epoch.
    pub topic: Option<String>,
    /// The request that asked for it with others.
    pub batch: Option<String>,
    /// Jobs that have the same here, and wait, may be in one proof.
    pub together: Option<String>,
    /// The job that has to be at an end before it is begun.
    pub needs: Option<String>,
    /// What was asked for.
    pub request: Value,
    /// Jobs of a higher one go first.
    pub priority: i64,
    /// When it is no longer wanted, milliseconds since 1970.
    pub deadline: Option<i64>,
}

impl NewJob {
    /// A job with a new name, of which nothing else is said.
    #[must_use]
    pub fn new(kind: Kind, owner: impl Into<String>, request: Value) -> Self {
        Self {
            id: new_id(),
            kind,
            owner: owner.into(),
            idempotency: None,
            digest: String::new(),
            model: None,
            topic: None,
            batch: None,
            together: None,
            needs: None,
            request,
            priority: 0,
            deadline: None,
        }
    }
}

/// What became of a job that was to be put.
#[derive(Clone, Debug, PartialEq)]
pub enum Put {
    /// It is new.
    New(Job),
    /// It was there under the caller's name.
    Known(Job),
    /// Something else is there under that name.
    Other(String),
    /// What it is to post has a post already.
    Posted(Post),
}

/// A job that is not at an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Its name.
    pub id: String,
    /// How often it was begun.
    pub attempts: i64,
    /// Jobs of a higher one go first.
    pub priority: i64,
}

/// Which jobs are listed, from the latest.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Only those of this kind.
    pub kind: Option<Kind>,
    /// Only those of this owner.
    pub owner: Option<String>,
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those of this topic.
    pub topic: Option<String>,
    /// Only those that were asked for together.
    pub batch: Option<String>,
    /// Only those before this one.
    pub before: Option<String>,
    /// How many.
    pub limit: i64,
}

impl Store {
    /// Puts a job, unless it is there under the caller's name.
    ///
    /// # Errors
    /// The database's.
    pub async fn put(&self, job: &NewJob) -> Result<Put, Error> {
        let new = insert(job).execute(&self.pool).await?.rows_affected() > 0;
        self.as_put(job, new).await
    }

    /// As [`Store::put`], together with the post of what the job proves: both or none.
    ///
    /// # Errors
    /// The database's.
    pub async fn put_posting(&self, job: &NewJob, post: &NewPost) -> Result<Put, Error> {
        let mut begun = self.pool.begin().await?;
        let new = insert(job).execute(&mut *begun).await?.rows_affected() > 0;
        if new && let Some(other) = posts::put(&mut begun, job, post).await? {
            begun.rollback().await?;
            return Ok(Put::Posted(other));
        }
        begun.commit().await?;
        self.as_put(job, new).await
    }

    /// What became of a job: it is new, or another one has its name.
    async fn as_put(&self, job: &NewJob, new: bool) -> Result<Put, Error> {
        if new {
            return Ok(Put::New(self.job(&job.id).await?.ok_or(Error::RowNotFound)?));
        }
        let key = job.idempotency.as_deref().unwrap_or_default();
        let (known, digest) = self.known(&job.owner, key).await?.ok_or(Error::RowNotFound)?;
        Ok(if digest == job.digest { Put::Known(known) } else { Put::Other(known.id) })
    }

    /// The job that a caller's name for a request stands for, and the digest of what was asked for.
    ///
    /// # Errors
    /// The database's.
    pub async fn known(&self, owner: &str, idempotency: &str) -> Result<Option<(Job, String)>, Error> {
        let known = sqlx::query("SELECT * FROM sumcast_jobs WHERE owner = $1 AND idempotency = $2");
        let row = known.bind(owner).bind(idempotency).fetch_optional(&self.pool).await?;
        row.map(|row| Ok((read(&row)?, row.try_get("digest")?))).transpose()
    }

    /// A job.
    ///
    /// # Errors
    /// The database's.
    pub async fn job(&self, id: &str) -> Result<Option<Job>, Error> {
        let row = sqlx::query("SELECT * FROM sumcast_jobs WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Jobs, from the latest.
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self, page: &Page) -> Result<Vec<Job>, Error> {
        let list = sqlx::query(
            "SELECT * FROM sumcast_jobs WHERE (kind = $1 OR $1 = '') AND (state = $2 OR $2 = '') \
             AND (id < $3 OR $3 = '') AND (owner = $4 OR $4 = '') AND (topic = $5 OR $5 = '') \
             AND (batch = $6 OR $6 = '') ORDER BY id DESC LIMIT $7",
        );
        let list = list.bind(page.kind.map_or("", Kind::word)).bind(page.state.map_or("", State::word));
        let list = list.bind(page.before.clone().unwrap_or_default());
        let list = list.bind(page.owner.clone().unwrap_or_default());
        let list = list.bind(page.topic.clone().unwrap_or_default());
        let list = list.bind(page.batch.clone().unwrap_or_default()).bind(page.limit);
        list.fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// How many jobs are in a state.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(&self, state: State) -> Result<u64, Error> {
        let count =
            sqlx::query("SELECT COUNT(*) AS jobs FROM sumcast_jobs WHERE state = $1").bind(state.word());
        let row = count.fetch_one(&self.pool).await?;
        Ok(row.try_get::<i64, _>("jobs")?.unsigned_abs())
    }

    /// How many jobs are in each state that some are in: an owner's, or everyone's.
    ///
    /// # Errors
    /// The database's.
    pub async fn counts(&self, owner: Option<&str>) -> Result<Vec<(State, u64)>, Error> {
        let counts = sqlx::query(
            "SELECT state, COUNT(*) AS jobs FROM sumcast_jobs WHERE (owner = $1 OR $1 = '') GROUP BY state",
        );
        let rows = counts.bind(owner.unwrap_or_default().to_owned()).fetch_all(&self.pool).await?;
        let read = |row: &AnyRow| {
            let state = State::of_word(&row.try_get::<String, _>("state")?);
            let state = state.ok_or_else(|| damaged("state", "no such state"))?;
            Ok((state, row.try_get::<i64, _>("jobs")?.unsigned_abs()))
        };
        rows.iter().map(read).collect()
    }

    /// Begins a job that is not at an end, whose needs are, and that no other job leads that is not: the job, with the number of
    /// this attempt.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(&self, id: &str) -> Result<Option<Job>, Error> {
        let begin = sqlx::query(
            "UPDATE sumcast_jobs SET state = 'running', attempts = attempts + 1, started = $2, stage = NULL, leader = NULL \
             WHERE id = $1 AND (state = 'queued' OR (state = 'running' AND (leader IS NULL OR leader IN \
             (SELECT id FROM sumcast_jobs WHERE state IN ('done', 'failed', 'cancelled'))))) AND NOT EXISTS \
             (SELECT 1 FROM sumcast_jobs AS first WHERE first.id = sumcast_jobs.needs AND first.state IN ('queued', 'running')) \
             RETURNING *",
        );
        let row = begin.bind(id).bind(now()).fetch_optional(&self.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// Begins a job in the attempt of another one, its leader.
    ///
    /// # Errors
    /// The database's.
    pub async fn follow(&self, id: &str, leader: &str) -> Result<Option<Job>, Error> {
        let begin = sqlx::query(
            "UPDATE sumcast_jobs SET state = 'running', attempts = attempts + 1, started = $3, stage = NULL, leader = $2 \
             WHERE id = $1 AND (state = 'queued' OR (state = 'running' AND leader = $2)) RETURNING *",
        );
        let row = begin.bind(id).bind(leader).bind(now()).fetch_optional(&self.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// Jobs that may be in one proof with a job: those that wait, from the oldest, and those that an earlier attempt of it
    /// was to do.
    ///
    /// # Errors
    /// The database's.
    pub async fn company(&self, job: &Job, most: i64) -> Result<Vec<String>, Error> {
        let list = sqlx::query(
            "SELECT id FROM sumcast_jobs WHERE together = $1 AND id <> $2 \
             AND (state = 'queued' OR (state = 'running' AND leader = $2)) ORDER BY id LIMIT $3",
        );
        let list = list.bind(job.together.clone()).bind(&job.id).bind(most).fetch_all(&self.pool).await?;
        list.iter().map(|row| row.try_get("id")).collect()
    }

    /// Puts back the jobs that an earlier attempt of a job led.
    ///
    /// # Errors
    /// The database's.
    pub async fn disband(&self, leader: &str) -> Result<(), Error> {
        let set = "UPDATE sumcast_jobs SET state = 'queued', stage = NULL, leader = NULL WHERE leader = $1 AND state = 'running'";
        sqlx::query(set).bind(leader).execute(&self.pool).await.map(|_| ())
    }

    /// Notes the stage that an attempt is at. Returns whether it still counts.
    ///
    /// # Errors
    /// The database's.
    pub async fn stage(&self, id: &str, attempt: i64, stage: &str) -> Result<bool, Error> {
        let set = "UPDATE sumcast_jobs SET stage = $3 WHERE id = $1 AND attempts = $2 AND state = 'running'";
        let set = sqlx::query(set).bind(id).bind(attempt).bind(stage).execute(&self.pool).await?;
        Ok(set.rows_affected() > 0)
    }

    /// Ends a job by its last attempt: with its result, or why there is none. Returns whether that attempt counts. To ask
    /// again after no answer came does no harm.
    ///
    /// # Errors
    /// The database's.
    pub async fn end(&self, id: &str, attempt: i64, end: Result<&Value, &Failure>) -> Result<bool, Error> {
        let set = sqlx::query(
            "UPDATE sumcast_jobs SET state = $3, result = $4, error = $5, cause = $6, finished = $7, stage = NULL \
             WHERE id = $1 AND attempts = $2 AND state IN ('running', $3)",
        );
        let state = if end.is_ok() { State::Done } else { State::Failed };
        let set = set.bind(id).bind(attempt).bind(state.word()).bind(end.ok().map(Value::to_string));
        let set = set.bind(end.err().map(|failure| failure.why.clone()));
        let set = set.bind(end.err().map(|failure| failure.cause.word())).bind(now());
        let ended = set.execute(&self.pool).await?.rows_affected() > 0;
        self.tell_end(id);
        Ok(ended)
    }

    /// Puts a job back to wait, after an attempt that came to nothing by no fault of the job.
    ///
    /// # Errors
    /// The database's.
    pub async fn put_back(&self, id: &str, attempt: i64) -> Result<bool, Error> {
        let set = "UPDATE sumcast_jobs SET state = 'queued', stage = NULL, leader = NULL WHERE id = $1 AND attempts = $2 AND state = 'running'";
        let set = sqlx::query(set).bind(id).bind(attempt).execute(&self.pool).await?;
        Ok(set.rows_affected() > 0)
    }

    /// Cancels a job that is not at an end. Returns the job as it is then.
    ///
    /// # Errors
    /// The database's.
    pub async fn cancel(&self, id: &str) -> Result<Option<Job>, Error> {
        let set = sqlx::query(
            "UPDATE sumcast_jobs SET state = 'cancelled', finished = $2, stage = NULL \
             WHERE id = $1 AND state IN ('queued', 'running')",
        );
        set.bind(id).bind(now()).execute(&self.pool).await?;
        self.job(id).await
    }

    /// Jobs that are not at an end, from the first.
    ///
    /// # Errors
    /// The database's.
    pub async fn unfinished(&self) -> Result<Vec<Unfinished>, Error> {
        let list = "SELECT id, attempts, priority FROM sumcast_jobs WHERE state IN ('queued', 'running') ORDER BY id";
        sqlx::query(list).fetch_all(&self.pool).await?.iter().map(Unfinished::read).collect()
    }

    /// Jobs that wait and need a job.
    ///
    /// # Errors
    /// The database's.
    pub async fn needing(&self, id: &str) -> Result<Vec<Unfinished>, Error> {
        let list = "SELECT id, attempts, priority FROM sumcast_jobs WHERE state = 'queued' AND needs = $1 ORDER BY id";
        sqlx::query(list).bind(id).fetch_all(&self.pool).await?.iter().map(Unfinished::read).collect()
    }
}

impl Unfinished {
    fn read(row: &AnyRow) -> Result<Self, Error> {
        let (id, attempts, priority) =
            (row.try_get("id")?, row.try_get("attempts")?, row.try_get("priority")?);
        Ok(Self { id, attempts, priority })
    }
}

/// The statement that puts a job.
fn insert(job: &NewJob) -> Query<'_, Any, AnyArguments> {
    let put = sqlx::query(
        "INSERT INTO sumcast_jobs (id, kind, state, owner, idempotency, digest, model, request, priority, attempts, \
         deadline, created, topic, batch, together, needs, request_id) \
         VALUES ($1, $2, 'queued', $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT DO NOTHING",
    );
    let put = put.bind(&job.id).bind(job.kind.word()).bind(&job.owner).bind(job.idempotency.clone());
    let put = put.bind(&job.digest).bind(job.model.clone()).bind(job.request.to_string());
    let put = put.bind(job.priority).bind(job.deadline).bind(now());
    let put = put.bind(job.topic.clone()).bind(job.batch.clone()).bind(job.together.clone());
    put.bind(job.needs.clone()).bind(trace::request())
}

/// A job of a row.
pub(super) fn read(row: &AnyRow) -> Result<Job, Error> {
    let text = |column: &str| row.try_get::<Option<String>, _>(column);
    let value = |column: &str| {
        let parse = |text: String| serde_json::from_str::<Value>(&text);
        text(column)?.map(parse).transpose().map_err(|error| damaged(column, error))
    };
    let word = |column: &str| text(column).map(Option::unwrap_or_default);
    let state = State::of_word(&word("state")?).ok_or_else(|| damaged("state", "no such state"))?;
    Ok(Job {
        id: row.try_get("id")?,
        kind: Kind::of_word(&word("kind")?).ok_or_else(|| damaged("kind", "no such kind"))?,
        owner: row.try_get("owner")?,
        state,
        stage: text("stage")?,
        model: text("model")?,
        topic: text("topic")?,
        batch: text("batch")?,
        together: text("together")?,
        request: value("request")?.unwrap_or_default(),
        result: value("result")?,
        error: text("error")?,
        cause: cause(state, text("cause")?.as_deref()),
        forgiven: row.try_get("forgiven")?,
        request_id: text("request_id")?,
        priority: row.try_get("priority")?,
        attempts: row.try_get("attempts")?,
        deadline: row.try_get("deadline")?,
        created: row.try_get("created")?,
        started: row.try_get("started")?,
        finished: row.try_get("finished")?,
    })
}

/// By whose fault a job has failed, if it has: its own, where nobody has said otherwise.
fn cause(state: State, word: Option<&str>) -> Option<Cause> {
    (state == State::Failed).then(|| word.and_then(Cause::of_word).unwrap_or(Cause::Job))
}
