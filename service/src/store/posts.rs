//! Posts in the database: one for each chain, kind, topic, epoch and worker.

use super::{NewJob, Store, damaged, now};
use crate::job::State as JobState;
use crate::relay::{Post, PostKind, PostState};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Error, Row};

/// A post that is asked for together with its proof.
#[derive(Clone, Debug)]
pub struct NewPost {
    /// Its name, unless one that was refused has the same place.
    pub id: String,
    /// The chain, by its name in the settings.
    pub chain: String,
    /// What is posted.
    pub kind: PostKind,
    /// The topic, in decimal without zeros before it.
    pub topic: String,
    /// The epoch.
    pub epoch: i64,
    /// Whose inference it is; empty where it is nobody's alone.
    pub worker: String,
    /// The workers of a network inference by slot.
    pub members: Vec<String>,
}

/// Which posts are listed, from the latest.
#[derive(Clone, Debug, Default)]
pub struct PostPage {
    /// Only those of this chain.
    pub chain: Option<String>,
    /// Only the one of this job's proof.
    pub job: Option<String>,
    /// Only those of this owner's jobs.
    pub owner: Option<String>,
    /// Only those in this state.
    pub state: Option<PostState>,
    /// Only those before this one.
    pub before: Option<String>,
    /// How many.
    pub limit: i64,
}

/// A post that is neither confirmed nor refused, and its proof.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) post: Post,
    /// The proof's job: its state, and why there is no proof; none if it is gone.
    pub(crate) proof: Option<(JobState, Option<String>)>,
}

/// Where a transaction of a post is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) hash: String,
    pub(crate) block: i64,
    pub(crate) gas_used: i64,
    pub(crate) fee_wei: String,
}

/// Puts the post of a job. Returns the one that has its place, if that was not refused.
pub(super) async fn put(
    connection: &mut AnyConnection,
    job: &NewJob,
    post: &NewPost,
) -> Result<Option<Post>, Error> {
    let put = sqlx::query(
        "INSERT INTO sumcast_posts (id, job, chain, kind, topic, epoch, worker, state, attempts, created, owner, members) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $8, $9, $10) \
         ON CONFLICT (chain, kind, topic, epoch, worker) DO UPDATE SET job = excluded.job, owner = excluded.owner, \
         members = excluded.members, state = 'waiting', error = NULL, attempts = 0, hash = NULL, sent = NULL WHERE sumcast_posts.state = 'refused'",
    );
    let put = put.bind(&post.id).bind(&job.id).bind(&post.chain).bind(post.kind.word());
    let put = put.bind(&post.topic).bind(post.epoch).bind(&post.worker).bind(now()).bind(&job.owner);
    let put = put.bind(post.members.join(","));
    if put.execute(&mut *connection).await?.rows_affected() > 0 {
        return Ok(None);
    }
    let taken = "SELECT * FROM sumcast_posts WHERE chain = $1 AND topic = $2 AND epoch = $3 AND worker = $4 AND kind = $5";
    let taken = sqlx::query(taken).bind(&post.chain).bind(&post.topic).bind(post.epoch).bind(&post.worker);
    let taken = taken.bind(post.kind.word());
    read(&taken.fetch_one(connection).await?).map(Some)
}

impl Store {
    /// A post.
    ///
    /// # Errors
    /// The database's.
    pub async fn post(&self, id: &str) -> Result<Option<Post>, Error> {
        let row = sqlx::query("SELECT * FROM sumcast_posts WHERE id = $1").bind(id);
        row.fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// Posts, from the latest.
    ///
    /// # Errors
    /// The database's.
    pub async fn posts(&self, page: &PostPage) -> Result<Vec<Post>, Error> {
        let list = sqlx::query(
            "SELECT * FROM sumcast_posts WHERE (chain = $1 OR $1 = '') AND (state = $2 OR $2 = '') \
             AND (id < $3 OR $3 = '') AND (owner = $5 OR $5 = '') AND (job = $6 OR $6 = '') ORDER BY id DESC LIMIT $4",
        );
        let list = list.bind(page.chain.clone().unwrap_or_default());
        let list = list.bind(page.state.map_or("", PostState::word));
        let list = list.bind(page.before.clone().unwrap_or_default()).bind(page.limit);
        let list = list.bind(page.owner.clone().unwrap_or_default());
        let list = list.bind(page.job.clone().unwrap_or_default());
        list.fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Lets a post that was refused wait again. Returns the post as it is then.
    ///
    /// # Errors
    /// The database's.
    pub async fn retry(&self, id: &str) -> Result<Option<Post>, Error> {
        let set = "UPDATE sumcast_posts SET state = 'waiting', error = NULL, attempts = 0, hash = NULL, sent = NULL \
                   WHERE id = $1 AND state = 'refused'";
        sqlx::query(set).bind(id).execute(&self.pool).await?;
        self.post(id).await
    }

    /// The posts of a chain that are neither confirmed nor refused, in the order of their epochs, and in each of their kinds.
    pub(crate) async fn open_posts(&self, chain: &str) -> Result<Vec<Open>, Error> {
        let list = sqlx::query(
            "SELECT p.*, j.state AS proof, j.error AS fault FROM sumcast_posts p \
             LEFT JOIN sumcast_jobs j ON j.id = p.job \
             WHERE p.chain = $1 AND p.state IN ('waiting', 'sent') ORDER BY p.id",
        );
        let open = |row: &AnyRow| {
            let state: Option<String> = row.try_get("proof")?;
            let proof = match state.as_deref() {
                Some(word) => {
                    let state = JobState::of_word(word).ok_or_else(|| damaged("proof", "no such state"))?;
                    Some((state, row.try_get("fault")?))
                }
                None => None,
            };
            Ok(Open { post: read(row)?, proof })
        };
        let rows = list.bind(chain).fetch_all(&self.pool).await?;
        let mut all = rows.iter().map(open).collect::<Result<Vec<_>, Error>>()?;
        all.sort_by_key(|open: &Open| (open.post.epoch, open.post.kind));
        Ok(all)
    }

    /// Notes what holds a post up, or that nothing does.
    pub(crate) async fn hold(&self, id: &str, why: Option<&str>) -> Result<(), Error> {
        let set = "UPDATE sumcast_posts SET error = $2 WHERE id = $1 AND state IN ('waiting', 'sent')";
        let set = sqlx::query(set).bind(id).bind(why.map(str::to_owned));
        set.execute(&self.pool).await.map(|_| ())
    }

    /// Refuses a post that waits; others are left as they are.
    pub(crate) async fn refuse(&self, id: &str, why: &str) -> Result<(), Error> {
        let set =
            "UPDATE sumcast_posts SET state = 'refused', error = $2 WHERE id = $1 AND state = 'waiting'";
        sqlx::query(set).bind(id).bind(why).execute(&self.pool).await.map(|_| ())
    }

    /// Confirms a post that waits: somebody else has posted it.
    pub(crate) async fn posted(&self, id: &str) -> Result<(), Error> {
        let set = "UPDATE sumcast_posts SET state = 'confirmed', error = NULL, confirmed = $2 \
                   WHERE id = $1 AND state = 'waiting'";
        sqlx::query(set).bind(id).bind(now()).execute(&self.pool).await.map(|_| ())
    }

    /// Notes the block that a post's transaction is in, or that it is in none.
    pub(crate) async fn place(&self, id: &str, place: Option<&Place>) -> Result<(), Error> {
        let set = sqlx::query(
            "UPDATE sumcast_posts SET hash = COALESCE($2, hash), block = $3, gas_used = $4, fee_wei = $5, error = NULL \
             WHERE id = $1 AND state = 'sent'",
        );
        let set = set.bind(id).bind(place.map(|place| place.hash.clone()));
        let set = set.bind(place.map(|place| place.block)).bind(place.map(|place| place.gas_used));
        set.bind(place.map(|place| place.fee_wei.clone())).execute(&self.pool).await.map(|_| ())
    }
}

/// A post of a row.
pub(super) fn read(row: &AnyRow) -> Result<Post, Error> {
    let word = |column: &str| row.try_get::<String, _>(column);
    let count = |column: &str| row.try_get::<Option<i64>, _>(column);
    Ok(Post {
        id: row.try_get("id")?,
        job: row.try_get("job")?,
        owner: row.try_get("owner")?,
        chain: row.try_get("chain")?,
        kind: PostKind::of_word(&word("kind")?).ok_or_else(|| damaged("kind", "no such kind"))?,
        topic: row.try_get("topic")?,
        epoch: row.try_get::<i64, _>("epoch")?.unsigned_abs(),
        worker: row.try_get("worker")?,
        members: list(row, "members")?,
        state: PostState::of_word(&word("state")?).ok_or_else(|| damaged("state", "no such state"))?,
        transaction: row.try_get("hash")?,
        block: count("block")?.map(i64::unsigned_abs),
        gas_used: count("gas_used")?.map(i64::unsigned_abs),
        fee_wei: row.try_get("fee_wei")?,
        error: row.try_get("error")?,
        attempts: row.try_get("attempts")?,
        created: row.try_get("created")?,
        sent: row.try_get("sent")?,
        confirmed: row.try_get("confirmed")?,
    })
}

/// What a column has with commas between.
pub(super) fn list(row: &AnyRow, column: &str) -> Result<Vec<String>, Error> {
    let text = row.try_get::<Option<String>, _>(column)?.unwrap_or_default();
    Ok(text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect())
}
