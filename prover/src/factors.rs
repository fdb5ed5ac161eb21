//! The vectors of a sumcheck, where the backend works on them.

use crate::backend::{Backend, Summand};
use crate::scalars;
use ark_bn254::Fr;
use std::fmt;

/// Vectors of one length that are folded together, round by round.
///
/// A backend with memory of its own keeps them there, so that a round brings back no more than its sums.
pub trait Factors: Send + Sync + fmt::Debug {
    /// [`Backend::round`] of all of them.
    fn round(&self, summand: Summand, eq: Option<&[Fr]>, points: usize) -> Vec<Fr>;

    /// [`Backend::round_product`] of the two that there are.
    fn round_product(&self) -> [Fr; 2];

    /// [`Backend::round_eq`] of the first.
    fn round_eq(&self, eq: &[Fr]) -> [Fr; 2];

    /// The sums of both halves of the first.
    fn halves(&self) -> [Fr; 2];

    /// [`Backend::fold`] of each.
    fn fold(&mut self, x: Fr);

    /// What they are now.
    fn values(&self) -> Vec<Vec<Fr>>;
}

/// In this machine's memory, where any backend reads them.
#[derive(Debug)]
pub struct Local<'a, B: ?Sized> {
    backend: &'a B,
    factors: Vec<Vec<Fr>>,
}

impl<'a, B: Backend + ?Sized> Local<'a, B> {
    /// Vectors for a backend to work on.
    pub fn new(backend: &'a B, factors: Vec<Vec<Fr>>) -> Self {
        Self { backend, factors }
    }
}

impl<B: Backend + ?Sized> Factors for Local<'_, B> {
    fn round(&self, summand: Summand, eq: Option<&[Fr]>, points: usize) -> Vec<Fr> {
        let factors: Vec<&[Fr]> = self.factors.iter().map(Vec::as_slice).collect();
        self.backend.round(summand, &factors, eq, points)
    }

    fn round_product(&self) -> [Fr; 2] {
        self.backend.round_product(&self.factors[0], &self.factors[1])
    }

    fn round_eq(&self, eq: &[Fr]) -> [Fr; 2] {
        self.backend.round_eq(&self.factors[0], eq)
    }

    fn halves(&self) -> [Fr; 2] {
        let (low, high) = self.factors[0].split_at(self.factors[0].len() / 2);
        [scalars::total(low), scalars::total(high)]
    }

    fn fold(&mut self, x: Fr) {
        for factor in &mut self.factors {
            self.backend.fold(factor, x);
        }
    }

    fn values(&self) -> Vec<Vec<Fr>> {
        self.factors.clone()
    }
}
