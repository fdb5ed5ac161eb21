//! `sumcast evm network settle`.

use super::super::{Transaction, event};
use super::kind::Kind;
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
use sumcast_contracts::alloy_primitives::{Address, keccak256};

/// Arguments of `evm network settle`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm network settle --rpc https://rpc.example --keystore key.json --topics 0x.. --topic 1 --epoch 301 \\\n    \
    --signature @alice.sig --signature @bob.sig settlement.proof\n\n\
    Anyone may settle. The proof has the context of the topic and the epoch: see `sumcast evm network context`. Attestors\n\
    have signed stakes, reports and the next state with `sumcast evm network attest`, and keep what opens the next state:\n\
    nobody goes on without it. The node tries the transaction before it is sent, so that what the contract rejects costs\n\
    nothing.\n\
    Exit code 0: the epoch is settled; 1: it was rejected; 2: the proof or the chain is unusable.")]
pub(crate) struct Settle {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    account: Account,
    #[command(flatten)]
    place: Place,
    /// A signature of an attestor, in hexadecimal, or @FILE; as many as the topic asks for, in any order
    #[arg(long = "signature", value_name = "HEX|@FILE", required = true)]
    signatures: Vec<String>,
    /// The proof with its statement
    proof: PathBuf,
}

impl Settle {
    pub(crate) fn run(self) -> Result<Outcome> {
        let (proof, place) = (EpochProof::read(&self.proof)?, &self.place);
        let signatures = signatures::read(&self.signatures)?;
        let signer = self.account.signer()?;
        let report = chain::wait(async {
            let progress = Progress::new(2);
            progress.stage("check");
            let client = self.node.connect(Some(signer)).await?;
            let Submission { tensors, source_data } =
                Submission::new(&client, place, Kind::Settlement, &proof, &[], &signatures).await?;
            progress.stage("settle");
            let call = ITopicFeed::settleCall {
                topicId: place.of.topic,
                epoch: place.epoch,
                modelId: proof.file.model_id.into(),
                tensors,
                proof: proof.file.body.clone().into(),
                sourceData: source_data,
            };
            let sent = client.send(place.of.topics, &call).await.map_err(chain::error)?;
            let settled = event::<ITopicFeed::EpochSettled>(&sent, place.of.topics)
                .ok_or_else(|| anyhow!("{} settled nothing: is it a feed?", place.of.topics))?;
            Ok(Report {
                chain_id: client.chain_id(),
                topics: place.of.topics,
                topic: place.of.topic.to_string(),
                epoch: place.epoch,
                model_id: hex::encode(proof.file.model_id),
                settled_before: settled.settledEpoch,
                reports_hash: chain::hash(settled.reportsHash),
                state_hash: chain::hash(keccak256(settled.state.concat())),
                transaction: Transaction::of(&sent),
            })
        })?;
        Outcome::new(&report)
    }
}

/// An epoch that was settled.
#[derive(Debug, Serialize)]
struct Report {
    chain_id: u64,
    topics: Address,
    topic: String,
    epoch: u64,
    model_id: String,
    /// The epoch that was settled before; 0 for none.
    settled_before: u64,
    reports_hash: String,
    /// Of the state from now on.
    state_hash: String,
    #[serde(flatten)]
    transaction: Transaction,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transaction { transaction, gas_used, .. } = &self.transaction;
        writeln!(f, "settled on chain {}, for {} gas", self.chain_id, format::count(*gas_used))?;
        writeln!(f, "transaction  {transaction}")?;
        writeln!(f, "topic        {}, epoch {}", self.topic, self.epoch)?;
        writeln!(f, "state hash   {}", self.state_hash)?;
        writeln!(f, "model id     {}", self.model_id)
    }
}
