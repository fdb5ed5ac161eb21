//! What a proof costs on chain, before there is a measurement.

use serde::Serialize;
use sumcast_verifier::Shape;
use sumcast_verifier::vk::{Form, Piece, Program, Visibility};

/// An estimate of the gas that verification in one transaction takes, by term.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct GasEstimate {
    /// The transaction itself.
    pub base: u64,
    /// Proof and the statement's tensors, as bytes of calldata.
    pub calldata: u64,
    /// One pairing check of three pairs.
    pub pairing: u64,
    /// Folding the commitments of the rows, and the points of the opening.
    pub points: u64,
    /// The rounds of both sumchecks.
    pub rounds: u64,
    /// Evaluating every claim's form, in the constraints and in the reduction.
    pub claims: u64,
    /// All that hides what a proof does not state: the mask's point, weights, claim and evaluations, and the
    /// coefficients by which the last round of the first sumcheck is longer.
    pub mask: u64,
    /// The sum.
    pub total: u64,
}

/// A rough estimate for Ethereum: the prices of EIP-2028 and EIP-1108, and field operations at what a careful
/// contract pays for them. It ranks models and row lengths; a contract's measurement replaces it.
///
/// - base `21,000`;
/// - calldata `16` a byte, for the proof's body, a 32-byte word for each public value, 64 bytes for each commitment
///   of a statement, and 200 bytes around them;
/// - pairing `45,000 + 3 x 34,000`;
/// - points: `6,500` a multiplication with its addition, for each row and 9 in the opening;
/// - rounds: a hash (`300`) and a polynomial at a point (`60` a coefficient);
/// - claims: for each term of a form a product over about its variables, at `60` a variable, twice;
/// - mask: one point more, `3 x 60` for each of its cells, whose weight is made and taken at two points, and the
///   calldata and the coefficients that only it needs.
pub fn gas_estimate(program: &Program) -> GasEstimate {
    const BASE: u64 = 21_000;
    const CALLDATA_BYTE: u64 = 16;
    const PAIRING: u64 = 45_000 + 3 * 34_000;
    const POINT: u64 = 6_500;
    const ROUND: u64 = 300;
    const COEFFICIENT: u64 = 60;
    const VARIABLE: u64 = 60;
    const MASK_CELL: u64 = 3 * 60;

    let shape = Shape::of(program);
    let longer = (shape.last_degree - shape.degree) as u64;
    let masking = masking_bytes(&shape) as u64;
    let tensors: u64 = program
        .tensors
        .iter()
        .map(|tensor| match tensor.visibility {
            Visibility::Public => 32 * u64::from(tensor.len),
            Visibility::Committed => 64 * program.tensor_rows(tensor) as u64,
        })
        .sum();
    let calldata = CALLDATA_BYTE * (shape.bytes() as u64 - masking + tensors + 200);
    let points = POINT * (shape.rows as u64 + 9);
    let round = |rounds: usize, degree: usize| rounds as u64 * (ROUND + COEFFICIENT * (degree as u64 + 1));
    let rounds = round(shape.rounds, shape.degree) + round(shape.row_log, 2);
    let evaluated = program.evaluated().filter_map(|form| program.forms.get(usize::from(form)));
    let variables: u64 = evaluated.map(|form| variables(program, form)).sum();
    let claims = 2 * VARIABLE * variables;
    let mask = POINT + MASK_CELL * shape.mask as u64 + COEFFICIENT * longer + CALLDATA_BYTE * masking;
    let total = BASE + calldata + PAIRING + points + rounds + claims + mask;
    GasEstimate { base: BASE, calldata, pairing: PAIRING, points, rounds, claims, mask, total }
}

/// Bytes of a proof that are there for the mask alone: its commitment, its claim, its two evaluations in the opening,
/// and the coefficients that the last round of the first sumcheck has more.
pub fn masking_bytes(shape: &Shape) -> usize {
    64 + 32 * (3 + shape.last_degree - shape.degree)
}

/// Factors in the products that a form's terms take; a public tensor takes one for each of its elements.
fn variables(program: &Program, form: &Form) -> u64 {
    let term = |piece: &Piece| match piece {
        Piece::Public { tensor, .. } => {
            program.tensors.get(usize::from(*tensor)).map_or(0, |t| u64::from(t.len))
        }
        Piece::Limbs(limbs) => u64::from(form.log) * u64::from(limbs.count - 1),
        Piece::One { .. } | Piece::Index { .. } | Piece::Block(_) => 0,
    };
    form.terms.iter().map(|t| u64::from(form.log) + 1 + term(&t.piece)).sum()
}
