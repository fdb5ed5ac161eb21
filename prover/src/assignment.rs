//! What is proven, and the statement it becomes (`docs/protocol.md` 2).

use crate::mask::Tails;
use crate::prove::ProveError;
use crate::reveal::TensorOpening;
use ark_bn254::G1Affine;
use std::ops::Range;
use sumcast_verifier::vk::{Program, TensorSpec, Visibility};
use sumcast_verifier::{Statement, Tensor, VerifyError};

/// What is proven, with what only the prover knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The context of the statement.
    pub context: [u8; 32],
    /// The integers of the statement's tensors, public and committed.
    pub tensors: Vec<Vec<i128>>,
    /// The witness rows, one after another. Multiplicities are filled in by [`crate::prove`].
    pub cells: Vec<i64>,
}

/// The cells of the statement rows, once the tensors are seen to have the key's lengths.
pub(crate) fn statement_cells(program: &Program, tensors: &[Vec<i128>]) -> Result<Vec<i64>, ProveError> {
    let mut out = Vec::new();
    if tensors.len() != program.tensors.len() {
        let reason = "the number of tensors is not the key's";
        return Err(VerifyError::Tensor { tensor: tensors.len(), reason }.into());
    }
    for (tensor, (spec, values)) in program.tensors.iter().zip(tensors).enumerate() {
        if values.len() != spec.len as usize {
            return Err(VerifyError::Tensor { tensor, reason: "wrong length" }.into());
        }
        let rows = program.tensor_rows(spec);
        if spec.visibility == Visibility::Public {
            continue;
        }
        let end = out.len() + (rows << program.row_log);
        for v in values {
            let too_large = VerifyError::Tensor { tensor, reason: "a committed value is beyond 64 bits" };
            out.push(i64::try_from(*v).map_err(|_| too_large)?);
        }
        out.resize(end, 0);
    }
    Ok(out)
}

/// The rows of a committed tensor; none of a public one.
pub(crate) fn statement_rows(program: &Program, tensor: usize) -> Range<usize> {
    let committed = |spec: &&TensorSpec| spec.visibility == Visibility::Committed;
    let rows = |spec: &TensorSpec| program.tensor_rows(spec);
    let before: usize = program.tensors.iter().take(tensor).filter(committed).map(rows).sum();
    let own = program.tensors.get(tensor).filter(committed).map_or(0, rows);
    let start = program.first_statement_row() + before;
    start..start + own
}

/// The statement, and what opens its commitments.
pub(crate) fn state(
    program: &Program,
    context: [u8; 32],
    tensors: Vec<Vec<i128>>,
    commitments: &[G1Affine],
    tails: &Tails,
) -> (Statement, Vec<TensorOpening>) {
    let mut openings = Vec::new();
    let mut row = 0;
    let mut hold = |(number, values): (usize, Vec<i128>)| {
        let Some(spec) = program.tensors.get(number) else { return Tensor::Public(values) };
        if spec.visibility == Visibility::Public {
            return Tensor::Public(values);
        }
        let rows = row..row + program.tensor_rows(spec);
        row = rows.end;
        let first = program.first_statement_row();
        let blinds = rows.clone().filter_map(|row| tails.first(first + row)).collect();
        openings.push(TensorOpening { tensor: number, values, blinds });
        Tensor::Committed(commitments[rows].to_vec())
    };
    let tensors = tensors.into_iter().enumerate().map(&mut hold).collect();
    (Statement { context, tensors }, openings)
}
