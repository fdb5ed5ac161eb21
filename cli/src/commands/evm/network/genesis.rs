//! `sumcast evm network genesis`.

use super::super::Transaction;
use super::place::Topic;
use super::proof::EpochProof;
use crate::chain::{self, Account, Node};
use crate::error::{Rejected, Result};
use crate::output::Outcome;
use crate::progress::Progress;
use crate::topic::tensors;
use crate::{files, format};
use anyhow::bail;
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use sumcast_contracts::abi::ITopicFeed;
use sumcast_contracts::alloy_primitives::{Address, B256, keccak256};
use sumcast_contracts::epoch;
use sumcast_verifier::vk::Visibility;
use sumcast_verifier::{Key, verify};

/// Arguments of `evm network genesis`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm network genesis --rpc https://rpc.example --keystore key.json --topics 0x.. --topic 1 \\\n    \
    --vk epoch.proof.vk epoch.proof\n\n\
    The state is the one that goes into the proof, of a synthesis or a settlement of any epoch. The topic keeps its\n\
    commitment, which never changes but by a settlement: whoever proves the topic's epochs needs the proof's opening, for\n\
    `sumcast synthesize --state` and `sumcast settle --state`. The same proof can then be posted, if it has the context.")]
pub(crate) struct Genesis {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    account: Account,
    #[command(flatten)]
    of: Topic,
    /// The verifying key of the proof
    #[arg(long, value_name = "VK")]
    vk: PathBuf,
    /// A proof with the state
    proof: PathBuf,
}

impl Genesis {
    pub(crate) fn run(self) -> Result<Outcome> {
        let (key, _) = files::read_key(&self.vk)?;
        let proof = EpochProof::read(&self.proof)?;
        verify(&key, &proof.file).map_err(|error| Rejected(format!("{}: {error}", self.proof.display())))?;
        let state = self.state(&key, &proof)?;
        let signer = self.account.signer()?;
        let report = chain::wait(async {
            let progress = Progress::new(1);
            progress.stage("genesis");
            let client = self.node.connect(Some(signer)).await?;
            let call = ITopicFeed::setGenesisCall { topicId: self.of.topic, state };
            let sent = client.send(self.of.topics, &call).await.map_err(chain::error)?;
            Ok(Report {
                chain_id: client.chain_id(),
                topics: self.of.topics,
                topic: self.of.topic.to_string(),
                state: hex::encode(state.concat()),
                state_hash: chain::hash(keccak256(state.concat())),
                transaction: Transaction::of(&sent),
            })
        })?;
        Outcome::new(&report)
    }

    /// The commitment of the state that goes into a proof.
    fn state(&self, key: &Key, proof: &EpochProof<'_>) -> Result<[B256; 2]> {
        let specs = &key.program.tensors;
        let committed: Vec<bool> =
            specs.iter().map(|spec| spec.visibility == Visibility::Committed).collect();
        let state = tensors::names(&committed).and_then(|_| epoch::state(&proof.file.statement, specs));
        match state {
            Some(state) => Ok(state),
            None => bail!(
                "{}: this is no key of a synthesis or a settlement, so there is no state: give a key and a proof that \
                 `sumcast synthesize --prove` or `sumcast settle --prove` has written",
                self.vk.display()
            ),
        }
    }
}

/// A state that was set.
#[derive(Debug, Serialize)]
struct Report {
    chain_id: u64,
    topics: Address,
    topic: String,
    /// A point, in hexadecimal.
    state: String,
    state_hash: String,
    #[serde(flatten)]
    transaction: Transaction,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transaction { transaction, gas_used, .. } = &self.transaction;
        writeln!(f, "topic {} has its first state, for {} gas", self.topic, format::count(*gas_used))?;
        writeln!(f, "state        {}", self.state)?;
        writeln!(f, "state hash   {}", self.state_hash)?;
        writeln!(f, "transaction  {transaction}")
    }
}
