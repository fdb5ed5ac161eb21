//! Keys and proofs with their verdicts, from the Rust verifier's own tests.
#![allow(dead_code)]

use sumcast_evm::{Chain, Sumcast};
use sumcast_verifier::vk::TensorSpec;
use sumcast_verifier::{Key, ProofFile};

const PROOFS: &str = include_str!("../../../../verifier/tests/vectors/proofs.tsv");

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

pub(crate) fn vk(number: &str) -> Vec<u8> {
    let text = match number {
        "1" => include_str!("../../../../verifier/tests/vectors/1.vk.hex"),
        _ => include_str!("../../../../verifier/tests/vectors/2.vk.hex"),
    };
    unhex(text.trim())
}

/// Number of the key, verdict, what was lied about, proof.
pub(crate) fn lines() -> impl Iterator<Item = (&'static str, &'static str, &'static str, ProofFile)> {
    PROOFS.lines().map(|line| {
        let mut fields = line.split('\t');
        let [number, verdict, name, bytes] = [0; 4].map(|_| fields.next().unwrap());
        (number, verdict, name, ProofFile::from_bytes(&unhex(bytes)).unwrap())
    })
}

/// The first honest proof, with its key.
pub(crate) fn honest() -> (Vec<u8>, ProofFile) {
    let (number, verdict, _, file) = lines().next().unwrap();
    assert_eq!(verdict, "accepted");
    (vk(number), file)
}

/// The tensors of a key.
pub(crate) fn specs(vk: &[u8]) -> Vec<TensorSpec> {
    Key::from_bytes(vk).unwrap().program.tensors
}

pub(crate) fn deploy(chain: Chain, vk: &[u8]) -> Sumcast {
    Sumcast::deploy(chain, &Key::from_bytes(vk).unwrap().srs.tau).unwrap()
}
