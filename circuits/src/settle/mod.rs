//! What the losses of an epoch make of a topic's state, as a circuit: losses weighted by the stakes of who reports them,
//! regrets, the initial regret and the regret scale (`docs/synthesis.md`).
//!
//! ```
//! use sumcast_circuits::{epoch::Settlement, settle::{Form, Settle}};
//!
//! let settlement = Settlement::from_json(include_bytes!("../../tests/epochs/settle_301.json"))?;
//! let settle = Settle::new(Form::of(&settlement)?)?;
//! let settled = settle.outcome(&settlement)?;
//! let loss = settled.losses.get("network").map(|loss| loss.to_f64());
//! assert!((loss.unwrap_or_default() + 3.827041560629895).abs() < 1e-10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod form;
mod key;
mod names;
mod one_outs;
mod program;
mod statement;

pub use form::Form;
pub use statement::Settle;
