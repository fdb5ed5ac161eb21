//! The field arithmetic of the sumchecks (`docs/protocol.md` 5 and 6): rounds, the binding of a variable, and the
//! combination of cells. Lengths are those of the vectors before the round.

use ark_bn254::Fr;
use criterion::{
    BatchSize, BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
    measurement::WallTime,
};
use std::hint::black_box;
use sumcast_benches::Numbers;
use sumcast_prover::{Backend, Cpu, Summand};

/// Logarithms of the lengths.
const LOGS: [u32; 3] = [12, 16, 18];

/// Logarithm of the number of cells that are combined.
const CELLS: u32 = 20;

fn group<'a>(c: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = c.benchmark_group(name);
    group.sample_size(20);
    group
}

/// A round of S1, with and without `eq`, at one point more than the summand has factors.
fn rounds(c: &mut Criterion) {
    let mut group = group(c, "round");
    let kinds = [
        ("product of 2", Summand::Product, 2, false),
        ("product of 2, eq", Summand::Product, 2, true),
        ("product of 3, eq", Summand::Product, 3, true),
        ("lookup of 1 column, eq", Summand::LookupCells, 2, true),
        ("lookup of 4 columns, eq", Summand::LookupCells, 5, true),
    ];
    for log in LOGS {
        let n = 1usize << log;
        let mut numbers = Numbers::default();
        let (factors, eq): (Vec<Vec<Fr>>, _) =
            ((0..5).map(|_| numbers.scalars(n)).collect(), numbers.scalars(n / 2));
        group.throughput(Throughput::Elements(n as u64));
        for (name, summand, count, with_eq) in kinds {
            let factors: Vec<&[Fr]> = factors[..count].iter().map(Vec::as_slice).collect();
            let eq = with_eq.then_some(eq.as_slice());
            group.bench_function(BenchmarkId::new(name, format_args!("2^{log}")), |b| {
                b.iter(|| Cpu.round(black_box(summand), black_box(&factors), black_box(eq), count + 1));
            });
        }
    }
    group.finish();
}

/// A round of S2.
fn inner_products(c: &mut Criterion) {
    let mut group = group(c, "round_product");
    for log in LOGS {
        let mut numbers = Numbers::default();
        let (left, right) = (numbers.scalars(1 << log), numbers.scalars(1 << log));
        group.throughput(Throughput::Elements(1 << log));
        group.bench_function(format!("2^{log}"), |b| {
            b.iter(|| Cpu.round_product(black_box(&left), black_box(&right)));
        });
    }
    group.finish();
}

/// The binding of a variable, without the copy of what it overwrites.
fn folds(c: &mut Criterion) {
    let mut group = group(c, "fold");
    for log in LOGS {
        let mut numbers = Numbers::default();
        let (values, x) = (numbers.scalars(1 << log), numbers.scalar());
        group.throughput(Throughput::Elements(1 << log));
        group.bench_function(format!("2^{log}"), |b| {
            let bind = |values: &mut Vec<Fr>| Cpu.fold(values, black_box(x));
            b.iter_batched_ref(|| values.clone(), bind, BatchSize::LargeInput);
        });
    }
    group.finish();
}

/// Weights of 16 bits by a vector of the field, as a layer's matrix at the challenges of its rows.
fn combinations(c: &mut Criterion) {
    let mut group = group(c, "combine");
    group.throughput(Throughput::Elements(1 << CELLS));
    let mut numbers = Numbers::default();
    let cells = numbers.small(1 << CELLS);
    for rows_log in [4, 7, 10] {
        let (rows, width_log) = (1usize << rows_log, CELLS - rows_log);
        let weights = numbers.scalars(rows);
        group.bench_function(format!("2^{rows_log} rows of 2^{width_log}"), |b| {
            b.iter(|| Cpu.combine(black_box(&cells), 1 << width_log, black_box(&weights)));
        });
    }
    group.finish();
}

criterion_group!(all, rounds, inner_products, folds, combinations);
criterion_main!(all);
