//! A key of anybody's and a proof of anybody's: the verifier answers, within a bound on memory and in time.
//!
//! The input is the key's length (4 bytes, big-endian), the key, and a proof file. What would only ever be refused at
//! the door is mended, so that the checks behind are reached: the model id is the key's, the statement gets tensors
//! of the key's kinds and lengths, and the body the length of its shape, with zeros, which are canonical.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sumcast_fuzz::Memory;
use sumcast_verifier::vk::Visibility;
use sumcast_verifier::{G1Affine, Key, ProofFile, Shape, Tensor, verify};

/// Some 72 bytes for each term of each claim, of which even a short key can ask for `limits::STEPS`.
const MEMORY: Memory = Memory { per_byte: 64, fixed: 64 << 20 };
/// Longest statement and body that are made up, in bytes.
const MADE_UP: usize = 1 << 17;

fuzz_target!(|bytes: &[u8]| {
    let Some((len, rest)) = bytes.split_first_chunk::<4>() else { return };
    let len = u32::from_be_bytes(*len) as usize;
    let Some((key, proof)) = rest.split_at_checked(len) else { return };
    let (Ok(key), Ok(mut file)) = (Key::from_bytes(key), ProofFile::from_bytes(proof)) else { return };
    let body = Shape::of(&key.program).bytes();
    let program = &key.program;
    let public: usize = program.tensors.iter().map(|spec| spec.len as usize).sum();
    if body + 16 * public > MADE_UP {
        return;
    }
    file.model_id = key.model_id();
    file.statement.tensors.resize(program.tensors.len(), Tensor::Public(Vec::new()));
    for (tensor, spec) in file.statement.tensors.iter_mut().zip(&program.tensors) {
        match (spec.visibility, &mut *tensor) {
            (Visibility::Public, Tensor::Public(values)) => values.resize(spec.len as usize, 0),
            (Visibility::Public, _) => *tensor = Tensor::Public(vec![0; spec.len as usize]),
            (Visibility::Committed, Tensor::Committed(points)) => {
                points.resize(program.tensor_rows(spec), G1Affine::default());
            }
            (Visibility::Committed, _) => {
                *tensor = Tensor::Committed(vec![G1Affine::default(); program.tensor_rows(spec)]);
            }
        }
    }
    file.body.resize(body, 0);
    let _ = MEMORY.bound(bytes.len() + body, || verify(&key, &file));
});
