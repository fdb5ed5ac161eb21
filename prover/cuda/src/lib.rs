//! A backend of the prover on NVIDIA's devices, found at run time.
//!
//! - [`found`] looks for a driver and a device, once a process, and says what it found; without one its backend is the
//!   CPU's;
//! - [`Cuda`] is the backend: it decides what goes to the device, and falls back to the CPU;
//! - [`Device`] is what it asks of a device: [`Driver`] is CUDA's, and `sumcast-cuda-host` runs the same kernels on the
//!   CPU, for tests.
//!
//! Every result is exact, so a proof's bytes do not depend on where it was made. `docs/cuda.md` says what runs where.

#![deny(unsafe_code)]

mod backend;
mod device;
mod driver;
mod factors;
mod found;
mod layout;
mod memory;
mod msm;
mod vectors;

pub use backend::{Counts, Cuda, Least};
pub use device::{Argument, Device, Fault};
pub use driver::{Driver, Missing};
pub use found::{Found, counts, found};
