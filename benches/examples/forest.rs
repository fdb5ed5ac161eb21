//! Forests of random complete trees over random features, many inputs a proof: how long a proof takes, stage by stage,
//! and how many inputs a forest of 2,500 trees is proven for in an hour.
//!
//! ```sh
//! cargo run --release -p sumcast-benches --example forest -- [--trees T] [--height H] [--features F] [--inputs N]
//! ```

use clap::Parser;
use sumcast_benches::{Case, Report, Units, development, floors, forest, table};

/// Prints how long each stage of a proof of a random forest takes, and the rate of appraisals.
#[derive(Debug, Parser)]
struct Arguments {
    /// Trees of the forest.
    #[arg(long, default_value_t = 128)]
    trees: usize,
    /// Splits on each path.
    #[arg(long, default_value_t = 9)]
    height: u32,
    /// Features, each of which any split may compare.
    #[arg(long, default_value_t = 64)]
    features: usize,
    /// Inputs of one proof: a power of two.
    #[arg(long, default_value_t = 128)]
    inputs: usize,
    /// Runs; the table gives medians.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
}

fn main() -> anyhow::Result<()> {
    let Arguments { trees, height, features, inputs, runs } = Arguments::parse();
    let units = Units::measure()?;
    eprintln!("set up");
    let case = Case::set_up(forest(trees, height, features, inputs)?, development)?;
    eprintln!("count, and prove {runs} times");
    let report = Report::measure(&case, runs.into())?;
    let reports = std::slice::from_ref(&report);
    print!("{}\n{}", table(reports), floors(reports, &units));
    let seconds = report.total().as_secs_f64();
    println!(
        "\n{:.0} appraisals an hour by {trees} trees of height {height}",
        inputs as f64 * 3600.0 / seconds
    );
    Ok(())
}
