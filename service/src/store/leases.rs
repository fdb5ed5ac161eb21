//! Who works on a chain: one relayer at a time.
//!
//! A lease ends by the clocks of machines, which jump. So whoever has it also has its number, which goes up whenever it
//! is taken, and what must be done by one alone is done only under that number.

use super::{Store, now};
use sqlx::{Error, Row};

/// How long a lease lasts unless it is taken again, milliseconds.
const LASTS: i64 = 5_000;

/// A lease of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) chain: String,
    pub(crate) number: i64,
}

impl Store {
    /// Takes the lease of a chain, unless another owner has it.
    pub(crate) async fn lease(&self, chain: &str, owner: &str) -> Result<Option<Lease>, Error> {
        self.lease_at(chain, owner, now()).await
    }

    /// As [`Store::lease`], at a time. An end farther away than a lease lasts is one of a clock that was wrong.
    async fn lease_at(&self, chain: &str, owner: &str, now: i64) -> Result<Option<Lease>, Error> {
        let take = sqlx::query(
            "INSERT INTO sumcast_leases (chain, owner, number, until) VALUES ($1, $2, 1, $3) \
             ON CONFLICT (chain) DO UPDATE SET owner = excluded.owner, number = sumcast_leases.number + 1, \
             until = excluded.until WHERE sumcast_leases.owner = excluded.owner OR sumcast_leases.until < $4 \
             OR sumcast_leases.until > excluded.until RETURNING number",
        );
        let take = take.bind(chain).bind(owner).bind(now.saturating_add(LASTS)).bind(now);
        let Some(row) = take.fetch_optional(&self.pool).await? else { return Ok(None) };
        Ok(Some(Lease { chain: chain.into(), number: row.try_get("number")? }))
    }

    /// Gives the leases of an owner back.
    pub(crate) async fn give_back(&self, owner: &str) -> Result<(), Error> {
        let set = sqlx::query("UPDATE sumcast_leases SET until = 0 WHERE owner = $1").bind(owner);
        set.execute(&self.pool).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_owner_at_a_time_has_a_chain() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite://{}/a.db", folder.path().display())).await.unwrap();
        let number = |owner: &'static str, at: i64| {
            let store = store.clone();
            async move { store.lease_at("chain", owner, at).await.unwrap().map(|lease| lease.number) }
        };
        assert_eq!(number("a", 1_000_000).await, Some(1));
        assert_eq!(number("b", 1_000_001).await, None);
        assert_eq!(number("a", 1_005_000).await, Some(2));
        assert_eq!(number("b", 1_009_999).await, None);
        assert_eq!(number("b", 1_010_001).await, Some(3));
        assert_eq!(number("a", 1_010_002).await, None);
        // The clock that b went by was ahead.
        assert_eq!(number("a", 1_000).await, Some(4));
        // What is given back is free, and what is another's is not.
        store.give_back("b").await.unwrap();
        assert_eq!(number("b", 1_001).await, None);
        store.give_back("a").await.unwrap();
        assert_eq!(number("b", 1_002).await, Some(5));
        assert_eq!(store.lease("other", "a").await.unwrap().unwrap().number, 1);
    }
}
