//! Both arithmetics agree.

use super::*;
use crate::backend::MAX_FACTORS;
use ark_ff::{One, PrimeField};
use sumcast_verifier::encoding::integer;

/// Scalars at the edges, and others.
fn vector(len: usize, seed: u64) -> Vec<Fr> {
    let scalar = |i: u64| match (i + seed) % 7 {
        0 => Fr::zero(),
        1 => -Fr::one(),
        2 => Fr::new_unchecked(ark_ff::BigInt::one()),
        3 => Fr::from(i),
        _ => {
            Fr::from_le_bytes_mod_order(&[(i * 31 + seed) as u8; 40])
                * Fr::from(i * i + seed * 77 + 5).pow([9])
        }
    };
    (0..len as u64).map(scalar).collect()
}

/// Lengths of whole vectors and of others.
const LENGTHS: [usize; 8] = [0, 1, 7, 8, 9, 64, 203, GRAIN];

#[test]
fn sums_of_products() {
    let Some(detected) = Ifma::detect() else { return };
    for n in LENGTHS {
        let [a, b, c, d, eq] = [1, 2, 3, 4, 5].map(|seed| vector(n, seed));
        assert_eq!(vectors::inner(detected, &a, &b), words::inner(&a, &b), "{n}");
        let (a, b) = ([&a[..], &b], [&c[..], &d]);
        assert_eq!(vectors::round_product(detected, a, b), words::round_product(a, b), "{n}");
        assert_eq!(vectors::round_eq(detected, a, &eq), words::round_eq(a, &eq), "{n}");
    }
    // The largest there are.
    let most = vec![-Fr::one(); GRAIN];
    let none = vec![Fr::zero(); GRAIN];
    assert_eq!(vectors::inner(detected, &most, &most), words::inner(&most, &most));
    let a = [&none[..], &most];
    assert_eq!(vectors::round_product(detected, a, a), words::round_product(a, a));
}

#[test]
fn rounds() {
    let Some(detected) = Ifma::detect() else { return };
    for n in LENGTHS {
        let [none, most] = [Fr::zero(), -Fr::one()].map(|scalar| vec![scalar; n]);
        let eq = vector(n, 9);
        for count in 1..=MAX_FACTORS {
            let halves: Vec<[Vec<Fr>; 2]> =
                (0..count as u64).map(|j| [vector(n, j), vector(n, j + 40)]).collect();
            let random: Vec<Halves<'_>> = halves.iter().map(|[low, high]| [&low[..], high]).collect();
            let steep: Vec<Halves<'_>> = vec![[&none, &most]; count];
            for factors in [random, steep] {
                for eq in [None, Some(&eq[..]), Some(&most)] {
                    for summand in [Summand::Product, Summand::LookupCells] {
                        assert_eq!(
                            vectors::round(detected, summand, &factors, eq, count + 1),
                            words::round(summand, &factors, eq, count + 1),
                            "{n} {count} {summand:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn updates() {
    let Some(detected) = Ifma::detect() else { return };
    for n in LENGTHS {
        for x in [Fr::zero(), Fr::one(), -Fr::one(), Fr::from(3).pow([200])] {
            for [a, b] in [[vector(n, 1), vector(n, 2)], [vec![-Fr::one(); n], vec![-Fr::one(); n]]] {
                let both = |one: &dyn Fn(&mut [Fr], &mut [Fr]), other: &dyn Fn(&mut [Fr], &mut [Fr])| {
                    let results = [one, other].map(|function| {
                        let (mut a, mut b) = (a.clone(), b.clone());
                        function(&mut a, &mut b);
                        (a, b)
                    });
                    assert_eq!(results[0], results[1], "{n} {x}");
                };
                both(&|a, b| vectors::fold(detected, a, b, x), &|a, b| words::fold(a, b, x));
                both(&|a, b| vectors::add_scaled(detected, a, b, x), &|a, b| words::add_scaled(a, b, x));
                both(&|a, b| vectors::split(detected, a, b, x), &|a, b| words::split(a, b, x));
            }
        }
    }
}

#[test]
fn suffixes_of_every_length() {
    for n in [0, 1, 15, 16, 1000, 16 * GRAIN, 40_000, 40_007] {
        for (x, above) in
            [(Fr::zero(), Fr::one()), (-Fr::one(), Fr::from(5)), (Fr::from(3).pow([200]), Fr::from(2))]
        {
            let (mut found, mut expected) = (vector(n, 3), vector(n, 3));
            suffixes(&mut found, x, above);
            words::suffixes(&mut expected, x, above);
            assert_eq!(found, expected, "{n}");
        }
    }
}

#[test]
fn longer_vectors_are_cut_into_tasks() {
    let n = 5 * GRAIN + 13;
    let (a, b) = (vector(n, 1), vector(n, 2));
    let pairs = a.iter().zip(&b);
    assert_eq!(inner(&a, &b), pairs.clone().map(|(a, b)| *a * b).sum());
    let x = Fr::from(3).pow([200]);
    let mut out = a.clone();
    add_scaled(&mut out, &b, x);
    assert!(out.iter().zip(pairs.clone()).all(|(out, (a, b))| *out == *a + x * b));
    let mut out = a.clone();
    fold(&mut out, &b, x);
    assert!(out.iter().zip(pairs.clone()).all(|(out, (a, b))| *out == *a + x * (*b - a)));
    let (mut low, mut high) = (a.clone(), b.clone());
    split(&mut low, &mut high, x);
    assert!(a.iter().zip(low.iter().zip(&high)).all(|(a, (low, high))| *high == x * a && *low == *a - high));
    let cells: Vec<i64> = (0..n as i64).map(|i| i * 12_345_679 - 99).collect();
    assert_eq!(dot(&a, &cells), a.iter().zip(&cells).map(|(a, v)| *a * Fr::from(*v)).sum());
}

/// Cells of every size: those within 51 bits, and one beyond.
#[test]
fn integers_of_every_size() {
    let small = [0, 1, -1, (1 << 51) - 1, -(1 << 51), 77, -1 << 40];
    let large = [1i64 << 51, -(1 << 51) - 1, i64::MIN, i64::MAX];
    for n in [0usize, 1, 5, 8, 30, 300, 1023] {
        let weights = vector(n, 4);
        for beyond in std::iter::once(None).chain(large.map(Some)) {
            let mut cells: Vec<i64> = (0..n).map(|i| small[i % small.len()]).collect();
            if let (Some(beyond), Some(cell)) = (beyond, cells.get_mut(n / 3)) {
                *cell = beyond;
            }
            let expected: Fr = weights.iter().zip(&cells).map(|(w, v)| *w * integer((*v).into())).sum();
            assert_eq!(dot(&weights, &cells), expected, "{n} {beyond:?}");
            assert_eq!(integers::dot(&weights, &cells), expected, "{n} {beyond:?}");
            if let (Some(detected), true) = (Ifma::detect(), n >= 8) {
                let fits = beyond.is_none();
                assert_eq!(vectors::dot(detected, &weights, &cells).is_some(), fits, "{n} {beyond:?}");
            }
        }
    }
}

#[test]
fn rows_of_every_width() {
    for (width, rows) in [(1, 9), (4, 100), (8, 3), (31, 1100), (32, 5), (130, 3), (1024, 5), (1000, 2)] {
        for beyond in [false, true] {
            // The last row is not whole.
            let len = width * rows - width / 3;
            let mut cells: Vec<i64> = (0..len as i64).map(|i| (i * 7919) % 1000 - 500).collect();
            if beyond {
                cells[width / 2] = i64::MIN;
            }
            let weights = vector(rows + 2, 8);
            let out = combine(&cells, width, &weights);
            assert_eq!(out.len(), width);
            for (x, value) in out.iter().enumerate() {
                let row = |j: usize| {
                    cells.get(j * width + x).map_or(Fr::zero(), |v| weights[j] * integer((*v).into()))
                };
                assert_eq!(*value, (0..rows).map(row).sum(), "{width} {rows} {x}");
            }
        }
    }
    assert_eq!(combine_rows(&[], 9, &[]), vec![Fr::zero(); 9]);
}
