//! Sums of the numbers of a program that is being written.

use super::{Reach, Terms};
use std::ops::{Add, Mul, Sub};

/// A slot of a program that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub(super) u16);

/// A sum of numbers times coefficients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sum(pub(super) Terms);

impl From<Number> for Sum {
    fn from(number: Number) -> Self {
        Self(vec![(Reach::Own, number.0, 1)])
    }
}

impl Number {
    /// The sum over the lane's row.
    pub(crate) fn row(self) -> Sum {
        Sum(vec![(Reach::Row, self.0, 1)])
    }

    /// The sum over the lane's column.
    pub(crate) fn column(self) -> Sum {
        Sum(vec![(Reach::Column, self.0, 1)])
    }

    /// The sum over all groups.
    pub(crate) fn group(self) -> Sum {
        Sum(vec![(Reach::Group, self.0, 1)])
    }
}

impl Sum {
    /// The sum over the lane's row.
    pub(crate) fn row(self) -> Self {
        self.over(Reach::Row)
    }

    /// The sum over the lane's column.
    pub(crate) fn column(self) -> Self {
        self.over(Reach::Column)
    }

    fn over(mut self, reach: Reach) -> Self {
        debug_assert!(!self.reaches(), "what is summed is of the lane itself");
        self.0.iter_mut().for_each(|(of, _, _)| *of = reach);
        self
    }

    /// Whether it is of other lanes too.
    pub(super) fn reaches(&self) -> bool {
        self.0.iter().any(|(reach, _, _)| *reach != Reach::Own)
    }
}

macro_rules! operators {
    ($($left:ty, $right:ty);*) => {$(
        impl Add<$right> for $left {
            type Output = Sum;
            fn add(self, other: $right) -> Sum {
                let mut sum = Sum::from(self);
                for (reach, number, c) in Sum::from(other).0 {
                    match sum.0.iter_mut().find(|(r, n, _)| (*r, *n) == (reach, number)) {
                        Some((_, _, known)) => *known += c,
                        None => sum.0.push((reach, number, c)),
                    }
                }
                sum.0.retain(|(_, _, c)| *c != 0);
                sum
            }
        }
        impl Sub<$right> for $left {
            type Output = Sum;
            fn sub(self, other: $right) -> Sum {
                self + Sum::from(other) * -1
            }
        }
    )*};
}
operators!(Sum, Sum; Sum, Number; Number, Sum; Number, Number);

impl Mul<i64> for Sum {
    type Output = Self;
    fn mul(mut self, factor: i64) -> Self {
        self.0.iter_mut().for_each(|(_, _, c)| *c *= factor);
        self
    }
}

impl Mul<i64> for Number {
    type Output = Sum;
    fn mul(self, factor: i64) -> Sum {
        Sum::from(self) * factor
    }
}
