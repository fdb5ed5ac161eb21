//! What ZKsync charges, as the package in `benches/zksync` has measured it.

use crate::report::markdown;
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use sumcast_cli::count;
use sumcast_contracts::alloy_primitives::{Address, Bytes, hex, keccak256};
use sumcast_contracts::alloy_sol_types::SolCall;
use sumcast_contracts::{Contract, abi, statement};
use sumcast_verifier::ProofFile;
use sumcast_verifier::vk::TensorSpec;

/// The data of the transactions that register a model and verify a proof of it through the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calls {
    register: Vec<u8>,
    verify: Vec<u8>,
}

impl Calls {
    /// Of a key, whose program has these tensors, and a proof.
    pub(crate) fn new(vk: &[u8], specs: &[TensorSpec], proof: &ProofFile) -> Self {
        let verify = abi::IModelRegistry::verifyCall {
            modelId: keccak256(vk),
            statement: statement(&proof.statement, specs),
            proof: proof.body.clone().into(),
        };
        let register = abi::IModelRegistry::registerCall { vk: vk.to_vec().into() };
        Self { register: register.abi_encode(), verify: verify.abi_encode() }
    }
}

/// All that a chain is sent for the bundled models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transactions {
    verifier: Bytes,
    registry: Bytes,
    models: Vec<(String, Calls)>,
}

impl Transactions {
    /// With the data that deploys the verifier.
    pub(crate) fn new(verifier: Bytes, models: impl IntoIterator<Item = (String, Calls)>) -> Self {
        let registry = Contract::deploy_registry(Address::ZERO);
        // The last word is the constructor's argument.
        let registry = registry.slice(..registry.len().saturating_sub(32));
        Self { verifier, registry, models: models.into_iter().collect() }
    }

    /// Of all that the gas of a model's transactions depends on.
    fn digest(&self, calls: &Calls) -> String {
        let parts: [&[u8]; 4] = [&self.verifier, &self.registry, &calls.register, &calls.verify];
        hex::encode(keccak256(parts.concat()))
    }

    fn verifier_digest(&self) -> String {
        hex::encode(keccak256(&self.verifier))
    }

    /// As `benches/zksync` reads them.
    pub fn to_json(&self) -> Value {
        let models: Vec<Value> = self
            .models
            .iter()
            .map(|(name, calls)| {
                json!({
                    "name": name,
                    "register": hex::encode(&calls.register),
                    "verify": hex::encode(&calls.verify),
                    "digest": self.digest(calls),
                })
            })
            .collect();
        json!({
            "verifier": hex::encode(&self.verifier),
            "verifier_digest": self.verifier_digest(),
            "registry": hex::encode(&self.registry),
            "models": models,
        })
    }
}

/// What a transaction took.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Receipt {
    gas: u64,
    pubdata_bytes: u64,
}

/// As the first of its batch, and as the one after the same.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Twice {
    first: Receipt,
    next: Receipt,
}

#[derive(Clone, Debug, Deserialize)]
struct Model {
    name: String,
    digest: String,
    register: Receipt,
    verify: Twice,
}

#[derive(Clone, Debug, Deserialize)]
struct Known {
    name: String,
    #[serde(flatten)]
    gas: Twice,
}

/// What was measured, and of which transactions.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Figures {
    machine: String,
    protocol: u16,
    gas_per_pubdata: u64,
    verifier_digest: String,
    verifier: Receipt,
    registry: Receipt,
    models: Vec<Model>,
    calibration: Vec<Known>,
}

/// Behind a figure of other transactions than those at hand.
const OLD: &str = " †";

impl Figures {
    /// Those that are kept in this repository.
    pub(crate) fn kept() -> Result<Self> {
        serde_json::from_str(include_str!("../zksync/figures.json")).context("benches/zksync/figures.json")
    }

    /// What verifying a proof of a model costs, for a table.
    pub(crate) fn verify(&self, now: &Transactions, model: &str) -> String {
        self.model(model).map_or_else(
            || "not measured".into(),
            |found| count(found.verify.first.gas) + self.mark(now, model),
        )
    }

    fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// Whether a model's figures are of these transactions; with a mark if not.
    fn mark(&self, now: &Transactions, model: &str) -> &'static str {
        let calls = now.models.iter().find(|(name, _)| name == model).map(|(_, calls)| calls);
        let measured = self.model(model).map(|model| model.digest.clone());
        if calls.map(|calls| now.digest(calls)) == measured { "" } else { OLD }
    }

    /// The section of `docs/gas.md`.
    pub(crate) fn section(&self, now: &Transactions) -> String {
        let head = ["model", "register", "bytes published", "verify", "again", "bytes published"];
        let mut rows = vec![head.map(String::from).to_vec()];
        for (name, _) in &now.models {
            let Some(model) = self.model(name) else { continue };
            let Twice { first, next } = model.verify;
            rows.push(vec![
                name.clone() + self.mark(now, name),
                count(model.register.gas),
                count(model.register.pubdata_bytes),
                format!("**{}**", count(first.gas)),
                count(next.gas),
                first.pubdata_bytes.to_string(),
            ]);
        }
        let head = ["transaction", "gas", "again", "bytes published"];
        let mut known = vec![head.map(String::from).to_vec()];
        known.extend(self.calibration.iter().map(|Known { name, gas: Twice { first, next } }| {
            vec![name.clone(), count(first.gas), count(next.gas), first.pubdata_bytes.to_string()]
        }));
        let verifier = if self.verifier_digest == now.verifier_digest() { "" } else { OLD };
        let note =
            if verifier.is_empty() && now.models.iter().all(|(name, _)| self.mark(now, name).is_empty()) {
                ""
            } else {
                "† Of an older build: contracts, key or proof have changed since it was measured.\n\n"
            };
        let Receipt { gas, pubdata_bytes } = self.verifier;
        format!(
            "## ZKsync\n\n\
             ZKsync runs the same bytecode in an interpreter of the EVM that is itself charged for, so its price is not a\n\
             function of the EVM's gas. These figures are from ZKsync's own virtual machine and system contracts\n\
             ({}, protocol version {}), by the package in `benches/zksync`, whose\n\
             README says how. This page takes them from `benches/zksync/figures.json`, and marks a figure that is of other\n\
             transactions than those of this build.\n\n\
             {}\n{note}\
             Gas that is charged for whole transactions. *verify*, the column *ZKsync* above, is the first transaction of\n\
             its batch, which pays for fetching all code and slots that it uses, as on a test node with one transaction a\n\
             block; *again* is the same once more in that batch. Where others have fetched what is the system's, a figure\n\
             is between the two. Each byte that is published adds {} gas, which is what ZKsync's test node charges by default;\n\
             a chain has a price of its own. Deploying the verifier takes {} gas{verifier}, with {} bytes published,\n\
             and deploying the registry {}.\n\n\
             Transactions of one step, to compare the set-up with others:\n\n{}\n",
            self.machine,
            self.protocol,
            markdown(&rows),
            self.gas_per_pubdata,
            count(gas),
            count(pubdata_bytes),
            count(self.registry.gas),
            markdown(&known),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_of_other_transactions_is_marked() {
        let mut figures = Figures::kept().unwrap();
        let name = figures.models[0].name.clone();
        let calls = Calls { register: vec![1], verify: vec![2] };
        let now = Transactions::new(vec![3].into(), [(name.clone(), calls.clone())]);
        assert!(figures.verify(&now, &name).ends_with(OLD));
        assert!(figures.section(&now).contains("† Of an older build"));
        assert_eq!(figures.verify(&now, "no such model"), "not measured");

        figures.models[0].digest = now.digest(&calls);
        assert!(!figures.verify(&now, &name).contains('†'));
        assert!(figures.section(&now).contains('†'), "the verifier is another");
        figures.verifier_digest = now.verifier_digest();
        assert!(!figures.section(&now).contains('†'));
    }

    #[test]
    fn a_registry_is_deployed_with_the_address_behind_its_code() {
        let now = Transactions::new(Bytes::new(), []);
        let address = Address::repeat_byte(7);
        let expected = [now.registry.as_ref(), address.into_word().as_slice()].concat();
        assert_eq!(Contract::deploy_registry(address), expected);
    }
}
