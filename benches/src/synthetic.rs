//! Networks of any size with random weights, and models that are made by name.

use crate::{Source, forest};
use anyhow::Result;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sumcast_circuits::graph::{GraphBuilder, Matrix};

/// Of all of them, so that they are the same at every run.
const SEED: u64 = 1;

/// Inputs that calibrate a network.
const INPUTS: usize = 8;

/// Features of a forest.
const FEATURES: usize = 64;

/// Makes the model whose name says how: `perceptron_W-W-..` ([`perceptron`]), `scales_WxL` ([`scales`]), or
/// `forest_TxH_N` ([`forest()`]). None for other names.
pub(crate) fn by_name(name: &str) -> Option<Result<Source>> {
    let (kind, sizes) = name.split_once('_')?;
    let sizes: Vec<usize> =
        sizes.split(['-', 'x', '_']).map(|size| size.parse().ok()).collect::<Option<_>>()?;
    Some(match (kind, &sizes[..]) {
        ("perceptron", [_, _, ..]) => perceptron(&sizes),
        ("scales", [width, layers]) => scales(*width, *layers),
        ("forest", [trees, height, inputs]) => forest(*trees, *height as u32, FEATURES, *inputs),
        _ => return None,
    })
}

/// A perceptron whose layers have so many neurons, from the input to the output, rectified in between.
///
/// # Errors
/// When a graph cannot be that large.
fn perceptron(widths: &[usize]) -> Result<Source> {
    let rng = &mut StdRng::seed_from_u64(SEED);
    let names: Vec<String> = widths.iter().map(usize::to_string).collect();
    let name = format!("perceptron_{}", names.join("-"));
    let mut b = GraphBuilder::new(&name, "x", &[1, widths[0]])?;
    let mut x = b.input();
    for (number, layer) in widths.windows(2).enumerate() {
        if number > 0 {
            x = b.relu(x)?;
        }
        x = b.linear(x, matrix(layer[1], layer[0], rng)?, vec![0.0; layer[1]])?;
    }
    let graph = b.finish(&[("y", x)])?;
    Ok(Source { name, graph, inputs: inputs(widths[0], rng) })
}

/// As many rectified numbers as a perceptron of `layers` layers, all as wide, with a factor for each in place of a
/// row of weights; then their sum with weights. A proof of it is one of a perceptron whose weights cost nothing.
///
/// # Errors
/// When a graph cannot be that large.
fn scales(width: usize, layers: usize) -> Result<Source> {
    let rng = &mut StdRng::seed_from_u64(SEED);
    let name = format!("scales_{width}x{layers}");
    let mut b = GraphBuilder::new(&name, "x", &[1, width])?;
    let mut x = b.input();
    for _ in 0..layers {
        // Half of them negative, as the sums of a layer are.
        let factors = (0..width).map(|_| rng.random_range(-1.7..1.7)).collect();
        x = b.scale(x, factors, vec![0.1; width])?;
        x = b.relu(x)?;
    }
    let y = b.linear(x, matrix(1, width, rng)?, vec![0.0])?;
    let graph = b.finish(&[("y", y)])?;
    Ok(Source { name, graph, inputs: inputs(width, rng) })
}

/// Weights as those that a layer has before it learns.
fn matrix(rows: usize, columns: usize, rng: &mut StdRng) -> Result<Matrix> {
    let bound = (3.0 / columns as f64).sqrt();
    Ok(Matrix::new(rows, columns, (0..rows * columns).map(|_| rng.random_range(-bound..bound)).collect())?)
}

fn inputs(width: usize, rng: &mut StdRng) -> Vec<Vec<f64>> {
    (0..INPUTS).map(|_| (0..width).map(|_| rng.random_range(-1.0..1.0)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_made() {
        for name in ["perceptron_4-3-2", "scales_8x2", "forest_3x2_4"] {
            let source = by_name(name).unwrap().unwrap();
            assert_eq!(source.name, name);
            source.compile().unwrap();
        }
        for name in ["forest_100x6", "mlp_8k", "scales_8", "perceptron_4-", "linreg"] {
            assert!(by_name(name).is_none(), "{name}");
        }
    }
}
