//! `sumcast demo`: a topic from its workers' models to a network inference that contracts have verified, then the figures of
//! all bundled models.

mod models;
#[cfg(feature = "evm")]
mod plot;
#[cfg(feature = "evm")]
mod story;

use crate::error::Result;
use crate::output::{self, Outcome};
use crate::progress::Progress;
use clap::Args;
use models::Table;
use serde::Serialize;
use std::fmt;

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast demo\n  \
    sumcast demo --plot week.svg --json\n  \
    sumcast demo --models mlp_8k,mlp_1m --json\n\n\
    The story: three workers infer the next day's return of the S&P 500 by bundled models, two forecasters say what their\n\
    losses will be, and for each day of a week the inferences, the network inference and what its losses make of the\n\
    state are proven, verified here, and posted to the contracts in an embedded EVM. Prices are real; forecasters and\n\
    reputers are made up, and their keys are the demo's own. Then a table of all bundled models; with --models there is\n\
    that table alone.")]
pub(crate) struct Demo {
    /// No story, and the table of these models alone
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    models: Vec<String>,
    /// File to write the story's plot to
    #[cfg(feature = "evm")]
    #[arg(long, value_name = "FILE", default_value = "sumcast-demo.svg", conflicts_with = "models")]
    plot: std::path::PathBuf,
}

impl Demo {
    pub(crate) fn run(self) -> Result<Outcome> {
        let chosen = models::chosen(&self.models)?;
        let steps = chosen.len() * models::STEPS;
        #[cfg(feature = "evm")]
        let (progress, story) = if self.models.is_empty() {
            let progress = Progress::new(story::STAGES + steps);
            let story = story::tell(&self.plot, &progress)?;
            (progress, Some(story))
        } else {
            (Progress::new(steps), None)
        };
        #[cfg(not(feature = "evm"))]
        let progress = Progress::new(steps);
        let table = models::table(&chosen, &progress)?;
        drop(progress);
        output::warn_insecure(table.insecure_srs);
        Outcome::new(&Report {
            #[cfg(feature = "evm")]
            story,
            table,
        })
    }
}

/// The story and the table.
#[derive(Debug, Serialize)]
struct Report {
    #[cfg(feature = "evm")]
    #[serde(skip_serializing_if = "Option::is_none")]
    story: Option<story::Story>,
    #[serde(flatten)]
    table: Table,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "evm")]
        if let Some(story) = &self.story {
            writeln!(f, "{story}")?;
        }
        write!(f, "{}", self.table)
    }
}
