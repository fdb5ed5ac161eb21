//! Multi-scalar multiplication.

use crate::{integers, points, scalars, well};
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::{Field, One, Zero};
use sumcast_params::Srs;
use sumcast_prover::{Backend, Cpu};

const LENGTHS: [usize; 11] = [0, 1, 2, 3, 31, 32, 33, 100, 257, 1000, 3000];

fn expected(bases: &[G1Affine], scalars: &[Fr]) -> G1Affine {
    G1Projective::msm_unchecked(bases, scalars).into_affine()
}

/// Bases with identities, equal and opposite ones.
fn special(len: usize) -> Vec<G1Affine> {
    let mut bases = points(len, 3);
    for i in 1..len {
        match i % 5 {
            0 => bases[i] = G1Affine::identity(),
            1 => bases[i] = bases[i - 1],
            2 => bases[i] = -bases[i - 1],
            _ => {}
        }
    }
    bases
}

#[test]
fn scalars_of_any_size() {
    let cuda = well();
    for len in LENGTHS {
        let random = scalars(len, 1);
        let ends = [Fr::zero(), Fr::one(), -Fr::one(), -Fr::from(2u64), Fr::from(u64::MAX)];
        let ends: Vec<Fr> = (0..len).map(|i| ends[i % ends.len()]).collect();
        // Digits of every window at their ends.
        let halves: Vec<Fr> = (0..len).map(|i| Fr::from(2u64).pow([i as u64 % 253])).collect();
        let same = vec![random.first().copied().unwrap_or_default(); len];
        for bases in [points(len, 2), special(len)] {
            for scalars in [&random, &ends, &halves, &same] {
                assert_eq!(cuda.msm(&bases, scalars).into_affine(), expected(&bases, scalars), "{len}");
            }
        }
    }
    assert_eq!(cuda.counts().faults, 0);
}

#[test]
fn integers_of_any_size() {
    let cuda = well();
    for len in LENGTHS {
        let ends = [i64::MIN, i64::MAX, 0, 1, -1, i64::MIN + 1];
        let ends: Vec<i64> = (0..len).map(|i| ends[i % ends.len()]).collect();
        let small: Vec<i64> = integers(len, 5).iter().map(|v| v % 3).collect();
        for bases in [points(len, 2), special(len)] {
            for integers in [integers(len, 4), ends.clone(), small.clone(), vec![0; len], vec![-1; len]] {
                let field: Vec<Fr> = integers.iter().map(|v| Fr::from(*v)).collect();
                let sum = cuda.msm_small(&bases, &integers).into_affine();
                assert_eq!(sum, expected(&bases, &field), "{len}");
            }
        }
    }
    assert_eq!(cuda.counts().faults, 0);
}

#[test]
fn indices_of_a_table() {
    let cuda = well();
    for len in LENGTHS {
        for entries in [1, 2, 15, 16, 17, 200] {
            let table = scalars(entries, 6);
            let bases = special(len);
            let index = |i: usize| match i % 9 {
                8 => u32::MAX,
                _ => (i * i % entries) as u32,
            };
            let index: Vec<u32> = (0..len).map(index).collect();
            let value = |i: &u32| table.get(*i as usize).copied().unwrap_or_default();
            let field: Vec<Fr> = index.iter().map(value).collect();
            let sum = cuda.msm_indexed(&bases, &index, &table).into_affine();
            assert_eq!(sum, expected(&bases, &field), "{len} of {entries}");
        }
    }
    assert_eq!(cuda.counts().faults, 0);
    assert!(cuda.msm_indexed(&points(3, 1), &[u32::MAX; 3], &[]).is_zero());
}

#[test]
#[should_panic(expected = "an index is outside the table")]
fn an_index_outside_its_table_never_reaches_the_device() {
    let _ = well().msm_indexed(&points(2, 1), &[0, 1], &scalars(1, 1));
}

/// Every digit in one bucket: more tasks than one, and more runs of points than one.
#[test]
fn a_bucket_has_all_terms() {
    let cuda = well();
    let len = 40_000;
    let base = points(1, 9)[0];
    let sum = cuda.msm_small(&vec![base; len], &vec![3; len]);
    assert_eq!(sum, base * Fr::from(3 * len as u64));
}

#[test]
fn powers_of_a_string_stay() {
    let cuda = well();
    let srs = Srs::development(10, &mut rand::rng());
    let powers = srs.g1();
    cuda.prepare(&srs);
    cuda.prepare(&srs.clone());
    let (base, scalar) = (64, 32);
    assert_eq!(cuda.device().written(), base * 1024, "once");
    for range in [0..1024, 0..1000, 24..1024, 7..600] {
        let (bases, scalars) = (&powers[range.clone()], scalars(range.len(), 8));
        let written = |bases: &[G1Affine]| {
            let before = cuda.device().written();
            assert_eq!(cuda.msm(bases, &scalars).into_affine(), expected(bases, &scalars));
            (cuda.device().written() - before) / range.len() as u64
        };
        assert_eq!(written(bases), scalar);
        let elsewhere = bases.to_vec();
        assert_eq!(written(&elsewhere), base + scalar, "points from elsewhere come along");
    }
    // Others take their place in turn, and none is taken for another.
    for seed in 0..4 {
        let other = Srs::development(10, &mut rand::rng());
        cuda.prepare(&other);
        let scalars = scalars(1024, seed);
        for bases in [other.g1(), powers] {
            assert_eq!(cuda.msm(bases, &scalars).into_affine(), Cpu.msm(bases, &scalars).into_affine());
        }
    }
    assert_eq!(cuda.counts().faults, 0);
}
