//! `sumcast evm network attest`.

use super::attested::Attested;
use super::kind::Kind;
use super::members::member;
use super::place::Place;
use super::proof::EpochProof;
use crate::chain::{self, Account, Node};
use crate::error::{Rejected, Result};
use crate::files;
use crate::output::{self, Outcome};
use anyhow::{anyhow, bail};
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use sumcast_contracts::Contract;
use sumcast_contracts::abi::{IAttestors, ITopicFeed};
use sumcast_contracts::alloy_primitives::{Address, keccak256};
use sumcast_contracts::client::Client;
use sumcast_contracts::{attest, epoch};
use sumcast_verifier::verify;
use sumcast_verifier::vk::{SrsKind, TensorSpec};

/// Arguments of `evm network attest`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm network attest --rpc https://rpc.example --keystore alice.json --topics 0x.. --topic 1 --epoch 301 \\\n    \
    --vk epoch.proof.vk --members 0x..,0x..,- epoch.proof > alice.sig\n  \
    sumcast evm network attest --rpc https://rpc.example --keystore alice.json --topics 0x.. --topic 1 --epoch 301 \\\n    \
    --vk settlement.proof.vk settlement.proof --json\n\n\
    What is signed is shown on stderr, and the signature goes to stdout; nothing is sent. The proof is verified first, but\n\
    what only the source chain knows is for the attestor to check: that the forecasts are those of the epoch, with\n\
    `sumcast verify --epoch`; that stakes and reports are, and that the next state can be opened, with\n\
    `sumcast verify --settlement --opening`; and who the members are.\n\
    Exit code 0: it is signed; 1: the proof is not valid, or the topic would not take it; 2: a file or the chain is unusable.")]
pub(crate) struct Attest {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    account: Account,
    #[command(flatten)]
    place: Place,
    /// The verifying key
    #[arg(long, value_name = "VK")]
    vk: PathBuf,
    /// The workers by slot, in the order of the epoch's inferers, with - for an absent one; of a synthesis
    #[arg(
        long, value_name = "ADDRESS,..", value_delimiter = ',', allow_hyphen_values = true, value_parser = member
    )]
    members: Vec<Address>,
    /// The epoch that was settled last before this one, 0 for none; the one that the chain says, of whose state the proof
    /// then has to be, if not given
    #[arg(long, value_name = "N")]
    settled_epoch: Option<u64>,
    /// The proof with its statement
    proof: PathBuf,
}

impl Attest {
    pub(crate) fn run(self) -> Result<Outcome> {
        let (key, _) = files::read_key(&self.vk)?;
        let proof = EpochProof::read(&self.proof)?;
        verify(&key, &proof.file).map_err(|error| Rejected(format!("{}: {error}", self.proof.display())))?;
        output::warn_insecure(key.srs.kind == SrsKind::Development);
        let specs = &key.program.tensors;
        let signer = self.account.signer()?;
        let report = chain::wait(async {
            let client = self.node.connect(None).await?;
            let kind = proof.kind(&client, &self.place.of).await?;
            proof.check_context(&client, &self.place, kind).await?;
            let settled_epoch = self.settled_epoch(&client, &proof, specs).await?;
            let attested = self.attested(kind, &proof, specs)?;
            let attestors = self.attestors(&client, signer.address()).await?;
            let (of, statement) = (self.place.of_kind(&client, kind), &proof.file.statement);
            let model_id = proof.file.model_id.into();
            let digest = of.digest(model_id, settled_epoch, &self.members, statement, specs);
            let attestation = of.attestation(attestors, digest);
            let signature =
                attest([&signer], attestation).map_err(|error| anyhow!("cannot sign: {error}"))?;
            Ok(Report {
                signature: format!("0x{}", hex::encode(signature)),
                signer: signer.address(),
                attestors,
                attestation: chain::hash(attestation),
                digest: chain::hash(digest),
                chain_id: client.chain_id(),
                topics: self.place.of.topics,
                topic: self.place.of.topic.to_string(),
                epoch: self.place.epoch,
                kind,
                model_id: hex::encode(proof.file.model_id),
                settled_epoch,
                attested,
            })
        })?;
        eprint!("{}", report.signed());
        Outcome::new(&report)
    }

    /// The epoch settled last: as given, or as the chain says, where the proof is of the state that was left then.
    async fn settled_epoch(
        &self,
        client: &Client,
        proof: &EpochProof<'_>,
        specs: &[TensorSpec],
    ) -> Result<u64> {
        if let Some(epoch) = self.settled_epoch {
            return Ok(epoch);
        }
        let call = ITopicFeed::stateCall { topicId: self.place.of.topic };
        let state = self.place.of.ask(client, &call).await?;
        let found = epoch::state(&proof.file.statement, specs).map(|state| keccak256(state.concat()));
        if found != Some(state.stateHash) {
            bail!(Rejected(format!(
                "{}: the proof is of another state than the topic's, that of epoch {}: prove again with --state and the \
                 opening of the topic's state, or say with --settled-epoch which epoch will be settled before",
                self.proof.display(),
                state.settledEpoch
            )));
        }
        Ok(state.settledEpoch)
    }

    fn attested(&self, kind: Kind, proof: &EpochProof<'_>, specs: &[TensorSpec]) -> Result<Attested> {
        let statement = &proof.file.statement;
        match kind {
            Kind::Synthesis => Attested::synthesis(statement, specs, &self.members),
            Kind::Settlement if self.members.is_empty() => Ok(Attested::settlement(statement, specs)),
            Kind::Settlement => bail!("--members: a settlement has none; leave it out"),
        }
    }

    /// Who attests the topic's epochs; the signer is one of them.
    async fn attestors(&self, client: &Client, signer: Address) -> Result<Address> {
        let call = ITopicFeed::topicCall { topicId: self.place.of.topic };
        let source = self.place.of.ask(client, &call).await?.source;
        let call = IAttestors::isSignerCall { account: signer };
        let known = client.read(Contract::Attestors, source, &call).await.map_err(chain::error)?;
        if !known {
            bail!(Rejected(format!(
                "{signer} is no attestor of topic {}, whose attestors are {source}: sign with the key of one",
                self.place.of.topic
            )));
        }
        Ok(source)
    }
}

/// A signature, and what it is of. As text it is nothing but the signature, for other commands to take.
#[derive(Debug, Serialize)]
struct Report {
    signature: String,
    signer: Address,
    attestors: Address,
    /// The hash that is signed, by EIP-712.
    attestation: String,
    digest: String,
    chain_id: u64,
    topics: Address,
    topic: String,
    epoch: u64,
    kind: Kind,
    model_id: String,
    settled_epoch: u64,
    #[serde(flatten)]
    attested: Attested,
}

impl Report {
    /// What is signed, for people.
    fn signed(&self) -> String {
        let Self { kind, topic, epoch, topics, chain_id, .. } = self;
        let settled = match self.settled_epoch {
            0 => "none".into(),
            epoch => format!("epoch {epoch}"),
        };
        format!(
            "{} signs {kind} of epoch {epoch} of topic {topic} of {topics}, chain {chain_id}\n\
             key             {}\nsettled before  {settled}\n{}",
            self.signer, self.model_id, self.attested
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.signature)
    }
}
