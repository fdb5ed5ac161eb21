//! Signing with keys at hand.

use alloy_primitives::{Address, B256, Bytes, Signature};
use alloy_signer::{Error, SignerSync};
pub use alloy_signer_local::PrivateKeySigner as Signer;

/// Bytes of a signature: `r`, `s`, `v`.
pub const SIGNATURE_BYTES: usize = 65;

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

/// Whose signature this would be over an [attestation](crate::epoch::EpochPlace::attestation); none if it is malformed.
pub fn recover(signature: &[u8; SIGNATURE_BYTES], attestation: B256) -> Option<Address> {
    Signature::from_raw_array(signature).ok()?.recover_address_from_prehash(&attestation).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_in_the_order_of_their_signers() {
        let [a, b] = [1, 2].map(|byte| Signer::from_bytes(&B256::repeat_byte(byte)).unwrap());
        let hash = B256::repeat_byte(3);
        let signed = attest([&a, &b], hash).unwrap();
        assert_eq!(attest([&b, &a], hash).unwrap(), signed);
        let (signatures, rest) = signed.as_chunks::<SIGNATURE_BYTES>();
        assert_eq!((signatures.len(), rest.len()), (2, 0));
        assert!(signatures.iter().all(|signature| matches!(signature[64], 27 | 28)));
        let mut signers = [a.address(), b.address()];
        signers.sort();
        assert_eq!([0, 1].map(|i| recover(&signatures[i], hash).unwrap()), signers);
        assert_eq!(recover(&[0xff; SIGNATURE_BYTES], hash), None);
    }
}
