//! Where the time of a proof goes: one Markdown table, a column a model.
//!
//! ```sh
//! cargo run --release -p sumcast-benches --example stages -- [MODEL ...] [--runs N]
//! ```

use clap::Parser;
use sumcast_benches::{Case, MODELS, Report, table};

/// Prints how long each stage of a proof takes, and the sizes.
#[derive(Debug, Parser)]
struct Arguments {
    /// Bundled models, or folders with network.onnx and inputs.json.
    #[arg(value_name = "MODEL", default_values = MODELS)]
    models: Vec<String>,
    /// Runs of each model; the table gives medians.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
}

fn main() -> anyhow::Result<()> {
    let Arguments { models, runs } = Arguments::parse();
    let mut reports = Vec::new();
    for model in &models {
        eprintln!("{model}: set up");
        let case = Case::open(model)?;
        eprintln!("{model}: prove {runs} times");
        reports.push(Report::measure(&case, runs.into())?);
    }
    print!("{}", table(&reports));
    Ok(())
}
