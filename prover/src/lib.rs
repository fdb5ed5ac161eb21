//! Proves relations over committed integer tensors: the prover's side of `docs/protocol.md`.
//!
//! Use it with a [`Program`](sumcast_verifier::vk::Program) and cells that satisfy it; `sumcast-circuits` makes
//! both from an ONNX model.
//!
//! - [`ProvingKey::setup`] commits the fixed rows once a model;
//! - [`prove`] makes a proof, in about the time of one multi-scalar multiplication of a row's length;
//! - [`Backend`] is where the heavy work is done, [`Cpu`] on all cores.
//!
//! Proofs are a function of their inputs: no randomness enters, and the number of threads changes nothing.

#![forbid(unsafe_code)]

mod accumulate;
mod backend;
mod cells;
mod commit;
mod eq;
mod key;
mod lookup;
pub mod msm;
mod opening;
mod prove;
mod reduction;
mod sumcheck;

pub use backend::{Backend, Cpu, Summand};
pub use key::{ProvingKey, SetupError};
pub use opening::open;
pub use prove::{ProveError, Stage, Timings, prove};
