//! Rearrangements, and products of matrices.

use super::{GRAIN, View};
use crate::circuit::{Op, Tensor, Weights, Wire};
use rayon::prelude::*;
use std::ops::Range;

/// The bits of `v` at the places `at`, together.
fn gather(v: usize, at: &[u8]) -> usize {
    at.iter().enumerate().map(|(k, bit)| (v >> bit & 1) << k).sum()
}

/// The sum of what the wires bring, over `2^log` positions.
pub(crate) fn rearrange(wires: &[Wire], log: u8, values: &[Vec<i128>]) -> Vec<i128> {
    let mut out = vec![0i128; 1 << log];
    for wire in wires {
        let (x, outer) = (&values[wire.x], wire.outer(log));
        let all = wire.order.iter().enumerate();
        let inner: Vec<usize> = all.clone().filter(|(_, v)| v.is_none()).map(|(j, _)| j).collect();
        let shared: Vec<(usize, u8)> = all.filter_map(|(j, v)| v.map(|v| (j, v))).collect();
        let bring = |(p, slot): (usize, &mut i128)| {
            let Some(within) = wire.map[gather(p, &outer)] else { return };
            let within = within as usize;
            let of_inner: usize = inner.iter().enumerate().map(|(k, j)| (within >> k & 1) << j).sum();
            let of_shared: usize = shared.iter().map(|(j, v)| (p >> v & 1) << j).sum();
            *slot += x[of_inner | of_shared] << wire.shift;
        };
        out.par_iter_mut().enumerate().with_min_len(GRAIN / 16).for_each(bring);
    }
    out
}

/// The products of pairs of matrices that lie one after another in `a` and `b`.
pub(super) fn matmul([a, b]: [&[i128]; 2], inner: u8, cols: u8, size: usize) -> Vec<i128> {
    // Factors have 62 bits at most.
    let narrow =
        |v: &[i128]| -> Vec<i64> { v.iter().map(|v| i64::try_from(*v).unwrap_or(i64::MAX)).collect() };
    let (a, b) = (narrow(a), narrow(b));
    let (width, depth) = (1usize << cols, 1usize << inner);
    let rows_of_a = size / width;
    let rows_of_one = rows_of_a * depth * width / b.len();
    let mut out = vec![0i128; size];
    let rows = out.par_chunks_mut(width).enumerate().with_min_len(GRAIN / (width * depth) + 1);
    rows.for_each(|(r, out)| {
        let b = &b[r / rows_of_one * depth * width..][..depth * width];
        for (a, b) in a[r * depth..][..depth].iter().zip(b.chunks(width)).filter(|(a, _)| **a != 0) {
            out.iter_mut().zip(b).for_each(|(slot, b)| *slot += i128::from(*a) * i128::from(*b));
        }
    });
    out
}

/// `docs/protocol.md` 4: a matrix of constants times the middle variables.
pub(super) fn linear(tensor: &Tensor, view: &View<'_>) -> Vec<i128> {
    let Op::Linear { terms, row_vars, low_vars, bias } = &tensor.op else { return Vec::new() };
    let mut out = vec![0i128; view.range(tensor, 1 << tensor.layout.log()).len()];
    let rows = view.rows.as_ref().map_or(1 << row_vars, Range::len);
    let width = out.len() / rows;
    for (slot, b) in out.iter_mut().zip(view.part(tensor, bias)) {
        *slot = i128::from(*b);
    }
    for (r, out) in out.chunks_mut(width).enumerate() {
        for (x, weights) in terms {
            let x = view.of(*x);
            let x = x.chunks(x.len() / rows).nth(r).unwrap_or_default();
            // Factors have 62 bits at most.
            let x: Vec<i64> = x.iter().map(|v| i64::try_from(*v).unwrap_or(i64::MAX)).collect();
            let cols = weights.cols as usize;
            if *low_vars > 0 {
                columns(out, weights, &x, 1 << low_vars);
                continue;
            }
            let rows = out.par_iter_mut().zip(weights.data.par_chunks(cols)).with_min_len(GRAIN / cols + 1);
            rows.for_each(|(slot, row)| {
                *slot += row.iter().zip(&x).map(|(w, x)| i128::from(*w) * i128::from(*x)).sum::<i128>();
            });
        }
    }
    out
}

/// Adds a matrix times the rows of `low` numbers that `x` holds.
fn columns(out: &mut [i128], weights: &Weights, x: &[i64], low: usize) {
    let rows = out.chunks_mut(low).zip(weights.data.chunks(weights.cols as usize));
    for (out, row) in rows {
        for (w, x) in row.iter().zip(x.chunks(low)).filter(|(w, _)| **w != 0) {
            out.iter_mut().zip(x).for_each(|(slot, x)| *slot += i128::from(*w) * i128::from(*x));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wires_gather_shared_and_inner_variables() {
        // Of 2 x 4 numbers, the second row's two first, twice, and zeros.
        let x: Vec<i128> = (1..9).collect();
        let order = vec![Some(0), None, None];
        let wire = Wire { x: 0, order, map: vec![Some(2), None, Some(2), Some(1)], shift: 1 };
        assert_eq!(rearrange(&[wire], 3, &[x]), [10, 12, 0, 0, 10, 12, 6, 8]);
    }

    #[test]
    fn matrices_are_multiplied_pair_by_pair() {
        // Two pairs of 2 x 2 and 2 x 1.
        let (a, b) = ((1..9).collect::<Vec<i128>>(), vec![1, 10, 2, 3]);
        assert_eq!(matmul([&a, &b], 1, 0, 4), [21, 43, 28, 38]);
    }
}
