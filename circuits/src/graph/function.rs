//! Functions of one variable, accurate to about 1e-14 in `f64`.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI, SQRT_2};

/// A function of one real variable, applied to each element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Function {
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `tanh(x)`.
    Tanh,
    /// The error function, `2/sqrt(pi)` times the integral of `exp(-t^2)` from 0 to `x`.
    Erf,
    /// `x` times the normal distribution function.
    Gelu,
    /// The tanh approximation of Gelu: `x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`.
    GeluTanh,
    /// `ln(1 + exp(x))`.
    Softplus,
    /// `exp(x)`.
    Exp,
    /// The normal distribution function, `(1 + erf(x / sqrt 2)) / 2`.
    NormCdf,
}

/// `sqrt(2/pi)`, the inner factor of [`Function::GeluTanh`].
pub(super) const GELU_TANH_FACTOR: f64 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
/// The cubic coefficient of [`Function::GeluTanh`].
pub(super) const GELU_TANH_CUBIC: f64 = 0.044_715;

impl Function {
    /// All functions.
    pub const ALL: [Self; 8] = [
        Self::Sigmoid,
        Self::Tanh,
        Self::Erf,
        Self::Gelu,
        Self::GeluTanh,
        Self::Softplus,
        Self::Exp,
        Self::NormCdf,
    ];

    /// The function's name, as ONNX spells it where it has one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sigmoid => "Sigmoid",
            Self::Tanh => "Tanh",
            Self::Erf => "Erf",
            Self::Gelu => "Gelu",
            Self::GeluTanh => "GeluTanh",
            Self::Softplus => "Softplus",
            Self::Exp => "Exp",
            Self::NormCdf => "NormCdf",
        }
    }

    /// The value at `x`.
    #[must_use]
    pub fn eval(self, x: f64) -> f64 {
        match self {
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => x.tanh(),
            Self::Erf => erf(x),
            Self::Gelu => x * norm_cdf(x),
            // (1 + tanh z) / 2 = sigmoid(2z), which keeps its accuracy for large negative x.
            Self::GeluTanh => x * sigmoid(2.0 * GELU_TANH_FACTOR * (x + GELU_TANH_CUBIC * x * x * x)),
            Self::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
            Self::Exp => x.exp(),
            Self::NormCdf => norm_cdf(x),
        }
    }
}

fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

fn norm_cdf(x: f64) -> f64 {
    if x < -SQRT_2 { 0.5 * erfc(-x * FRAC_1_SQRT_2) } else { 0.5 + 0.5 * erf(x * FRAC_1_SQRT_2) }
}

/// Where the series of [`erf`] gives way to the continued fraction of [`erfc`].
const SERIES_END: f64 = 2.0;

fn erf(x: f64) -> f64 {
    let a = x.abs();
    if a.is_nan() {
        return x;
    }
    if a > SERIES_END {
        return (1.0 - erfc(a)).copysign(x);
    }
    // erf(a) = 2/sqrt(pi) exp(-a^2) sum_n (2 a^2)^n a / (2n + 1)!!, whose terms are all positive (Abramowitz and
    // Stegun 7.1.6).
    let (mut term, mut sum, mut n) = (a, a, 1.0);
    while term > sum * 1e-18 {
        term *= 2.0 * a * a / (2.0 * n + 1.0);
        sum += term;
        n += 1.0;
    }
    (FRAC_2_SQRT_PI * (-a * a).exp() * sum).copysign(x)
}

/// `1 - erf(x)` for `x >= 1`, to a relative 1e-13, by Laplace's continued fraction (Abramowitz and Stegun 7.1.14).
fn erfc(x: f64) -> f64 {
    if x > 27.5 {
        return 0.0;
    }
    let terms = 30 + (150.0 / (x * x)) as u32;
    let fraction = (1..=terms).rev().fold(0.0, |tail, k| f64::from(k) / 2.0 / (x + tail));
    (-x * x).exp() / (PI.sqrt() * (x + fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values to 16 digits by mpmath.
    const ERF: [(f64, f64); 7] = [
        (0.1, 0.112_462_916_018_284_9),
        (0.5, 0.520_499_877_813_046_5),
        (1.0, 0.842_700_792_949_714_9),
        (1.9, 0.992_790_429_235_257_5),
        (2.1, 0.997_020_533_343_667),
        (3.0, 0.999_977_909_503_001_4),
        (5.0, 0.999_999_999_998_462_5),
    ];

    #[test]
    fn erf_is_accurate_and_odd() {
        for (x, y) in ERF {
            assert!((erf(x) - y).abs() < 2e-15, "erf({x}) = {}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
        assert_eq!(erf(0.0), 0.0);
        assert_eq!(erf(40.0), 1.0);
        assert!(erf(f64::NAN).is_nan());
        // Either side of where the two methods meet.
        assert!((erf(2.0 + 1e-15) - erf(2.0)).abs() < 1e-14);
    }

    #[test]
    fn the_lower_tail_keeps_its_digits() {
        for (x, y) in [(-1.5, 0.066_807_201_268_858_06), (-5.0, 2.866_515_718_791_939e-7)] {
            assert!((Function::NormCdf.eval(x) / y - 1.0).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn functions_are_stable_far_out() {
        for f in Function::ALL.into_iter().filter(|f| *f != Function::Exp) {
            for x in [-1e4, -60.0, 60.0, 1e4] {
                assert!(f.eval(x).is_finite(), "{} at {x}", f.name());
            }
        }
        assert_eq!(Function::Softplus.eval(1e4), 1e4);
        assert_eq!(Function::Gelu.eval(100.0), 100.0);
        assert!((Function::GeluTanh.eval(1.0) - 0.841_191_990_608_276_9).abs() < 1e-14);
        assert!((Function::Gelu.eval(1.0) - 0.841_344_746_068_542_9).abs() < 1e-14);
    }
}
