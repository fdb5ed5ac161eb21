//! AVX-512 IFMA: eight products of 52 bits at a time, where a processor has the instructions.
//!
//! The arithmetic of both fields is in [`lanes`]. The unsafe code of this crate is in what calls functions that need the
//! instructions, once they have been detected, and in [`columns`], where arrays become vectors.

pub(crate) mod columns;
pub(crate) mod lanes;
pub(crate) mod modulus;

use std::arch::is_x86_feature_detected;

/// This machine has the instructions: there is no other way to a value than [`Ifma::detect`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ifma(());

impl Ifma {
    pub(crate) fn detect() -> Option<Self> {
        let foundation = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq");
        (foundation && is_x86_feature_detected!("avx512ifma")).then_some(Self(()))
    }
}
