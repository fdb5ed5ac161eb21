//! The mask `u`: random cells, committed before the first challenge, that hide every message of both sumchecks
//! and every claim (`docs/protocol.md` 12).
//!
//! Order of its cells: `mu` of the linear parts; for the rounds of S1 from first to last one cell for each coefficient
//! sent; one for each claim sent; for the rounds of S2 from first to last two.

use crate::Fr;
use crate::relation::{Challenges, ClaimList, Powers};
use crate::vk::Program;
use ark_ff::{One, Zero};

/// Number of cells that have a weight, `n_U`.
pub fn cells(program: &Program) -> usize {
    program
        .degrees()
        .fold(1, usize::saturating_add)
        .saturating_add(ClaimList::sent(program))
        .saturating_add(usize::from(program.row_log).saturating_mul(2))
}

/// What a claim's mask is multiplied by: zero wherever `x_0` is 0 or 1.
pub fn on_claims(ch: &Challenges) -> Fr {
    let x = ch.x.first().copied().unwrap_or_default();
    x * (Fr::one() - x)
}

/// The polynomials in `x` that the coefficients of a round are masked by, each with sum zero over `{0, 1}`:
/// `1 - 2x` for `c_0` and `x^j - x` for `c_j`.
pub fn on_round(x: Fr, degree: usize) -> impl Iterator<Item = Fr> {
    let mut power = x;
    (0..degree).map(move |i| {
        if i == 0 {
            return Fr::one() - x - x;
        }
        power *= x;
        power - x
    })
}

/// The weights of the cells in the last claim of S2.
pub fn weights(program: &Program, ch: &Challenges, gamma: Fr, y: &[Fr]) -> Vec<Fr> {
    // The claims' masks stand at the corner 0 of the cube of S2.
    let corner: Fr = y.iter().map(|y| Fr::one() - *y).product();
    let sent = ClaimList::sent(program);
    let powers: Vec<Fr> = Powers::of(gamma).take(sent.saturating_add(2)).map(|p| p * corner).collect();
    let on_mask = powers.last().copied().unwrap_or_default();
    let mut out = vec![powers.first().copied().unwrap_or_default() - on_mask * ch.late(0)];
    for (degree, x) in program.degrees().zip(ch.x.iter().rev()) {
        out.extend(on_round(*x, degree).map(|weight| on_mask * weight));
    }
    let on_claims = on_claims(ch);
    out.extend(powers.iter().skip(1).take(sent).map(|power| *power * on_claims));
    out.extend(y.iter().rev().flat_map(|y| on_round(*y, 2)));
    out
}

/// `sum_i weights_i x^i`.
pub fn at(weights: &[Fr], x: Fr) -> Fr {
    weights.iter().rev().fold(Fr::zero(), |acc, w| acc * x + *w)
}
