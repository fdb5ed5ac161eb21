//! The contracts of Sumcast in an embedded EVM: what a proof costs on a chain and what the contract says of it,
//! without a node. Use this crate to measure and to test; `sumcast-contracts` is what talks to a real chain.
//!
//! - [`Sumcast`]: a verifier and a registry, deployed on a chain of their own;
//! - [`Evm`]: the chain, of which every transaction is a whole one: base cost, calldata, cold accounts;
//! - [`Chain`]: whose prices it has;
//! - [`Receipt`] and [`GasParts`]: what a transaction gave and took, by part;
//! - [`Network`]: a topic of network inferences with its workers and attestors;
//! - [`Watch`]: what a contract's own code took, by part.
//!
//! ```no_run
//! use sumcast_evm::{Chain, Route, Sumcast};
//! use sumcast_verifier::{Key, ProofFile};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let vk = std::fs::read("model/vk.bin")?;
//! let proof = ProofFile::from_bytes(&std::fs::read("model.proof")?)?;
//! let key = Key::from_bytes(&vk)?;
//! let mut chain = Sumcast::deploy(Chain::Ethereum, &key.srs.tau)?;
//! let receipt = chain.verify(&vk, &key.program.tensors, &proof, Route::Registry)?;
//! println!("{:?} for {:?} gas", receipt.outcome, receipt.gas);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod chain;
mod evm;
mod meter;
mod network;
mod sumcast;
mod watch;

pub use chain::Chain;
pub use evm::{Error, Evm, Outcome, Receipt};
pub use meter::{GasParts, Part};
pub use network::{Network, Post, Settle};
pub use sumcast::{Route, Sumcast};
pub use watch::Watch;
