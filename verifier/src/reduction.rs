//! The claims' functionals at the point of S2 (`docs/protocol.md` 6).

use crate::relation::{Functional, Powers};
use crate::vk::Program;
use crate::{Fr, mle};

/// The weight of every row at `y`: the extensions of the functionals' vectors.
///
/// The functionals are weighted by the powers of `gamma`. Costs about `m` multiplications a part.
pub fn row_weights<'a>(
    program: &Program,
    functionals: impl Iterator<Item = &'a Functional>,
    gamma: Fr,
    y: &[Fr],
) -> Vec<Fr> {
    let mut weights = vec![Fr::default(); program.rows()];
    let mut add = |row: usize, weight: Fr| {
        if let Some(slot) = weights.get_mut(row) {
            *slot += weight;
        }
    };
    let parts = functionals
        .zip(Powers::of(gamma))
        .flat_map(|(f, power)| f.parts.iter().map(move |part| (power, part)));
    for (power, part) in parts {
        let (block, row) = (part.block, usize::from(part.block.row));
        let weight = power * part.weight;
        if block.log <= program.row_log {
            let (low, high) = y.split_at_checked(block.log.into()).unwrap_or((y, &[]));
            let offset = block.at.checked_shr(block.log.into()).unwrap_or(0);
            add(row, weight * mle::eq(part.point(), low) * mle::select(high, offset.into()));
        } else {
            let (low, high) = part.point().split_at_checked(program.row_log.into()).unwrap_or((&[], &[]));
            let weight = weight * mle::eq(low, y);
            for j in 0..block.at {
                add(row.saturating_add(j as usize), weight * mle::select(high, j.into()));
            }
        }
    }
    weights
}
