//! `sumcast evm deploy`.

use super::Transaction;
use crate::chain::{self, Account, Node};
use crate::error::Result;
use crate::format;
use crate::output::{self, Outcome};
use crate::progress::Progress;
use anyhow::Context;
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use sumcast_contracts::Contract;
use sumcast_contracts::alloy_primitives::{Address, Bytes};
use sumcast_contracts::client::Client;
use sumcast_params::{Srs, cache};

/// How many powers of the string are read, log2.
const LEAST: u32 = 1;

/// Arguments of `evm deploy`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    SUMCAST_PRIVATE_KEY=.. sumcast evm deploy --rpc http://127.0.0.1:8545\n  \
    sumcast evm deploy --rpc https://rpc.example --keystore key.json --params ceremony.srs --adapter --json\n  \
    sumcast evm deploy --rpc https://rpc.example --keystore key.json --params ceremony.srs --attestor 0x.. --attestor 0x.. \\\n    \
    --threshold 2\n  \
    sumcast evm deploy --rpc https://rpc.example --keystore key.json --verifier 0x..\n\n\
    The verifier is for models compiled with the same parameters, whatever their size. Nobody owns any of the contracts.\n\
    With attestors there are two more: a feed of network inferences, and these attestors, who can be the source of any of\n\
    its topics; see `sumcast evm network`. A deployment that was interrupted goes on with --verifier, --registry, --feed\n\
    and --topics of what there is already.")]
pub(crate) struct Deploy {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    account: Account,
    /// Parameters from `sumcast params`; the cached development string if not given
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// A verifier that is there already
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address, conflicts_with = "params")]
    verifier: Option<Address>,
    /// A registry that is there already, of this verifier
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address, requires = "verifier")]
    registry: Option<Address>,
    /// A feed that is there already, of this registry
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address, requires = "registry")]
    feed: Option<Address>,
    /// A feed of network inferences that is there already, of this feed
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address, requires_all = ["feed", "attestors"])]
    topics: Option<Address>,
    /// An account that attests what happened in an epoch; give --attestor again for each
    #[arg(long = "attestor", value_name = "ADDRESS", value_parser = chain::address, requires = "threshold")]
    attestors: Vec<Address>,
    /// How many of the attestors attest an epoch
    #[arg(long, value_name = "M", requires = "attestors")]
    threshold: Option<u16>,
    /// Deploy the adapter too, which answers to who expects Allora's consumer contract
    #[arg(long)]
    adapter: bool,
    /// Deploy a development string on a public chain
    #[arg(long)]
    allow_insecure: bool,
}

impl Deploy {
    pub(crate) fn run(self) -> Result<Outcome> {
        let parameters = match self.verifier {
            Some(_) => None,
            None => Some(self.parameters()?),
        };
        let insecure_srs = parameters.as_ref().map(Srs::is_insecure);
        output::warn_insecure(insecure_srs == Some(true));
        let signer = self.account.signer()?;
        let report = chain::wait(async {
            let client = self.node.connect(Some(signer)).await?;
            chain::check_parameters(&client, insecure_srs == Some(true), self.allow_insecure)?;
            let mut deployment = Deployment {
                client: &client,
                progress: Progress::new(
                    3 + usize::from(self.adapter) + 2 * usize::from(self.threshold.is_some()),
                ),
                done: vec![],
            };
            let verifier = match (self.verifier, &parameters) {
                (None, Some(srs)) => {
                    deployment.put(Contract::Verifier, Contract::deploy_verifier(&srs.tau())).await?
                }
                (given, _) => deployment.there(given.unwrap_or_default()).await?,
            };
            let registry = match self.registry {
                None => deployment.put(Contract::Registry, Contract::deploy_registry(verifier)).await?,
                Some(given) => deployment.there(given).await?,
            };
            let feed = match self.feed {
                None => deployment.put(Contract::Feed, Contract::deploy_feed(registry)).await?,
                Some(given) => deployment.there(given).await?,
            };
            let adapter = match self.adapter {
                true => Some(deployment.put(Contract::Adapter, Contract::deploy_adapter(feed)).await?),
                false => None,
            };
            let network = match self.threshold {
                Some(threshold) => {
                    Some(deployment.network(feed, self.topics, self.attestors, threshold.into()).await?)
                }
                None => None,
            };
            Ok(Report {
                chain_id: client.chain_id(),
                verifier,
                registry,
                feed,
                adapter,
                network,
                gas_used: deployment.done.iter().map(|done| done.transaction.gas_used).sum(),
                transactions: deployment.done,
                srs_id: parameters.as_ref().map(|srs| hex::encode(srs.id())),
                insecure_srs,
            })
        })?;
        Outcome::new(&report)
    }

    /// The string, of which `[tau]_2` goes on chain.
    fn parameters(&self) -> Result<Srs> {
        Ok(match &self.params {
            Some(path) => Srs::read_prefix(path, LEAST)?,
            None => cache::development(LEAST)?,
        })
    }
}

/// A deployment that is under way.
struct Deployment<'a> {
    client: &'a Client,
    progress: Progress,
    done: Vec<Deployed>,
}

impl Deployment<'_> {
    async fn put(&mut self, contract: Contract, code: Bytes) -> Result<Address> {
        self.progress.stage(contract.name());
        let (address, sent) = self.client.deploy(code).await.map_err(chain::error).with_context(|| {
            let done: Vec<String> =
                self.done.iter().map(|done| format!(" {} is at {}.", done.contract, done.address)).collect();
            format!("{} was not deployed.{}", contract.name(), done.concat())
        })?;
        self.done.push(Deployed { contract: contract.name(), address, transaction: Transaction::of(&sent) });
        Ok(address)
    }

    /// What network inferences take, beyond the workers' feed.
    async fn network(
        &mut self,
        feed: Address,
        topics: Option<Address>,
        attestors: Vec<Address>,
        threshold: usize,
    ) -> Result<Network> {
        let topics = match topics {
            None => self.put(Contract::Topics, Contract::deploy_topics(feed)).await?,
            Some(given) => self.there(given).await?,
        };
        let code = Contract::deploy_attestors(attestors, threshold);
        Ok(Network { topics, attestors: self.put(Contract::Attestors, code).await? })
    }

    async fn there(&self, address: Address) -> Result<Address> {
        self.client.check_contract(address).await.map_err(chain::error)?;
        Ok(address)
    }
}

/// A contract that was deployed.
#[derive(Debug, Serialize)]
struct Deployed {
    contract: &'static str,
    address: Address,
    #[serde(flatten)]
    transaction: Transaction,
}

/// What network inferences take.
#[derive(Debug, Serialize)]
struct Network {
    topics: Address,
    attestors: Address,
}

/// What is where.
#[derive(Debug, Serialize)]
struct Report {
    chain_id: u64,
    verifier: Address,
    registry: Address,
    feed: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    adapter: Option<Address>,
    #[serde(flatten)]
    network: Option<Network>,
    /// In order.
    transactions: Vec<Deployed>,
    /// Of all of them.
    gas_used: u64,
    /// Of the parameters that the verifier was deployed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    srs_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    insecure_srs: Option<bool>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "deployed on chain {}, for {} gas", self.chain_id, format::count(self.gas_used))?;
        writeln!(f, "verifier   {}", self.verifier)?;
        writeln!(f, "registry   {}", self.registry)?;
        writeln!(f, "feed       {}", self.feed)?;
        if let Some(adapter) = &self.adapter {
            writeln!(f, "adapter    {adapter}")?;
        }
        if let Some(Network { topics, attestors }) = &self.network {
            writeln!(f, "topics     {topics}")?;
            writeln!(f, "attestors  {attestors}")?;
        }
        for done in &self.transactions {
            let Transaction { transaction, gas_used, .. } = &done.transaction;
            writeln!(f, "  {:<21} {transaction}  {:>10} gas", done.contract, format::count(*gas_used))?;
        }
        Ok(())
    }
}
