//! The commands, one file each.

mod accuracy;
mod compile;
mod demo;
mod epoch;
#[cfg(feature = "evm")]
mod evm;
mod inspect;
#[cfg(feature = "service")]
mod key;
mod params;
mod prove;
#[cfg(feature = "service")]
mod relay;
mod reveal;
mod run;
#[cfg(feature = "service")]
mod serve;
mod settle;
mod synthesize;
mod verify;

use crate::error::Result;
use crate::output::Outcome;
use clap::Subcommand;

/// What the binary does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make or import the parameters that keys and proofs rest on
    #[command(subcommand)]
    Params(params::Params),
    /// Compile an ONNX model into a directory with its verifying key
    Compile(compile::Compile),
    /// Run the quantised inference of a compiled model
    Run(run::Run),
    /// Measure the quantised model against the float one
    Accuracy(accuracy::Accuracy),
    /// Prove one inference
    Prove(prove::Prove),
    /// Verify a proof
    Verify(verify::Verify),
    /// Verify a proof by the contract, deploy the contracts, post proven inferences
    #[cfg(feature = "evm")]
    #[command(subcommand)]
    Evm(evm::Evm),
    /// Assemble epochs of an Allora topic from what a node of the chain answers
    #[command(subcommand)]
    Epoch(epoch::Epoch),
    /// Compute the network inference of an epoch, and prove it
    Synthesize(Box<synthesize::Synthesize>),
    /// Compute the losses and regrets of an epoch, and prove them
    Settle(Box<settle::Settle>),
    /// Compile models and prove inferences on request, over HTTP
    #[cfg(feature = "service")]
    Serve(serve::Serve),
    /// Make, list and revoke the keys of a service's callers
    #[cfg(feature = "service")]
    #[command(subcommand)]
    Key(key::Key),
    /// Work on the jobs of a service
    #[cfg(feature = "service")]
    Worker(serve::Worker),
    /// Post finished proofs of a service to chains
    #[cfg(feature = "service")]
    Relay(relay::Relay),
    /// Show what the commitments of a proof hide
    Reveal(reveal::Reveal),
    /// Say what a model, verifying key, proof, opening or parameter file holds
    Inspect(inspect::Inspect),
    /// Tell the story of a topic on real market data, to a verified network inference, and measure the bundled models
    Demo(demo::Demo),
}

impl Command {
    /// Does it.
    pub(crate) fn run(self) -> Result<Outcome> {
        match self {
            Self::Params(command) => command.run(),
            Self::Compile(command) => command.run(),
            Self::Run(command) => command.run(),
            Self::Accuracy(command) => command.run(),
            Self::Prove(command) => command.run(),
            Self::Verify(command) => command.run(),
            #[cfg(feature = "evm")]
            Self::Evm(command) => command.run(),
            Self::Epoch(command) => command.run(),
            Self::Synthesize(command) => command.run(),
            Self::Settle(command) => command.run(),
            #[cfg(feature = "service")]
            Self::Serve(command) => command.run(),
            #[cfg(feature = "service")]
            Self::Key(command) => command.run(),
            #[cfg(feature = "service")]
            Self::Worker(command) => command.run(),
            #[cfg(feature = "service")]
            Self::Relay(command) => command.run(),
            Self::Reveal(command) => command.run(),
            Self::Inspect(command) => command.run(),
            Self::Demo(command) => command.run(),
        }
    }
}
