//! What the model of a proof's time predicts, beside what is measured: Markdown.
//!
//! ```sh
//! cargo run --release -p sumcast-benches --example cost -- [--fit] [--runs N]
//! ```

use clap::Parser;
use sumcast_benches::{cost_table, exchange, fitted_rates, rates_table, time_rates, times};

/// Measures proofs, and prints what the model of their time predicts beside it.
#[derive(Debug, Parser)]
struct Arguments {
    /// Fit the rates to what is measured, print them for circuits/src/cost.rs, and predict by them.
    #[arg(long)]
    fit: bool,
    /// Runs of each; the table gives the least time.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
}

fn main() -> anyhow::Result<()> {
    let Arguments { fit, runs } = Arguments::parse();
    eprintln!("set up, and prove {runs} times");
    let all = times(runs.into())?;
    let rates = if fit { fitted_rates(&all) } else { time_rates() };
    println!("{}", rates_table(&rates));
    println!("{}", cost_table(&all, &rates));
    eprintln!("compile");
    print!("{}", exchange(&rates)?);
    Ok(())
}
