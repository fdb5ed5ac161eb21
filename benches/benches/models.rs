//! The bundled models, phase by phase: compile, set up, prove, verify.

use criterion::{BatchSize, Criterion, SamplingMode, criterion_group, criterion_main};
use std::cell::LazyCell;
use std::hint::black_box;
use std::time::Duration;
use sumcast_benches::{Case, MODELS};
use sumcast_prover::{Cpu, ProvingKey};

/// The models whose phases take long enough that ten samples, one iteration each, tell the time.
const LARGE: [&str; 2] = ["mlp_100k", "mlp_1m"];

fn benches(c: &mut Criterion) {
    for name in MODELS {
        // Made only when the filter lets a phase through.
        let case = LazyCell::new(|| Case::open(name).unwrap());
        let mut group = c.benchmark_group(name);
        if LARGE.contains(&name) {
            group.sample_size(10).sampling_mode(SamplingMode::Flat).warm_up_time(Duration::from_millis(500));
        } else {
            group.sample_size(30);
        }
        group.bench_function("compile", |b| {
            let source = black_box(&case.source);
            b.iter_with_large_drop(|| source.compile().unwrap());
        });
        group.bench_function("set-up", |b| {
            let Case { model, relation, srs, .. } = black_box(&*case);
            b.iter_batched(
                || (relation.program.clone(), relation.fixed.clone()),
                |(program, fixed)| ProvingKey::setup(program, fixed, model.secret(), srs, &Cpu).unwrap(),
                BatchSize::PerIteration,
            );
        });
        group.bench_function("prove", |b| {
            let case = black_box(&*case);
            b.iter(|| case.prove(case.run().unwrap(), &mut rand::rng()).unwrap());
        });
        group.bench_function("verify", |b| {
            let case = black_box(&*case);
            let proof = case.prove(case.run().unwrap(), &mut rand::rng()).unwrap().file.to_bytes();
            b.iter(|| case.verify(black_box(&proof)).unwrap());
        });
        group.finish();
    }
}

criterion_group!(all, benches);
criterion_main!(all);
