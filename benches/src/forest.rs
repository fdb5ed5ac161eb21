//! Forests of random trees, on many inputs at once.

use crate::Source;
use anyhow::Result;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::Arc;
use sumcast_circuits::graph::forest::Branch;
use sumcast_circuits::graph::{Forest, GraphBuilder, Matrix};

/// The name of 2,500 trees of height 8 on 128 inputs of 64 features in one proof.
pub const FOREST: &str = "forest_2500x8_128";

/// The mean of `trees` random complete trees of `height` splits on each path over `features` features, with `inputs`
/// random inputs, a power of two, that one proof is of.
///
/// # Errors
/// When a graph cannot be that large.
pub fn forest(trees: usize, height: u32, features: usize, inputs: usize) -> Result<Source> {
    let rng = &mut StdRng::seed_from_u64(1);
    let forest = Arc::new(random(trees, height, features, rng)?);
    let name = format!("forest_{trees}x{height}_{inputs}");
    let mut b = GraphBuilder::new(&name, "x", &[inputs, features])?;
    let leaves = b.leaves(b.input(), &forest, 0)?;
    let y = b.linear(leaves, Matrix::new(1, trees, vec![1.0 / trees as f64; trees])?, vec![0.0])?;
    let graph = b.finish(&[("y", y)])?;
    let inputs_of = |_| (0..inputs * features).map(|_| rng.random_range(-1.0f32..1.0).into()).collect();
    Ok(Source { name, graph, inputs: (0..2).map(inputs_of).collect() })
}

/// Complete trees.
fn random(trees: usize, height: u32, features: usize, rng: &mut StdRng) -> Result<Forest> {
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
