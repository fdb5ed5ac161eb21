//! `sumcast evm register`.

use super::Transaction;
use crate::chain::{self, Account, Node};
use crate::error::Result;
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::{files, format};
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use sumcast_contracts::Contract;
use sumcast_contracts::abi::IModelRegistry;
use sumcast_contracts::alloy_primitives::Address;
use sumcast_verifier::vk::SrsKind;

/// Arguments of `evm register`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm register --rpc https://rpc.example --keystore key.json --registry 0x.. --vk model/vk.bin\n\n\
    The verifier checks the key first. A model that is registered already is left as it is, and nothing is sent.")]
pub(crate) struct Register {
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    account: Account,
    /// The registry
    #[arg(long, value_name = "ADDRESS", value_parser = chain::address)]
    registry: Address,
    /// The verifying key
    #[arg(long, value_name = "VK")]
    vk: PathBuf,
    /// Register a model of a development string on a public chain
    #[arg(long)]
    allow_insecure: bool,
}

impl Register {
    pub(crate) fn run(self) -> Result<Outcome> {
        let vk = files::read_small(&self.vk)?;
        let key = files::decode_key(&self.vk, &vk)?;
        let model_id = key.model_id();
        let insecure_srs = key.srs.kind == SrsKind::Development;
        output::warn_insecure(insecure_srs);
        let signer = self.account.signer()?;
        let report = chain::wait(async {
            let progress = Progress::new(2);
            progress.stage("check");
            let client = self.node.connect(Some(signer)).await?;
            chain::check_parameters(&client, insecure_srs, self.allow_insecure)?;
            let known = IModelRegistry::isRegisteredCall { modelId: model_id.into() };
            let known = client.read(Contract::Registry, self.registry, &known).await.map_err(chain::error)?;
            let transaction = if known {
                None
            } else {
                progress.stage("register");
                let call = IModelRegistry::registerCall { vk: vk.into() };
                Some(Transaction::of(&client.send(self.registry, &call).await.map_err(chain::error)?))
            };
            Ok(Report {
                chain_id: client.chain_id(),
                registry: self.registry,
                model_id: hex::encode(model_id),
                was_registered: known,
                transaction,
                insecure_srs,
            })
        })?;
        Outcome::new(&report)
    }
}

/// A model that is registered.
#[derive(Debug, Serialize)]
struct Report {
    chain_id: u64,
    registry: Address,
    model_id: String,
    /// Before this command.
    was_registered: bool,
    #[serde(flatten)]
    transaction: Option<Transaction>,
    insecure_srs: bool,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.transaction {
            None => writeln!(f, "the model was registered already: nothing was sent")?,
            Some(sent) => {
                writeln!(
                    f,
                    "registered on chain {}, for {} gas",
                    self.chain_id,
                    format::count(sent.gas_used)
                )?;
                writeln!(f, "transaction  {}", sent.transaction)?;
            }
        }
        writeln!(f, "model id     {}", self.model_id)
    }
}
