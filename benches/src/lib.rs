//! Set-up shared by the benchmarks: a bundled model with its key and string, the same pseudo-random numbers at
//! every run, and the reports of where the time of a proof goes and how little would do, of what hiding costs, and of
//! what a chain charges.
//!
//! Use it in `benches/` and `examples/` of this crate only.
//!
//! - [`Source`] reads a model's folder, [`Case`] is that model ready to prove, [`EpochCase`] the synthesis of an epoch,
//!   and [`open`] finds what a name stands for;
//! - [`forest()`] makes random trees; [`Source::open`] makes random networks, too, by their names;
//! - [`Numbers`] makes scalars, small integers and indices;
//! - [`Report`] and [`table`] measure and print the stages of a proof, [`Units`] and [`floors`] what these take at least;
//! - [`Gas`] and [`gas_page`] measure and print what verification costs on chain, [`gas_rates`] fits the estimate;
//! - [`NetworkGas`] measures what a network inference costs there;
//! - [`times`] and [`cost_table`] set measured times beside those that a layout is chosen by, [`RowLengths`] all
//!   layouts of a model;
//! - [`Masking`] and [`masking_table`] measure and print what masking adds to a proof;
//! - [`development`] is the string that everything here is measured with.
//!
//! ```no_run
//! use sumcast_benches::{Report, Units, floors, open, table};
//!
//! let reports = [Report::measure(&*open("mlp_8k")?, 5)?];
//! print!("{}\n{}", table(&reports), floors(&reports, &Units::measure()?));
//! # Ok::<(), anyhow::Error>(())
//! ```
#![forbid(unsafe_code)]

/// The binary's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod case;
mod cost;
mod epoch_case;
mod fit;
mod floor;
mod forest;
mod gas;
mod gas_page;
mod masking;
mod network;
mod numbers;
mod report;
mod rows;
mod subject;
mod synthetic;
mod zksync;

pub use case::{Case, Layout, Source, development};
pub use cost::{Rates, Timed, cost_table, exchange, fitted_rates, rates_table, time_rates, times};
pub use epoch_case::EpochCase;
pub use fit::gas_rates;
pub use floor::Units;
pub use forest::{FOREST, forest};
pub use gas::{Gas, deployment, transactions};
pub use gas_page::gas_page;
pub use masking::{Masking, masking_table};
pub use network::{NETWORKS, NetworkGas};
pub use numbers::Numbers;
pub use report::{Report, floors, table};
pub use rows::{RowLengths, rows_figure, rows_tables};
pub use subject::{SUBJECTS, Subject, open};
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
