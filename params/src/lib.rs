//! KZG structured reference strings over BN254: the powers of a secret `tau` in G1 and G2 that every
//! commitment, proof and verifying key of Sumcast rests on. Use this crate to import a public ceremony's
//! `.ptau` file, to store and load the powers, or to make a development string when no ceremony file is
//! at hand. A development string is marked insecure wherever it goes, because whoever made it could have
//! kept `tau` and could then prove anything.
//!
//! Key types:
//! - [`Srs`]: the string itself, `2^K` G1 powers and the G2 powers `tau^(2^k)`;
//! - [`Provenance`]: where it comes from, kept in the file;
//! - [`Info`]: what a file says of itself, read without its powers;
//! - [`cache`]: the development string that commands share when none is named;
//! - [`SrsError`]: what is wrong with a file and how to mend it.
//!
//! ```
//! use sumcast_params::Srs;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("dev.srs");
//! let made = Srs::development(6, &mut rand::rng());
//! assert!(made.is_insecure());
//! made.write(&path)?;
//!
//! let small = Srs::read_prefix(&path, 4)?;
//! assert_eq!(small.g1(), &made.g1()[..16]);
//! assert_eq!(small.id(), made.id());
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod atomic;
pub mod cache;
mod ceremony;
mod check;
mod error;
mod file;
mod points;
mod ptau;
mod srs;

pub use ceremony::{CEREMONY_FILES, CeremonyFile};
pub use check::PowersCheck;
pub use error::{Group, Part, PointFault, SectionFault, SrsError};
pub use file::Info;
pub use ptau::Stage;
pub use srs::{MAX_LOG_SIZE, Provenance, Srs};
