//! `sumcast serve` and `sumcast worker`.

use crate::error::Result;
use crate::files;
use crate::logs::Logs;
use crate::output::Outcome;
use anyhow::{Context, anyhow};
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use sumcast_service::{Config, Process};
use tokio::runtime::Runtime;
use tokio::signal;

/// Largest file of settings that is read.
const MAX_BYTES: u64 = 1 << 20;

/// Where a service has what lasts: by a file of settings, then by the environment and by arguments.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// Settings in TOML; --print-config shows them all
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of everything that lasts, made if it is not there; sumcast-data if not given
    #[arg(long, value_name = "DIR", env = "SUMCAST_DATA")]
    data: Option<PathBuf>,
    /// The database: sqlite://PATH or postgres://..; a file in the folder if not given
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The files of jobs: a folder, or s3://BUCKET/PREFIX; artifacts in the folder if not given
    #[arg(long, value_name = "PLACE", env = "SUMCAST_ARTIFACTS", hide_env_values = true)]
    artifacts: Option<String>,
}

/// Settings: those of a file, then of the environment and of arguments.
#[derive(Debug, Args)]
struct Settings {
    #[command(flatten)]
    place: Place,
    /// Parameters from `sumcast params`; the cached development string if not given
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    #[command(flatten)]
    logs: Logs,
}

impl Place {
    pub(super) fn read(&self) -> Result<Config> {
        let mut config = match &self.config {
            None => Config::default(),
            Some(path) => {
                let bytes = files::read(path, MAX_BYTES)?;
                let text = String::from_utf8(bytes).with_context(|| path.display().to_string())?;
                toml::from_str(&text).map_err(|error| anyhow!("{}: {}", path.display(), error.message()))?
            }
        };
        if let Some(data) = &self.data {
            config.data.clone_from(data);
        }
        config.database_url = self.database_url.clone().or(config.database_url);
        if let Some(artifacts) = &self.artifacts {
            config.artifacts = Some(artifacts.parse().map_err(|error: String| anyhow!(error))?);
        }
        Ok(config)
    }
}

impl Settings {
    fn read(&self) -> Result<Config> {
        let mut config = self.place.read()?;
        config.params = self.params.clone().or(config.params);
        Ok(config)
    }
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast serve\n  \
    sumcast serve --data /var/lib/sumcast --params ceremony.srs --listen 127.0.0.1:9000\n  \
    DATABASE_URL=postgres://sumcast@db/sumcast sumcast serve --config sumcast.toml\n  \
    sumcast serve --print-config > sumcast.toml\n\n\
    Models are uploaded, proofs asked for and downloaded over HTTP: /docs has the requests. The service\n\
    listens to this machine alone, and asks for no keys, unless told otherwise; at another address it asks for those of\n\
    `sumcast key new`, and behind a proxy it has to be told to: require_keys = true. What was asked for is in the database\n\
    and goes on after a stop, whatever stopped it. Ctrl-C or SIGTERM ends the service once the jobs that are begun are done.")]
pub(crate) struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// Where to listen; 127.0.0.1:8080 if not given
    #[arg(long, value_name = "ADDRESS:PORT", env = "SUMCAST_LISTEN")]
    listen: Option<SocketAddr>,
    /// Print the settings and end
    #[arg(long)]
    print_config: bool,
}

/// Arguments of `worker`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    DATABASE_URL=postgres://sumcast@db/sumcast sumcast worker --data /mnt/shared/sumcast\n  \
    DATABASE_URL=postgres://sumcast@db/sumcast sumcast worker --artifacts s3://bucket/sumcast\n\n\
    A process that works on the jobs of a service and answers no requests. It has the service's database, artifacts and\n\
    parameters; on another machine the database is PostgreSQL, and the artifacts are in a shared folder or in a bucket,\n\
    which AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY lead to.")]
pub(crate) struct Worker {
    #[command(flatten)]
    settings: Settings,
}

impl Serve {
    pub(crate) fn run(self) -> Result<Outcome> {
        let mut config = self.settings.read()?;
        config.listen = self.listen.unwrap_or(config.listen);
        if self.print_config {
            return Outcome::new(&Printed { text: toml::to_string_pretty(&config)?, config });
        }
        let logs = &self.settings.logs;
        runtime()?.block_on(async {
            let process = Process::open(config).await?;
            let (listener, at) = process.listen().await?;
            // Where it listens is told first.
            logs.begin();
            logs.say(&format!("listening at http://{at}: requests are described at http://{at}/docs"));
            if process.lacks_key().await? {
                logs.say("requests need a key, and there is none: make one by `sumcast key new`");
            }
            process.serve(listener, stopped()).await
        })?;
        Outcome::new(&Ended)
    }
}

impl Worker {
    pub(crate) fn run(self) -> Result<Outcome> {
        let config = self.settings.read()?;
        let logs = &self.settings.logs;
        logs.begin();
        runtime()?.block_on(async {
            let process = Process::open(config).await?;
            logs.say("working on jobs");
            process.work(stopped()).await
        })?;
        Outcome::new(&Ended)
    }
}

/// Threads for what goes on at once.
pub(super) fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")
}

/// Until the process is told to end.
pub(super) async fn stopped() {
    let interrupted = async {
        // Without a handler it ends at once.
        let _ = signal::ctrl_c().await;
    };
    #[cfg(unix)]
    {
        let terminated = async {
            if let Ok(mut terminate) = signal::unix::signal(signal::unix::SignalKind::terminate()) {
                terminate.recv().await;
            }
        };
        tokio::select! { () = interrupted => (), () = terminated => () }
    }
    #[cfg(not(unix))]
    interrupted.await;
}

/// Settings as they are printed.
#[derive(Serialize)]
struct Printed {
    #[serde(flatten)]
    config: Config,
    #[serde(skip)]
    text: String,
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The end of a service.
#[derive(Serialize)]
pub(super) struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "ended; what waits is in the database")
    }
}
