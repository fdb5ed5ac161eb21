//! `sumcast key`: who may use a service, and for what.

use super::serve::{Place, runtime};
use crate::error::Result;
use crate::format::table;
use crate::output::Outcome;
use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};
use sumcast_service::keys::{ApiKey, NewKey, Scope};

/// What is done about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a key, which is printed this once
    New(New),
    /// List the keys: whose they are, what they are for, when they end
    List(List),
    /// Revoke a key, from this moment on
    Revoke(Revoke),
}

/// Arguments of `key new`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast key new --data /var/lib/sumcast --name alice --scope read,prove,models\n  \
    sumcast key new --name grafana --scope operate --expires-days 365\n\n\
    Scopes: read sees what its owner has, prove asks for proofs, models uploads models, post has proofs posted to chains,\n\
    which the service pays for, attest gives signatures of epochs, operate does everything, of everyone.\n\
    Models and proofs belong to the name, so a key is replaced by making another one of its name and revoking it. The key\n\
    is in no file and no database: who loses it needs another one.")]
pub(crate) struct New {
    #[command(flatten)]
    place: Place,
    /// Whose it is: 1 to 64 letters, digits, '.', '-' and '_'
    #[arg(long)]
    name: String,
    /// What it is for, with commas between: read, prove, models, post, attest, operate
    #[arg(long, required = true, value_delimiter = ',', value_name = "SCOPES")]
    scope: Vec<Scope>,
    /// When it expires; never, if not given
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    expires_days: Option<u32>,
    /// Requests that it may make in a minute; as the service's settings have it if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    per_minute: Option<u32>,
}

/// Arguments of `key list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    place: Place,
}

/// Arguments of `key revoke`.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    place: Place,
    /// The key's id: what stands between the first two underscores, and in `sumcast key list`
    id: String,
}

impl Key {
    pub(crate) fn run(self) -> Result<Outcome> {
        runtime()?.block_on(async {
            match self {
                Self::New(new) => new.run().await,
                Self::List(list) => list.run().await,
                Self::Revoke(revoke) => revoke.run().await,
            }
        })
    }
}

impl New {
    async fn run(self) -> Result<Outcome> {
        let Self { place, name, scope, expires_days, per_minute } = self;
        let new = NewKey { name, scopes: scope, days: expires_days, per_minute };
        let (key, token) = ApiKey::new(new).map_err(|why| anyhow!(why))?;
        sumcast_service::open_store(&place.read()?).await?.put_key(&key).await?;
        Outcome::new(&Made { token: token.reveal().into(), key })
    }
}

impl List {
    async fn run(self) -> Result<Outcome> {
        let keys = sumcast_service::open_store(&self.place.read()?).await?.keys().await?;
        Outcome::new(&Keys { keys })
    }
}

impl Revoke {
    async fn run(self) -> Result<Outcome> {
        let store = sumcast_service::open_store(&self.place.read()?).await?;
        let key = store.revoke_key(&self.id).await?;
        let missing = || format!("there is no key {:?}: `sumcast key list` has their ids", self.id);
        Outcome::new(&Revoked { key: key.with_context(missing)? })
    }
}

/// A new key.
#[derive(Serialize)]
struct Made {
    #[serde(rename = "key")]
    token: String,
    #[serde(flatten)]
    key: ApiKey,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.token)?;
        let (name, scopes, end) = (&self.key.name, scopes(&self.key), end(&self.key));
        writeln!(f, "the key of {name} for {scopes}, {end}; it is shown this once")?;
        writeln!(f, "requests have it as the header Authorization: Bearer KEY")
    }
}

/// All keys.
#[derive(Serialize)]
struct Keys {
    keys: Vec<ApiKey>,
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["id", "name", "scopes", "per minute", "end"].map(String::from).to_vec();
        let row = |key: &ApiKey| {
            let limit = key.per_minute.map_or_else(|| "-".into(), |limit| limit.to_string());
            vec![key.id.clone(), key.name.clone(), scopes(key), limit, end(key)]
        };
        let rows: Vec<_> = std::iter::once(head).chain(self.keys.iter().map(row)).collect();
        f.write_str(&table(&rows))
    }
}

/// A key that counts no longer.
#[derive(Serialize)]
struct Revoked {
    #[serde(flatten)]
    key: ApiKey,
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "key {} of {} is revoked", self.key.id, self.key.name)
    }
}

fn scopes(key: &ApiKey) -> String {
    key.scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(",")
}

/// When a key ends, or that it has.
fn end(key: &ApiKey) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let left = key.expires.map(|expires| i128::from(expires) - now as i128);
    match (key.revoked, left) {
        (Some(_), _) => "revoked".into(),
        (None, None) => "never expires".into(),
        (None, Some(..=0)) => "expired".into(),
        (None, Some(left)) => format!("expires in {} days", (left + 86_399_999) / 86_400_000),
    }
}
