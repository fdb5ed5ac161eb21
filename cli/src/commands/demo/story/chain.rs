//! The contracts in an embedded EVM, with two of three attestors: what is posted, and what is read.

use crate::chain::decimal;
use crate::error::Result;
use anyhow::{Context, anyhow, bail};
use serde::Serialize;
use sumcast_circuits::epoch::Decimal;
use sumcast_contracts::abi::{EpochKind, ITopicFeed};
use sumcast_contracts::alloy_primitives::{Address, B256};
use sumcast_contracts::{Signer, attest, epoch};
use sumcast_evm::{self as evm, Network, Outcome, Post, Receipt, Settle};
use sumcast_verifier::vk::TensorSpec;
use sumcast_verifier::{G2Affine, ProofFile};

/// How many attestors there are, and how many have to sign.
const ATTESTORS: u8 = 3;
const THRESHOLD: usize = 2;

/// A network's topic on a chain of its own.
pub(super) struct Chain {
    network: Network,
    attestors: Vec<Signer>,
}

/// What a reader of the topic gets, with 18 decimals.
#[derive(Debug, Serialize)]
pub(super) struct Posted {
    pub(super) value: String,
    pub(super) interval: Vec<String>,
    pub(super) epoch: u64,
}

impl Chain {
    /// Deploys verifier, registry and both feeds, with attestors whose keys everyone knows.
    pub(super) fn deploy(tau: &G2Affine) -> Result<Self> {
        let attestors = (1..=ATTESTORS).map(|i| Ok(Signer::from_bytes(&B256::repeat_byte(i))?));
        let attestors: Vec<Signer> = attestors.collect::<Result<_>>()?;
        let accounts = attestors.iter().map(Signer::address).collect();
        let network = Network::deploy(evm::Chain::Ethereum, tau, accounts, THRESHOLD)?;
        Ok(Self { network, attestors })
    }

    /// Registers a worker's model or, of a kind, a key of the topic, and gives the gas of that.
    pub(super) fn accept(&mut self, vk: &[u8], kind: Option<EpochKind>) -> Result<u64> {
        let gas = gas(&self.network.sumcast.register(vk)?)?;
        match kind {
            None => self.network.add_model(vk)?,
            Some(kind) => self.network.add_key(vk, kind)?,
        };
        Ok(gas)
    }

    /// The context of a worker's proof.
    pub(super) fn worker_context(&mut self, worker: Address, epoch: u64) -> Result<B256> {
        Ok(self.network.worker_context(epoch, worker)?)
    }

    /// The context of a synthesis or a settlement.
    pub(super) fn context(&self, epoch: u64, kind: EpochKind) -> B256 {
        self.network.place(epoch, kind).context()
    }

    /// Makes the state of a synthesis the topic's first one.
    pub(super) fn set_genesis(&mut self, specs: &[TensorSpec], file: &ProofFile) -> Result<()> {
        let state = epoch::state(&file.statement, specs).context("a synthesis has no state")?;
        Ok(self.network.set_genesis(state)?)
    }

    /// A worker posts its inference: what the feed has of it, and the gas.
    pub(super) fn infer(
        &mut self,
        worker: Address,
        epoch: u64,
        specs: &[TensorSpec],
        file: &ProofFile,
    ) -> Result<(Decimal, u64)> {
        let gas = gas(&self.network.post_inference(worker, epoch, specs, file)?)?;
        Ok((decimal(self.network.inference(worker)?).parse()?, gas))
    }

    /// Posts a network inference of these members, attested.
    pub(super) fn post(
        &mut self,
        epoch: u64,
        members: &[Address],
        specs: &[TensorSpec],
        file: &ProofFile,
    ) -> Result<Receipt> {
        let settled = self.network.settled()?;
        let attestation = self.network.attestation(epoch, settled, members, specs, file);
        let signatures = attest(self.signers(), attestation)?;
        Ok(self.network.post(Post::new(epoch, members.to_vec(), specs, file, signatures))?)
    }

    /// Posts a settlement, attested.
    pub(super) fn settle(&mut self, epoch: u64, specs: &[TensorSpec], file: &ProofFile) -> Result<Receipt> {
        let settled = self.network.settled()?;
        let attestation = self.network.settlement_attestation(epoch, settled, specs, file);
        let signatures = attest(self.signers(), attestation)?;
        Ok(self.network.settle(Settle::new(epoch, specs, file, signatures))?)
    }

    /// What the topic has.
    pub(super) fn read(&mut self) -> Result<Posted> {
        let (topics, topic_id) = (self.network.topics, self.network.topic);
        let value = self.network.evm().read(topics, &ITopicFeed::valueCall { topicId: topic_id })?;
        let interval = self.network.evm().read(topics, &ITopicFeed::intervalCall { topicId: topic_id })?;
        if value.epoch != interval.epoch {
            bail!("the value is of epoch {}, and the interval of {}", value.epoch, interval.epoch);
        }
        let interval = interval.values.into_iter().map(decimal).collect();
        Ok(Posted { value: decimal(value.value), interval, epoch: value.epoch })
    }

    /// As many as have to sign.
    fn signers(&self) -> impl Iterator<Item = &Signer> {
        self.attestors.iter().take(THRESHOLD)
    }
}

/// The gas of a transaction that went well.
pub(super) fn gas(receipt: &Receipt) -> Result<u64> {
    match (&receipt.outcome, receipt.gas) {
        (Outcome::Returned(_), Some(gas)) => Ok(gas),
        (Outcome::Returned(_), None) => bail!("the chain says no gas"),
        (outcome, _) => Err(anyhow!("the contract refuses a transaction: {outcome}")),
    }
}
