//! `sumcast evm network context`.

use super::kind::Kind;
use super::place::Place;
use crate::chain::{self, Node};
use crate::error::Result;
use crate::output::Outcome;
use clap::Args;
use serde::Serialize;
use std::fmt;
use sumcast_contracts::alloy_primitives::Address;

/// Arguments of `evm network context`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm network context --rpc https://rpc.example --topics 0x.. --topic 1 --epoch 301 --kind synthesis\n  \
    sumcast synthesize epoch.json --prove -o epoch.proof --state settlement.proof.opening \\\n    \
    --context $(sumcast evm network context --rpc https://rpc.example --topics 0x.. --topic 1 --epoch 301 --kind synthesis)\n\n\
    The context binds a proof to the chain, the feed, the topic, the epoch and the kind: it counts nowhere else.")]
pub(crate) struct Context {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    place: Place,
    /// What the proof is of
    #[arg(long, value_enum)]
    kind: Kind,
}

impl Context {
    pub(crate) fn run(self) -> Result<Outcome> {
        let report = chain::wait(async {
            let client = self.node.connect(None).await?;
            Ok(Report {
                context: hex::encode(self.place.context(&client, self.kind).await?),
                chain_id: client.chain_id(),
                topics: self.place.of.topics,
                topic: self.place.of.topic.to_string(),
                epoch: self.place.epoch,
                kind: self.kind,
            })
        })?;
        Outcome::new(&report)
    }
}

/// A context, and what it is of. As text it is nothing but the context, for other commands to take.
#[derive(Debug, Serialize)]
struct Report {
    context: String,
    chain_id: u64,
    topics: Address,
    topic: String,
    epoch: u64,
    kind: Kind,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.context)
    }
}
