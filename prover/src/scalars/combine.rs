//! Rows of integers, combined.

use super::integers::{self, CHUNK};
use super::vectors::{self, Weights};
use crate::ifma::Ifma;
use ark_bn254::Fr;
use rayon::prelude::*;

/// `out[x] = sum_j weights[j] cells[j * width + x]`: the rows of a matrix of integers, combined. Rows beyond the end of
/// `cells` are zero.
pub(crate) fn combine(cells: &[i64], width: usize, weights: &[Fr]) -> Vec<Fr> {
    if width == 1 {
        return vec![super::dot(weights, cells)];
    }
    let rows: Vec<&[i64]> = cells.chunks(width).collect();
    combine_rows(&rows, width, weights)
}

/// As [`combine`], with rows from anywhere.
pub(crate) fn combine_rows(rows: &[&[i64]], width: usize, weights: &[Fr]) -> Vec<Fr> {
    let len = rows.len().min(weights.len());
    let (rows, weights) = (&rows[..len], &weights[..len]);
    let groups = if width >= 4 * CHUNK { 1 } else { 8 };
    let per_group = rows.len().div_ceil(groups).max(1);
    let detected = Ifma::detect().filter(|_| width >= vectors::FEWEST);
    let groups: Vec<_> = rows
        .chunks(per_group)
        .zip(weights.chunks(per_group))
        .map(|(rows, weights)| (rows, weights, detected.map(|detected| Weights::new(detected, weights))))
        .collect();
    let tasks: Vec<_> =
        (0..width).step_by(CHUNK).flat_map(|x| groups.iter().map(move |group| (x, group))).collect();
    let parts: Vec<(usize, Vec<Fr>)> = tasks
        .into_par_iter()
        .map(|(x, (rows, weights, lifted))| {
            let columns = x..(x + CHUNK).min(width);
            let part = lifted
                .as_ref()
                .and_then(|lifted| vectors::combine(lifted, rows, columns.clone()))
                .unwrap_or_else(|| integers::combine(rows, columns, weights));
            (x, part)
        })
        .collect();
    let mut out = vec![Fr::default(); width];
    for (x, part) in parts {
        for (slot, v) in out[x..].iter_mut().zip(part) {
            *slot += v;
        }
    }
    out
}
