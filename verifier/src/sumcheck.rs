//! A round of a sumcheck (`docs/protocol.md` 5 and 6).

use crate::Fr;

/// A round's polynomial by its coefficients `c_0, c_2, .., c_D`; `c_1` follows from the claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundPolynomial {
    /// `c_0, c_2, .., c_D`.
    pub coefficients: Vec<Fr>,
}

impl RoundPolynomial {
    /// The next claim: the polynomial with `s(0) + s(1) = claim`, at `x`.
    ///
    /// # Soundness
    /// The sum is the claim by construction, so a prover's only freedom is the polynomial itself, which
    /// differs from the true one in at most `D` points `x`.
    pub fn next_claim(&self, claim: Fr, x: Fr) -> Fr {
        let c0 = self.coefficients.first().copied().unwrap_or_default();
        let c1 = self.coefficients.iter().skip(1).fold(claim - c0 - c0, |acc, c| acc - *c);
        let high = self.coefficients.iter().skip(1).rev().fold(Fr::default(), |acc, c| acc * x + *c);
        c0 + (c1 + high * x) * x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_coefficient_follows_from_the_claim() {
        let f = |x: u64| Fr::from(3 + 5 * x + 7 * x * x + 11 * x * x * x);
        let round = RoundPolynomial { coefficients: [3u64, 7, 11].map(Fr::from).to_vec() };
        assert_eq!(round.next_claim(f(0) + f(1), Fr::from(9u64)), f(9));
    }
}
