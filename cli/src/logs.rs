//! The log of a process that stays: to stderr, as text or as one JSON object a line.

use clap::{Args, ValueEnum};
use std::io::{IsTerminal, stderr};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

/// What is logged, and how.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// What is logged: off, error, warn, info or debug; of the libraries beneath, warnings at most
    #[arg(long, value_name = "LEVEL", env = "SUMCAST_LOG", default_value = "warn")]
    log: LevelFilter,
    /// How it is logged
    #[arg(long, value_enum, default_value_t)]
    log_format: Format,
}

/// A form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

impl Logs {
    /// Logs from here on.
    pub(crate) fn begin(&self) {
        // What libraries tell beyond warnings may have parts of requests.
        let ours = ["sumcast_service", "sumcast_cli", "sumcast_cuda"].map(|name| (name, self.log));
        let filter = Targets::new().with_default(self.log.min(LevelFilter::WARN)).with_targets(ours);
        let layer = match self.log_format {
            Format::Text => fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal()).boxed(),
            Format::Json => fmt::layer().json().with_writer(stderr).boxed(),
        };
        // Whoever has begun before goes on.
        let _ = registry().with(layer.with_filter(filter)).try_init();
    }

    /// Tells what whoever has begun the process waits for.
    pub(crate) fn say(&self, text: &str) {
        match self.log_format {
            Format::Text => eprintln!("{text}"),
            Format::Json => tracing::info!("{text}"),
        }
    }
}
