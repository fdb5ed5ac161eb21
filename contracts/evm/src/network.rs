//! A topic with its workers, its attestors and all contracts, on a chain of its own.

use alloy_primitives::{Address, B256, Bytes, I256, U256};
use alloy_sol_types::SolCall;
use sumcast_contracts::abi::{EpochKind, IInferenceFeed, ITopicFeed};
use sumcast_contracts::epoch::{self, EpochPlace};
use sumcast_contracts::{Contract, statement};
use sumcast_verifier::vk::TensorSpec;
use sumcast_verifier::{G2Affine, ProofFile};

use crate::evm::{Error, Evm, Outcome, Receipt};
use crate::{Chain, Sumcast, Watch};

/// The number of the chains in memory.
const CHAIN_ID: u64 = 1;
/// Seconds after which what a topic has is stale: the clock of the chains in memory stands still.
const MAX_AGE: u32 = 600;

/// The contracts with one topic of workers, of one value, and one topic of network inferences that draws on it. The
/// chain's sender owns both.
#[derive(Debug)]
pub struct Network {
    /// The chain, its verifier and its registry.
    pub sumcast: Sumcast,
    /// The `InferenceFeed`.
    pub feed: Address,
    /// Its topic.
    pub feed_topic: U256,
    /// The `TopicFeed`.
    pub topics: Address,
    /// Its topic.
    pub topic: U256,
    /// The `Attestors`, which are the topic's source.
    pub attestors: Address,
}

/// What `TopicFeed.post` is called with, but for the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The epoch.
    pub epoch: u64,
    /// The key.
    pub model_id: B256,
    /// A worker a slot, zero for an absent one.
    pub members: Vec<Address>,
    /// The packed tensors of the statement.
    pub tensors: Bytes,
    /// The proof.
    pub proof: Bytes,
    /// The signatures of the attestors.
    pub source_data: Bytes,
}

/// What `TopicFeed.settle` is called with, but for the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settle {
    /// The epoch.
    pub epoch: u64,
    /// The key.
    pub model_id: B256,
    /// The packed tensors of the statement.
    pub tensors: Bytes,
    /// The proof.
    pub proof: Bytes,
    /// The signatures of the attestors.
    pub source_data: Bytes,
}

impl Network {
    /// Deploys everything on a new chain, with attestors of which so many attest an epoch.
    ///
    /// # Errors
    /// [`Error`].
    pub fn deploy(
        chain: Chain,
        tau: &G2Affine,
        signers: Vec<Address>,
        threshold: usize,
    ) -> Result<Self, Error> {
        let mut sumcast = Sumcast::deploy(chain, tau)?;
        let evm = &mut sumcast.evm;
        let feed = evm.deploy(Contract::Feed.name(), Contract::deploy_feed(sumcast.registry))?;
        let topics = evm.deploy(Contract::Topics.name(), Contract::deploy_topics(feed))?;
        let attestors =
            evm.deploy(Contract::Attestors.name(), Contract::deploy_attestors(signers, threshold))?;
        let publisher = Address::ZERO;
        let call = IInferenceFeed::createTopicCall { outputs: 1, maxAge: MAX_AGE, minEpoch: 1, publisher };
        let feed_topic = evm.read(feed, &call)?;
        let topic = evm.read(
            topics,
            &ITopicFeed::createTopicCall {
                inferenceTopic: feed_topic,
                source: attestors,
                maxAge: MAX_AGE,
                minEpoch: 1,
            },
        )?;
        Ok(Self { sumcast, feed, feed_topic, topics, topic, attestors })
    }

    /// The chain.
    pub fn evm(&mut self) -> &mut Evm {
        &mut self.sumcast.evm
    }

    /// Registers a model, and counts its proofs as workers' inferences.
    ///
    /// # Errors
    /// [`Error`].
    pub fn add_model(&mut self, vk: &[u8]) -> Result<B256, Error> {
        let model_id = self.sumcast.ensure_registered(vk)?;
        let call = IInferenceFeed::addModelCall { topicId: self.feed_topic, modelId: model_id };
        self.sumcast.evm.read(self.feed, &call)?;
        Ok(model_id)
    }

    /// Registers a key, and counts its proofs as those of network inferences or settlements.
    ///
    /// # Errors
    /// [`Error`].
    pub fn add_key(&mut self, vk: &[u8], kind: EpochKind) -> Result<B256, Error> {
        let model_id = self.sumcast.ensure_registered(vk)?;
        let call = ITopicFeed::addKeyCall { topicId: self.topic, modelId: model_id, kind };
        self.sumcast.evm.read(self.topics, &call)?;
        Ok(model_id)
    }

    /// Sets the topic's first state: a commitment.
    ///
    /// # Errors
    /// [`Error`].
    pub fn set_genesis(&mut self, state: [B256; 2]) -> Result<(), Error> {
        let call = ITopicFeed::setGenesisCall { topicId: self.topic, state };
        self.sumcast.evm.read(self.topics, &call)?;
        Ok(())
    }

    /// The context of a worker's proof for an epoch.
    ///
    /// # Errors
    /// [`Error`].
    pub fn worker_context(&mut self, epoch: u64, worker: Address) -> Result<B256, Error> {
        let call = IInferenceFeed::contextCall { topicId: self.feed_topic, epoch, worker };
        self.sumcast.evm.read(self.feed, &call)
    }

    /// A worker posts its inference.
    ///
    /// # Errors
    /// [`Error`], where it is not taken, too.
    pub fn post_inference(
        &mut self,
        worker: Address,
        epoch: u64,
        specs: &[TensorSpec],
        file: &ProofFile,
    ) -> Result<Receipt, Error> {
        let call = IInferenceFeed::postCall {
            topicId: self.feed_topic,
            epoch,
            worker,
            modelId: file.model_id.into(),
            tensors: statement(&file.statement, specs).tensors,
            proof: file.body.clone().into(),
        };
        let receipt = self.sumcast.evm.call_as(worker, self.feed, call.abi_encode().into())?;
        if !matches!(receipt.outcome, Outcome::Returned(_)) {
            let function = IInferenceFeed::postCall::SIGNATURE;
            return Err(Error::NoAnswer { function, outcome: Box::new(receipt.outcome) });
        }
        Ok(receipt)
    }

    /// The inference that a worker has posted last, with 18 decimals.
    ///
    /// # Errors
    /// [`Error`].
    pub fn inference(&mut self, worker: Address) -> Result<I256, Error> {
        let call = IInferenceFeed::latestCall { topicId: self.feed_topic, worker };
        Ok(self.sumcast.evm.read(self.feed, &call)?.value)
    }

    /// An epoch of the topic.
    pub fn place(&self, epoch: u64, kind: EpochKind) -> EpochPlace {
        EpochPlace { chain_id: CHAIN_ID, feed: self.topics, topic: self.topic, epoch, kind }
    }

    /// The epoch of the topic that was settled last, 0 for none.
    ///
    /// # Errors
    /// [`Error`].
    pub fn settled(&mut self) -> Result<u64, Error> {
        let call = ITopicFeed::stateCall { topicId: self.topic };
        Ok(self.sumcast.evm.read(self.topics, &call)?.settledEpoch)
    }

    /// What the attestors sign of a synthesis by these members, where `settled` is the epoch that was settled last.
    pub fn attestation(
        &self,
        epoch: u64,
        settled: u64,
        members: &[Address],
        specs: &[TensorSpec],
        file: &ProofFile,
    ) -> B256 {
        let digest = epoch::synthesis_digest(file.model_id.into(), settled, members, &file.statement, specs);
        self.place(epoch, EpochKind::Synthesis).attestation(self.attestors, digest)
    }

    /// What they sign of a settlement.
    pub fn settlement_attestation(
        &self,
        epoch: u64,
        settled: u64,
        specs: &[TensorSpec],
        file: &ProofFile,
    ) -> B256 {
        let digest = epoch::settlement_digest(file.model_id.into(), settled, &file.statement, specs);
        self.place(epoch, EpochKind::Settlement).attestation(self.attestors, digest)
    }

    /// Posts a network inference.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn post(&mut self, post: Post) -> Result<Receipt, Error> {
        let data = self.post_data(post);
        self.sumcast.evm.call(self.topics, data)
    }

    /// As [`Network::post`], and gives back what was seen.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn watch_post(&mut self, post: Post, watch: Watch) -> Result<(Receipt, Watch), Error> {
        let data = self.post_data(post);
        self.sumcast.evm.watch(self.topics, data, watch)
    }

    /// Settles an epoch.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn settle(&mut self, settle: Settle) -> Result<Receipt, Error> {
        let call = ITopicFeed::settleCall {
            topicId: self.topic,
            epoch: settle.epoch,
            modelId: settle.model_id,
            tensors: settle.tensors,
            proof: settle.proof,
            sourceData: settle.source_data,
        };
        self.sumcast.evm.call(self.topics, call.abi_encode().into())
    }

    fn post_data(&self, post: Post) -> Bytes {
        let call = ITopicFeed::postCall {
            topicId: self.topic,
            epoch: post.epoch,
            modelId: post.model_id,
            members: post.members,
            tensors: post.tensors,
            proof: post.proof,
            sourceData: post.source_data,
        };
        call.abi_encode().into()
    }
}

impl Post {
    /// A proof of a synthesis by these members, with what attests it.
    pub fn new(
        epoch: u64,
        members: Vec<Address>,
        specs: &[TensorSpec],
        file: &ProofFile,
        source_data: Bytes,
    ) -> Self {
        Self {
            epoch,
            model_id: file.model_id.into(),
            members,
            tensors: statement(&file.statement, specs).tensors,
            proof: file.body.clone().into(),
            source_data,
        }
    }
}

impl Settle {
    /// A proof of a settlement, with what attests it.
    pub fn new(epoch: u64, specs: &[TensorSpec], file: &ProofFile, source_data: Bytes) -> Self {
        Self {
            epoch,
            model_id: file.model_id.into(),
            tensors: statement(&file.statement, specs).tensors,
            proof: file.body.clone().into(),
            source_data,
        }
    }
}
