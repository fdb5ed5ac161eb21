//! API keys in the database.

use super::{Store, damaged, now};
use crate::keys::{ApiKey, Scope};
use sqlx::any::AnyRow;
use sqlx::{Error, Row};

impl Store {
    /// Puts a key.
    ///
    /// # Errors
    /// The database's.
    pub async fn put_key(&self, key: &ApiKey) -> Result<(), Error> {
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.word()).collect();
        let put = sqlx::query(
            "INSERT INTO sumcast_keys (id, name, digest, scopes, per_minute, created, expires) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        );
        let put = put.bind(&key.id).bind(&key.name).bind(hex::encode(key.digest)).bind(scopes.join(","));
        let put = put.bind(key.per_minute.map(i64::from)).bind(key.created).bind(key.expires);
        put.execute(&self.pool).await.map(|_| ())
    }

    /// A key, whether or not it still counts.
    ///
    /// # Errors
    /// The database's.
    pub async fn key(&self, id: &str) -> Result<Option<ApiKey>, Error> {
        let row = sqlx::query("SELECT * FROM sumcast_keys WHERE id = $1").bind(id);
        row.fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// All keys, from the latest.
    ///
    /// # Errors
    /// The database's.
    pub async fn keys(&self) -> Result<Vec<ApiKey>, Error> {
        let list = sqlx::query("SELECT * FROM sumcast_keys ORDER BY id DESC");
        list.fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Revokes a key, from this moment on; one that is revoked stays so. Returns it as it is then.
    ///
    /// # Errors
    /// The database's.
    pub async fn revoke_key(&self, id: &str) -> Result<Option<ApiKey>, Error> {
        let set = sqlx::query("UPDATE sumcast_keys SET revoked = $2 WHERE id = $1 AND revoked IS NULL");
        set.bind(id).bind(now()).execute(&self.pool).await?;
        self.key(id).await
    }
}

/// A key of a row.
fn read(row: &AnyRow) -> Result<ApiKey, Error> {
    let scopes: String = row.try_get("scopes")?;
    let scopes: Result<Vec<Scope>, _> = scopes.split(',').map(str::parse).collect();
    let mut digest = [0; 32];
    hex::decode_to_slice(row.try_get::<String, _>("digest")?, &mut digest)
        .map_err(|error| damaged("digest", error))?;
    let per_minute: Option<i64> = row.try_get("per_minute")?;
    let per_minute = per_minute.map(u32::try_from).transpose();
    Ok(ApiKey {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        scopes: scopes.map_err(|error| damaged("scopes", error))?,
        per_minute: per_minute.map_err(|error| damaged("per_minute", error))?,
        created: row.try_get("created")?,
        expires: row.try_get("expires")?,
        revoked: row.try_get("revoked")?,
        digest,
    })
}
