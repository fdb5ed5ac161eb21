//! `sumcast evm network post`.

use super::super::{Transaction, event};
use super::kind::Kind;
use super::members::member;
use super::place::Place;
use super::proof::EpochProof;
use super::signatures;
use super::submission::Submission;
use crate::chain::{self, Account, Node};
use crate::error::Result;
use crate::format;
use crate::output::Outcome;
use crate::progress::Progress;
use anyhow::anyhow;
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use sumcast_contracts::abi::ITopicFeed;
use sumcast_contracts::alloy_primitives::Address;

/// Arguments of `evm network post`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm network post --rpc https://rpc.example --keystore key.json --topics 0x.. --topic 1 --epoch 301 \\\n    \
    --members 0x..,0x..,- --signature @alice.sig --signature @bob.sig epoch.proof\n\n\
    Anyone may post. The proof has the context of the topic and the epoch: see `sumcast evm network context`. Each member\n\
    has posted its inference of the epoch with `sumcast evm submit`, and attestors have signed members and forecasts with\n\
    `sumcast evm network attest` since the last settlement. The node tries the transaction before it is sent, so that what\n\
    the contract rejects costs nothing.\n\
    Exit code 0: the network inference is posted; 1: it was rejected; 2: the proof or the chain is unusable.")]
pub(crate) struct Post {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    account: Account,
    #[command(flatten)]
    place: Place,
    /// The workers by slot, in the order of the epoch's inferers, with - for an absent one
    #[arg(
        long, value_name = "ADDRESS,..", value_delimiter = ',', allow_hyphen_values = true, required = true,
        value_parser = member
    )]
    members: Vec<Address>,
    /// A signature of an attestor, in hexadecimal, or @FILE; as many as the topic asks for, in any order
    #[arg(long = "signature", value_name = "HEX|@FILE", required = true)]
    signatures: Vec<String>,
    /// The proof with its statement
    proof: PathBuf,
}

impl Post {
    pub(crate) fn run(self) -> Result<Outcome> {
        let (proof, place) = (EpochProof::read(&self.proof)?, &self.place);
        let signatures = signatures::read(&self.signatures)?;
        let signer = self.account.signer()?;
        let report = chain::wait(async {
            let progress = Progress::new(2);
            progress.stage("check");
            let client = self.node.connect(Some(signer)).await?;
            let Submission { tensors, source_data } =
                Submission::new(&client, place, Kind::Synthesis, &proof, &self.members, &signatures).await?;
            progress.stage("post");
            let call = ITopicFeed::postCall {
                topicId: place.of.topic,
                epoch: place.epoch,
                modelId: proof.file.model_id.into(),
                members: self.members,
                tensors,
                proof: proof.file.body.clone().into(),
                sourceData: source_data,
            };
            let sent = client.send(place.of.topics, &call).await.map_err(chain::error)?;
            let posted = event::<ITopicFeed::NetworkInferencePosted>(&sent, place.of.topics)
                .ok_or_else(|| anyhow!("{} posted nothing: is it a feed?", place.of.topics))?;
            Ok(Report {
                chain_id: client.chain_id(),
                topics: place.of.topics,
                topic: place.of.topic.to_string(),
                epoch: place.epoch,
                model_id: hex::encode(proof.file.model_id),
                value: chain::decimal(posted.value),
                interval: posted.interval.map(chain::decimal).into(),
                settled_epoch: posted.settledEpoch,
                members: posted.members,
                forecasts_hash: chain::hash(posted.forecastsHash),
                transaction: Transaction::of(&sent),
            })
        })?;
        Outcome::new(&report)
    }
}

/// A network inference that was posted.
#[derive(Debug, Serialize)]
struct Report {
    chain_id: u64,
    topics: Address,
    topic: String,
    epoch: u64,
    model_id: String,
    /// As the feed has it, with 18 decimals; in decimal, since JSON's own numbers are short.
    value: String,
    interval: Vec<String>,
    /// Whose settlement left the state; 0 for the genesis.
    settled_epoch: u64,
    members: Vec<Address>,
    forecasts_hash: String,
    #[serde(flatten)]
    transaction: Transaction,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transaction { transaction, gas_used, .. } = &self.transaction;
        writeln!(f, "posted on chain {}, for {} gas", self.chain_id, format::count(*gas_used))?;
        writeln!(f, "transaction        {transaction}")?;
        writeln!(f, "topic              {}, epoch {}", self.topic, self.epoch)?;
        writeln!(f, "network inference  {}", self.value)?;
        writeln!(f, "interval           {}", self.interval.join(", "))?;
        writeln!(f, "model id           {}", self.model_id)
    }
}
