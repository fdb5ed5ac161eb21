//! What a proof states.

use crate::vk::Program;
use crate::{Fr, VerifyError, encoding::integer, mle};

/// Context and public tensors (`docs/protocol.md` 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// 32 bytes the verifier chooses the meaning of: a chain, a topic, an epoch, a worker.
    pub context: [u8; 32],
    /// The public tensors in the key's order, as integers at the key's scales.
    pub public: Vec<Vec<i128>>,
}

impl Statement {
    /// That the tensors have the lengths and bounds of the key.
    ///
    /// # Errors
    /// [`VerifyError::Public`] naming the tensor.
    pub fn check(&self, program: &Program) -> Result<(), VerifyError> {
        if self.public.len() != program.public.len() {
            return Err(VerifyError::Public {
                tensor: self.public.len(),
                reason: "the number of public tensors is not the key's",
            });
        }
        for (tensor, (values, spec)) in self.public.iter().zip(&program.public).enumerate() {
            if values.len() != spec.len as usize {
                return Err(VerifyError::Public { tensor, reason: "wrong length" });
            }
            let bound = 1u128.checked_shl(u32::from(spec.bits)).unwrap_or(0);
            if values.iter().any(|v| v.unsigned_abs() >= bound) {
                return Err(VerifyError::Public { tensor, reason: "a value is out of bounds" });
            }
        }
        Ok(())
    }

    /// The multilinear extension of public tensor `number` at `point`.
    pub(crate) fn evaluate(&self, number: usize, point: &[Fr]) -> Fr {
        let values = self.public.get(number).into_iter().flatten();
        mle::evaluate(values.map(|v| integer(*v)).collect(), point)
    }
}
