//! The Fiat-Shamir transcript (`docs/protocol.md` 8): one Keccak-256 call a message.

use crate::encoding::{point_bytes, reduce, scalar_bytes};
use crate::vk::TensorSpec;
use crate::{Fr, G1Affine, Statement};
use sha3::{Digest, Keccak256};

/// What every transcript starts with, padded with zeros to 32 bytes.
pub const DOMAIN: [u8; 26] = *b"sumcast protocol version 4";

/// Labels of the messages, shared by prover and verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Label {
    /// Witness commitments and the mask's; gives `alpha`.
    Witness = 0x01,
    /// Nothing; gives `beta`.
    Beta = 0x02,
    /// Helper commitments; gives `lambda`.
    Helper = 0x03,
    /// Nothing; gives a coordinate of `tau`.
    Tau = 0x04,
    /// The committed part `V` of the linear terms.
    Linear = 0x05,
    /// A round of S1; gives a coordinate of `x`.
    ConstraintRound = 0x06,
    /// The claims; gives `gamma`.
    Claims = 0x07,
    /// A round of S2; gives a coordinate of `y`.
    ReductionRound = 0x08,
    /// `[h]`; gives `zeta`.
    Halves = 0x09,
    /// `[q], [g]`; gives `eta`.
    Quotient = 0x0a,
    /// `[S], [Dg]`; gives `z`.
    Products = 0x0b,
    /// Eight evaluations; gives `nu`.
    Evaluations = 0x0c,
    /// `[B]`; gives `w`.
    Batch = 0x0d,
    /// `[B']`; no challenge comes after it.
    BatchQuotient = 0x0e,
    /// `j`; no challenge comes after it.
    Inverse = 0x0f,
}

/// A message and the challenge that followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The message's label.
    pub label: Label,
    /// What was absorbed.
    pub absorbed: Vec<u8>,
    /// The challenge, drawn whether or not it has a use.
    pub challenge: Fr,
}

/// The running hash of everything said so far.
#[derive(Clone, Debug)]
pub struct Transcript {
    state: [u8; 32],
    trace: Option<Vec<Event>>,
}

impl Transcript {
    /// Starts from everything public: the model, its tensors, and the statement.
    pub fn new(model_id: &[u8; 32], specs: &[TensorSpec], statement: &Statement) -> Self {
        let mut hash = Keccak256::new();
        let mut domain = [0u8; 32];
        for (d, n) in domain.iter_mut().zip(DOMAIN) {
            *d = n;
        }
        hash.update(domain);
        hash.update(model_id);
        hash.update(statement.context);
        hash.update(statement.packed(specs));
        Self { state: hash.finalize().into(), trace: None }
    }

    fn challenge_bytes(&mut self, label: Label, bytes: &[u8]) -> Fr {
        let mut hash = Keccak256::new();
        hash.update(self.state);
        hash.update([label as u8]);
        hash.update(bytes);
        self.state = hash.finalize().into();
        let challenge = reduce(&self.state);
        if let Some(trace) = &mut self.trace {
            trace.push(Event { label, absorbed: bytes.to_vec(), challenge });
        }
        challenge
    }

    /// Keeps every message from here on.
    pub(crate) fn traced(self) -> Self {
        Self { trace: Some(Vec::new()), ..self }
    }

    /// The messages kept.
    pub(crate) fn into_trace(self) -> Vec<Event> {
        self.trace.unwrap_or_default()
    }

    /// Absorbs scalars and gives the challenge that follows them.
    pub fn scalars(&mut self, label: Label, scalars: &[Fr]) -> Fr {
        let bytes: Vec<u8> = scalars.iter().flat_map(scalar_bytes).collect();
        self.challenge_bytes(label, &bytes)
    }

    /// Absorbs points and gives the challenge that follows them.
    pub fn points(&mut self, label: Label, points: &[G1Affine]) -> Fr {
        let bytes: Vec<u8> = points.iter().flat_map(point_bytes).collect();
        self.challenge_bytes(label, &bytes)
    }

    /// A further challenge.
    pub fn challenge(&mut self, label: Label) -> Fr {
        self.challenge_bytes(label, &[])
    }
}

/// Keccak-256 of some bytes.
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}
