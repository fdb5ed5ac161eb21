//! Multi-scalar multiplication by kind of scalar, beside that of ark-ec on as many threads; multiplication of a point.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Projective};
use ark_ec::{PrimeGroup, VariableBaseMSM};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;
use std::cell::LazyCell;
use std::hint::black_box;
use sumcast_benches::{Numbers, development};
use sumcast_prover::msm::{msm, msm_indexed, msm_small};

/// Logarithms of the lengths.
const LOGS: [u32; 4] = [10, 12, 14, 16];

/// Distinct values of an indexed multiplication.
const ENTRIES: u32 = 256;

/// ark-ec's method, which is of one thread without its `parallel` feature: a chunk of the terms a thread.
fn ark(bases: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    let chunk = scalars.len().div_ceil(rayon::current_num_threads());
    bases
        .par_chunks(chunk)
        .zip(scalars.par_chunks(chunk))
        .map(|(bases, scalars)| G1Projective::msm_unchecked(bases, scalars))
        .sum()
}

fn benches(c: &mut Criterion) {
    let srs = LazyCell::new(|| development(LOGS[LOGS.len() - 1]).unwrap());
    let mut group = c.benchmark_group("msm");
    group.sample_size(20);
    for log in LOGS {
        let n = 1usize << log;
        let mut numbers = Numbers::default();
        let (scalars, small) = (numbers.scalars(n), numbers.small(n));
        let (index, values) = (numbers.indices(n, ENTRIES), numbers.scalars(ENTRIES as usize));
        let id = |kind: &str| BenchmarkId::new(kind, format_args!("2^{log}"));
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(id("full-size"), |b| {
            let bases = &srs.g1()[..n];
            b.iter(|| msm(black_box(bases), black_box(&scalars)));
        });
        group.bench_function(id("full-size, ark-ec"), |b| {
            let bases = &srs.g1()[..n];
            b.iter(|| ark(black_box(bases), black_box(&scalars)));
        });
        group.bench_function(id("16-bit"), |b| {
            let bases = &srs.g1()[..n];
            b.iter(|| msm_small(black_box(bases), black_box(&small)));
        });
        group.bench_function(id("indexed"), |b| {
            let bases = &srs.g1()[..n];
            b.iter(|| msm_indexed(black_box(bases), black_box(&index), black_box(&values)));
        });
    }
    group.finish();
    let mut group = c.benchmark_group("multiplication");
    let scalar = Numbers::default().scalar();
    // One by one and on one thread, as a Fourier transform of points takes them.
    let (g1, g2) = (G1Projective::generator() * scalar, G2Projective::generator() * scalar);
    group.bench_function("G1", |b| b.iter(|| black_box(g1) * black_box(scalar)));
    group.bench_function("G2", |b| b.iter(|| black_box(g2) * black_box(scalar)));
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
