//! The kernels against the CPU's arithmetic: every result is the same.

mod arithmetic;
mod faults;
mod msm;
mod proofs;
mod vectors;

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::UniformRand;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sumcast_cuda::{Cuda, Fault, Least};
use sumcast_cuda_host::Host;

/// Memory that is enough for every test.
const PLENTY: u64 = 1 << 32;

/// A backend whose device gets all that it can do.
fn backend(host: Host, memory: u64) -> Cuda<Host> {
    Cuda::new(host, memory, Least { terms: 1, scalars: 2, cells: 1 })
}

/// One whose device is well.
fn well() -> Cuda<Host> {
    backend(Host::default(), PLENTY)
}

/// One whose device fails at a call.
fn failing(call: u64) -> Cuda<Host> {
    backend(Host::failing(call, Fault::Device("out of order".into())), PLENTY)
}

fn scalars(len: usize, seed: u64) -> Vec<Fr> {
    let mut rng = ark_std::rand::SeedableRng::seed_from_u64(seed);
    let rng: &mut ark_std::rand::rngs::StdRng = &mut rng;
    (0..len).map(|_| Fr::rand(rng)).collect()
}

fn points(len: usize, seed: u64) -> Vec<G1Affine> {
    let generator = G1Projective::generator();
    let points: Vec<G1Projective> = scalars(len, seed).iter().map(|s| generator * s).collect();
    G1Projective::normalize_batch(&points)
}

/// Integers of all sizes.
fn integers(len: usize, seed: u64) -> Vec<i64> {
    use rand::Rng;
    let mut rng = StdRng::seed_from_u64(seed);
    (0..len).map(|i| rng.random::<i64>() >> (7 * i % 64)).collect()
}
