//! A real key and its proof, changed: nothing but the proof's own bytes is ever accepted.
//!
//! The first byte says how it is changed: 0 puts the rest of the input in its place, anything else takes the rest as
//! edits of words of 32 bytes, most of which leave the encoding canonical, so that the checks behind it are reached.
#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use sumcast_verifier::{Key, ProofFile, verify};

static KEY: LazyLock<Key> =
    LazyLock::new(|| Key::from_bytes(include_bytes!("../fixtures/vk.bin")).expect("the fixture is a key"));
const PROOF: &[u8] = include_bytes!("../fixtures/proof.bin");
const WORD: usize = 32;

/// An edit of the file. Words are counted from the end, where the argument's scalars and points are whole words; the
/// statement is in front of them.
#[derive(Arbitrary, Debug)]
enum Edit {
    /// Adds to one byte.
    Byte { at: u16, add: u8 },
    /// Exchanges two runs of words: scalars, points, rounds.
    Swap { a: u16, b: u16, words: u8 },
    /// Copies a run of words over another.
    Copy { from: u16, to: u16, words: u8 },
    /// Zeros: the scalar 0, or the identity.
    Zero { at: u16, words: u8 },
    /// The generator of G1, or the scalars 1 and 2.
    Generator { at: u16 },
    /// Leaves bytes out.
    Cut { at: u16, bytes: u8 },
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let words = bytes.len() / WORD;
        // A run of at least one word that lies in the file.
        let run = |at: u16, len: u8| {
            let at = usize::from(at) % words.max(1);
            let len = (usize::from(len) % 8 + 1).min(words - at);
            (bytes.len() - WORD * (at + len), WORD * len)
        };
        match *self {
            Self::Byte { at, add } => {
                if let Some(byte) = bytes.get_mut(usize::from(at)) {
                    *byte = byte.wrapping_add(add);
                }
            }
            Self::Swap { a, b, words } => {
                let ((a, len_a), (b, len_b)) = (run(a, words), run(b, words));
                let len = len_a.min(len_b);
                let (first, second) = (bytes[a..a + len].to_vec(), bytes[b..b + len].to_vec());
                bytes[a..a + len].copy_from_slice(&second);
                bytes[b..b + len].copy_from_slice(&first);
            }
            Self::Copy { from, to, words } => {
                let ((from, len_from), (to, len_to)) = (run(from, words), run(to, words));
                bytes.copy_within(from..from + len_from.min(len_to), to);
            }
            Self::Zero { at, words } => {
                let (at, len) = run(at, words);
                bytes[at..at + len].fill(0);
            }
            Self::Generator { at } => {
                let (at, len) = run(at, 1);
                let point: Vec<u8> = [1u8, 2].iter().flat_map(|v| [&[0; 31][..], &[*v]].concat()).collect();
                bytes[at..at + len].copy_from_slice(&point[..len]);
            }
            Self::Cut { at, bytes: cut } => {
                let at = usize::from(at).min(bytes.len());
                let end = (at + usize::from(cut)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let file = if *kind == 0 {
        rest.to_vec()
    } else {
        let mut file = PROOF.to_vec();
        let Ok(edits) = Vec::<Edit>::arbitrary_take_rest(Unstructured::new(rest)) else { return };
        for edit in edits.iter().take(4) {
            if file.len() < WORD {
                break;
            }
            edit.apply(&mut file);
        }
        file
    };
    let accepted = ProofFile::from_bytes(&file).is_ok_and(|file| verify(&KEY, &file).is_ok());
    assert_eq!(accepted, file == PROOF, "only the proof's own bytes are to be accepted");
});
