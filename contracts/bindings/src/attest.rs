//! Signing with keys at hand.

use alloy_primitives::{B256, Bytes};
use alloy_signer::{Error, SignerSync};
pub use alloy_signer_local::PrivateKeySigner as Signer;

/// What `Attestors` take: the signatures of these keys over an [attestation](crate::epoch::EpochPlace::attestation), in
/// ascending order of the signers.
///
/// # Errors
/// What a key has against signing.
pub fn attest<'a>(signers: impl IntoIterator<Item = &'a Signer>, attestation: B256) -> Result<Bytes, Error> {
    let mut signers: Vec<&Signer> = signers.into_iter().collect();
    signers.sort_by_key(|signer| signer.address());
    let mut signatures = Vec::new();
    for signer in signers {
        signatures.extend(signer.sign_hash_sync(&attestation)?.as_bytes());
    }
    Ok(signatures.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Signature;

    #[test]
    fn signatures_are_in_the_order_of_their_signers() {
        let [a, b] = [1, 2].map(|byte| Signer::from_bytes(&B256::repeat_byte(byte)).unwrap());
        let hash = B256::repeat_byte(3);
        let signed = attest([&a, &b], hash).unwrap();
        assert_eq!(attest([&b, &a], hash).unwrap(), signed);
        assert_eq!(signed.len(), 2 * 65);
        let recovered: Vec<_> = signed
            .chunks(65)
            .map(|signature| {
                assert!(matches!(signature[64], 27 | 28));
                Signature::from_raw(signature).unwrap().recover_address_from_prehash(&hash).unwrap()
            })
            .collect();
        assert!(recovered[0] < recovered[1] && recovered.contains(&a.address()), "{recovered:?}");
    }
}
