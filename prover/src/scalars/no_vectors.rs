//! In place of `vectors` for processors of another kind.

use super::Halves;
use crate::backend::Summand;
use crate::ifma::Ifma;
use ark_bn254::Fr;
use std::ops::Range;

pub(super) const CHAINS: usize = 1;

pub(super) fn inner(detected: Ifma, _: &[Fr], _: &[Fr]) -> Fr {
    match detected {}
}

pub(super) fn round_product(detected: Ifma, _: Halves<'_>, _: Halves<'_>) -> [Fr; 2] {
    match detected {}
}

pub(super) fn round_eq(detected: Ifma, _: Halves<'_>, _: &[Fr]) -> [Fr; 2] {
    match detected {}
}

pub(super) fn round(detected: Ifma, _: Summand, _: &[Halves<'_>], _: Option<&[Fr]>, _: usize) -> Vec<Fr> {
    match detected {}
}

pub(super) fn fold(detected: Ifma, _: &mut [Fr], _: &[Fr], _: Fr) {
    match detected {}
}

pub(super) fn add_scaled(detected: Ifma, _: &mut [Fr], _: &[Fr], _: Fr) {
    match detected {}
}

pub(super) fn split(detected: Ifma, _: &mut [Fr], _: &mut [Fr], _: Fr) {
    match detected {}
}

pub(super) fn horner(detected: Ifma, _: &[Fr], _: Fr) -> [Fr; CHAINS] {
    match detected {}
}

pub(super) fn suffixes(detected: Ifma, _: &mut [Fr], _: Fr, _: &[Fr; CHAINS]) {
    match detected {}
}

pub(super) fn dot(detected: Ifma, _: &[Fr], _: &[i64]) -> Option<Fr> {
    match detected {}
}

pub(super) const FEWEST: usize = 1;

/// Never made.
pub(super) enum Weights {}

impl Weights {
    pub(super) fn new(detected: Ifma, _: &[Fr]) -> Self {
        match detected {}
    }
}

pub(super) fn combine(weights: &Weights, _: &[&[i64]], _: Range<usize>) -> Option<Vec<Fr>> {
    match *weights {}
}
