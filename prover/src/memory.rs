//! The memory a proof takes.

use sumcast_verifier::Shape;
use sumcast_verifier::vk::Program;

/// Bytes of a cell of a committed row while it is proven, its part of the claims and of the lookups included: what proofs
/// of forests and of networks were seen to take at most.
const CELL: u64 = 96;

/// Bytes of a power of the string, and of what the opening holds of each.
const POWER: u64 = 640;

/// About the most memory, in bytes, that a proof of a program takes, the key and the string included.
pub fn prover_memory(program: &Program) -> u64 {
    let rows = Shape::of(program).rows as u64;
    (rows * CELL + POWER) << program.row_log
}

/// Bytes of memory that are free for programs, where the system tells.
pub fn available_memory() -> Option<u64> {
    told("/proc/meminfo", "MemAvailable:")
}

/// Bytes of memory that the machine has, where the system tells.
pub fn total_memory() -> Option<u64> {
    told("/proc/meminfo", "MemTotal:")
}

/// Bytes of memory that this process has now, where the system tells.
pub fn resident_memory() -> Option<u64> {
    told("/proc/self/status", "VmRSS:")
}

/// The most bytes of memory that this process has had, where the system tells.
pub fn peak_memory() -> Option<u64> {
    told("/proc/self/status", "VmHWM:")
}

/// The bytes that a line of a file of the system tells in kilobytes.
fn told(file: &str, field: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes.saturating_mul(1024))
}
