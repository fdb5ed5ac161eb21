//! Proof files: any bytes give an error or a proof that encodes to those bytes, and so does its body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use sumcast_fuzz::Memory;
use sumcast_verifier::{Key, Proof, ProofFile, Shape};

const MEMORY: Memory = Memory { per_byte: 4, fixed: 0 };

/// The shape of the bundled key's proofs.
static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    let key = Key::from_bytes(include_bytes!("../fixtures/vk.bin")).expect("the fixture is a key");
    Shape::of(&key.program)
});

fuzz_target!(|bytes: &[u8]| {
    let shape = &*SHAPE;
    let Ok(file) = MEMORY.bound(bytes.len(), || ProofFile::from_bytes(bytes)) else { return };
    assert_eq!(file.to_bytes(), bytes);
    if let Ok(proof) = MEMORY.bound(bytes.len(), || Proof::from_bytes(&file.body, shape)) {
        assert_eq!(proof.to_bytes(), file.body);
    }
});
