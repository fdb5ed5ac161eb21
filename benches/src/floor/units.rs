//! What one operation takes, all threads at work, on operands in the first caches.

use super::pippenger::Magnitudes;
use crate::{Numbers, development};
use anyhow::Result;
use ark_ff::BigInt;
use rayon::prelude::*;
use std::fmt;
use std::hint::black_box;
use std::time::Instant;
use sumcast_prover::{Backend, Cpu, Summand};

/// Nanoseconds of one operation where all threads do nothing else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Units {
    /// A group addition.
    pub addition: f64,
    /// A field multiplication.
    pub multiplication: f64,
    /// A multiplication of a field element by an integer of 64 bits, added to a sum.
    pub small: f64,
    /// A byte from memory.
    pub byte: f64,
}

/// Times each measurement is made; the shortest counts.
const TRIES: usize = 20;

/// Seconds that one takes.
const SPAN: f64 = 3e-3;

/// Operands of a measurement, which a first-level cache holds.
const OPERANDS: usize = 512;

/// Terms of a multi-scalar multiplication.
const TERMS: usize = 1 << 14;

/// Words that a thread reads from memory.
const WORDS: usize = 1 << 23;

impl Units {
    /// Measures them.
    ///
    /// # Errors
    /// As [`development`].
    pub fn measure() -> Result<Self> {
        let multiplication = multiplication();
        Ok(Self { addition: addition(multiplication)?, multiplication, small: small(), byte: byte() })
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addition, multiplication, small, byte } = self;
        write!(
            f,
            "a group addition {addition:.1} ns, a multiplication {multiplication:.2} ns, a small one {small:.2} ns, a byte \
             from memory {byte:.3} ns"
        )
    }
}

/// The fewest nanoseconds for each of `operations`, where `call` does them on all threads.
fn fewest(operations: usize, mut call: impl FnMut()) -> f64 {
    let mut timed = |calls: usize| {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed().as_secs_f64()
    };
    let calls = (SPAN / timed(1).min(timed(1)).max(1e-9)).ceil() as usize;
    let best = (0..TRIES).map(|_| timed(calls)).fold(f64::INFINITY, f64::min);
    1e9 * best / (calls * operations) as f64
}

/// The fewest nanoseconds for each of `operations` that `call` does on one thread, where each thread has a state.
fn fewest_of_each<S>(operations: usize, state: impl Fn() -> S + Sync, call: impl Fn(&mut S) + Sync) -> f64 {
    // Threads are woken once for many calls.
    const CALLS: usize = 100;
    let threads = rayon::current_num_threads();
    let calls = || {
        let state = &mut state();
        (0..CALLS).for_each(|_| call(state));
    };
    fewest(operations * CALLS * threads, || drop(rayon::broadcast(|_| calls())))
}

/// A field multiplication: the least of what a loop over `Fr`'s own takes, a round of inner products, which has two for a
/// pair, and a round of products of five factors with `eq` at six points, which has thirty.
fn multiplication() -> f64 {
    let numbers = || Numbers::default().scalars(OPERANDS + 1);
    let own = fewest_of_each(OPERANDS, numbers, |values| {
        let (x, values) = values.split_last_mut().expect("there is one");
        values.iter_mut().for_each(|v| *v *= *x);
    });
    let inner = fewest_of_each(OPERANDS, numbers, |values| {
        let values = &black_box(values)[..OPERANDS];
        black_box(Cpu.round_product(values, values));
    });
    let round = fewest_of_each(15 * OPERANDS, numbers, |values| {
        let (values, eq) = (&black_box(&*values)[..OPERANDS], &values[..OPERANDS / 2]);
        black_box(Cpu.round(Summand::Product, &[values; 5], Some(eq), 6));
    });
    own.min(inner).min(round)
}

/// A multiplication by an integer: the less of what four word multiplications with their carries take, and a
/// combination of rows.
fn small() -> f64 {
    let operands = || (Numbers::default().scalars(OPERANDS), Numbers::default().small(OPERANDS));
    let own = fewest_of_each(OPERANDS, operands, |(weights, cells)| {
        let mut sum = [0u64; 6];
        for (weight, cell) in weights.iter().zip(black_box(cells)) {
            accumulate(&mut sum, &weight.0, *cell as u64);
        }
        black_box(sum);
    });
    const ROWS: usize = 256;
    let (weights, cells) = (Numbers::default().scalars(ROWS), Numbers::default().small(ROWS * OPERANDS));
    let rows = fewest(ROWS * OPERANDS, || drop(black_box(Cpu.combine(&cells, OPERANDS, &weights))));
    own.min(rows)
}

#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "zipped, the carries are not kept in registers")]
fn accumulate(sum: &mut [u64; 6], weight: &BigInt<4>, cell: u64) {
    let mut carry = 0u64;
    for i in 0..4 {
        let t = u128::from(weight.0[i]) * u128::from(cell) + u128::from(sum[i]) + u128::from(carry);
        sum[i] = t as u64;
        carry = (t >> 64) as u64;
    }
    let (high, over) = sum[4].overflowing_add(carry);
    sum[4] = high;
    sum[5] += u64::from(over);
}

/// A group addition: the less of six field multiplications, three of them for its share of an inversion, and what the
/// prover takes for one in a multi-scalar multiplication.
fn addition(multiplication: f64) -> Result<f64> {
    let srs = development(TERMS.ilog2())?;
    let scalars = Numbers::default().scalars(TERMS);
    let additions = Magnitudes::full_size(TERMS).additions() as usize;
    let own = fewest(additions, || {
        let _ = black_box(Cpu.msm(&srs.g1()[..TERMS], &scalars));
    });
    Ok(own.min(6.0 * multiplication))
}

/// A byte read from memory.
fn byte() -> f64 {
    let words = vec![1u64; WORDS * rayon::current_num_threads()];
    let sum = || words.par_chunks(WORDS).map(|part| part.iter().sum::<u64>()).sum::<u64>();
    fewest(8 * words.len(), || {
        black_box(sum());
    })
}
