//! What this process proves on.

use crate::backend::{Counts, Cuda, Least};
use crate::driver::{Driver, Missing};
use std::fmt;
use std::sync::OnceLock;
use sumcast_prover::{Backend, Cpu};

/// The share of a device's memory that this process takes at most: three quarters.
const SHARE: (u64, u64) = (3, 4);

/// What was found when it was first asked for: a device, which all proofs of this process share, or none.
#[derive(Debug)]
pub struct Found(Result<Cuda<Driver>, Missing>);

static FOUND: OnceLock<Found> = OnceLock::new();

/// Looks for a device, once a process, and tells the log of it.
pub fn found() -> &'static Found {
    FOUND.get_or_init(|| {
        let found = Found(Driver::open().map(|driver| {
            let memory = driver.memory() / SHARE.1 * SHARE.0;
            Cuda::new(driver, memory, Least::default())
        }));
        tracing::info!("proofs are made on {found}");
        found
    })
}

/// What the device has done in this process; none without one, or before the first proof.
pub fn counts() -> Option<Counts> {
    FOUND.get()?.0.as_ref().ok().map(Cuda::counts)
}

impl Found {
    /// What proves.
    pub fn backend(&self) -> &dyn Backend {
        match &self.0 {
            Ok(cuda) => cuda,
            Err(_) => &Cpu,
        }
    }
}

/// One line for people.
impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(cuda) => write!(f, "{}, with the CPU for what is small", cuda.device().name()),
            Err(missing) => write!(f, "the CPU: {missing}"),
        }
    }
}
