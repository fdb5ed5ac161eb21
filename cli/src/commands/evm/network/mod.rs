//! `sumcast evm network`: network inferences on a chain.

mod attest;
mod attested;
mod context;
mod create;
mod genesis;
mod key;
mod kind;
mod members;
mod place;
mod post;
mod proof;
mod read;
mod settle;
mod signatures;
mod submission;

use crate::error::Result;
use crate::output::Outcome;
use clap::Subcommand;

/// Post and settle network inferences, each proven, and attested by those who know the source chain.
#[derive(Debug, Subcommand)]
pub(crate) enum Network {
    /// Create a topic of network inferences
    Create(create::Create),
    /// Let a topic count proofs of a key, as syntheses or as settlements
    Key(key::Key),
    /// Set the state that a topic begins with
    Genesis(genesis::Genesis),
    /// Say which context a proof must have to be posted or settled
    Context(context::Context),
    /// Sign, as an attestor, what a proof says of its epoch
    Attest(Box<attest::Attest>),
    /// Post a proven network inference
    Post(post::Post),
    /// Settle an epoch: the next state is that of a proven settlement
    Settle(settle::Settle),
    /// Read a topic's network inference and its state
    Read(read::Read),
}

impl Network {
    pub(crate) fn run(self) -> Result<Outcome> {
        match self {
            Self::Create(command) => command.run(),
            Self::Key(command) => command.run(),
            Self::Genesis(command) => command.run(),
            Self::Context(command) => command.run(),
            Self::Attest(command) => command.run(),
            Self::Post(command) => command.run(),
            Self::Settle(command) => command.run(),
            Self::Read(command) => command.run(),
        }
    }
}
