//! The fields.

use ark_bn254::{Fq, Fr};
use ark_ff::{BigInt, Field as _, Fp, MontBackend, MontConfig, UniformRand};
use sumcast_cuda_host::{Field, Operation, calculate};

fn agrees<C: MontConfig<4>>(field: Field) {
    type F<C> = Fp<MontBackend<C, 4>, 4>;
    let mut rng = ark_std::test_rng();
    let one = F::<C>::from(1u64);
    let mut values = vec![F::<C>::from(0u64), one, -one, one + one, -(one + one), F::<C>::from(u64::MAX)];
    // Montgomery forms at the ends of the range, and with words at theirs.
    let mut largest = C::MODULUS;
    largest.0[0] -= 1;
    let words =
        [[1, 0, 0, 0], [u64::MAX, u64::MAX, u64::MAX, 0], [0, 0, 0, 1 << 60], [0, u64::MAX, 0, 1], largest.0];
    values.extend(words.map(|words| F::<C>::new_unchecked(BigInt(words))));
    values.extend((0..40).map(|_| F::<C>::rand(&mut rng)));
    for a in &values {
        let invert = calculate(field, Operation::Invert, a.0.0, [0; 4]);
        assert_eq!(invert, a.inverse().unwrap_or_default().0.0, "1 / {a}");
        for b in &values {
            let results =
                [(Operation::Add, *a + b), (Operation::Subtract, *a - b), (Operation::Multiply, *a * b)];
            for (operation, expected) in results {
                assert_eq!(calculate(field, operation, a.0.0, b.0.0), expected.0.0, "{operation:?} {a} {b}");
            }
        }
    }
}

#[test]
fn scalars_and_coordinates_are_calculated_as_by_arkworks() {
    agrees::<<Fr as Parameters>::Config>(Field::Scalars);
    agrees::<<Fq as Parameters>::Config>(Field::Coordinates);
}

/// The parameters behind a field of arkworks.
trait Parameters {
    type Config: MontConfig<4>;
}

impl<C: MontConfig<4>> Parameters for Fp<MontBackend<C, 4>, 4> {
    type Config = C;
}
