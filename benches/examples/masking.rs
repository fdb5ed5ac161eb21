//! What hiding adds to a proof, in time, bytes and gas: one Markdown table, a column a model.
//!
//! ```sh
//! cargo run --release -p sumcast-benches --example masking -- [MODEL ...] [--runs N]
//! ```

use clap::Parser;
use sumcast_benches::{Case, MODELS, Masking, masking_table};

/// Prints what masking adds to a proof.
#[derive(Debug, Parser)]
struct Arguments {
    /// Bundled models, or folders with network.onnx and inputs.json.
    #[arg(value_name = "MODEL", default_values = MODELS)]
    models: Vec<String>,
    /// Runs of each model with a mask, and as many without; the table gives medians.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
}

fn main() -> anyhow::Result<()> {
    let Arguments { models, runs } = Arguments::parse();
    let mut measured = Vec::new();
    for model in &models {
        eprintln!("{model}: set up");
        let case = Case::open(model)?;
        eprintln!("{model}: prove {runs} times with a mask, {runs} times without");
        measured.push(Masking::measure(&case, runs.into())?);
    }
    print!("{}", masking_table(&measured));
    Ok(())
}
