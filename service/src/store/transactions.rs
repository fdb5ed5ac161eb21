//! The transactions of posts: on record before they are sent.

use super::leases::Lease;
use super::posts::Place;
use super::{Store, damaged, now};
use sqlx::any::AnyRow;
use sqlx::{Error, Row};

/// A signed transaction of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transaction {
    pub(crate) hash: String,
    pub(crate) post: String,
    pub(crate) chain: String,
    pub(crate) account: String,
    pub(crate) nonce: u64,
    /// Itself, in hexadecimal.
    pub(crate) raw: String,
    /// Gas that it may use.
    pub(crate) gas: u64,
    /// Wei that a gas may cost.
    pub(crate) max_fee: u128,
    /// Of that, for whoever makes the block.
    pub(crate) tip: u128,
    /// The chain's clock when it was signed, in seconds since 1970.
    pub(crate) signed: u64,
}

impl Transaction {
    /// What it may cost, in wei.
    pub(crate) fn most(&self) -> u128 {
        u128::from(self.gas).saturating_mul(self.max_fee)
    }
}

/// What becomes of a post whose nonce is used for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled<'a> {
    /// Its transaction has posted it.
    Confirmed,
    /// It waits again; why.
    Again(&'a str),
    /// It is refused; why.
    Refused(&'a str),
}

impl Store {
    /// Puts a transaction on record, which makes a post that waits one that is sent, or replaces the one of a post that is
    /// sent. Returns whether it is: it is not if the lease was taken by another, or the post is in another state by now.
    /// Only a transaction that is on record may be sent.
    pub(crate) async fn record(
        &self,
        lease: &Lease,
        transaction: &Transaction,
        replaces: bool,
    ) -> Result<bool, Error> {
        let mut begun = self.pool.begin().await?;
        // It stays locked until the end: whoever takes the lease then finds the record.
        let held = "UPDATE sumcast_leases SET number = number WHERE chain = $1 AND number = $2";
        let held = sqlx::query(held).bind(&lease.chain).bind(lease.number).execute(&mut *begun).await?;
        let state = if replaces { "sent" } else { "waiting" };
        let set = sqlx::query(
            "UPDATE sumcast_posts SET state = 'sent', attempts = attempts + $2, hash = $3, sent = $4, error = NULL \
             WHERE id = $1 AND state = $5",
        );
        let set = set.bind(&transaction.post).bind(i64::from(!replaces)).bind(&transaction.hash);
        let set = set.bind(now()).bind(state).execute(&mut *begun).await?;
        if held.rows_affected() == 0 || set.rows_affected() == 0 {
            begun.rollback().await?;
            return Ok(false);
        }
        let put = sqlx::query(
            "INSERT INTO sumcast_transactions (hash, post, chain, account, nonce, raw, gas, max_fee, tip, signed) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        );
        let put = put.bind(&transaction.hash).bind(&transaction.post).bind(&transaction.chain);
        let put = put.bind(&transaction.account).bind(signed(transaction.nonce)).bind(&transaction.raw);
        let put = put.bind(signed(transaction.gas)).bind(transaction.max_fee.to_string());
        put.bind(transaction.tip.to_string()).bind(signed(transaction.signed)).execute(&mut *begun).await?;
        begun.commit().await?;
        Ok(true)
    }

    /// The transactions of a chain whose nonces are not used for good: of each nonce, the later one after the earlier.
    pub(crate) async fn unsettled(&self, chain: &str) -> Result<Vec<Transaction>, Error> {
        let list = "SELECT * FROM sumcast_transactions WHERE chain = $1 AND settled IS NULL";
        let rows = sqlx::query(list).bind(chain).fetch_all(&self.pool).await?;
        let mut all = rows.iter().map(read).collect::<Result<Vec<_>, Error>>()?;
        all.sort_by_key(|transaction| (transaction.nonce, transaction.max_fee));
        Ok(all)
    }

    /// Wei that were paid on a chain since a time of its clock, in seconds.
    pub(crate) async fn paid(&self, chain: &str, since: u64) -> Result<u128, Error> {
        let list = "SELECT fee_wei FROM sumcast_transactions WHERE chain = $1 AND settled > $2";
        let rows = sqlx::query(list).bind(chain).bind(signed(since)).fetch_all(&self.pool).await?;
        let fees = rows.iter().map(|row| number(row, "fee_wei"));
        fees.sum()
    }

    /// Notes at a time of the chain's clock that a nonce of a post that is sent is used for good: by which transaction of
    /// the post, if by one, and what becomes of the post. It does nothing if that is known already.
    pub(crate) async fn settle(
        &self,
        post: &str,
        nonce: u64,
        by: Option<&Place>,
        time: u64,
        settled: Settled<'_>,
    ) -> Result<(), Error> {
        let mut begun = self.pool.begin().await?;
        let set = sqlx::query(
            "UPDATE sumcast_transactions SET settled = $3, fee_wei = CASE WHEN hash = $4 THEN $5 ELSE '0' END \
             WHERE post = $1 AND nonce = $2 AND settled IS NULL",
        );
        let (hash, fee) = by.map_or(("", "0"), |by| (&by.hash, &by.fee_wei));
        let set = set.bind(post).bind(signed(nonce)).bind(signed(time)).bind(hash).bind(fee);
        if set.execute(&mut *begun).await?.rows_affected() == 0 {
            return begun.rollback().await;
        }
        let (state, error, confirmed) = match settled {
            Settled::Confirmed => ("confirmed", None, Some(now())),
            Settled::Again(why) => ("waiting", Some(why), None),
            Settled::Refused(why) => ("refused", Some(why), None),
        };
        // A transaction that failed has not posted it.
        let by = by.filter(|_| settled == Settled::Confirmed);
        let set = sqlx::query(
            "UPDATE sumcast_posts SET state = $2, error = $3, confirmed = $4, hash = $5, block = $6, gas_used = $7, \
             fee_wei = $8 WHERE id = $1 AND state = 'sent'",
        );
        let set = set.bind(post).bind(state).bind(error.map(str::to_owned)).bind(confirmed);
        let set = set.bind(by.map(|by| by.hash.clone())).bind(by.map(|by| by.block));
        let set = set.bind(by.map(|by| by.gas_used)).bind(by.map(|by| by.fee_wei.clone()));
        set.execute(&mut *begun).await?;
        begun.commit().await
    }
}

/// As the database has it.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number of wei.
fn number(row: &AnyRow, column: &str) -> Result<u128, Error> {
    let text: Option<String> = row.try_get(column)?;
    text.as_deref().unwrap_or("0").parse().map_err(|error: std::num::ParseIntError| damaged(column, error))
}

/// A transaction of a row.
fn read(row: &AnyRow) -> Result<Transaction, Error> {
    let count = |column: &str| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
    Ok(Transaction {
        hash: row.try_get("hash")?,
        post: row.try_get("post")?,
        chain: row.try_get("chain")?,
        account: row.try_get("account")?,
        nonce: count("nonce")?,
        raw: row.try_get("raw")?,
        gas: count("gas")?,
        max_fee: number(row, "max_fee")?,
        tip: number(row, "tip")?,
        signed: count("signed")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Kind;
    use crate::relay::{PostKind, PostState};
    use crate::store::{NewJob, NewPost};

    async fn store(folder: &std::path::Path) -> Store {
        let store = Store::open(&format!("sqlite://{}/a.db", folder.display())).await.unwrap();
        let new = NewJob::new(Kind::Prove, "", serde_json::Value::Null);
        let job = NewJob { id: "job".into(), ..new };
        let [chain, topic, worker] = ["c", "1", "0x"].map(String::from);
        let (kind, members) = (PostKind::Inference, vec![]);
        let post = NewPost { id: "post".into(), chain, kind, topic, epoch: 7, worker, members };
        store.put_posting(&job, &post).await.unwrap();
        store
    }

    fn transaction(nonce: u64, max_fee: u128) -> Transaction {
        let [post, chain, account, raw] = ["post", "c", "0x", "02"].map(String::from);
        let hash = format!("{nonce}/{max_fee}");
        Transaction { hash, post, chain, account, nonce, raw, gas: 100, max_fee, tip: 1, signed: 5 }
    }

    fn place(transaction: &Transaction) -> Place {
        Place { hash: transaction.hash.clone(), block: 3, gas_used: 90, fee_wei: "900".into() }
    }

    #[tokio::test]
    async fn who_has_lost_the_lease_records_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path()).await;
        let first = store.lease("c", "a").await.unwrap().unwrap();
        store.give_back("a").await.unwrap();
        let second = store.lease("c", "b").await.unwrap().unwrap();
        assert!(!store.record(&first, &transaction(4, 10), false).await.unwrap());
        assert_eq!(store.unsettled("c").await.unwrap(), []);
        assert_eq!(store.post("post").await.unwrap().unwrap().state, PostState::Waiting);
        assert!(store.record(&second, &transaction(4, 10), false).await.unwrap());
        assert_eq!(store.unsettled("c").await.unwrap(), [transaction(4, 10)]);
    }

    #[tokio::test]
    async fn a_post_has_one_nonce_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path()).await;
        let lease = store.lease("c", "a").await.unwrap().unwrap();
        // Nothing is there to be replaced.
        assert!(!store.record(&lease, &transaction(4, 10), true).await.unwrap());
        assert!(store.record(&lease, &transaction(4, 10), false).await.unwrap());
        assert!(!store.record(&lease, &transaction(5, 10), false).await.unwrap());
        assert!(store.record(&lease, &transaction(4, 12), true).await.unwrap());
        let post = store.post("post").await.unwrap().unwrap();
        assert_eq!((post.attempts, post.transaction.as_deref()), (1, Some("4/12")));
        // A later nonce comes after the first one is used for good, and what is said of that one again does no harm.
        let failed = transaction(4, 10);
        store.settle("post", 4, Some(&place(&failed)), 50, Settled::Again("it failed")).await.unwrap();
        assert!(store.record(&lease, &transaction(5, 10), false).await.unwrap());
        store.settle("post", 4, Some(&place(&failed)), 60, Settled::Refused("it failed")).await.unwrap();
        let post = store.post("post").await.unwrap().unwrap();
        assert_eq!((post.state, post.attempts, post.block), (PostState::Sent, 2, None));
        assert_eq!(store.unsettled("c").await.unwrap(), [transaction(5, 10)]);
        let done = transaction(5, 10);
        store.settle("post", 5, Some(&place(&done)), 70, Settled::Confirmed).await.unwrap();
        let post = store.post("post").await.unwrap().unwrap();
        assert_eq!(
            (post.state, post.block, post.fee_wei.as_deref()),
            (PostState::Confirmed, Some(3), Some("900"))
        );
        // What was paid, each nonce once, by the chain's clock.
        assert_eq!(store.paid("c", 49).await.unwrap(), 1800);
        assert_eq!(store.paid("c", 50).await.unwrap(), 900);
        assert_eq!(store.paid("c", 70).await.unwrap(), 0);
    }
}
