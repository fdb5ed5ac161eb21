//! The last input of each worker's model.

use super::{Store, now};
use serde_json::Value;
use sqlx::{Error, Row};

/// What a token stands for.
#[derive(Clone, Debug)]
pub struct Input {
    /// Whose it is.
    pub owner: String,
    /// The model.
    pub model: String,
    /// What is proven of it.
    pub request: Value,
    /// How often it was given.
    pub version: i64,
    /// When it was given last, milliseconds since 1970.
    pub updated: i64,
}

impl Store {
    /// Gives a token an input. Returns whether it was so: a token is of whoever gave it one first.
    ///
    /// # Errors
    /// The database's.
    pub async fn give(&self, token: &str, owner: &str, model: &str, request: &Value) -> Result<bool, Error> {
        let put = sqlx::query(
            "INSERT INTO sumcast_inputs (token, owner, model, request, version, updated) VALUES ($1, $2, $3, $4, 1, $5) \
             ON CONFLICT (token) DO UPDATE SET model = $3, request = $4, version = sumcast_inputs.version + 1, \
             updated = $5 WHERE sumcast_inputs.owner = $2",
        );
        let put = put.bind(token).bind(owner).bind(model).bind(request.to_string()).bind(now());
        Ok(put.execute(&self.pool).await?.rows_affected() > 0)
    }

    /// What a token stands for.
    ///
    /// # Errors
    /// The database's.
    pub async fn input(&self, token: &str) -> Result<Option<Input>, Error> {
        let row = sqlx::query("SELECT * FROM sumcast_inputs WHERE token = $1").bind(token);
        let Some(row) = row.fetch_optional(&self.pool).await? else { return Ok(None) };
        let request: String = row.try_get("request")?;
        let damaged =
            |error: serde_json::Error| Error::ColumnDecode { index: "request".into(), source: error.into() };
        Ok(Some(Input {
            owner: row.try_get("owner")?,
            model: row.try_get("model")?,
            request: serde_json::from_str(&request).map_err(damaged)?,
            version: row.try_get("version")?,
            updated: row.try_get("updated")?,
        }))
    }
}
