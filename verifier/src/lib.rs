//! Verification of Sumcast proofs: that a model, known by the digest of its verifying key, maps the public
//! inputs of a statement to its public outputs.
//!
//! Use this crate wherever a proof has to be checked: it has no prover code, no threads, no file access and
//! no unsafe code, builds for `wasm32-unknown-unknown`, and never panics on any input.
//!
//! - [`Key`]: the verifying key of a model, a few kilobytes that do not contain the weights;
//! - [`Statement`]: context and tensors, each public or committed;
//! - [`Proof`]: the argument;
//! - [`verify`]: all checks of `docs/protocol.md`.
//!
//! ```
//! use sumcast_verifier::{Key, KeyError};
//! assert!(matches!(Key::from_bytes(b"not a key"), Err(KeyError::Magic)));
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::arithmetic_side_effects
    )
)]

pub mod encoding;
mod error;
pub mod mask;
pub mod mle;
pub mod opening;
mod proof;
mod reduction;
pub mod relation;
mod statement;
mod sumcheck;
pub mod transcript;
mod verify;
pub mod vk;

pub use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
pub use error::{Check, DecodeError, KeyError, VerifyError};
pub use proof::{Proof, ProofFile, Shape};
pub use reduction::row_weights;
pub use statement::{Statement, Tensor};
pub use sumcheck::RoundPolynomial;
pub use verify::{trace, verify};
pub use vk::Key;
