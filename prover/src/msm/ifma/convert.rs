//! Into the form of the vectors.

use super::rows::{point, row};
use crate::ifma::columns::{columns, rows};
use crate::ifma::lanes::{Mask, below_one, multiply, pack, select, splat, unpack};
use crate::ifma::modulus::{Base, Modulus, Wide, power_of_two, twice, wide};
use crate::msm::affine::Point;
use crate::msm::glv::BETA;
use std::array;

/// What turns a form with 2^256 into one with 2^260.
const LIFT: Wide = wide(&power_of_two(&Base::WORDS, 264));

/// `LIFT` times the factor of the endomorphism.
const IMAGE: Wide = {
    let mut factor = BETA.0.0;
    let mut i = 256;
    while i < 264 {
        factor = twice(&Base::WORDS, &factor);
        i += 1;
    }
    wide(&factor)
};

/// [`super::converted`].
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn converted(points: &[Point; 8], images: Mask) -> [Point; 8] {
    let [x, y] = columns(&array::from_fn(|i| row(&points[i])));
    let factor = select(images, &splat::<Base>(&IMAGE), &splat(&LIFT));
    let x = below_one(&multiply(&unpack(&x), &factor));
    let y = multiply(&unpack(&y), &splat::<Base>(&LIFT));
    rows(&[pack(&x), pack(&y)]).map(|row| point(row))
}
