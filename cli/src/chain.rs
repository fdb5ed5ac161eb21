//! What the commands that talk to a chain share: the node, the key, numbers with 18 decimals.

use crate::error::{Rejected, Result};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use console::Term;
use std::future::Future;
use std::path::PathBuf;
use sumcast_contracts::alloy_primitives::{Address, B256, I256};
use sumcast_contracts::client::{self, Client, ClientError, Signer};

/// The variable of a private key.
const PRIVATE_KEY: &str = "SUMCAST_PRIVATE_KEY";
/// The variable of a keystore's password.
const PASSWORD: &str = "SUMCAST_KEYSTORE_PASSWORD";

/// Which chain.
#[derive(Debug, Args)]
pub(crate) struct Node {
    /// A node of the chain, http:// or https://
    #[arg(long, value_name = "URL")]
    rpc: String,
}

impl Node {
    /// Connects, to read and, with a signer, to write.
    pub(crate) async fn connect(&self, signer: Option<Signer>) -> Result<Client> {
        Client::connect(&self.rpc, signer).await.map_err(error)
    }
}

/// Who signs. A key is no argument: arguments are seen by every user of a machine.
#[derive(Debug, Args)]
pub(crate) struct Account {
    /// Keystore of the account that signs; the key in SUMCAST_PRIVATE_KEY if not given
    #[arg(long, value_name = "FILE")]
    keystore: Option<PathBuf>,
    /// File with the keystore's password; SUMCAST_KEYSTORE_PASSWORD, or a prompt, if not given
    #[arg(long, value_name = "FILE", requires = "keystore")]
    password_file: Option<PathBuf>,
}

impl Account {
    /// The signer; none where no key is given.
    pub(crate) fn optional(&self) -> Result<Option<Signer>> {
        if let Some(path) = &self.keystore {
            return Ok(Some(client::keystore(path, &self.password()?)?));
        }
        match std::env::var(PRIVATE_KEY) {
            Ok(key) if !key.trim().is_empty() => Ok(Some(client::private_key(&key).context(PRIVATE_KEY)?)),
            Ok(_) | Err(std::env::VarError::NotPresent) => Ok(None),
            Err(error) => Err(anyhow!("{PRIVATE_KEY}: {error}")),
        }
    }

    /// The signer.
    pub(crate) fn signer(&self) -> Result<Signer> {
        self.optional()?.ok_or_else(|| {
            anyhow!("this takes a key to sign with: name a keystore with --keystore, or set {PRIVATE_KEY}")
        })
    }

    fn password(&self) -> Result<String> {
        if let Some(path) = &self.password_file {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
        }
        if let Ok(password) = std::env::var(PASSWORD) {
            return Ok(password);
        }
        let terminal = Term::stderr();
        if !terminal.is_term() {
            bail!("the keystore needs its password: name a file with --password-file, or set {PASSWORD}");
        }
        eprint!("password of the keystore: ");
        terminal.read_secure_line().context("cannot read a password")
    }
}

/// Runs what waits for a node.
pub(crate) fn wait<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot wait for the network")?.block_on(future)
}

/// What a contract rejects is a rejection; all else is bad input or a bad connection.
pub(crate) fn error(error: ClientError) -> anyhow::Error {
    match error {
        ClientError::Rejected(_) | ClientError::Failed { .. } => Rejected(error.to_string()).into(),
        _ => error.into(),
    }
}

/// Refuses parameters that somebody may have the secret of, on a chain where others rely on them.
pub(crate) fn check_parameters(client: &Client, insecure: bool, allowed: bool) -> Result<()> {
    if insecure && !allowed && !client.is_development_chain() {
        bail!(
            "chain {} is public, and these parameters are a development string: whoever made it can forge proofs. \
             Import a ceremony's file with `sumcast params import` and compile with it, or say --allow-insecure",
            client.chain_id()
        );
    }
    Ok(())
}

/// Reads the address of an account.
pub(crate) fn address(text: &str) -> std::result::Result<Address, String> {
    text.parse().map_err(|error| format!("an address is 40 hexadecimal digits after 0x: {error}"))
}

/// 32 bytes as they are in reports.
pub(crate) fn hash(hash: B256) -> String {
    format!("0x{}", hex::encode(hash))
}

/// A number with 18 decimals, without the zeros at its end.
pub(crate) fn decimal(value: I256) -> String {
    const DECIMALS: usize = 18;
    let digits = format!("{:0>width$}", value.unsigned_abs().to_string(), width = DECIMALS + 1);
    let (whole, fraction) = digits.split_at(digits.len() - DECIMALS);
    let fraction = fraction.trim_end_matches('0');
    let sign = if value.is_negative() { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_18_decimals() {
        let shown = |value: i128| decimal(I256::try_from(value).unwrap());
        assert_eq!(shown(0), "0");
        assert_eq!(shown(1), "0.000000000000000001");
        assert_eq!(shown(-1_500_000_000_000_000_000), "-1.5");
        assert_eq!(shown(-20_000_000_000_000_000), "-0.02");
        assert_eq!(shown(42_000_000_000_000_000_000), "42");
        let least = "-57896044618658097711785492504343953926634992332820282019728.792003956564819968";
        assert_eq!(decimal(I256::MIN), least);
    }

    #[test]
    fn addresses_are_read() {
        assert_eq!(address(&format!("0x{}", "11".repeat(20))), Ok(Address::repeat_byte(0x11)));
        for wrong in ["", "0x", "11", &"0x11".repeat(11)] {
            assert!(address(wrong).unwrap_err().contains("40 hexadecimal digits"), "{wrong}");
        }
    }
}
