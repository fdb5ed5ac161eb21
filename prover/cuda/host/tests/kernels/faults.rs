//! A device that fails, or whose memory is in use.

use crate::{PLENTY, backend, failing, integers, points, scalars, well};
use ark_bn254::{Fr, G1Affine};
use ark_ec::CurveGroup;
use ark_ff::{BigInteger, PrimeField};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use sumcast_cuda::{Counts, Cuda, Fault};
use sumcast_cuda_host::Host;
use sumcast_prover::{Backend, Cpu, Summand};

static BASES: LazyLock<Vec<G1Affine>> = LazyLock::new(|| points(70, 1));

/// Something of every kind, brought to one form.
fn work(backend: &dyn Backend) -> Vec<Fr> {
    let (bases, numbers) = (&BASES[..], scalars(70, 2));
    let cells = integers(70, 3);
    let index: Vec<u32> = (0..70).map(|i| i * i % 11).collect();
    let sums = [
        backend.msm(bases, &numbers),
        backend.msm_small(bases, &cells),
        backend.msm_indexed(bases, &index, &numbers[..11]),
    ];
    let mut out = Vec::new();
    for sum in sums {
        let sum = sum.into_affine();
        out.extend([sum.x, sum.y].map(|c| Fr::from_be_bytes_mod_order(&c.into_bigint().to_bytes_be())));
    }
    out.extend(backend.combine(&cells, 7, &numbers));
    out.push(backend.dot(&numbers, &cells));
    out.extend(backend.gather(&numbers, &[index]));
    let mut held = backend.hold(vec![scalars(64, 4), scalars(64, 5)]);
    for x in scalars(6, 6) {
        out.extend(held.round(Summand::Product, None, 3));
        out.extend(held.round(Summand::LookupCells, Some(&numbers), 3));
        out.extend(held.round_product());
        out.extend(held.round_eq(&numbers));
        out.extend(held.halves());
        held.fold(x);
    }
    out.extend(held.values().concat());
    out
}

#[test]
fn a_fault_at_any_call_is_met_by_the_cpu() {
    let expected = work(&Cpu);
    let cuda = well();
    assert_eq!(work(&cuda), expected);
    let calls = cuda.device().calls();
    assert!(calls > 300);
    for call in 0..calls {
        let cuda = failing(call);
        assert_eq!(work(&cuda), expected, "call {call}");
        let counts = cuda.counts();
        assert_eq!((counts.faults, counts.full), (1, 0), "call {call}");
        // It is not asked again.
        assert_eq!(cuda.device().calls(), call + 1);
    }
}

#[test]
fn memory_that_is_in_use_is_no_fault() {
    let expected = work(&Cpu);
    let cuda = well();
    work(&cuda);
    let calls = cuda.device().calls();
    for call in (0..calls).step_by(7) {
        let cuda = backend(Host::failing(call, Fault::Memory { asked: 1 }), PLENTY);
        assert_eq!(work(&cuda), expected, "call {call}");
        let counts = cuda.counts();
        assert_eq!((counts.faults, counts.full), (0, 1), "call {call}");
        // It is asked again: here for what comes after, as there is much.
        assert!(call > calls / 2 || cuda.device().calls() > call + 10, "call {call}");
    }
}

#[test]
fn memory_is_bounded_and_given_back() {
    let expected = work(&Cpu);
    // None at all, too little for some, and what is just enough for all.
    let mut enough = 0;
    for memory in (0..20).map(|log| 1 << log) {
        let cuda = backend(Host::default(), memory);
        assert_eq!(work(&cuda), expected, "{memory} bytes");
        assert!(cuda.device().most() <= memory, "{memory} bytes");
        let Counts { answered, full, faults } = cuda.counts();
        assert_eq!(faults, 0);
        assert!(answered > 0 || memory < 4096);
        if full == 0 {
            enough += 1;
            // Ten times as much work takes no more.
            for _ in 0..10 {
                work(&cuda);
            }
            assert_eq!(cuda.counts().full, 0, "{memory} bytes");
        }
        assert_eq!(cuda.device().used(), 0, "all is given back");
    }
    assert!((1..20).contains(&enough));
}

#[test]
fn proofs_share_a_device() {
    let expected = work(&Cpu);
    let cuda: Cuda<Host> = backend(Host::default(), 1 << 17);
    let wrong = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    wrong.fetch_add(u64::from(work(&cuda) != expected), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(wrong.into_inner(), 0);
    assert!(cuda.device().most() <= 1 << 17);
    assert_eq!((cuda.device().used(), cuda.counts().faults), (0, 0));
}
