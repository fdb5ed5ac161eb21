//! The verifier of Sumcast proofs as one WebAssembly module that needs nothing of its host.
//!
//! Use it where there is no Rust: a browser, a phone, another language's WebAssembly runtime. The host gives a key and a
//! proof their room with [`key`] and [`proof`], writes the bytes there, calls [`verify`], and reads [`answer_len`] bytes
//! of JSON at the address that it has returned; [`answer()`] says what they hold. One instance may be asked again, or
//! thrown away with its memory.
//!
//! There are no pointers to follow here: the module owns all room that it hands out, so there is no unsafe code but the
//! promise that the names of its functions are no others'.

#![deny(unsafe_code)]

mod answer;

pub use answer::answer;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the host has given, and the answer.
struct Room {
    key: Vec<u8>,
    proof: Vec<u8>,
    answer: String,
}

static ROOM: Mutex<Room> = Mutex::new(Room { key: Vec::new(), proof: Vec::new(), answer: String::new() });

fn room() -> MutexGuard<'static, Room> {
    ROOM.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Room for this many bytes, zeros, in place of what was there; nothing if there is not so much.
fn make(bytes: &mut Vec<u8>, len: usize) -> *mut u8 {
    *bytes = Vec::new();
    if bytes.try_reserve_exact(len).is_err() {
        return std::ptr::null_mut();
    }
    bytes.resize(len, 0);
    bytes.as_mut_ptr()
}

/// Where the host writes `len` bytes of a verifying key, until it asks for room for another one; zero if there is not so
/// much memory.
#[expect(unsafe_code, reason = "nothing else in the module has this name")]
#[unsafe(no_mangle)]
pub extern "C" fn key(len: usize) -> *mut u8 {
    make(&mut room().key, len)
}

/// Where the host writes `len` bytes of a proof file, in the same manner.
#[expect(unsafe_code, reason = "nothing else in the module has this name")]
#[unsafe(no_mangle)]
pub extern "C" fn proof(len: usize) -> *mut u8 {
    make(&mut room().proof, len)
}

/// Verifies the proof under the key: where the answer is, UTF-8 that stays until the next call.
#[expect(unsafe_code, reason = "nothing else in the module has this name")]
#[unsafe(no_mangle)]
pub extern "C" fn verify() -> *const u8 {
    let mut room = room();
    room.answer = answer(&room.key, &room.proof);
    room.answer.as_ptr()
}

/// Bytes of the answer.
#[expect(unsafe_code, reason = "nothing else in the module has this name")]
#[unsafe(no_mangle)]
pub extern "C" fn answer_len() -> usize {
    room().answer.len()
}
