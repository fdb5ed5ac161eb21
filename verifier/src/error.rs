//! What can be wrong with a key, a proof or a statement.

use thiserror::Error;

/// An encoding that is not the canonical one of `docs/protocol.md` 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The bytes end before the value does.
    #[error("the bytes end early")]
    Truncated,
    /// Bytes follow the last value.
    #[error("{0} bytes follow the end")]
    Trailing(usize),
    /// A scalar is not below the group order.
    #[error("a scalar is not below the group order")]
    Scalar,
    /// A coordinate is not below the field modulus.
    #[error("a coordinate is not below the field modulus")]
    Coordinate,
    /// A point is not on its curve, or not in its subgroup.
    #[error("a point is not on the curve")]
    Curve,
}

/// Why a verifying key is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The file does not start as a verifying key does.
    #[error("this is not a Sumcast verifying key")]
    Magic,
    /// A version this verifier does not know.
    #[error(
        "verifying key version {0} is not supported, only version {known} is: compile the model again",
        known = crate::vk::VERSION
    )]
    Version(u16),
    /// An encoding error.
    #[error("malformed verifying key: {0}")]
    Encoding(#[from] DecodeError),
    /// A part is outside the limits or refers to what is not there.
    #[error("ill-formed verifying key: {part} {index}: {reason}")]
    IllFormed {
        /// Which part of the key.
        part: &'static str,
        /// Which entry of that part.
        index: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The checks of the verifier, by section of `docs/protocol.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Check {
    /// Section 5: the terms at the point of S1 against its last claim.
    #[error("the constraints at the sumcheck's point (section 5)")]
    Constraints,
    /// Sections 6 and 7: the pairing equation, which proves the last claim of S2.
    #[error("the opening of the claims (sections 6 and 7)")]
    Opening,
}

/// Why a proof is rejected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The file does not start as a proof does.
    #[error("this is not a Sumcast proof")]
    Magic,
    /// A version this verifier does not know.
    #[error(
        "proof version {0} is not supported, only version {known} is: compile the model again, and prove again",
        known = crate::proof::VERSION
    )]
    Version(u16),
    /// The proof is for another model.
    #[error("the proof is for model {found}, not for {expected}")]
    Model {
        /// Model id of the key, in hexadecimal.
        expected: String,
        /// Model id in the proof, in hexadecimal.
        found: String,
    },
    /// An encoding error.
    #[error("malformed proof: {0}")]
    Encoding(#[from] DecodeError),
    /// The statement's tensors are not those of the key.
    #[error("tensor {tensor} of the statement: {reason}")]
    Tensor {
        /// Number of the tensor.
        tensor: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A check of the argument failed.
    #[error("check failed: {0}")]
    Rejected(Check),
}
