//! What error is accepted, and the tensor where it begins.

use crate::error::Result;
use crate::format;
use serde::Serialize;
use std::fmt;
use sumcast_circuits::graph::Graph;
use sumcast_circuits::{Model, TensorError};

/// The error that is accepted unless told, relative to the spread of an output.
pub(crate) const DEFAULT: f64 = 1e-3;

/// Reads what `--tolerance` takes.
pub(crate) fn parse(text: &str) -> std::result::Result<f64, String> {
    let value: Option<f64> = text.parse().ok();
    let positive = value.filter(|value| value.is_finite() && *value > 0.0);
    positive.ok_or_else(|| "a tolerance is a positive number, such as 1e-3".into())
}

/// The first tensor where an error begins.
#[derive(Debug, Serialize)]
pub(crate) struct Origin {
    pub(crate) tolerance: f64,
    /// Tensors that were compared with those of the float model; none if it is not what the model was compiled from.
    tensors_compared: usize,
    error_begins: Option<Begins>,
}

/// A tensor where an error begins.
#[derive(Debug, Serialize)]
pub(crate) struct Begins {
    tensor: String,
    operator: &'static str,
    /// Largest relative error of what it is computed from; nothing for the input.
    error_in: Option<f64>,
    /// Its own.
    error_out: f64,
}

impl Begins {
    /// The first of the tensors of a model where an error begins.
    pub(crate) fn first(errors: &[TensorError], tolerance: f64) -> Option<Self> {
        errors.iter().find(|error| error.begins(tolerance)).map(|error| Self {
            tensor: error.tensor.clone(),
            operator: error.operator,
            error_in: error.operands,
            error_out: error.own,
        })
    }
}

impl fmt::Display for Begins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tensor, operator, error_in, error_out } = self;
        write!(f, "begins at tensor {tensor:?} ({operator}): ")?;
        if let Some(error_in) = error_in {
            write!(f, "{} in, ", format::small(*error_in))?;
        }
        write!(f, "{} out", format::small(*error_out))
    }
}

impl Origin {
    /// Where the errors of `model` on `inputs` begin, by the float model `graph`.
    pub(crate) fn of(model: &Model, graph: &Graph, inputs: &[Vec<f64>], tolerance: f64) -> Result<Self> {
        let errors = model.tensor_errors(graph, inputs)?.unwrap_or_default();
        let error_begins = Begins::first(&errors, tolerance);
        Ok(Self { tolerance, tensors_compared: errors.len(), error_begins })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tolerance = format::small(self.tolerance);
        match &self.error_begins {
            Some(begins) => write!(f, "the error {begins}, at a tolerance of {tolerance}"),
            None if self.tensors_compared == 0 => write!(
                f,
                "where the error begins is unknown: the float model has other tensors than the one that was compiled"
            ),
            None => write!(
                f,
                "the error begins nowhere: at a tolerance of {tolerance}, none of {} tensors adds much",
                self.tensors_compared
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerances_are_positive() {
        assert_eq!(parse("1e-3"), Ok(1e-3));
        for text in ["0", "-1", "NaN", "inf", "", "small"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
