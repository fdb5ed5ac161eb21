//! Models at every row length: gas, time and bytes, the chosen length marked. Markdown, and a figure for
//! `benches/peers/plot.py`.
//!
//! ```sh
//! cargo run --release -p sumcast-benches --example rows -- [MODEL ...] [--runs N] [--output FILE]
//! ```

use anyhow::Context;
use clap::Parser;
use std::path::PathBuf;
use sumcast_benches::{ALL_MODELS, RowLengths, rows_figure, rows_tables};

/// Measures models at every row length.
#[derive(Debug, Parser)]
struct Arguments {
    /// Bundled models, or folders with network.onnx and inputs.json.
    #[arg(value_name = "MODEL", default_values = ALL_MODELS)]
    models: Vec<String>,
    /// Runs of each; the tables give the least time.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// The figure; without it, none is written for a choice of models.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let Arguments { models, runs, output } = Arguments::parse();
    let mut all = Vec::new();
    for model in &models {
        eprintln!("{model}");
        all.push(RowLengths::measure(model, runs.into())?);
    }
    print!("{}", rows_tables(&all));
    let whole = || models == ALL_MODELS;
    let kept = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/figures/rows.json"));
    let Some(output) = output.or_else(|| whole().then(kept)) else { return Ok(()) };
    let text = serde_json::to_string(&rows_figure(&all))?;
    std::fs::write(&output, text + "\n").with_context(|| format!("write {}", output.display()))
}
