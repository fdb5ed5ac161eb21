//! From the verifier's types to the contracts'.

use alloy_primitives::U256;
use sumcast_verifier::encoding::g2_bytes;
use sumcast_verifier::vk::{Role, TensorSpec, Visibility};
use sumcast_verifier::{G2Affine, Statement};

use crate::abi;

/// A point as EIP-197 has it.
pub(crate) fn g2_words(point: &G2Affine) -> [U256; 4] {
    let bytes = g2_bytes(point);
    std::array::from_fn(|i| U256::from_be_slice(&bytes[32 * i..32 * (i + 1)]))
}

/// A statement as the contracts take it: its tensors packed (`docs/protocol.md` 9), which takes what the model's key, or
/// the registry, says of them. Integers beyond their bounds lose what does not fit: [`Statement::check`] finds them.
pub fn statement(statement: &Statement, specs: &[TensorSpec]) -> abi::Statement {
    abi::Statement { context: statement.context.into(), tensors: statement.packed(specs).into() }
}

impl abi::TensorSpec {
    /// What the registry says of a tensor, as a key says it.
    pub fn decode(&self) -> TensorSpec {
        let visibility = if self.committed { Visibility::Committed } else { Visibility::Public };
        TensorSpec {
            role: if self.output { Role::Output } else { Role::Input },
            visibility,
            log: u8::try_from(self.length.next_power_of_two().ilog2()).unwrap_or(u8::MAX),
            bits: self.bits,
            fraction: self.fraction,
            len: self.length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::uint;
    use ark_ec::AffineRepr;
    use sumcast_verifier::{G1Affine, Tensor};

    #[test]
    fn statements_are_packed() {
        // The generator of G1 is (1, 2).
        let generator = G1Affine::new(1.into(), 2.into());
        let tensors = vec![Tensor::Public(vec![1, -1, -257]), Tensor::Committed(vec![generator])];
        let of_chain = |committed, length| abi::TensorSpec {
            output: committed,
            committed,
            bits: 15,
            fraction: 8,
            length,
        };
        let specs = [of_chain(false, 3), of_chain(true, 5)].map(|spec| spec.decode());
        assert_eq!(specs[1].role, Role::Output);
        let converted = statement(&Statement { context: [7; 32], tensors }, &specs);
        let mut expected = vec![0, 1, 0xff, 0xff, 0xfe, 0xff];
        expected.extend([[0; 31].as_slice(), &[1], &[0; 31], &[2]].concat());
        assert_eq!((converted.context.0, converted.tensors.to_vec()), ([7; 32], expected));
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
        assert_eq!(g2_words(&G2Affine::generator()), generator);
    }
}
