//! The key of a chain's account.

use super::settings::Chain;
use anyhow::{Context, anyhow, bail};
use std::env::{self, VarError};
use sumcast_contracts::client::{Signer, keystore, private_key};

/// The variable that has the key of a chain's account, unless a keystore has it.
fn variable(chain: &str) -> String {
    format!("SUMCAST_RELAY_KEY_{}", chain.to_uppercase())
}

/// The signer of a chain, which is its worker.
pub(super) fn signer(chain: &Chain) -> anyhow::Result<Signer> {
    let name = &chain.name;
    let signer = match &chain.keystore {
        Some(path) => {
            let Some(file) = &chain.password_file else {
                bail!("chains.{name}: the keystore needs its password: give password_file")
            };
            let password = std::fs::read_to_string(file)
                .with_context(|| format!("chains.{name}.password_file: cannot read {}", file.display()))?;
            keystore(path, password.trim_end_matches(['\r', '\n']))
                .with_context(|| format!("chains.{name}.keystore"))?
        }
        None => {
            let variable = variable(name);
            match env::var(&variable) {
                Ok(key) => private_key(&key).context(variable)?,
                Err(VarError::NotPresent) => {
                    bail!("there is no key for chain {name}: set {variable}, or give chains.{name}.keystore")
                }
                // What it has is not told.
                Err(VarError::NotUnicode(_)) => return Err(anyhow!("{variable} is no text")),
            }
        }
    };
    let (account, worker) = (signer.address(), chain.worker);
    if account != worker {
        bail!(
            "chains.{name}: the key is that of account {account}, and worker is {worker}: give the worker's key"
        );
    }
    Ok(signer)
}
