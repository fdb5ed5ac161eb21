//! Settings.

use crate::relay::Chains;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Settings of the service, as a file in TOML has them; each has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the service listens.
    pub listen: SocketAddr,
    /// The folder of everything that lasts: the database, unless there is another one, and the artifacts.
    pub data: PathBuf,
    /// `sqlite://PATH` or `postgres://..`; `sumcast.db` in the folder if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
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
    /// Seconds that a request may take.
    pub request_seconds: u64,
    /// The chains that proofs are posted to.
    #[serde(skip_serializing_if = "Chains::is_empty")]
    pub chains: Chains,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            data: "sumcast-data".into(),
            database_url: None,
            params: None,
            jobs_at_once: 1,
            queue_limit: 1000,
            attempts: 3,
            max_body_bytes: 1 << 26,
            request_seconds: 30,
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

    /// The folder of the artifacts.
    pub fn artifacts(&self) -> PathBuf {
        Path::new(&self.data).join("artifacts")
    }
}
