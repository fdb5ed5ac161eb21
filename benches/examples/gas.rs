//! What verification costs on chain: writes `docs/gas.md`, or the rates of the estimate in `circuits/src/gas.rs`.
//!
//! ```sh
//! cargo run --release -p sumcast-benches --example gas -- [MODEL ...] [--output FILE | --fit | --transactions FILE]
//! ```

use anyhow::Context;
use clap::Parser;
use std::path::PathBuf;
use sumcast_benches::{ALL_MODELS, Gas, NETWORKS, NetworkGas, deployment, gas_page, gas_rates, transactions};

/// Measures what verification costs on chain and writes a page about it.
#[derive(Debug, Parser)]
struct Arguments {
    /// Bundled models, or folders with network.onnx and inputs.json.
    #[arg(value_name = "MODEL", default_values = ALL_MODELS)]
    models: Vec<String>,
    /// The page.
    #[arg(long, value_name = "FILE", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/gas.md"))]
    output: PathBuf,
    /// Print the rates that fit the measurements best, and write no page.
    #[arg(long)]
    fit: bool,
    /// Write the transactions for `benches/zksync` to this file, and no page.
    #[arg(long, value_name = "FILE", conflicts_with = "fit")]
    transactions: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let Arguments { models, output, fit, transactions: file } = Arguments::parse();
    let mut measured = Vec::new();
    for model in &models {
        eprintln!("{model}");
        measured.extend(if fit { Gas::measure_layouts(model)? } else { vec![Gas::measure(model)?] });
    }
    if fit {
        print!("{}", gas_rates(&measured));
        return Ok(());
    }
    if let Some(file) = file {
        let text = serde_json::to_string_pretty(&transactions(&measured)?.to_json())?;
        return std::fs::write(&file, text + "\n").with_context(|| format!("write {}", file.display()));
    }
    let mut networks = Vec::new();
    for network in NETWORKS {
        eprintln!("{network}");
        networks.push(NetworkGas::measure(network)?);
    }
    let page = gas_page(&measured, &networks, deployment()?)?;
    std::fs::write(&output, page).with_context(|| format!("write {}", output.display()))
}
