//! `sumcast evm network create`.

use super::super::{Transaction, event};
use crate::chain::{self, Account, Node};
use crate::error::Result;
use crate::format;
use crate::output::Outcome;
use crate::progress::Progress;
use anyhow::anyhow;
use clap::Args;
use serde::Serialize;
use std::fmt;
use sumcast_contracts::abi::ITopicFeed;
use sumcast_contracts::alloy_primitives::{Address, U256};

/// Arguments of `evm network create`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm network create --rpc https://rpc.example --keystore key.json --topics 0x.. --inference-topic 1 \\\n    \
    --source 0x.. --max-age 3600\n\n\
    Whoever creates a topic owns it: adds its keys with `sumcast evm network key`, and sets its first state, once, with\n\
    `sumcast evm network genesis`. The source is the attestors that `sumcast evm deploy` has deployed, or another contract\n\
    that knows what happened in an epoch.")]
pub(crate) struct Create {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    account: Account,
    /// The feed of network inferences
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address)]
    topics: Address,
    /// The topic of the workers' feed that inferences are from
    #[arg(long, value_name = "N")]
    inference_topic: U256,
    /// Who knows what happened in an epoch
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address)]
    source: Address,
    /// Seconds after which a network inference is no longer fresh
    #[arg(long, value_name = "SECONDS")]
    max_age: u32,
    /// The first epoch that may be posted or settled
    #[arg(long, value_name = "N", default_value_t = 1)]
    min_epoch: u64,
}

impl Create {
    pub(crate) fn run(self) -> Result<Outcome> {
        let signer = self.account.signer()?;
        let report = chain::wait(async {
            let progress = Progress::new(1);
            progress.stage("topic");
            let client = self.node.connect(Some(signer)).await?;
            let call = ITopicFeed::createTopicCall {
                inferenceTopic: self.inference_topic,
                source: self.source,
                maxAge: self.max_age,
                minEpoch: self.min_epoch,
            };
            let sent = client.send(self.topics, &call).await.map_err(chain::error)?;
            let created = event::<ITopicFeed::TopicCreated>(&sent, self.topics).ok_or_else(|| {
                anyhow!("{} created no topic: is it a feed of network inferences?", self.topics)
            })?;
            Ok(Report {
                chain_id: client.chain_id(),
                topics: self.topics,
                topic: created.topicId.to_string(),
                owner: created.owner,
                source: self.source,
                transaction: Transaction::of(&sent),
            })
        })?;
        Outcome::new(&report)
    }
}

/// A topic that was created.
#[derive(Debug, Serialize)]
struct Report {
    chain_id: u64,
    topics: Address,
    /// In decimal, since JSON's own integers are short.
    topic: String,
    owner: Address,
    source: Address,
    #[serde(flatten)]
    transaction: Transaction,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transaction { transaction, gas_used, .. } = &self.transaction;
        let gas = format::count(*gas_used);
        writeln!(f, "created topic {} on chain {}, for {gas} gas", self.topic, self.chain_id)?;
        writeln!(f, "owner        {}", self.owner)?;
        writeln!(f, "source       {}", self.source)?;
        writeln!(f, "transaction  {transaction}")
    }
}
