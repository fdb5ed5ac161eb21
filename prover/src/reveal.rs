//! Opening the commitments of a statement (`docs/protocol.md` 2).

use crate::Backend;
use crate::commit::commit_small_rows;
use crate::mask::Blinding;
use ark_bn254::{Fr, G1Projective};
use ark_ec::CurveGroup;
use std::fmt;
use sumcast_params::Srs;
use sumcast_verifier::Statement;
use sumcast_verifier::vk::Program;
use thiserror::Error;

/// What opens a committed tensor: whoever has it can show the values, and nobody can show others.
#[derive(Clone, PartialEq, Eq)]
pub struct TensorOpening {
    /// Its number among the tensors of the statement.
    pub tensor: usize,
    /// Its integers.
    pub values: Vec<i128>,
    /// What blinds each of its rows.
    pub blinds: Vec<Fr>,
}

impl fmt::Debug for TensorOpening {
    /// Without the values and what blinds them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TensorOpening").field("tensor", &self.tensor).finish_non_exhaustive()
    }
}

/// Why an opening is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RevealError {
    /// The statement has no such committed tensor.
    #[error("tensor {0} of the statement is not committed")]
    NotCommitted(usize),
    /// Values or blinding factors are not as many as the key has, or too large.
    #[error("the opening of tensor {0} does not have the shape of the key")]
    Shape(usize),
    /// The commitments are not those of the values.
    #[error("the values do not open tensor {0} of the statement")]
    Values(usize),
}

impl TensorOpening {
    /// Checks the values against the commitments of a statement.
    ///
    /// # Errors
    /// [`RevealError`].
    ///
    /// # Panics
    /// If the SRS is shorter than the program's key needs; [`crate::check_srs`] tells.
    pub fn check(
        &self,
        program: &Program,
        statement: &Statement,
        srs: &Srs,
        backend: &dyn Backend,
    ) -> Result<(), RevealError> {
        let tensor = self.tensor;
        let spec = program.tensors.get(tensor).ok_or(RevealError::NotCommitted(tensor))?;
        let commitments = statement.tensors.get(tensor).map_or(&[][..], |t| t.commitments());
        if commitments.is_empty() {
            return Err(RevealError::NotCommitted(tensor));
        }
        let shape = RevealError::Shape(tensor);
        if self.values.len() != spec.len as usize || self.blinds.len() != commitments.len() {
            return Err(shape);
        }
        let cells: Vec<i64> =
            self.values.iter().map(|v| i64::try_from(*v)).collect::<Result<_, _>>().map_err(|_| shape)?;
        let row_log = program.row_log;
        let mut rows = commit_small_rows(&srs.g1()[..1 << row_log], &cells, row_log, backend);
        Blinding::new(srs.g1(), row_log).blind(&mut rows, &self.blinds);
        if G1Projective::normalize_batch(&rows) == commitments {
            Ok(())
        } else {
            Err(RevealError::Values(tensor))
        }
    }
}
