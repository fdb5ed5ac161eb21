//! The verifier (`docs/protocol.md` 5 to 8).

use crate::opening::Claimed;
use crate::proof::{Proof, ProofFile, Shape};
use crate::relation::{Challenges, ClaimList, Powers, terms_at};
use crate::transcript::{Event, Label, Transcript};
use crate::vk::Key;
use crate::{Check, Fr, G1Affine, VerifyError, mask, opening, reduction};

/// Verifies a proof file under a key: that the model of the key has the statement's outputs for its inputs.
///
/// # Errors
/// [`VerifyError`] names what is malformed or which check fails.
///
/// # Soundness
/// `docs/protocol.md` 10. Whoever relies on the result compares the context and the public inputs with what they
/// expect: the proof binds them, it does not choose them.
pub fn verify(key: &Key, file: &ProofFile) -> Result<(), VerifyError> {
    let model_id = key.model_id();
    check(key, &model_id, file, &mut start(key, &model_id, file))
}

/// As [`verify`], with every message absorbed and the challenge after it, up to where the proof fails: for whoever
/// writes another verifier.
pub fn trace(key: &Key, file: &ProofFile) -> (Result<(), VerifyError>, Vec<Event>) {
    let model_id = key.model_id();
    let mut transcript = start(key, &model_id, file).traced();
    let verdict = check(key, &model_id, file, &mut transcript);
    (verdict, transcript.into_trace())
}

fn start(key: &Key, model_id: &[u8; 32], file: &ProofFile) -> Transcript {
    Transcript::new(model_id, &key.program.tensors, &file.statement)
}

fn check(
    key: &Key,
    model_id: &[u8; 32],
    file: &ProofFile,
    transcript: &mut Transcript,
) -> Result<(), VerifyError> {
    if *model_id != file.model_id {
        let hex = |id: &[u8; 32]| id.iter().map(|b| format!("{b:02x}")).collect();
        return Err(VerifyError::Model { expected: hex(model_id), found: hex(&file.model_id) });
    }
    let (program, statement) = (&key.program, &file.statement);
    statement.check(program)?;
    let proof = Proof::from_bytes(&file.body, &Shape::of(program))?;

    let committed: Vec<G1Affine> = proof.witness.iter().chain([&proof.mask]).copied().collect();
    let mut ch = Challenges {
        alpha: transcript.points(Label::Witness, &committed),
        beta: transcript.challenge(Label::Beta),
        lambda: transcript.points(Label::Helper, &proof.helper),
        ..Challenges::default()
    };
    ch.tau = (0..program.tau_len()).map(|_| transcript.challenge(Label::Tau)).collect();

    // S1, from the most significant variable down.
    let linear = ClaimList::linear(program, statement, &ch);
    transcript.scalars(Label::Linear, &[proof.linear]);
    let mut claim = -(proof.linear + linear.open);
    for round in &proof.constraint_rounds {
        let x = transcript.scalars(Label::ConstraintRound, &round.coefficients);
        claim = round.next_claim(claim, x);
        ch.x.insert(0, x);
    }
    let functionals = ClaimList::at_x(program, statement, &ch);
    let mut sent = proof.claims.iter();
    let values: Vec<Fr> = functionals
        .iter()
        .map(|f| match f.parts.is_empty() {
            true => f.open,
            false => f.open + sent.next().copied().unwrap_or_default(),
        })
        .collect();
    let sent: Vec<Fr> = proof.claims.iter().chain([&proof.mask_claim]).copied().collect();
    let gamma = transcript.scalars(Label::Claims, &sent);
    if terms_at(program, &ch, &values) + proof.mask_claim != claim {
        return Err(VerifyError::Rejected(Check::Constraints));
    }

    // S2.
    let claims = std::iter::once(&proof.linear).chain(&sent);
    let mut claim: Fr = claims.zip(Powers::of(gamma)).map(|(v, power)| power * v).sum();
    let mut y = Vec::new();
    for round in &proof.reduction_rounds {
        let challenge = transcript.scalars(Label::ReductionRound, &round.coefficients);
        claim = round.next_claim(claim, challenge);
        y.insert(0, challenge);
    }

    // One opening proves the last claim: the rows by their weights at `y`, and the mask's cells by theirs.
    let committed = functionals.iter().filter(|f| !f.parts.is_empty());
    let weights = reduction::row_weights(program, std::iter::once(&linear).chain(committed), gamma, &y);
    let rows = key.fixed.iter().chain(statement.commitments()).chain(&proof.witness).chain(&proof.helper);
    let masks = mask::weights(program, &ch, gamma, &y);
    let claimed = Claimed { y: &y, weights: &masks, value: claim };
    opening::verify(&key.srs, rows.copied().zip(weights), proof.mask, claimed, &proof.opening, transcript)
}
