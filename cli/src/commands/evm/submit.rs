//! `sumcast evm submit`.

use super::place::Place;
use super::{Transaction, event, tensors};
use crate::chain::{self, Account, Node};
use crate::error::{Rejected, Result};
use crate::output::Outcome;
use crate::progress::Progress;
use crate::{files, format};
use anyhow::anyhow;
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use sumcast_contracts::abi::IInferenceFeed;
use sumcast_contracts::alloy_primitives::Address;
use sumcast_contracts::{Contract, statement};
use sumcast_verifier::ProofFile;

/// Arguments of `evm submit`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm submit --rpc https://rpc.example --keystore key.json --feed 0x.. --topic 1 --epoch 301 model.proof\n\n\
    The proof has the context of this topic, epoch and worker: see `sumcast evm context`. The node tries the transaction\n\
    before it is sent, so that a proof that the contract rejects costs nothing.\n\
    Exit code 0: the inference is posted; 1: it was rejected; 2: the proof or the chain is unusable.")]
pub(crate) struct Submit {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    account: Account,
    #[command(flatten)]
    place: Place,
    /// Whose inference it is, where the account posts for another; the account itself if not given
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address)]
    worker: Option<Address>,
    /// The proof with its statement
    proof: PathBuf,
}

impl Submit {
    pub(crate) fn run(self) -> Result<Outcome> {
        let bytes = files::read_small(&self.proof)?;
        let proof =
            ProofFile::from_bytes(&bytes).map_err(|error| anyhow!("{}: {error}", self.proof.display()))?;
        let signer = self.account.signer()?;
        let worker = self.worker.unwrap_or_else(|| signer.address());
        let report = chain::wait(async {
            let progress = Progress::new(2);
            progress.stage("check");
            let client = self.node.connect(Some(signer)).await?;
            let context = self.place.context(&client, worker).await?;
            if context != proof.statement.context {
                return Err(self.other_context(&proof, &hex::encode(context)).into());
            }
            let registry =
                client.read(Contract::Feed, self.place.feed, &IInferenceFeed::registryCall {}).await;
            let specs = tensors(&client, registry.map_err(chain::error)?, &proof).await?;
            progress.stage("post");
            let call = IInferenceFeed::postCall {
                topicId: self.place.topic,
                epoch: self.place.epoch,
                worker,
                modelId: proof.model_id.into(),
                tensors: statement(&proof.statement, &specs).tensors,
                proof: proof.body.clone().into(),
            };
            let sent = client.send(self.place.feed, &call).await.map_err(chain::error)?;
            let posted = event::<IInferenceFeed::InferencePosted>(&sent, self.place.feed)
                .ok_or_else(|| anyhow!("{} posted nothing: is it a feed?", self.place.feed))?;
            Ok(Report {
                chain_id: client.chain_id(),
                feed: self.place.feed,
                topic: self.place.topic.to_string(),
                epoch: self.place.epoch,
                worker,
                model_id: hex::encode(proof.model_id),
                values: posted.values.iter().copied().map(chain::decimal).collect(),
                inputs_hash: hex::encode(posted.inputsHash),
                transaction: Transaction::of(&sent),
            })
        })?;
        Outcome::new(&report)
    }

    fn other_context(&self, proof: &ProofFile, context: &str) -> Rejected {
        Rejected(format!(
            "{}: the proof is of context {}, and this feed, topic, epoch and worker have {context}: prove again with \
             --context {context}",
            self.proof.display(),
            hex::encode(proof.statement.context)
        ))
    }
}

/// An inference that was posted.
#[derive(Debug, Serialize)]
struct Report {
    chain_id: u64,
    feed: Address,
    topic: String,
    epoch: u64,
    worker: Address,
    model_id: String,
    /// As the feed has them, with 18 decimals; in decimal, since JSON's own numbers are short.
    values: Vec<String>,
    inputs_hash: String,
    #[serde(flatten)]
    transaction: Transaction,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transaction { transaction, gas_used, .. } = &self.transaction;
        writeln!(f, "posted on chain {}, for {} gas", self.chain_id, format::count(*gas_used))?;
        writeln!(f, "transaction  {transaction}")?;
        writeln!(f, "topic        {}, epoch {}", self.topic, self.epoch)?;
        writeln!(f, "worker       {}", self.worker)?;
        writeln!(f, "model id     {}", self.model_id)?;
        writeln!(f, "values       {}", self.values.join(", "))
    }
}
