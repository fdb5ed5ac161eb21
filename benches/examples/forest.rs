//! Forests of random complete trees over random features, many inputs a proof: how long a proof takes, stage by stage,
//! and how many inputs a forest of 2,500 trees is proven for in an hour.
//!
//! ```sh
//! cargo run --release -p sumcast-benches --example forest -- [--trees T] [--height H] [--features F] [--inputs N]
//! ```

use clap::Parser;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::Arc;
use sumcast_benches::{Case, Report, Source, development, table};
use sumcast_circuits::graph::forest::Branch;
use sumcast_circuits::graph::{Forest, GraphBuilder, Matrix};

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
    let rng = &mut StdRng::seed_from_u64(1);
    let forest = Arc::new(random_forest(trees, height, features, rng)?);
    let name = format!("{trees} trees of {height}, {inputs} inputs");
    let mut b = GraphBuilder::new(&name, "x", &[inputs, features])?;
    let leaves = b.leaves(b.input(), &forest, 0)?;
    let y = b.linear(leaves, Matrix::new(1, trees, vec![1.0 / trees as f64; trees])?, vec![0.0])?;
    let graph = b.finish(&[("y", y)])?;
    let inputs_of = |_| (0..inputs * features).map(|_| rng.random_range(-1.0f32..1.0).into()).collect();
    let source = Source { name, graph, inputs: (0..2).map(inputs_of).collect() };
    eprintln!("set up");
    let case = Case::set_up(source, development)?;
    eprintln!("prove {runs} times");
    let report = Report::measure(&case, runs.into())?;
    print!("{}", table(std::slice::from_ref(&report)));
    let seconds = report.total().as_secs_f64();
    println!(
        "\n{:.0} appraisals an hour by {trees} trees of height {height}",
        inputs as f64 * 3600.0 / seconds
    );
    Ok(())
}

/// Complete trees.
fn random_forest(trees: usize, height: u32, features: usize, rng: &mut StdRng) -> anyhow::Result<Forest> {
    let (inner, nodes) = ((1usize << height) - 1, (2usize << height) - 1);
    let mut branch = |i: usize| {
        let (tree, at) = (i / nodes * nodes, i % nodes);
        if at >= inner {
            return Branch::Leaf(vec![rng.random_range(-1.0..1.0)]);
        }
        let (feature, bound) = (rng.random_range(0..features), rng.random_range(-1.0..1.0));
        Branch::Split { feature, bound, yes: tree + 2 * at + 1, no: tree + 2 * at + 2, missing: false }
    };
    let branches: Vec<Branch> = (0..trees * nodes).map(&mut branch).collect();
    let roots: Vec<usize> = (0..trees).map(|t| t * nodes).collect();
    Ok(Forest::new(features, 1, &roots, &branches)?)
}
