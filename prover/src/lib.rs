//! Proves relations over committed integer tensors: the prover's side of `docs/protocol.md`.
//!
//! Use it with a [`Program`](sumcast_verifier::vk::Program) and cells that satisfy it; `sumcast-circuits` makes
//! both from an ONNX model.
//!
//! - [`ProvingKey::setup`] commits the fixed rows once a model;
//! - [`prove`] makes a proof, in about the time of one multi-scalar multiplication of a row's length;
//! - [`Backend`] is where the heavy work is done, [`Cpu`] on all cores.
//!
//! A proof is zero-knowledge, by randomness that the caller brings; it is a function of that and of its inputs, and
//! the number of threads changes nothing.

#![deny(unsafe_code)]

mod assignment;
mod backend;
mod cells;
mod channel;
mod commit;
mod eq;
mod factors;
#[cfg_attr(not(target_arch = "x86_64"), path = "no_ifma.rs")]
mod ifma;
mod key;
mod lookup;
mod mask;
mod memory;
pub mod msm;
mod opening;
mod opening_file;
mod prove;
mod reduction;
mod reveal;
mod scalars;
mod stage;
mod sumcheck;

pub use assignment::Assignment;
pub use backend::{Backend, Cpu, Summand};
pub use channel::{Conduct, Honest, LookupValues};
pub use factors::{Factors, Local};
pub use key::{ProvingKey, SetupError, check_srs, srs_log};
pub use memory::{available_memory, peak_memory, prover_memory, resident_memory, total_memory};
pub use opening_file::{OpeningEntry, OpeningFile, OpeningFileError};
pub use prove::{ProveError, Proven, prove, prove_as, prove_known};
pub use reveal::{RevealError, TensorOpening};
pub use stage::{Stage, Timings};
