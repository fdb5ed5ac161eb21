//! `sumcast evm context`.

use super::place::Place;
use crate::chain::{self, Account, Node};
use crate::error::Result;
use crate::output::Outcome;
use anyhow::anyhow;
use clap::Args;
use serde::Serialize;
use std::fmt;
use sumcast_contracts::alloy_primitives::Address;

/// Arguments of `evm context`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm context --rpc https://rpc.example --feed 0x.. --topic 1 --epoch 301 --worker 0x..\n  \
    sumcast prove model --input input.json -o model.proof \\\n    \
    --context $(sumcast evm context --rpc https://rpc.example --feed 0x.. --topic 1 --epoch 301 --worker 0x..)\n\n\
    The context binds a proof to the chain, the feed, the topic, the epoch and the worker: it counts nowhere else.")]
pub(crate) struct Context {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    account: Account,
    #[command(flatten)]
    place: Place,
    /// Whose inference it is; the account of the key if not given
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address)]
    worker: Option<Address>,
}

impl Context {
    pub(crate) fn run(self) -> Result<Outcome> {
        let worker = match self.worker {
            Some(worker) => worker,
            None => match self.account.optional()? {
                Some(signer) => signer.address(),
                None => return Err(anyhow!("whose inference is it? Name the account with --worker")),
            },
        };
        let report = chain::wait(async {
            let client = self.node.connect(None).await?;
            Ok(Report {
                context: hex::encode(self.place.context(&client, worker).await?),
                chain_id: client.chain_id(),
                feed: self.place.feed,
                topic: self.place.topic.to_string(),
                epoch: self.place.epoch,
                worker,
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
    feed: Address,
    topic: String,
    epoch: u64,
    worker: Address,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.context)
    }
}
