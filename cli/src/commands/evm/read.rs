//! `sumcast evm read`.

use crate::chain::{self, Node};
use crate::error::Result;
use crate::output::Outcome;
use anyhow::bail;
use clap::Args;
use serde::Serialize;
use std::fmt;
use sumcast_contracts::Contract;
use sumcast_contracts::abi::IInferenceFeed;
use sumcast_contracts::alloy_primitives::{Address, U256};

/// Arguments of `evm read`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm read --rpc https://rpc.example --feed 0x.. --topic 1\n  \
    sumcast evm read --rpc https://rpc.example --feed 0x.. --topic 1 --worker 0x.. --any-age --json\n\n\
    Exit code 1: there is no inference, or it is older than the topic allows.")]
pub(crate) struct Read {
    #[command(flatten)]
    node: Node,
    /// The feed
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address)]
    feed: Address,
    /// The topic
    #[arg(long, value_name = "N")]
    topic: U256,
    /// Whose inference; the topic's publisher's if not given
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address)]
    worker: Option<Address>,
    /// Read the first value of the last inference however old it is
    #[arg(long)]
    any_age: bool,
}

impl Read {
    pub(crate) fn run(self) -> Result<Outcome> {
        let report = chain::wait(async {
            let client = self.node.connect(None).await?;
            let topic_id = self.topic;
            let worker = match self.worker {
                Some(worker) => worker,
                None => {
                    let call = IInferenceFeed::topicCall { topicId: topic_id };
                    client.read(Contract::Feed, self.feed, &call).await.map_err(chain::error)?.publisher
                }
            };
            if worker == Address::ZERO {
                bail!("topic {topic_id} has no publisher: name the worker to read with --worker");
            }
            let (values, epoch, posted_at) = if self.any_age {
                let call = IInferenceFeed::latestCall { topicId: topic_id, worker };
                let read = client.read(Contract::Feed, self.feed, &call).await.map_err(chain::error)?;
                (vec![read.value], read.epoch, read.postedAt)
            } else {
                let call = IInferenceFeed::valuesCall { topicId: topic_id, worker };
                let read = client.read(Contract::Feed, self.feed, &call).await.map_err(chain::error)?;
                (read.values, read.epoch, read.postedAt)
            };
            Ok(Report {
                chain_id: client.chain_id(),
                feed: self.feed,
                topic: topic_id.to_string(),
                worker,
                epoch,
                posted_at,
                values: values.into_iter().map(chain::decimal).collect(),
            })
        })?;
        Outcome::new(&report)
    }
}

/// An inference of a feed.
#[derive(Debug, Serialize)]
struct Report {
    chain_id: u64,
    feed: Address,
    topic: String,
    worker: Address,
    epoch: u64,
    /// Seconds since 1970.
    posted_at: u64,
    /// In decimal, since JSON's own numbers are short.
    values: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "values     {}", self.values.join(", "))?;
        writeln!(f, "epoch      {}", self.epoch)?;
        writeln!(f, "posted at  {}", self.posted_at)?;
        writeln!(f, "worker     {}", self.worker)
    }
}
