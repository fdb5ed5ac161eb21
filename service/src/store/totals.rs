//! What was posted to each chain, in sum.

use super::Store;
use sqlx::{Error, Row};

/// The posts of a chain in a state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Total {
    pub(crate) chain: String,
    pub(crate) state: String,
    /// How many there are.
    pub(crate) posts: i64,
    /// The gas that they have used.
    pub(crate) gas: i64,
    /// What was paid for it, in wei, as near as a double is.
    pub(crate) fees: f64,
}

impl Store {
    /// The posts of each chain, by their state.
    pub(crate) async fn totals(&self) -> Result<Vec<Total>, Error> {
        let rows = sqlx::query(
            "SELECT chain, state, COUNT(*) AS posts, CAST(COALESCE(SUM(gas_used), 0) AS BIGINT) AS gas, \
             CAST(COALESCE(SUM(CAST(fee_wei AS DOUBLE PRECISION)), 0) AS DOUBLE PRECISION) AS fees \
             FROM sumcast_posts GROUP BY chain, state ORDER BY chain, state",
        );
        let rows = rows.fetch_all(&self.pool).await?;
        let read = |row: &sqlx::any::AnyRow| {
            Ok(Total {
                chain: row.try_get("chain")?,
                state: row.try_get("state")?,
                posts: row.try_get("posts")?,
                gas: row.try_get("gas")?,
                fees: row.try_get("fees")?,
            })
        };
        rows.iter().map(read).collect()
    }
}
