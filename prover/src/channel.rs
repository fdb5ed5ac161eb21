//! Every message goes through here: into the transcript, and into the proof.

use ark_bn254::{Fr, G1Affine};
use sumcast_verifier::Statement;
use sumcast_verifier::transcript::{Label, Transcript};

/// A lookup once its challenges are known.
#[derive(Clone, Debug)]
pub struct LookupValues {
    /// `h`.
    pub cells: Vec<Fr>,
    /// `alpha - K_i`.
    pub keys: Vec<Vec<Fr>>,
    /// `u`.
    pub entries: Vec<Fr>,
    /// `alpha - T`.
    pub table: Vec<Fr>,
}

/// How a prover conducts itself. The default is honest; tests lie by overriding a step, after which the prover goes
/// on as if it had been true.
pub trait Conduct: Send {
    /// Whether to go on where the relation is seen not to hold.
    fn insists(&self) -> bool {
        false
    }

    /// The multiplicities of a lookup, before they are committed.
    fn multiplicities(&mut self, _lookup: usize, _values: &mut [i64]) {}

    /// A lookup with its challenges `alpha` and `beta`, before its helpers are committed.
    fn helpers(&mut self, _lookup: usize, _alpha: Fr, _beta: Fr, _values: &mut LookupValues) {}

    /// The statement, before the transcript starts from it.
    fn statement(&mut self, _statement: &mut Statement) {}

    /// Points about to be sent.
    fn points(&mut self, _label: Label, _points: &mut [G1Affine]) {}

    /// Scalars about to be sent.
    fn scalars(&mut self, _label: Label, _scalars: &mut [Fr]) {}

    /// The challenge after a message.
    fn challenge(&mut self, _label: Label, challenge: Fr) -> Fr {
        challenge
    }
}

/// Says what is true.
#[derive(Clone, Copy, Debug, Default)]
pub struct Honest;

impl Conduct for Honest {}

/// The transcript, and the conduct of whoever speaks.
pub(crate) struct Channel<'a> {
    pub(crate) transcript: Transcript,
    pub(crate) conduct: &'a mut dyn Conduct,
}

impl Channel<'_> {
    /// Sends points: gives what was sent, and the challenge that follows.
    pub(crate) fn points<P: AsMut<[G1Affine]>>(&mut self, label: Label, mut points: P) -> (P, Fr) {
        self.conduct.points(label, points.as_mut());
        let challenge = self.transcript.points(label, points.as_mut());
        (points, self.conduct.challenge(label, challenge))
    }

    /// Sends a round of a sumcheck: gives the challenge that follows.
    pub(crate) fn round(&mut self, label: Label, coefficients: &mut [Fr]) -> Fr {
        self.scalars(label, coefficients).1
    }

    /// Sends scalars: gives what was sent, and the challenge that follows.
    pub(crate) fn scalars<S: AsMut<[Fr]>>(&mut self, label: Label, mut scalars: S) -> (S, Fr) {
        self.conduct.scalars(label, scalars.as_mut());
        let challenge = self.transcript.scalars(label, scalars.as_mut());
        (scalars, self.conduct.challenge(label, challenge))
    }

    /// Draws a further challenge.
    pub(crate) fn draw(&mut self, label: Label) -> Fr {
        let challenge = self.transcript.challenge(label);
        self.conduct.challenge(label, challenge)
    }
}
