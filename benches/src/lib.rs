//! Set-up shared by the benchmarks: a bundled model with its key and string, the same pseudo-random numbers at
//! every run, and the reports of where the time of a proof goes, of what hiding costs, and of what a chain charges.
//!
//! Use it in `benches/` and `examples/` of this crate only.
//!
//! - [`Source`] reads a model's folder, [`Case`] is that model ready to prove;
//! - [`Numbers`] makes scalars, small integers and indices;
//! - [`Report`] and [`table`] measure and print the stages of a proof;
//! - [`Gas`] and [`gas_page`] measure and print what verification costs on chain, [`gas_rates`] fits the estimate;
//! - [`NetworkGas`] measures what a network inference costs there;
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

/// The binary's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod case;
mod fit;
mod gas;
mod gas_page;
mod masking;
mod network;
mod numbers;
mod report;
mod zksync;

pub use case::{Case, Source, development};
pub use fit::gas_rates;
pub use gas::{Gas, deployment, transactions};
pub use gas_page::gas_page;
pub use masking::{Masking, masking_table};
pub use network::{NETWORKS, NetworkGas};
pub use numbers::Numbers;
pub use report::{Report, table};
pub use zksync::Transactions;

/// The bundled models that are measured, smallest first. `mlp_tanh` has function tables; the others have weights of
/// growing number.
pub const MODELS: [&str; 5] = ["linreg", "mlp_8k", "mlp_tanh", "mlp_100k", "mlp_1m"];

/// All bundled models, in the order of `sumcast demo`.
pub const ALL_MODELS: [&str; 16] = [
    "linreg",
    "scaled_ridge",
    "logreg",
    "mlp_8k",
    "mlp_tanh",
    "mlp_gelu",
    "mlp_100k",
    "mlp_1m",
    "forest_100x6",
    "xgb_200x5",
    "lgbm_300x6",
    "xgb_dir",
    "lstm",
    "gru",
    "cnn1d",
    "transformer",
];
