//! `sumcast evm`: the contracts, in an embedded EVM and on chains.

mod accept;
mod context;
mod deploy;
mod network;
mod place;
mod read;
mod register;
mod submit;
mod topic;
mod verify;

use crate::chain;
use crate::error::Result;
use crate::output::Outcome;
use clap::Subcommand;
use serde::Serialize;
use sumcast_contracts::Contract;
use sumcast_contracts::abi::{self, IModelRegistry};
use sumcast_contracts::alloy_primitives::Address;
use sumcast_contracts::alloy_sol_types::SolEvent;
use sumcast_contracts::client::{Client, Sent};
use sumcast_verifier::ProofFile;
use sumcast_verifier::vk::TensorSpec;

/// Verify a proof by the contract, deploy the contracts, post proven inferences.
#[derive(Debug, Subcommand)]
pub(crate) enum Evm {
    /// Verify a proof by the contract in an embedded EVM, and say what it costs on a chain
    Verify(verify::Verify),
    /// Deploy verifier, registry and feed, and what network inferences take
    Deploy(deploy::Deploy),
    /// Register a model by its verifying key
    Register(register::Register),
    /// Create a topic of a feed
    Topic(topic::Topic),
    /// Let a topic accept inferences of a model
    Accept(accept::Accept),
    /// Say which context a proof must have to be posted
    Context(context::Context),
    /// Post a proven inference to a feed
    Submit(submit::Submit),
    /// Read an inference from a feed
    Read(read::Read),
    /// Network inferences, each proven from the workers' proven inferences
    #[command(subcommand)]
    Network(network::Network),
}

impl Evm {
    pub(crate) fn run(self) -> Result<Outcome> {
        match self {
            Self::Verify(command) => command.run(),
            Self::Deploy(command) => command.run(),
            Self::Register(command) => command.run(),
            Self::Topic(command) => command.run(),
            Self::Accept(command) => command.run(),
            Self::Context(command) => command.run(),
            Self::Submit(command) => command.run(),
            Self::Read(command) => command.run(),
            Self::Network(command) => command.run(),
        }
    }
}

/// A transaction that is in a block.
#[derive(Clone, Debug, Serialize)]
struct Transaction {
    transaction: String,
    gas_used: u64,
    block: Option<u64>,
}

impl Transaction {
    fn of(sent: &Sent) -> Self {
        Self { transaction: chain::hash(sent.hash), gas_used: sent.gas_used, block: sent.block }
    }
}

/// The first event of its kind that a contract emitted in a transaction.
fn event<E: SolEvent>(sent: &Sent, contract: Address) -> Option<E> {
    let mut logs = sent.logs.iter().filter(|log| log.address() == contract);
    logs.find_map(|log| Some(E::decode_log(&log.inner).ok()?.data))
}

/// What a registry says of the tensors of a proof's model, in order.
async fn tensors(client: &Client, registry: Address, proof: &ProofFile) -> Result<Vec<TensorSpec>> {
    let call = IModelRegistry::tensorsCall { modelId: proof.model_id.into() };
    let specs = client.read(Contract::Registry, registry, &call).await.map_err(chain::error)?;
    Ok(specs.iter().map(abi::TensorSpec::decode).collect())
}
