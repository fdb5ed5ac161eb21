//! `sumcast evm network read`.

use super::place::Topic;
use crate::chain::{self, Node};
use crate::error::Result;
use crate::output::Outcome;
use clap::Args;
use serde::Serialize;
use std::fmt;
use sumcast_contracts::abi::ITopicFeed;
use sumcast_contracts::alloy_primitives::{Address, I256, U256};

/// Arguments of `evm network read`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm network read --rpc https://rpc.example --topics 0x.. --topic 1\n  \
    sumcast evm network read --rpc https://rpc.example --topics 0x.. --topic 1 --any-age --json\n\n\
    Exit code 1: there is no network inference, or it is older than the topic allows.")]
pub(crate) struct Read {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    of: Topic,
    /// Read the last network inference however old it is, without its interval
    #[arg(long)]
    any_age: bool,
}

impl Read {
    pub(crate) fn run(self) -> Result<Outcome> {
        let report = chain::wait(async {
            let client = self.node.connect(None).await?;
            let (of, topic_id) = (&self.of, self.of.topic);
            let read = of.ask(&client, &ITopicFeed::latestCall { topicId: topic_id }).await?;
            let interval = if self.any_age {
                None
            } else {
                let interval = of.ask(&client, &ITopicFeed::intervalCall { topicId: topic_id }).await?;
                Some(interval.percentiles.into_iter().zip(interval.values).map(Bound::of).collect())
            };
            let state = of.ask(&client, &ITopicFeed::stateCall { topicId: topic_id }).await?;
            let now = client.time().await.map_err(chain::error)?;
            Ok(Report {
                chain_id: client.chain_id(),
                topics: of.topics,
                topic: topic_id.to_string(),
                value: chain::decimal(read.value),
                interval,
                epoch: read.epoch,
                posted_at: read.postedAt,
                age_seconds: now.saturating_sub(read.postedAt),
                state_hash: chain::hash(state.stateHash),
                settled_epoch: state.settledEpoch,
            })
        })?;
        Outcome::new(&report)
    }
}

/// A network inference of a feed, and the state.
#[derive(Debug, Serialize)]
struct Report {
    chain_id: u64,
    topics: Address,
    topic: String,
    /// In decimal, since JSON's own numbers are short.
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<Vec<Bound>>,
    epoch: u64,
    /// Seconds since 1970.
    posted_at: u64,
    /// By the clock of the chain.
    age_seconds: u64,
    /// Of the commitment of the state, which the next proofs take.
    state_hash: String,
    /// Whose settlement has left it; 0 for the genesis.
    settled_epoch: u64,
}

/// A value of an interval.
#[derive(Debug, Serialize)]
struct Bound {
    percentile: String,
    value: String,
}

impl Bound {
    fn of((percentile, value): (U256, I256)) -> Self {
        Self { percentile: chain::decimal(I256::from_raw(percentile)), value: chain::decimal(value) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "network inference  {}", self.value)?;
        for (i, bound) in self.interval.iter().flatten().enumerate() {
            let name = if i == 0 { "interval" } else { "" };
            writeln!(f, "{name:<17}  {} at {} %", bound.value, bound.percentile)?;
        }
        writeln!(f, "epoch              {}, posted {} s ago", self.epoch, self.age_seconds)?;
        match self.settled_epoch {
            0 => writeln!(f, "state              {}, the genesis", self.state_hash),
            epoch => {
                writeln!(f, "state              {}, of the settlement of epoch {epoch}", self.state_hash)
            }
        }
    }
}
