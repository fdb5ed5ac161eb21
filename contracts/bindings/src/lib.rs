//! The contracts of Sumcast from Rust: their calls, what their errors say, and what deploys them. Use this crate
//! wherever Rust meets a chain: the embedded EVM of `sumcast-evm`, the binary, the service.
//!
//! - [`abi`]: calls, events and errors of the contracts;
//! - [`Contract`]: the compiled contracts of `contracts/artifacts/`, ready to be deployed;
//! - [`CodeMap`]: which function a byte of the verifier's code is of;
//! - [`statement`]: a statement as the contracts take it;
//! - [`epoch`]: what of an epoch is hashed, for proofs and for attestors;
//! - `attest` (feature `sign`): the signatures of attestors;
//! - [`Failure`]: why a call reverted, in a sentence;
//! - `client` (feature `client`): deploying, registering and posting through a node.
//!
//! ```
//! use sumcast_contracts::{Failure, abi::ISumcastVerifier};
//! use alloy_sol_types::SolError;
//!
//! let revert = ISumcastVerifier::OpeningFailed {}.abi_encode();
//! assert!(Failure::decode(&revert).to_string().contains("opening"));
//! ```
#![forbid(unsafe_code)]

pub mod abi;
mod artifact;
#[cfg(feature = "sign")]
mod attest;
#[cfg(feature = "client")]
pub mod client;
mod code_map;
mod convert;
pub mod epoch;
mod failure;
mod inference;

pub use alloy_primitives;
pub use alloy_sol_types;
pub use artifact::Contract;
#[cfg(feature = "sign")]
pub use attest::{SIGNATURE_BYTES, Signer, attest, read_signature, recover, source_data};
pub use code_map::CodeMap;
pub use convert::statement;
pub use failure::Failure;
pub use inference::InferencePlace;
