//! From the verifier's types to the contracts'.

use alloy_primitives::{I256, U256};
use alloy_sol_types::SolCall;
use std::ops::RangeInclusive;
use sumcast_verifier::encoding::{g2_bytes, point_bytes, word_bytes};
use sumcast_verifier::vk::SrsPoints;
use sumcast_verifier::{G2Affine, ProofFile, Statement, Tensor};

use crate::abi;

/// The `t` whose `[tau^(2^t)]_2` a verifier has: half the base-2 logarithm of a row's length, rounded down.
pub const LOGS: RangeInclusive<u32> = 4..=10;
const COUNT: usize = 7;

/// What a verifier is deployed with: points of the structured reference string, each as EIP-197 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Points {
    /// `[tau]_2`.
    pub tau: [U256; 4],
    /// `[tau^(2^t)]_2` for the `t` of [`LOGS`].
    pub tau_b: [[U256; 4]; COUNT],
}

impl Points {
    /// Of a string that gives `[tau^(2^k)]_2` for `k`. None where it lacks one that is needed: a string of fewer than
    /// `2^11` powers does.
    pub fn of_srs(tau_g2: impl Fn(u32) -> Option<G2Affine>) -> Option<Self> {
        let mut tau_b = [[U256::ZERO; 4]; COUNT];
        for (words, log) in tau_b.iter_mut().zip(LOGS) {
            *words = g2_words(&tau_g2(log)?);
        }
        Some(Self { tau: g2_words(&tau_g2(0)?), tau_b })
    }

    /// For the keys with these points alone: a key has one `[tau^b]_2`, which stands in for those it does not have.
    /// The verifier then accepts what it would accept with the whole string, as far as it is for such a key.
    pub fn of_key(srs: &SrsPoints) -> Self {
        Self { tau: g2_words(&srs.tau), tau_b: [g2_words(&srs.tau_b); COUNT] }
    }
}

fn g2_words(point: &G2Affine) -> [U256; 4] {
    let bytes = g2_bytes(point);
    std::array::from_fn(|i| U256::from_be_slice(&bytes[32 * i..32 * (i + 1)]))
}

/// A statement as the contracts take it: public integers as they are, commitments as `x` and `y` of each point.
pub fn statement(statement: &Statement) -> abi::Statement {
    let word = |bytes: &[u8]| I256::from_raw(U256::from_be_slice(bytes));
    let tensors = statement.tensors.iter().map(|tensor| match tensor {
        Tensor::Public(values) => values.iter().map(|value| word(&word_bytes(*value))).collect(),
        Tensor::Committed(points) => {
            let bytes: Vec<u8> = points.iter().flat_map(point_bytes).collect();
            bytes.chunks_exact(32).map(word).collect()
        }
    });
    abi::Statement { context: statement.context.into(), tensors: tensors.collect() }
}

/// The data of a call of the verifier with a key and a proof.
pub fn verify_call(vk: &[u8], proof: &ProofFile) -> Vec<u8> {
    let call = abi::ISumcastVerifier::verifyCall {
        vk: vk.to_vec().into(),
        statement: statement(&proof.statement),
        proof: proof.body.clone().into(),
    };
    call.abi_encode()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::uint;
    use ark_ec::AffineRepr;
    use sumcast_verifier::G1Affine;

    #[test]
    fn statements_have_integers_and_coordinates() {
        // The generator of G1 is (1, 2).
        let generator = G1Affine::new(1.into(), 2.into());
        let tensors = vec![Tensor::Public(vec![1, -1, i128::MIN]), Tensor::Committed(vec![generator])];
        let converted = statement(&Statement { context: [7; 32], tensors });
        let [public, committed] = &converted.tensors[..] else { panic!() };
        assert_eq!(converted.context, [7; 32]);
        assert_eq!(public[..2], [I256::ONE, I256::MINUS_ONE]);
        assert_eq!(public[2], I256::try_from(i128::MIN).unwrap());
        assert_eq!(committed[..], [1, 2].map(|word| I256::try_from(word).unwrap()));
    }

    #[test]
    fn points_are_in_the_order_of_eip_197() {
        // Of the generator, as EIP-197 has it.
        let generator = [
            uint!(11559732032986387107991004021392285783925812861821192530917403151452391805634_U256),
            uint!(10857046999023057135944570762232829481370756359578518086990519993285655852781_U256),
            uint!(4082367875863433681332203403145435568316851327593401208105741076214120093531_U256),
            uint!(8495653923123431417604973247489272438418190587263600148770280649306958101930_U256),
        ];
        let point = G2Affine::generator();
        assert_eq!(
            Points::of_srs(|_| Some(point)).unwrap(),
            Points { tau: generator, tau_b: [generator; COUNT] }
        );
    }
}
