//! Rearrangements, and products of two computed matrices.

use super::GRAIN;
use crate::circuit::Wire;
use rayon::prelude::*;

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
