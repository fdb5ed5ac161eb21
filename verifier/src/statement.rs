//! What a proof states.

use crate::encoding::{integer, point_bytes};
use crate::vk::{Program, TensorSpec, Visibility};
use crate::{Fr, G1Affine, VerifyError, mle};

/// A tensor as a statement holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tensor {
    /// Its integers.
    Public(Vec<i128>),
    /// Commitments of its rows, blinded.
    Committed(Vec<G1Affine>),
}

impl Tensor {
    /// The integers of a public tensor.
    pub fn public(&self) -> Option<&[i128]> {
        match self {
            Self::Public(values) => Some(values),
            Self::Committed(_) => None,
        }
    }

    /// The commitments of a committed tensor; none of a public one.
    pub fn commitments(&self) -> &[G1Affine] {
        match self {
            Self::Public(_) => &[],
            Self::Committed(points) => points,
        }
    }

    /// The bytes a transcript and a contract have for it (section 9).
    fn packed(&self, width: usize) -> Vec<u8> {
        match self {
            Self::Public(values) => {
                let skip = size_of::<i128>().saturating_sub(width);
                values.iter().flat_map(|v| v.to_be_bytes().into_iter().skip(skip)).collect()
            }
            Self::Committed(points) => points.iter().flat_map(point_bytes).collect(),
        }
    }
}

/// Context and tensors (`docs/protocol.md` 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// 32 bytes the verifier chooses the meaning of: a chain, a topic, an epoch, a worker.
    pub context: [u8; 32],
    /// The tensors in the key's order; integers are at the key's scales.
    pub tensors: Vec<Tensor>,
}

impl Statement {
    /// That the tensors have the kinds, lengths and bounds of the key.
    ///
    /// # Errors
    /// [`VerifyError::Tensor`] naming the tensor.
    pub fn check(&self, program: &Program) -> Result<(), VerifyError> {
        if self.tensors.len() != program.tensors.len() {
            return Err(VerifyError::Tensor {
                tensor: self.tensors.len(),
                reason: "the number of tensors is not the key's",
            });
        }
        for (number, (tensor, spec)) in self.tensors.iter().zip(&program.tensors).enumerate() {
            let error = |reason| Err(VerifyError::Tensor { tensor: number, reason });
            match (tensor, spec.visibility) {
                (Tensor::Public(values), Visibility::Public) => {
                    if values.len() != spec.len as usize {
                        return error("wrong length");
                    }
                    let bound = 1u128.checked_shl(spec.bits.into()).unwrap_or(0);
                    if values.iter().any(|v| v.unsigned_abs() >= bound) {
                        return error("a value is out of bounds");
                    }
                }
                (Tensor::Committed(points), Visibility::Committed) => {
                    if points.len() != program.tensor_rows(spec) {
                        return error("wrong number of commitments");
                    }
                }
                (Tensor::Public(_), Visibility::Committed) => {
                    return error("public where the key has a commitment");
                }
                (Tensor::Committed(_), Visibility::Public) => {
                    return error("a commitment where the key has integers");
                }
            }
        }
        Ok(())
    }

    /// All tensors as the transcript starts from them and a contract is given them (`docs/protocol.md` 9): of a public
    /// one its integers in the width its bits need, of a committed one its points.
    pub fn packed(&self, specs: &[TensorSpec]) -> Vec<u8> {
        let tensors = self.tensors.iter().zip(specs);
        tensors.flat_map(|(tensor, spec)| tensor.packed(spec.width())).collect()
    }

    /// The commitments of the statement rows.
    pub fn commitments(&self) -> impl Iterator<Item = &G1Affine> {
        self.tensors.iter().flat_map(Tensor::commitments)
    }

    /// The multilinear extension of public tensor `number` at `point`.
    pub(crate) fn evaluate(&self, number: usize, point: &[Fr]) -> Fr {
        let values = self.tensors.get(number).and_then(Tensor::public).unwrap_or_default();
        mle::evaluate(values.iter().map(|v| integer(*v)).collect(), point)
    }
}
