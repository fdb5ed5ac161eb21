//! Set-up shared by the benchmarks: a bundled model with its key and string, the same pseudo-random numbers at
//! every run, and the reports of where the time of a proof goes and of what hiding costs.
//!
//! Use it in `benches/` and `examples/` of this crate only.
//!
//! - [`Source`] reads a model's folder, [`Case`] is that model ready to prove;
//! - [`Numbers`] makes scalars, small integers and indices;
//! - [`Report`] and [`table`] measure and print the stages of a proof;
//! - [`Masking`] and [`masking_table`] measure and print what masking adds to a proof;
//! - [`development`] is the string that everything here is measured with.
//!
//! ```no_run
//! use sumcast_benches::{Case, Report, table};
//!
//! let case = Case::open("mlp_8k")?;
//! print!("{}", table(&[Report::measure(&case, 5)?]));
//! # Ok::<(), anyhow::Error>(())
//! ```
#![forbid(unsafe_code)]

mod case;
mod masking;
mod numbers;
mod report;

pub use case::{Case, Source, development};
pub use masking::{Masking, masking_table};
pub use numbers::Numbers;
pub use report::{Report, table};

/// The bundled models that are measured, smallest first. `mlp_tanh` has function tables; the others have weights of
/// growing number.
pub const MODELS: [&str; 5] = ["linreg", "mlp_8k", "mlp_tanh", "mlp_100k", "mlp_1m"];
