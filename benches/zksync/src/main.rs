//! Measures what verification costs on ZKsync and writes the figures as JSON.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use sumcast_bench_zksync::{Figures, System, Transactions};

/// Names the archive of the system's contracts.
const CONTRACTS: &str = "ZKSYNC_CONTRACTS";
const USAGE: &str = "usage: sumcast-bench-zksync TRANSACTIONS.json [FIGURES.json]";
/// Gas for a byte that is published: what ZKsync's test node charges by default.
const GAS_PER_PUBDATA: u64 = 84;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<()> {
    let mut paths = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(transactions), figures, None) = (paths.next(), paths.next(), paths.next()) else {
        bail!(USAGE)
    };
    let Some(archive) = std::env::var_os(CONTRACTS) else {
        bail!(
            "{CONTRACTS} is not set: it is to name builtin-contracts-v29.tar.gz, ZKsync's compiled system contracts, \
             which are in the repository matter-labs/anvil-zksync in crates/core/src/deps/contracts"
        )
    };
    let system = System::read(Path::new(&archive))?;
    let text = std::fs::read(&transactions).with_context(|| format!("read {}", transactions.display()))?;
    let transactions: Transactions =
        serde_json::from_slice(&text).with_context(|| format!("read {}", transactions.display()))?;
    let measured = Figures::measure(system, GAS_PER_PUBDATA, &transactions)?;
    let text = serde_json::to_string_pretty(&measured)? + "\n";
    match figures {
        Some(path) => std::fs::write(&path, text).with_context(|| format!("write {}", path.display())),
        None => {
            print!("{text}");
            Ok(())
        }
    }
}
