//! Signing with keys at hand, and signatures as attestors take them.

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

/// A signature in hexadecimal, with or without `0x`.
///
/// # Errors
/// What else it is.
pub fn read_signature(text: &str) -> Result<[u8; SIGNATURE_BYTES], hex::FromHexError> {
    let mut bytes = [0; SIGNATURE_BYTES];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes)?;
    Ok(bytes)
}

/// Whose signature this would be over an [attestation](crate::epoch::EpochPlace::attestation); none if it is malformed, or
/// of a form that `Attestors` refuse: with a high `s`, or a `v` other than 27 and 28.
pub fn recover(signature: &[u8; SIGNATURE_BYTES], attestation: B256) -> Option<Address> {
    let [.., v] = *signature;
    let signature = Signature::from_raw_array(signature).ok()?;
    let taken = matches!(v, 27 | 28) && signature.normalize_s().is_none();
    taken.then(|| signature.recover_address_from_prehash(&attestation).ok()).flatten()
}

/// What `Attestors` take, of signatures in any order: in ascending order of the signers, as many as the threshold says of those
/// that count; all of them where too few count, so that the contract says what is wrong.
pub fn source_data(
    signatures: &[[u8; SIGNATURE_BYTES]],
    attestation: B256,
    signers: &[Address],
    threshold: usize,
) -> Bytes {
    let of = |signature| (recover(signature, attestation).unwrap_or_default(), signature);
    let mut all: Vec<(Address, &[u8; SIGNATURE_BYTES])> = signatures.iter().map(of).collect();
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

    fn signed(key: u8, attestation: B256) -> [u8; SIGNATURE_BYTES] {
        let signer = Signer::from_bytes(&B256::repeat_byte(key)).unwrap();
        attest([&signer], attestation).unwrap()[..].try_into().unwrap()
    }

    #[test]
    fn signatures_have_one_form() {
        let hash = B256::repeat_byte(3);
        let good = signed(1, hash);
        let signer = recover(&good, hash);
        assert!(signer.is_some() && recover(&good, B256::ZERO) != signer);
        // The same signer, in forms that the contract refuses: v as a bit, and s on the other side of the order.
        let mut bit = good;
        bit[64] -= 27;
        assert_eq!(recover(&bit, hash), None);
        let order =
            alloy_primitives::uint!(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141_U256);
        let s = alloy_primitives::U256::from_be_slice(&good[32..64]);
        let mut high = good;
        high[32..64].copy_from_slice(&(order - s).to_be_bytes::<32>());
        high[64] = 55 - good[64];
        assert_eq!(recover(&high, hash), None);
    }

    #[test]
    fn signatures_are_hexadecimal_digits() {
        let signature = signed(1, B256::repeat_byte(9));
        let text = hex::encode(signature);
        assert_eq!(read_signature(&text), Ok(signature));
        assert_eq!(read_signature(&format!("0x{text}")), Ok(signature));
        for wrong in ["", "0x", "0x12", &text[1..], &text[2..], &format!("{text}00")] {
            assert!(read_signature(wrong).is_err(), "{wrong}");
        }
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
            assert_eq!(source_data(&given, hash, &signers, 2), two);
        }
        // More than are asked for, and fewer.
        assert_eq!(source_data(&[c, a, b], hash, &signers, 3), expected(&[&keys[0], &keys[1], &keys[2]]));
        assert_eq!(source_data(&[c, a, b], hash, &signers, 1).len(), SIGNATURE_BYTES);
        assert_eq!(source_data(&[a], hash, &signers, 2), expected(&[&keys[0]]));
        assert_eq!(source_data(&[a, outsider], hash, &signers, 2).len(), 2 * SIGNATURE_BYTES);
    }
}
