//! Where the time of a proof goes, and what each stage takes at least: Markdown tables.
//!
//! ```sh
//! cargo run --release -p sumcast-benches --example stages -- [MODEL ...] [--runs N]
//! ```

use clap::Parser;
use sumcast_benches::{Report, SUBJECTS, Units, floors, open, table};

/// Prints how long each stage of a proof takes, the sizes, and what each stage takes at least.
#[derive(Debug, Parser)]
struct Arguments {
    /// Bundled models, folders with network.onnx and inputs.json, epochs of circuits/tests, or the forest of the
    /// default list.
    #[arg(value_name = "MODEL", default_values = SUBJECTS)]
    models: Vec<String>,
    /// Runs of each model; the tables give medians.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
}

fn main() -> anyhow::Result<()> {
    let Arguments { models, runs } = Arguments::parse();
    let units = Units::measure()?;
    let mut reports = Vec::new();
    for model in &models {
        eprintln!("{model}: set up");
        let subject = open(model)?;
        eprintln!("{model}: count, and prove {runs} times");
        reports.push(Report::measure(&*subject, runs.into())?);
    }
    print!("{}\n{}", table(&reports), floors(&reports, &units));
    Ok(())
}
