//! `sumcast evm accept`.

use super::Transaction;
use crate::chain::{self, Account, Node};
use crate::error::Result;
use crate::output::Outcome;
use crate::progress::Progress;
use crate::proving::{Context32, context};
use crate::{files, format};
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use sumcast_contracts::Contract;
use sumcast_contracts::abi::IInferenceFeed;
use sumcast_contracts::alloy_primitives::{Address, U256};

/// Arguments of `evm accept`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm accept --rpc https://rpc.example --keystore key.json --feed 0x.. --topic 1 --vk model/vk.bin\n\n\
    The model is registered, its output is public, and it has as many values as the topic.")]
pub(crate) struct Accept {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    account: Account,
    /// The feed
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address)]
    feed: Address,
    /// The topic, which the account owns
    #[arg(long, value_name = "N")]
    topic: U256,
    #[command(flatten)]
    model: Model,
}

/// Which model.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Model {
    /// The model's verifying key
    #[arg(long, value_name = "VK")]
    vk: Option<PathBuf>,
    /// The model's id
    #[arg(long, value_name = "HEX32", value_parser = context)]
    model: Option<Context32>,
}

impl Accept {
    pub(crate) fn run(self) -> Result<Outcome> {
        let model_id = match (&self.model.vk, self.model.model) {
            (Some(path), _) => files::read_key(path)?.0.model_id(),
            (None, id) => id.unwrap_or_default(),
        };
        let signer = self.account.signer()?;
        let report = chain::wait(async {
            let progress = Progress::new(2);
            progress.stage("check");
            let client = self.node.connect(Some(signer)).await?;
            let known = IInferenceFeed::isAcceptedCall { topicId: self.topic, modelId: model_id.into() };
            let known = client.read(Contract::Feed, self.feed, &known).await.map_err(chain::error)?;
            let transaction = if known {
                None
            } else {
                progress.stage("accept");
                let call = IInferenceFeed::addModelCall { topicId: self.topic, modelId: model_id.into() };
                Some(Transaction::of(&client.send(self.feed, &call).await.map_err(chain::error)?))
            };
            Ok(Report {
                chain_id: client.chain_id(),
                feed: self.feed,
                topic: self.topic.to_string(),
                model_id: hex::encode(model_id),
                was_accepted: known,
                transaction,
            })
        })?;
        Outcome::new(&report)
    }
}

/// A model that a topic accepts.
#[derive(Debug, Serialize)]
struct Report {
    chain_id: u64,
    feed: Address,
    topic: String,
    model_id: String,
    /// Before this command.
    was_accepted: bool,
    #[serde(flatten)]
    transaction: Option<Transaction>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.transaction {
            None => writeln!(f, "topic {} accepted the model already: nothing was sent", self.topic)?,
            Some(sent) => {
                writeln!(
                    f,
                    "topic {} accepts the model, for {} gas",
                    self.topic,
                    format::count(sent.gas_used)
                )?;
                writeln!(f, "transaction  {}", sent.transaction)?;
            }
        }
        writeln!(f, "model id     {}", self.model_id)
    }
}
