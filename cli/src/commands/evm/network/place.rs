//! Where network inferences count.

use super::kind::Kind;
use crate::chain;
use crate::error::Result;
use clap::Args;
use sumcast_contracts::Contract;
use sumcast_contracts::abi::ITopicFeed;
use sumcast_contracts::alloy_primitives::{Address, B256, U256};
use sumcast_contracts::alloy_sol_types::SolCall;
use sumcast_contracts::client::Client;
use sumcast_contracts::epoch::EpochPlace;

/// A topic of a feed of topics.
#[derive(Debug, Args)]
pub(super) struct Topic {
    /// The feed of network inferences
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address)]
    pub(super) topics: Address,
    /// Its topic
    #[arg(long, value_name = "N")]
    pub(super) topic: U256,
}

impl Topic {
    /// What the feed answers.
    pub(super) async fn ask<C: SolCall>(&self, client: &Client, call: &C) -> Result<C::Return> {
        client.read(Contract::Topics, self.topics, call).await.map_err(chain::error)
    }
}

/// An epoch of a topic.
#[derive(Debug, Args)]
pub(super) struct Place {
    #[command(flatten)]
    pub(super) of: Topic,
    /// The epoch
    #[arg(long, value_name = "N")]
    pub(super) epoch: u64,
}

impl Place {
    /// The context that a proof of a kind must have to count here.
    pub(super) async fn context(&self, client: &Client, kind: Kind) -> Result<B256> {
        let call = ITopicFeed::contextCall { topicId: self.of.topic, epoch: self.epoch, kind: kind.encode() };
        self.of.ask(client, &call).await
    }

    /// The same place, as attestors sign it.
    pub(super) fn of_kind(&self, client: &Client, kind: Kind) -> EpochPlace {
        EpochPlace {
            chain_id: client.chain_id(),
            feed: self.of.topics,
            topic: self.of.topic,
            epoch: self.epoch,
            kind: kind.encode(),
        }
    }
}
