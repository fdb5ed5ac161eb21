//! `sumcast evm network key`.

use super::super::Transaction;
use super::kind::Kind;
use super::place::Topic;
use crate::chain::{self, Account, Node};
use crate::error::Result;
use crate::output::Outcome;
use crate::progress::Progress;
use crate::{files, format};
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use sumcast_contracts::abi::ITopicFeed;
use sumcast_contracts::alloy_primitives::Address;

/// Arguments of `evm network key`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm network key --rpc https://rpc.example --keystore key.json --topics 0x.. --topic 1 --kind synthesis \\\n    \
    --vk epoch.proof.vk\n  \
    sumcast evm network key --rpc https://rpc.example --keystore key.json --topics 0x.. --topic 1 --kind settlement \\\n    \
    --vk settlement.proof.vk\n\n\
    The key is registered: see `sumcast evm register`. Its statement has the form of its kind, and its states are those of\n\
    the topic's other keys: prove both with the same --inferers and --forecasters.")]
pub(crate) struct Key {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    account: Account,
    #[command(flatten)]
    of: Topic,
    /// What its proofs count as
    #[arg(long, value_enum)]
    kind: Kind,
    /// The verifying key
    #[arg(long, value_name = "VK")]
    vk: PathBuf,
}

impl Key {
    pub(crate) fn run(self) -> Result<Outcome> {
        let model_id = files::read_key(&self.vk)?.0.model_id();
        let signer = self.account.signer()?;
        let report = chain::wait(async {
            let progress = Progress::new(2);
            progress.stage("check");
            let client = self.node.connect(Some(signer)).await?;
            let (topic_id, kind) = (self.of.topic, self.kind.encode());
            let known = ITopicFeed::keyKindCall { topicId: topic_id, modelId: model_id.into() };
            let known = self.of.ask(&client, &known).await? == kind;
            let transaction = if known {
                None
            } else {
                progress.stage("add");
                let call = ITopicFeed::addKeyCall { topicId: topic_id, modelId: model_id.into(), kind };
                Some(Transaction::of(&client.send(self.of.topics, &call).await.map_err(chain::error)?))
            };
            Ok(Report {
                chain_id: client.chain_id(),
                topics: self.of.topics,
                topic: topic_id.to_string(),
                kind: self.kind,
                model_id: hex::encode(model_id),
                was_added: known,
                transaction,
            })
        })?;
        Outcome::new(&report)
    }
}

/// A key whose proofs count.
#[derive(Debug, Serialize)]
struct Report {
    chain_id: u64,
    topics: Address,
    topic: String,
    kind: Kind,
    model_id: String,
    /// Before this command.
    was_added: bool,
    #[serde(flatten)]
    transaction: Option<Transaction>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, kind, .. } = self;
        match &self.transaction {
            None => {
                writeln!(f, "topic {topic} counts proofs of the key as {kind} already: nothing was sent")?;
            }
            Some(sent) => {
                let gas = format::count(sent.gas_used);
                writeln!(f, "topic {topic} counts proofs of the key as {kind}, for {gas} gas")?;
                writeln!(f, "transaction  {}", sent.transaction)?;
            }
        }
        writeln!(f, "model id     {}", self.model_id)
    }
}
