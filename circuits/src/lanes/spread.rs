//! How far the numbers of a row are apart.

use super::{Builder, Sum};

/// Bits of the lower half of a product of two numbers.
pub(crate) const HALF: u8 = 52;

/// Some numbers of each row.
#[derive(Clone, Debug)]
pub(crate) struct Members {
    /// The numbers.
    pub(crate) x: Sum,
    /// One in the lanes of those that count.
    pub(crate) among: Sum,
    /// How many they are.
    pub(crate) count: Sum,
    /// One in rows that have some.
    pub(crate) present: Sum,
}

impl Builder {
    /// The standard deviation of each row's numbers, of one degree of freedom less than they are; 0 of one or none.
    pub(crate) fn deviation(&mut self, of: &Members) -> Sum {
        let count = of.count.clone() + self.same(1) - of.present.clone();
        let counted = self.product("total", of.x.clone(), of.among.clone());
        let total = self.linear("total", counted.row());
        let (mean, _) = self.quotient("mean", total, count.clone());
        let apart = self.product("deviation", of.x.clone() - mean, of.among.clone());
        let (high, low) = self.split("variance", apart, apart, HALF);
        let [high, low] = [high, low].map(|part| self.linear("variance", part.row()));
        let several = self.nonzero("several", count.clone() - self.same(1));
        let freedom = count - several;
        let (high, rest) = self.quotient("variance", high, freedom.clone());
        let (low, _) = self.quotient("variance", rest * (1 << HALF) + low, freedom);
        self.root("standard deviation", high * (1 << HALF) + low).into()
    }

    /// 1.4826 times the median of how far each row's numbers are from their median.
    pub(crate) fn median_deviation(&mut self, of: &Members) -> Sum {
        let twice = self.median("median", of);
        let apart = self.product("deviation", twice - of.x.clone() * 2, of.among.clone());
        let (above, below) = self.parts("deviation", apart);
        let four_times = self.median("median deviation", &Members { x: above + below, ..of.clone() });
        let four_times = self.linear("median deviation", four_times);
        let whole = self.same(4 * 10_000);
        self.quotient("median deviation", four_times * 14_826, whole).0.into()
    }
}
