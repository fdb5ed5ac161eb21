use super::affine::Point;

use super::{Arithmetic, field, full_size, glv, indexed, small};
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{AdditiveGroup, Field, PrimeField, Zero};

/// A small deterministic generator (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.word() % bound as u64) as usize
    }

    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        (0..5).flat_map(|_| self.word().to_le_bytes()).collect()
    }

    fn scalar(&mut self) -> Fr {
        Fr::from_le_bytes_mod_order(&self.bytes())
    }

    /// Mostly random, sometimes at an edge.
    fn edge_scalar(&mut self) -> Fr {
        match self.below(8) {
            0 => Fr::ZERO,
            1 => Fr::ONE,
            2 => -Fr::ONE,
            3 => -Fr::from(self.word() % 4),
            4 => Fr::from(self.word()),
            _ => self.scalar(),
        }
    }

    fn points(&mut self, count: usize) -> Vec<G1Affine> {
        let step = G1Affine::generator() * self.scalar();
        let mut point = G1Affine::generator() * self.scalar();
        let mut points = Vec::with_capacity(count);
        for _ in 0..count {
            points.push(point);
            point += step;
        }
        G1Projective::normalize_batch(&points)
    }

    /// Points with many repetitions, opposites and identities.
    fn edge_points(&mut self, count: usize) -> Vec<G1Affine> {
        let few = self.points(3);
        let mut points = self.points(count);
        for point in &mut points {
            match self.below(6) {
                0 => *point = G1Affine::identity(),
                1 => *point = few[self.below(3)],
                2 => *point = -few[self.below(3)],
                _ => {}
            }
        }
        points
    }
}

fn naive(bases: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    let terms = bases.iter().zip(scalars);
    terms.map(|(base, scalar)| *base * scalar).sum()
}

fn element(value: i64) -> Fr {
    let magnitude = Fr::from(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}

/// Both arithmetics where the machine has both.
fn arithmetics() -> Vec<Arithmetic> {
    let vectors = crate::ifma::Ifma::detect().map(Arithmetic::Vectors);
    [Arithmetic::Words].into_iter().chain(vectors).collect()
}

/// [`full_size`] in each arithmetic, which must agree.
fn msm(bases: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    same(arithmetics().into_iter().map(|arithmetic| full_size(arithmetic, bases, scalars)))
}

fn msm_small(bases: &[G1Affine], scalars: &[i64]) -> G1Projective {
    same(arithmetics().into_iter().map(|arithmetic| small(arithmetic, bases, scalars)))
}

fn msm_indexed(bases: &[G1Affine], index: &[u32], table: &[Fr]) -> G1Projective {
    same(arithmetics().into_iter().map(|arithmetic| indexed(arithmetic, bases, index, table)))
}

fn bucket_sums(bases: &[G1Affine], index: &[u32], buckets: usize) -> Vec<G1Affine> {
    same(arithmetics().into_iter().map(|arithmetic| super::bucket_sums(arithmetic, bases, index, buckets)))
}

fn same<T: PartialEq + std::fmt::Debug>(mut results: impl Iterator<Item = T>) -> T {
    let first = results.next().expect("an arithmetic for any machine");
    assert!(results.all(|result| result == first));
    first
}

const LENGTHS: [usize; 12] = [0, 1, 2, 3, 7, 16, 31, 64, 100, 255, 257, 700];

#[test]
fn full_size_agrees() {
    let mut random = Random(1);
    for length in LENGTHS {
        let bases = random.points(length);
        let scalars: Vec<Fr> = (0..length).map(|_| random.scalar()).collect();
        assert_eq!(msm(&bases, &scalars), naive(&bases, &scalars), "{length}");
    }
    for length in [1000, 4096, 10_000] {
        let bases = random.points(length);
        let scalars: Vec<Fr> = (0..length).map(|_| random.scalar()).collect();
        let expected = G1Projective::msm_unchecked(&bases, &scalars);
        assert_eq!(msm(&bases, &scalars), expected, "{length}");
    }
}

#[test]
fn full_size_agrees_at_the_edges() {
    let mut random = Random(2);
    for round in 0..20 {
        for length in LENGTHS {
            let length = length.min(300);
            let bases = random.edge_points(length);
            let scalars: Vec<Fr> = (0..length).map(|_| random.edge_scalar()).collect();
            let expected = naive(&bases, &scalars);
            assert_eq!(msm(&bases, &scalars), expected, "{round} {length}");
        }
    }
    let bases = random.points(5);
    assert_eq!(msm(&bases, &[]), G1Projective::zero());
    assert_eq!(msm(&bases, &[Fr::ONE]), bases[0].into_group());
}

#[test]
fn one_base_and_one_scalar_repeated() {
    let mut random = Random(3);
    let (base, scalar) = (random.points(1)[0], random.scalar());
    for length in [2, 33, 1000, 20_000] {
        let mut bases = vec![base; length];
        let scalars = vec![scalar; length];
        let expected = base * (scalar * Fr::from(length as u64));
        assert_eq!(msm(&bases, &scalars), expected);
        for base in bases.iter_mut().skip(1).step_by(2) {
            *base = -*base;
        }
        let expected = base * (scalar * Fr::from(length as u64 % 2));
        assert_eq!(msm(&bases, &scalars), expected);
    }
}

#[test]
fn small_agrees() {
    let mut random = Random(4);
    for bits in [1, 2, 5, 8, 13, 16, 24, 32, 47, 63, 64] {
        for length in LENGTHS {
            let bases = random.edge_points(length);
            let scalars: Vec<i64> = (0..length)
                .map(|_| match random.below(4) {
                    0 => 0,
                    1 => (random.word() as i64) >> 63,
                    _ => (random.word() as i64) >> (64 - bits),
                })
                .collect();
            let as_field: Vec<Fr> = scalars.iter().map(|s| element(*s)).collect();
            let expected = naive(&bases, &as_field);
            assert_eq!(msm_small(&bases, &scalars), expected, "{bits} {length}");
        }
    }
    let bases = random.points(4);
    let scalars = [i64::MIN, i64::MAX, -1, i64::MIN + 1];
    let expected = naive(&bases, &scalars.map(element));
    assert_eq!(msm_small(&bases, &scalars), expected);
    assert_eq!(msm_small(&bases, &[0; 4]), G1Projective::zero());
}

#[test]
fn indexed_agrees() {
    let mut random = Random(5);
    for buckets in [1, 2, 5, 64, 300] {
        for length in LENGTHS {
            let bases = random.edge_points(length);
            let table: Vec<Fr> = (0..buckets).map(|_| random.edge_scalar()).collect();
            let index: Vec<u32> = (0..length)
                .map(|_| match random.below(5) {
                    0 => u32::MAX,
                    _ => random.below(buckets) as u32,
                })
                .collect();
            let value = |i: &u32| table.get(*i as usize).copied().unwrap_or(Fr::ZERO);
            let scalars: Vec<Fr> = index.iter().map(value).collect();
            let expected = naive(&bases, &scalars);
            assert_eq!(msm_indexed(&bases, &index, &table), expected);
            let sums = bucket_sums(&bases, &index, buckets);
            assert_eq!(naive(&sums, &table), expected);
        }
    }
    assert!(bucket_sums(&[], &[], 0).is_empty());
}

#[test]
fn a_bucket_larger_than_a_block() {
    let mut random = Random(6);
    let length = 40_000;
    let bases = random.points(length);
    let index: Vec<u32> = (0..length).map(|i| u32::from(i % 50 == 0)).collect();
    let table = [random.scalar(), random.scalar()];
    let scalars: Vec<Fr> = index.iter().map(|i| table[*i as usize]).collect();
    let expected = G1Projective::msm_unchecked(&bases, &scalars);
    assert_eq!(msm_indexed(&bases, &index, &table), expected);
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let mut random = Random(7);
    let bases = random.edge_points(3000);
    let scalars: Vec<Fr> = (0..3000).map(|_| random.edge_scalar()).collect();
    let expected = msm(&bases, &scalars);
    for threads in [1, 2, 3, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let got = pool.expect("threads start").install(|| msm(&bases, &scalars));
        assert_eq!(got, expected, "{threads}");
    }
}

#[test]
fn halves_are_short_and_recombine() {
    let mut random = Random(8);
    let lambda = <ark_bn254::g1::Config as ark_ec::scalar_mul::glv::GLVConfig>::LAMBDA;
    let value = |half: u128| {
        let magnitude = Fr::from(half & (u128::MAX >> 1));
        if half >> 127 == 1 { -magnitude } else { magnitude }
    };
    for _ in 0..10_000 {
        let scalar = random.edge_scalar();
        let [u, v] = glv::split(scalar.into_bigint().0);
        assert_eq!(value(u) + lambda * value(v), scalar);
        assert!((u & (u128::MAX >> 1)) >> 126 == 0 && (v & (u128::MAX >> 1)) >> 126 == 0);
    }
}

/// A point's y may be written in two ways.
fn with_large_y(mut point: Point) -> Point {
    if !point.is_identity() {
        point.y = field::add(&field::below_one(point.y), &field::P);
    }
    point
}

#[test]
fn pairs_agree_with_the_curve() {
    let mut random = Random(9);
    for arithmetic in arithmetics() {
        let mut scratch = super::affine::Scratch::new(arithmetic);
        for count in (1..40).chain([100, 1000]) {
            for edge in [false, true] {
                let bases = if edge { random.edge_points(2 * count) } else { random.points(2 * count) };
                let live: Vec<u32> = (0..2 * count as u32).filter(|i| !bases[*i as usize].infinity).collect();
                let tags: Vec<u32> = live.iter().map(|i| 2 * i).collect();
                let mut points = vec![Point::IDENTITY; 2 * count];
                for (i, point) in live.iter().zip(arithmetic.points(&bases, &tags).as_flattened()) {
                    let large = random.below(2) == 1;
                    points[*i as usize] = if large { with_large_y(*point) } else { *point };
                }
                // Segments of two: (a, b) become (a + b, a + 2 b).
                scratch.running_sums(&mut points, 2);
                for (sums, bases) in points.chunks(2).zip(bases.chunks(2)) {
                    let sum = bases[0] + bases[1];
                    assert_eq!(arithmetic.affine(&sums[0]), sum.into_affine());
                    assert_eq!(arithmetic.affine(&sums[1]), (sum + bases[1]).into_affine());
                }
            }
        }
    }
}
