//! Models as circuits: an ONNX file becomes a real-valued tensor graph, that an integer tensor graph, and that a
//! relation the argument proves.
//!
//! Use it to compile a model and to run inferences; `sumcast-prover` proves what it makes, and no verifier depends
//! on it.
//!
//! - [`onnx::import`] reads a file into a [`graph::Graph`];
//! - [`compile`] chooses scales, bounds and layout and gives a [`Model`];
//! - [`Model::lower`] gives its [`Relation`], [`Model::run`] an [`Inference`] with the witness;
//! - [`cost`] weighs the time of a proof against its gas, which [`gas`] estimates;
//! - [`Model::tensor_errors`] says how far each tensor is from the float model;
//! - [`epoch`] has what the Allora network computes from the inferences of a topic's workers.
//!
//! ```
//! use sumcast_circuits::graph::{GraphBuilder, Matrix};
//! use sumcast_circuits::{CompileOptions, compile};
//!
//! let mut b = GraphBuilder::new("line", "x", &[1, 2])?;
//! let x = b.input();
//! let y = b.linear(x, Matrix::new(1, 2, vec![3.0, -1.0])?, vec![0.5])?;
//! let y = b.relu(y)?;
//! let model = compile(&b.finish(&[("y", y)])?, &[], &CompileOptions::default())?;
//! let outputs = model.infer(&[1.0, 2.0])?;
//! assert!((outputs[0][0] - 1.5).abs() < 1e-5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod circuit;
pub mod cost;
pub mod epoch;
mod execute;
pub mod gas;
pub mod graph;
pub mod joined;
mod lanes;
mod lower;
mod model;
pub mod onnx;
mod ops;
mod quantise;
pub mod samples;
pub mod settle;
pub mod synthesis;
mod tensor_error;

pub use circuit::Committed;
pub use execute::RunError;
pub use lower::Relation;
pub use model::{CompileError, CompileOptions, FRAC_BITS, Inference, Model, ModelError, Secret, compile};
pub use quantise::{DEFAULT_INPUT_BOUND, MARGIN, QuantiseError};
pub use tensor_error::TensorError;
