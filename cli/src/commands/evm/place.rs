//! Where an inference counts.

use crate::chain;
use crate::error::Result;
use clap::Args;
use sumcast_contracts::Contract;
use sumcast_contracts::abi::IInferenceFeed;
use sumcast_contracts::alloy_primitives::{Address, B256, U256};
use sumcast_contracts::client::Client;

/// A feed, a topic and an epoch.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The feed
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address)]
    pub(super) feed: Address,
    /// The topic
    #[arg(long, value_name = "N")]
    pub(super) topic: U256,
    /// The epoch
    #[arg(long, value_name = "N")]
    pub(super) epoch: u64,
}

impl Place {
    /// The context that a worker's proof must have to be posted here.
    pub(super) async fn context(&self, client: &Client, worker: Address) -> Result<B256> {
        let call = IInferenceFeed::contextCall { topicId: self.topic, epoch: self.epoch, worker };
        client.read(Contract::Feed, self.feed, &call).await.map_err(chain::error)
    }
}
