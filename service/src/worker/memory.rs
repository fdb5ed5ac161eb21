//! How much memory jobs may need.

use super::Worker;
use sumcast_prover::{prover_memory, total_memory};
use sumcast_verifier::vk::Program;

/// Refuses a program whose proofs are expected to need more bytes than the limit, if there is one.
pub(super) fn admit(program: &Program, limit: Option<u64>) -> Result<(), String> {
    let needed = prover_memory(program);
    match limit {
        Some(limit) if needed > limit => Err(format!(
            "a proof of this model would need about {needed} bytes of memory, and {limit} are allowed: use a smaller model, or \
             raise max_job_bytes on a machine that has them"
        )),
        _ => Ok(()),
    }
}

impl Worker {
    /// Bytes that a job may need, if there is a limit.
    pub(super) fn memory(&self) -> Option<u64> {
        self.config.max_job_bytes.or_else(usual)
    }
}

/// Three quarters of the machine's memory, or of what the system gives to this process; nothing where it does not tell.
fn usual() -> Option<u64> {
    let all = total_memory()?;
    // "max" where nothing is said.
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let group = group.and_then(|text| text.trim().parse::<u64>().ok());
    Some(group.map_or(all, |group| group.min(all)) / 4 * 3)
}
