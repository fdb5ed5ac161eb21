//! Settings.

use crate::relay::Chains;
use crate::store::is_sqlite;
use reqwest::Url;
use serde::{Deserialize, Serialize, Serializer};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Settings of the service, as a file in TOML has them; each has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the service listens.
    pub listen: SocketAddr,
    /// Whether requests need a key; if not given, they do unless the service listens to this machine alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_keys: Option<bool>,
    /// The folder of everything that lasts: the database, unless there is another one, and the artifacts.
    pub data: PathBuf,
    /// `sqlite://PATH` or `postgres://..`; `sumcast.db` in the folder if not given. Written without its password.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "without_password")]
    pub database_url: Option<String>,
    /// The structured reference string of all models; the cached development string if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<PathBuf>,
    /// Jobs that this process works on at once. Each proof uses all cores.
    pub jobs_at_once: usize,
    /// Jobs that may wait; more are refused until there are fewer.
    pub queue_limit: u64,
    /// How often a job is begun before it has failed.
    pub attempts: u32,
    /// Largest body of a request, bytes.
    pub max_body_bytes: usize,
    /// Seconds that a request may take, its body included.
    pub request_seconds: u64,
    /// Seconds that the head of a request may take, and that nothing of an answer may be taken.
    pub patience_seconds: u64,
    /// Requests that a caller may make in a minute, if its key does not say otherwise: a key, or an address where none is
    /// asked for.
    pub requests_per_minute: u32,
    /// Requests that are answered at once; others wait. Where keys are asked for, one has a quarter of them.
    pub requests_at_once: usize,
    /// Jobs that are followed at once. Where keys are asked for, one has a quarter of them.
    pub max_followers: usize,
    /// Connections that are open at once. Where keys are asked for, an address has a quarter of them.
    pub max_connections: usize,
    /// Most memory that a job is expected to need, bytes; three quarters of the machine's if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_job_bytes: Option<u64>,
    /// Origins whose pages may use the service, as `https://example.org`.
    pub cors_origins: Vec<String>,
    /// The chains that proofs are posted to.
    #[serde(skip_serializing_if = "Chains::is_empty")]
    pub chains: Chains,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            require_keys: None,
            data: "sumcast-data".into(),
            database_url: None,
            params: None,
            jobs_at_once: 1,
            queue_limit: 1000,
            attempts: 3,
            max_body_bytes: 1 << 26,
            request_seconds: 30,
            patience_seconds: 10,
            requests_per_minute: 6000,
            requests_at_once: 64,
            max_followers: 512,
            max_connections: 1024,
            max_job_bytes: None,
            cors_origins: vec![],
            chains: Chains::default(),
        }
    }
}

impl Config {
    /// The database.
    pub fn database(&self) -> String {
        let file = || format!("sqlite://{}", self.data.join("sumcast.db").display());
        self.database_url.clone().unwrap_or_else(file)
    }

    /// The database as it is shown, without a password.
    pub fn shown_database(&self) -> String {
        shown(&self.database())
    }

    /// Whether requests need a key.
    pub fn asks_for_keys(&self) -> bool {
        self.require_keys.unwrap_or(!self.listen.ip().is_loopback())
    }

    /// The folder of the artifacts.
    pub fn artifacts(&self) -> PathBuf {
        Path::new(&self.data).join("artifacts")
    }
}

/// The address of a database without its password.
fn shown(url: &str) -> String {
    if is_sqlite(url) {
        return url.into();
    }
    let Ok(mut url) = Url::parse(url) else { return "an address that cannot be read".into() };
    // What cannot have a password has none.
    let _ = url.set_password(None);
    let rest = url.query_pairs().into_owned().filter(|(name, _)| name != "password");
    let rest: Vec<_> = rest.collect();
    url.set_query(None);
    if !rest.is_empty() {
        url.query_pairs_mut().extend_pairs(rest);
    }
    url.into()
}

fn without_password<S: Serializer>(url: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    url.as_deref().map(shown).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_shown_without_its_password() {
        let shown = |url: &str| {
            let config = Config { database_url: Some(url.into()), ..Config::default() };
            let written = serde_json::to_value(&config).unwrap();
            assert_eq!(written["database_url"], config.shown_database());
            config.shown_database()
        };
        assert_eq!(shown("postgres://alice:secret@db:5432/jobs"), "postgres://alice@db:5432/jobs");
        assert_eq!(shown("postgres://db/jobs?password=secret"), "postgres://db/jobs");
        let secure = "postgres://db/jobs?user=alice&sslmode=require";
        assert_eq!(shown(&format!("{secure}&password=secret")), secure);
        assert!(!shown("postgres://alice:secret@[db/jobs").contains("secret"));
        let config = Config { data: "a b/C".into(), ..Config::default() };
        assert_eq!(config.shown_database(), "sqlite://a b/C/sumcast.db");
    }

    #[test]
    fn keys_are_asked_for_unless_only_this_machine_is_listened_to() {
        let asks = |listen: &str, require_keys| {
            let config = Config { listen: listen.parse().unwrap(), require_keys, ..Config::default() };
            config.asks_for_keys()
        };
        for (listen, asked) in [
            ("127.0.0.1:80", false),
            ("[::1]:80", false),
            ("0.0.0.0:80", true),
            ("[::]:80", true),
            ("192.0.2.1:80", true),
            ("[::ffff:127.0.0.1]:80", true),
        ] {
            assert_eq!(asks(listen, None), asked, "{listen}");
            assert!(asks(listen, Some(true)) && !asks(listen, Some(false)));
        }
    }
}
