//! How many inputs one proof can be of.

use crate::error::Result;
use sumcast_circuits::{CompileError, Model};
use sumcast_prover::prover_memory;

/// The share of the free memory that a proof may take, in percent.
const SHARE: u64 = 80;

/// The model for batches of `asked` inputs, rounded up to a power of two, or of the most that the limits of a key and the
/// memory that is free allow.
pub(crate) fn largest(model: Model, asked: u32) -> Result<Model> {
    if asked == 1 {
        return Ok(model);
    }
    let available = available_memory().map(|bytes| bytes / 100 * SHARE);
    let mut found = model.clone();
    for log in 1..=asked.next_power_of_two().trailing_zeros() as u8 {
        let batched = match model.batched(log) {
            Ok(batched) => batched,
            Err(CompileError::Key(_) | CompileError::Rows(_)) => break,
            Err(error) => return Err(error.into()),
        };
        let program = batched.lower()?.program;
        if available.is_some_and(|bytes| prover_memory(&program) > bytes) {
            break;
        }
        found = batched;
    }
    Ok(found)
}

/// The memory that is free for programs, where the system tells.
fn available_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
