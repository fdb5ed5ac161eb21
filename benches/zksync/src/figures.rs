//! What is measured, and how it is written down.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::{Chain, PROTOCOL, Receipt, System, calibrate};

/// The crate of the machine, as `Cargo.toml` asks for it.
const MACHINE: &str = "zksync_multivm 29.13.0-non-semver-compat";

/// What `gas --transactions` writes: the data of transactions, in hexadecimal.
#[derive(Clone, Debug, Deserialize)]
pub struct Transactions {
    verifier: String,
    verifier_digest: String,
    registry: String,
    models: Vec<ModelTransactions>,
}

#[derive(Clone, Debug, Deserialize)]
struct ModelTransactions {
    name: String,
    register: String,
    verify: String,
    digest: String,
}

/// A transaction as the first of its batch, which pays for fetching all that it touches, and as the next, for which that
/// has been done.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Twice {
    first: Receipt,
    next: Receipt,
}

impl Twice {
    /// Sends a transaction twice in a new batch.
    ///
    /// # Errors
    /// Says how it failed.
    pub fn of(chain: &mut Chain, mut send: impl FnMut(&mut Chain) -> Result<Receipt>) -> Result<Self> {
        chain.seal();
        Ok(Self { first: send(chain)?, next: send(chain)? })
    }
}

/// What is measured of a model.
#[derive(Clone, Debug, Serialize)]
struct Model {
    name: String,
    /// Of the transactions and of what they call.
    digest: String,
    register: Receipt,
    verify: Twice,
}

/// What is measured of a transaction that others know, too.
#[derive(Clone, Debug, Serialize)]
pub struct Known {
    name: &'static str,
    #[serde(flatten)]
    gas: Twice,
}

impl Known {
    pub(crate) fn new(name: &'static str, gas: Twice) -> Self {
        Self { name, gas }
    }
}

/// All figures.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    machine: &'static str,
    protocol: u16,
    /// Keccak-256 of the archive of the system's contracts.
    system_keccak256: String,
    /// Gas for a byte that is published.
    gas_per_pubdata: u64,
    /// Of the transaction that deploys the verifier.
    verifier_digest: String,
    verifier: Receipt,
    registry: Receipt,
    models: Vec<Model>,
    calibration: Vec<Known>,
}

impl Figures {
    /// Sends the transactions to a new chain.
    ///
    /// # Errors
    /// Says which of them fails, and how.
    pub fn measure(system: System, gas_per_pubdata: u64, transactions: &Transactions) -> Result<Self> {
        let digest = system.digest.clone();
        let mut chain = Chain::new(system, gas_per_pubdata)?;
        let calibration = calibrate(&mut chain)?;
        chain.seal();
        let (verifier, deploy) =
            chain.create(hex::decode(&transactions.verifier)?).context("the verifier")?;
        let mut code = hex::decode(&transactions.registry)?;
        code.extend([0; 12]);
        code.extend(verifier.as_bytes());
        chain.seal();
        let (registry, deploy_registry) = chain.create(code).context("the registry")?;
        let mut models = Vec::new();
        for ModelTransactions { name, register, verify, digest } in &transactions.models {
            chain.seal();
            let data = hex::decode(register)?;
            let register = chain.call(registry, data).with_context(|| format!("register {name}"))?;
            let data = hex::decode(verify)?;
            let verify = Twice::of(&mut chain, |chain| chain.call(registry, data.clone()));
            let verify = verify.with_context(|| format!("verify a proof of {name}"))?;
            models.push(Model { name: name.clone(), digest: digest.clone(), register, verify });
        }
        Ok(Self {
            machine: MACHINE,
            protocol: PROTOCOL as u16,
            system_keccak256: digest,
            gas_per_pubdata,
            verifier_digest: transactions.verifier_digest.clone(),
            verifier: deploy,
            registry: deploy_registry,
            models,
            calibration,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_the_one_that_is_built() {
        let (package, version) = MACHINE.split_once(' ').unwrap();
        let dependency = format!("{package} = \"={version}\"");
        assert!(include_str!("../Cargo.toml").contains(&dependency), "{dependency}");
    }

    #[test]
    fn transactions_are_read() {
        let text = r#"{"verifier": "6000", "verifier_digest": "aa", "registry": "6001", "models":
            [{"name": "m", "register": "01", "verify": "02", "digest": "bb"}]}"#;
        let read: Transactions = serde_json::from_str(text).unwrap();
        assert_eq!((read.verifier.as_str(), read.models[0].digest.as_str()), ("6000", "bb"));
        assert!(serde_json::from_str::<Transactions>(r#"{"models": []}"#).is_err());
    }
}
