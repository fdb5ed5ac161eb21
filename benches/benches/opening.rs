//! Opening one row (`docs/protocol.md` 7), and the check of it.

use ark_bn254::{Fr, G1Affine};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::cell::LazyCell;
use std::hint::black_box;
use sumcast_benches::{Numbers, development};
use sumcast_params::Srs;
use sumcast_prover::{Cpu, msm::msm, open};
use sumcast_verifier::opening::{Opening, low_variables, verify};
use sumcast_verifier::transcript::Transcript;
use sumcast_verifier::vk::{SrsKind, SrsPoints};
use sumcast_verifier::{Statement, mle};

/// Logarithms of the rows' lengths.
const LOGS: [u32; 4] = [10, 12, 14, 16];

/// A row of full-size values and what is claimed of it.
struct Row {
    srs: Srs,
    values: Vec<Fr>,
    point: Vec<Fr>,
    value: Fr,
}

impl Row {
    fn new(log: u32) -> Self {
        let srs = development(log).unwrap();
        let mut numbers = Numbers::default();
        let (values, point) = (numbers.scalars(1 << log), numbers.scalars(log as usize));
        let value = mle::evaluate(values.clone(), &point);
        Self { srs, values, point, value }
    }

    fn open(&self) -> Opening {
        open(self.srs.g1(), &self.values, &self.point, self.value, &mut transcript(), &Cpu).unwrap()
    }
}

fn transcript() -> Transcript {
    Transcript::new(&[0; 32], &Statement { context: [0; 32], public: vec![] })
}

/// Rows of all lengths, made only when the filter lets their benchmark through.
fn rows() -> impl Iterator<Item = (u32, LazyCell<Row, impl FnOnce() -> Row>)> {
    LOGS.into_iter().map(|log| (log, LazyCell::new(move || Row::new(log))))
}

fn openings(c: &mut Criterion) {
    let mut group = c.benchmark_group("open");
    group.sample_size(20);
    for (log, row) in rows() {
        group.throughput(Throughput::Elements(1 << log));
        group.bench_function(format!("2^{log}"), |b| {
            let row = black_box(&*row);
            b.iter(|| row.open());
        });
    }
    group.finish();
}

fn verifications(c: &mut Criterion) {
    let mut group = c.benchmark_group("verify_opening");
    group.sample_size(20);
    for (log, row) in rows() {
        group.bench_function(format!("2^{log}"), |b| {
            let row = black_box(&*row);
            let points = SrsPoints {
                kind: SrsKind::Development,
                tau: row.srs.tau_g2(0).unwrap(),
                tau_b: row.srs.tau_g2(low_variables(row.point.len()) as u32).unwrap(),
            };
            let commitment: G1Affine = msm(row.srs.g1(), &row.values).into();
            let opening = row.open();
            b.iter(|| {
                let commitment = std::iter::once((commitment, Fr::from(1u64)));
                verify(&points, commitment, &row.point, row.value, &opening, &mut transcript()).unwrap();
            });
        });
    }
    group.finish();
}

criterion_group!(all, openings, verifications);
criterion_main!(all);
