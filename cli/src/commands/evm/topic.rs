//! `sumcast evm topic`.

use super::{Transaction, event};
use crate::chain::{self, Account, Node};
use crate::error::Result;
use crate::format;
use crate::output::Outcome;
use crate::progress::Progress;
use anyhow::anyhow;
use clap::Args;
use serde::Serialize;
use std::fmt;
use sumcast_contracts::abi::IInferenceFeed;
use sumcast_contracts::alloy_primitives::Address;

/// Arguments of `evm topic`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm topic --rpc https://rpc.example --keystore key.json --feed 0x.. --outputs 1 --max-age 3600\n\n\
    Whoever creates a topic owns it, and chooses the models whose inferences it takes with `sumcast evm accept`.")]
pub(crate) struct Topic {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    account: Account,
    /// The feed
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address)]
    feed: Address,
    /// Values in an inference
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    outputs: u16,
    /// Seconds after which an inference is no longer fresh
    #[arg(long, value_name = "SECONDS")]
    max_age: u32,
    /// The first epoch that may be posted
    #[arg(long, value_name = "N", default_value_t = 1)]
    min_epoch: u64,
    /// The worker that is read where a reader names none
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address)]
    publisher: Option<Address>,
}

impl Topic {
    pub(crate) fn run(self) -> Result<Outcome> {
        let signer = self.account.signer()?;
        let report = chain::wait(async {
            let progress = Progress::new(1);
            progress.stage("topic");
            let client = self.node.connect(Some(signer)).await?;
            let call = IInferenceFeed::createTopicCall {
                outputs: self.outputs,
                maxAge: self.max_age,
                minEpoch: self.min_epoch,
                publisher: self.publisher.unwrap_or_default(),
            };
            let sent = client.send(self.feed, &call).await.map_err(chain::error)?;
            let created = event::<IInferenceFeed::TopicCreated>(&sent, self.feed)
                .ok_or_else(|| anyhow!("{} created no topic: is it a feed?", self.feed))?;
            Ok(Report {
                chain_id: client.chain_id(),
                feed: self.feed,
                topic: created.topicId.to_string(),
                owner: created.owner,
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
    feed: Address,
    /// In decimal, since JSON's own integers are short.
    topic: String,
    owner: Address,
    #[serde(flatten)]
    transaction: Transaction,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transaction { transaction, gas_used, .. } = &self.transaction;
        writeln!(
            f,
            "created topic {} on chain {}, for {} gas",
            self.topic,
            self.chain_id,
            format::count(*gas_used)
        )?;
        writeln!(f, "owner        {}", self.owner)?;
        writeln!(f, "transaction  {transaction}")
    }
}
