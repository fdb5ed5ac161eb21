//! Signatures of attestors, as they are given and as a chain takes them.

use crate::chain;
use crate::error::Result;
use crate::files;
use anyhow::{Context, anyhow};
use std::path::Path;
use sumcast_contracts::abi::IAttestors;
use sumcast_contracts::alloy_primitives::{Address, B256, Bytes};
use sumcast_contracts::client::Client;
use sumcast_contracts::{Contract, SIGNATURE_BYTES, read_signature};

/// A signature: `r`, `s`, `v`.
pub(super) type Signature = [u8; SIGNATURE_BYTES];

/// Reads signatures, each in hexadecimal or, behind an `@`, a file of such.
pub(super) fn read(arguments: &[String]) -> Result<Vec<Signature>> {
    arguments
        .iter()
        .map(|argument| one(argument).with_context(|| format!("--signature {argument}")))
        .collect()
}

fn one(argument: &str) -> Result<Signature> {
    let text = match argument.strip_prefix('@') {
        Some(path) => String::from_utf8_lossy(&files::read_small(Path::new(path))?).trim().to_owned(),
        None => argument.to_owned(),
    };
    read_signature(&text).map_err(|error| {
        anyhow!("a signature is {} hexadecimal digits, or @FILE with them: {error}", 2 * SIGNATURE_BYTES)
    })
}

/// What attestors on a chain take, of signatures in any order.
pub(super) async fn source_data(
    client: &Client,
    attestors: Address,
    attestation: B256,
    signatures: &[Signature],
) -> Result<Bytes> {
    let read = |error| chain::error(error).context(format!("the topic's source {attestors}"));
    let signers =
        client.read(Contract::Attestors, attestors, &IAttestors::signersCall {}).await.map_err(read)?;
    let threshold =
        client.read(Contract::Attestors, attestors, &IAttestors::thresholdCall {}).await.map_err(read)?;
    Ok(sumcast_contracts::source_data(signatures, attestation, &signers, threshold.saturating_to()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumcast_contracts::{Signer, attest};

    fn signed(key: u8, attestation: B256) -> Signature {
        let signer = Signer::from_bytes(&B256::repeat_byte(key)).unwrap();
        attest([&signer], attestation).unwrap()[..].try_into().unwrap()
    }

    #[test]
    fn signatures_are_hexadecimal_digits_or_in_files() {
        let signature = signed(1, B256::repeat_byte(9));
        let text = format!("0x{}", hex::encode(signature));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, format!("{text}\n")).unwrap();
        let at = format!("@{}", file.path().display());
        assert_eq!(read(&[text.clone(), at, text[2..].into()]).unwrap(), [signature; 3]);
        for wrong in ["", "0x", "0x12", &text[..text.len() - 2], "@/no/such/file"] {
            let said = format!("{:#}", read(&[wrong.into()]).unwrap_err());
            assert!(said.starts_with(&format!("--signature {wrong}: ")), "{said}");
        }
    }
}
