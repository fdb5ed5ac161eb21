//! What verification costs on ZKsync, measured in its own virtual machine, which runs the bytecode of the EVM in an
//! interpreter. `README.md` says what is needed and how it is run.
//!
//! - [`System`]: the contracts that ZKsync itself consists of, from an archive;
//! - [`Chain`]: a chain in memory, and [`Receipt`], what a transaction took of it;
//! - [`Transactions`] and [`Figures`]: what is measured, and what comes of it.

mod calibration;
mod chain;
mod figures;
mod system;

pub use calibration::calibrate;
pub use chain::{Chain, PROTOCOL, Receipt};
pub use figures::{Figures, Known, Transactions, Twice};
pub use system::System;
