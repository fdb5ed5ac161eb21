//! Sums, folds and rounds.

use crate::{integers, scalars, well};
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use sumcast_prover::{Backend, Cpu, Summand};

/// Scalars among which are those at the ends of the range.
fn with_ends(len: usize, seed: u64) -> Vec<Fr> {
    let mut values = scalars(len, seed);
    for (i, value) in values.iter_mut().enumerate() {
        match (i as u64 + seed) % 7 {
            0 => *value = Fr::zero(),
            1 => *value = Fr::one(),
            2 => *value = -Fr::one(),
            _ => {}
        }
    }
    values
}

#[test]
fn rows_are_combined() {
    let cuda = well();
    let shapes =
        [(1, 1), (1, 70), (2, 3), (3, 1), (5, 100), (64, 9), (100, 300), (1000, 17), (4096, 5), (20_000, 2)];
    for (i, (width, rows)) in shapes.into_iter().enumerate() {
        let weights = with_ends(rows, i as u64);
        let mut cells = integers(width * rows, i as u64);
        cells[0] = i64::MIN;
        cells[width * rows - 1] = i64::MAX;
        // All of them, and without the end of the last row.
        for cells in [&cells[..], &cells[..width * rows - width / 2]] {
            assert_eq!(cuda.combine(cells, width, &weights), Cpu.combine(cells, width, &weights));
            let rows: Vec<&[i64]> = cells.chunks(width).collect();
            let expected = Cpu.combine_rows(&rows, width, &weights);
            assert_eq!(cuda.combine_rows(&rows, width, &weights), expected);
            // Weights without rows, and rows without weights.
            let more = [&weights[..], &weights[..1]].concat();
            assert_eq!(cuda.combine_rows(&rows, width, &more), expected);
            let fewer = &weights[..weights.len() / 2];
            assert_eq!(cuda.combine_rows(&rows, width, fewer), Cpu.combine_rows(&rows, width, fewer));
        }
    }
    assert!(cuda.combine_rows(&[], 4, &[]).iter().all(Zero::is_zero));
    assert_eq!(cuda.counts().full + cuda.counts().faults, 0);
}

#[test]
fn inner_products_are_summed() {
    let cuda = well();
    for len in [1, 2, 63, 64, 65, 1000, 5000, 40_000] {
        let (weights, mut cells) = (with_ends(len, 1), integers(len, len as u64));
        cells[len / 2] = i64::MIN;
        assert_eq!(cuda.dot(&weights, &cells), Cpu.dot(&weights, &cells), "{len}");
    }
    assert_eq!(cuda.dot(&[], &[]), Fr::zero());
    let least = vec![i64::MIN; 300];
    let largest = vec![-Fr::one(); 300];
    assert_eq!(cuda.dot(&largest, &least), Cpu.dot(&largest, &least));
}

#[test]
fn helpers_are_gathered() {
    let cuda = well();
    let table = with_ends(37, 5);
    for (len, columns) in [(2, 1), (5, 2), (64, 3), (1000, 4)] {
        let index = |c: usize| (0..len).map(|i| ((i * i + 11 * c) % table.len()) as u32).collect();
        let columns: Vec<Vec<u32>> = (0..columns).map(index).collect();
        assert_eq!(cuda.gather(&table, &columns), Cpu.gather(&table, &columns));
    }
    assert_eq!(cuda.counts().answered, 4);
    assert!(cuda.gather(&table, &[]).is_empty());
}

#[test]
#[should_panic(expected = "an index is outside the table")]
fn an_index_outside_its_table_never_reaches_the_device() {
    well().gather(&scalars(4, 1), &[vec![0, 4]]);
}

#[test]
fn rounds_are_those_of_the_cpu() {
    for len in [1, 2, 4, 6, 64, 256, 2048, 1 << 16] {
        let all: Vec<Vec<Fr>> = (0..5).map(|j| with_ends(len, 10 + j)).collect();
        let eq = with_ends(len / 2, 20);
        let challenges = with_ends(16, 30);
        // The largest for one form alone.
        let counts = if len > 4096 { 3..=3 } else { 1..=5 };
        for count in counts {
            let cuda = well();
            let mut held = cuda.hold(all[..count].to_vec());
            let mut local = Cpu.hold(all[..count].to_vec());
            let mut left = len;
            for x in &challenges {
                assert_eq!(held.values(), local.values());
                if left < 2 {
                    break;
                }
                assert_eq!(held.halves(), local.halves());
                for eq in [None, Some(&eq[..])] {
                    for summand in [Summand::Product, Summand::LookupCells] {
                        let expected = local.round(summand, eq, count + 1);
                        assert_eq!(held.round(summand, eq, count + 1), expected, "{len} {count} {summand:?}");
                    }
                }
                if count >= 2 {
                    assert_eq!(held.round_product(), local.round_product());
                }
                assert_eq!(held.round_eq(&eq), local.round_eq(&eq));
                held.fold(*x);
                local.fold(*x);
                left /= 2;
            }
            let counts = cuda.counts();
            assert_eq!(counts.answered > 0, len > 1 && len.is_power_of_two(), "{len}");
            assert_eq!((counts.full, counts.faults), (0, 0));
        }
    }
}
