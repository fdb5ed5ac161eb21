//! Verifying keys: any bytes give an error or a well-formed key that encodes to those bytes and has an id.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sumcast_fuzz::Memory;
use sumcast_verifier::{Key, Shape};

const MEMORY: Memory = Memory { per_byte: 64, fixed: 0 };

fuzz_target!(|bytes: &[u8]| {
    let Ok(key) = MEMORY.bound(bytes.len(), || Key::from_bytes(bytes)) else { return };
    assert_eq!(key.to_bytes(), bytes);
    assert_eq!(key.program.check(), Ok(()));
    let _ = key.model_id();
    let _ = Shape::of(&key.program).bytes();
});
