//! Pseudo-random operands, the same at every run.

use ark_bn254::Fr;
use ark_ff::PrimeField;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A seeded generator of what the benchmarks compute with.
#[derive(Clone, Debug)]
pub struct Numbers(StdRng);

impl Default for Numbers {
    fn default() -> Self {
        Self(StdRng::seed_from_u64(0))
    }
}

impl Numbers {
    /// A field element of full size.
    pub fn scalar(&mut self) -> Fr {
        let mut bytes = [0u8; 32];
        self.0.fill(&mut bytes);
        Fr::from_le_bytes_mod_order(&bytes)
    }

    /// `n` field elements of full size.
    pub fn scalars(&mut self, n: usize) -> Vec<Fr> {
        (0..n).map(|_| self.scalar()).collect()
    }

    /// `n` integers of 16 bits, the sign among them.
    pub fn small(&mut self, n: usize) -> Vec<i64> {
        (0..n).map(|_| self.0.random::<i16>().into()).collect()
    }

    /// `n` indices below `entries`.
    pub fn indices(&mut self, n: usize, entries: u32) -> Vec<u32> {
        (0..n).map(|_| self.0.random_range(0..entries)).collect()
    }
}
