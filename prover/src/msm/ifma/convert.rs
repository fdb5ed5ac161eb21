//! Into the form of the vectors.

use super::lanes::{Mask, Wide, below_one, multiply, pack, select, splat, unpack, wide};
use super::rows::{columns, point, row, rows};
use crate::msm::affine::Point;
use crate::msm::field::{power_of_two, twice};
use crate::msm::glv::BETA;
use std::array;

/// What turns a form with 2^256 into one with 2^260.
const LIFT: Wide = wide(&power_of_two(264));

/// `LIFT` times the factor of the endomorphism.
const IMAGE: Wide = {
    let mut factor = BETA.0.0;
    let mut i = 256;
    while i < 264 {
        factor = twice(&factor);
        i += 1;
    }
    wide(&factor)
};

/// [`super::Ifma::converted`].
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn converted(points: &[Point; 8], images: Mask) -> [Point; 8] {
    let [x, y] = columns(&array::from_fn(|i| row(&points[i])));
    let factor = select(images, &splat(&IMAGE), &splat(&LIFT));
    let x = below_one(&multiply(&unpack(&x), &factor));
    let y = multiply(&unpack(&y), &splat(&LIFT));
    rows(&[pack(&x), pack(&y)]).map(|row| point(row))
}
