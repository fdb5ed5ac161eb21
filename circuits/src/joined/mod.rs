//! Models and the synthesis of what they infer as one circuit, for one proof of both (`docs/synthesis.md`).
//!
//! ```
//! use sumcast_circuits::epoch::Epoch;
//! use sumcast_circuits::graph::{GraphBuilder, Matrix};
//! use sumcast_circuits::joined::{Joined, Member};
//! use sumcast_circuits::synthesis::Form;
//! use sumcast_circuits::{CompileOptions, compile};
//!
//! let mut b = GraphBuilder::new("line", "x", &[1, 2])?;
//! let x = b.input();
//! let y = b.linear(x, Matrix::new(1, 2, vec![0.25, -0.5])?, vec![0.125])?;
//! let options = CompileOptions { limb_bits: Some(10), ..CompileOptions::default() };
//! let model = compile(&b.finish(&[("y", y)])?, &[], &options)?;
//!
//! let mut epoch = Epoch::from_json(include_bytes!("../../tests/epochs/synthesis_g1_301.json"))?;
//! epoch.inferers[0].inference = "0.375".parse()?;
//! let joined = Joined::new(Form::of(&epoch)?, vec![Member { inferer: 0, model }])?;
//! let relation = joined.model.lower()?;
//! let (outcome, _) = joined.run(&relation, &epoch, &[vec![1.0, 0.0]])?;
//! assert!(outcome.network_inference.to_f64() > 0.19);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod join;
mod key;
mod statement;

pub use join::{JoinError, Joined, Member};
