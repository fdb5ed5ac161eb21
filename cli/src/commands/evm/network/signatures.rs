//! Signatures of attestors, as they are given and as a chain takes them.

use crate::chain;
use crate::error::Result;
use crate::files;
use anyhow::{Context, anyhow};
use std::path::Path;
use sumcast_contracts::abi::IAttestors;
use sumcast_contracts::alloy_primitives::{Address, B256, Bytes};
use sumcast_contracts::client::Client;
use sumcast_contracts::{Contract, SIGNATURE_BYTES, recover};

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
    let mut bytes = [0; SIGNATURE_BYTES];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(&text), &mut bytes).map_err(|error| {
        anyhow!("a signature is {} hexadecimal digits, or @FILE with them: {error}", 2 * SIGNATURE_BYTES)
    })?;
    Ok(bytes)
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
    Ok(arranged(signatures, attestation, &signers, threshold.saturating_to()))
}

/// In ascending order of the signers, as many as the threshold says of those that count; all of them where too few count, so
/// that the contract says what is wrong.
fn arranged(signatures: &[Signature], attestation: B256, signers: &[Address], threshold: usize) -> Bytes {
    let of = |signature| (recover(signature, attestation).unwrap_or_default(), signature);
    let mut all: Vec<(Address, &Signature)> = signatures.iter().map(of).collect();
    all.sort();
    let mut counted: Vec<_> = all.iter().filter(|(signer, _)| signers.contains(signer)).copied().collect();
    counted.dedup_by_key(|(signer, _)| *signer);
    counted.truncate(threshold);
    let taken = if counted.len() == threshold { counted } else { all };
    taken.iter().flat_map(|(_, signature)| **signature).collect::<Vec<u8>>().into()
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
    fn signatures_come_in_any_order_and_number() {
        let hash = B256::repeat_byte(9);
        let keys: Vec<Signer> =
            [1, 2, 3].map(|key| Signer::from_bytes(&B256::repeat_byte(key)).unwrap()).into();
        let signers: Vec<Address> = keys.iter().map(Signer::address).collect();
        let [a, b, c] = [1, 2, 3].map(|key| signed(key, hash));
        let outsider = signed(4, hash);
        let expected = |keys: &[&Signer]| attest(keys.iter().copied(), hash).unwrap();
        let two = expected(&[&keys[0], &keys[1]]);
        for given in [vec![a, b], vec![b, a], vec![a, outsider, b], vec![b, a, b]] {
            assert_eq!(arranged(&given, hash, &signers, 2), two);
        }
        // More than are asked for, and fewer.
        assert_eq!(arranged(&[c, a, b], hash, &signers, 3), expected(&[&keys[0], &keys[1], &keys[2]]));
        assert_eq!(arranged(&[c, a, b], hash, &signers, 1).len(), SIGNATURE_BYTES);
        assert_eq!(arranged(&[a], hash, &signers, 2), expected(&[&keys[0]]));
        assert_eq!(arranged(&[a, outsider], hash, &signers, 2).len(), 2 * SIGNATURE_BYTES);
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
