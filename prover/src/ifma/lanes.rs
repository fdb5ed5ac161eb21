//! A field in vectors: eight residues at a time, in five limbs of 52 bits each.
//!
//! A product is divided by 2^260, so residues are in Montgomery form with that. It is 84 p, so a product needs no
//! subtraction at its end. A bound is given as "below B", in multiples of p. Limbs are below 2^52, and values below 2^260,
//! unless they are [`Loose`].

use super::columns::Columns;
use super::modulus::{MASK, Modulus, RADIX, Wide};
use std::arch::x86_64::*;
use std::array;
use std::marker::PhantomData;

/// Eight residues: a vector for each limb.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lanes<M>([__m512i; 5], PhantomData<M>);

/// A bit a lane.
pub(crate) type Mask = __mmask8;

/// One residue in all lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn splat<M: Modulus>(a: &Wide) -> Lanes<M> {
    Lanes::of(a.map(|limb| _mm512_set1_epi64(limb as i64)))
}

/// Residues below 2^256 from their four words.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn unpack<M: Modulus>(words: &Columns) -> Lanes<M> {
    let mask = _mm512_set1_epi64(MASK as i64);
    let [w0, w1, w2, w3] = *words;
    // 0xa8 is (a | b) & c.
    Lanes::of([
        _mm512_and_si512(w0, mask),
        _mm512_ternarylogic_epi64::<0xa8>(_mm512_srli_epi64::<52>(w0), _mm512_slli_epi64::<12>(w1), mask),
        _mm512_ternarylogic_epi64::<0xa8>(_mm512_srli_epi64::<40>(w1), _mm512_slli_epi64::<24>(w2), mask),
        _mm512_ternarylogic_epi64::<0xa8>(_mm512_srli_epi64::<28>(w2), _mm512_slli_epi64::<36>(w3), mask),
        _mm512_srli_epi64::<16>(w3),
    ])
}

/// The four words of residues below 2^256.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn pack<M: Modulus>(a: &Lanes<M>) -> Columns {
    let [l0, l1, l2, l3, l4] = a.0;
    [
        _mm512_or_si512(l0, _mm512_slli_epi64::<52>(l1)),
        _mm512_or_si512(_mm512_srli_epi64::<12>(l1), _mm512_slli_epi64::<40>(l2)),
        _mm512_or_si512(_mm512_srli_epi64::<24>(l2), _mm512_slli_epi64::<28>(l3)),
        _mm512_or_si512(_mm512_srli_epi64::<36>(l3), _mm512_slli_epi64::<16>(l4)),
    ]
}

/// Eight numbers in limbs that are signed and of up to 58 bits.
#[derive(Clone, Copy)]
pub(crate) struct Loose<M>([__m512i; 5], PhantomData<M>);

impl<M> From<Lanes<M>> for Loose<M> {
    #[inline(always)]
    fn from(a: Lanes<M>) -> Self {
        Self(a.0, PhantomData)
    }
}

impl<M: Modulus> Loose<M> {
    #[inline(always)]
    const fn of(limbs: [__m512i; 5]) -> Self {
        Self(limbs, PhantomData)
    }

    /// Carries what exceeds a limb, or is missing from it, into the next; a negative number keeps a negative limb at
    /// the top.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn carried(self) -> Lanes<M> {
        let mask = _mm512_set1_epi64(MASK as i64);
        let mut t = self.0;
        for i in 0..4 {
            t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srai_epi64::<RADIX>(t[i]));
            t[i] = _mm512_and_si512(t[i], mask);
        }
        Lanes::of(t)
    }

    /// a + b.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn plus(&self, b: &Wide) -> Self {
        Self::of(array::from_fn(|i| _mm512_add_epi64(self.0[i], _mm512_set1_epi64(b[i] as i64))))
    }

    /// a - b.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn minus(&self, b: &Lanes<M>) -> Self {
        Self::of(array::from_fn(|i| _mm512_sub_epi64(self.0[i], b.0[i])))
    }

    /// a + b.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn and(&self, b: &Lanes<M>) -> Self {
        Self::of(array::from_fn(|i| _mm512_add_epi64(self.0[i], b.0[i])))
    }

    /// a mod p below 1, for a between 0 and 3.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn canonical(self) -> Lanes<M> {
        below_one(&self.minus(&splat(&M::P)).carried().plus_if_negative(&M::P).carried())
    }

    /// a mod p below 2, for a between -2 and 2.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn below_two(self) -> Lanes<M> {
        self.carried().plus_if_negative(&M::TWICE).carried()
    }

    /// a mod p below 1, for a between -2 and 2.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn below_one(self) -> Lanes<M> {
        let less = self.carried().plus_if_negative(&M::TWICE).minus(&splat(&M::P));
        less.carried().plus_if_negative(&M::P).carried()
    }
}

impl<M: Modulus> Lanes<M> {
    #[inline(always)]
    pub(crate) const fn of(limbs: [__m512i; 5]) -> Self {
        Self(limbs, PhantomData)
    }

    /// a + c where a is negative, else a.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn plus_if_negative(&self, c: &Wide) -> Loose<M> {
        let negative = _mm512_movepi64_mask(self.0[4]);
        let sum = |a, c: u64| _mm512_mask_add_epi64(a, negative, a, _mm512_set1_epi64(c as i64));
        Loose::of(array::from_fn(|i| sum(self.0[i], c[i])))
    }
}

/// a + b.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn add<M: Modulus>(a: &Lanes<M>, b: &Lanes<M>) -> Lanes<M> {
    Loose::from(*a).and(b).carried()
}

/// a - b + 1, for b below 1.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn subtract<M: Modulus>(a: &Lanes<M>, b: &Lanes<M>) -> Lanes<M> {
    Loose::from(*a).minus(b).plus(&M::P).carried()
}

/// a - b + 2, for b below 2.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn subtract_lazy<M: Modulus>(a: &Lanes<M>, b: &Lanes<M>) -> Lanes<M> {
    Loose::from(*a).minus(b).plus(&M::TWICE).carried()
}

/// a mod p below 1, for a below 2.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn below_one<M: Modulus>(a: &Lanes<M>) -> Lanes<M> {
    Loose::from(*a).minus(&splat(&M::P)).carried().plus_if_negative(&M::P).carried()
}

/// a in the lanes of the mask, b in the others.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn select<M: Modulus>(lanes: Mask, a: &Lanes<M>, b: &Lanes<M>) -> Lanes<M> {
    Lanes::of(array::from_fn(|i| _mm512_mask_blend_epi64(lanes, b.0[i], a.0[i])))
}

/// Where a = b, limb for limb.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn equal<M: Modulus>(a: &Lanes<M>, b: &Lanes<M>) -> Mask {
    let first = _mm512_cmpeq_epi64_mask(a.0[0], b.0[0]);
    (1..5).fold(first, |lanes, i| _mm512_mask_cmpeq_epi64_mask(lanes, a.0[i], b.0[i]))
}

/// Where a = 0, and not just a multiple of p.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn zero<M: Modulus>(a: &Lanes<M>) -> Mask {
    let any = _mm512_or_si512(_mm512_or_si512(a.0[0], a.0[1]), _mm512_or_si512(a.0[2], a.0[3]));
    let any = _mm512_or_si512(any, a.0[4]);
    _mm512_testn_epi64_mask(any, any)
}

/// Each lane from the one `LANES` above it.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn rotated<M: Modulus, const LANES: i32>(a: &Lanes<M>) -> Lanes<M> {
    Lanes::of(a.0.map(|limb| _mm512_alignr_epi64::<LANES>(limb, limb)))
}

/// t / 2^260 mod p, below 1.13 + T for t below T 2^260; limbs of t may have 57 bits, or 62 if the result's are carried.
///
/// The four lowest limbs are folded into those above; that leaves less than T 2^52 + 0.13 2^52. A multiple of p
/// below 2^52 then clears the fifth.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn reduced<M: Modulus>(mut t: [__m512i; 10]) -> Loose<M> {
    for i in 0..4 {
        t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64::<RADIX>(t[i]));
        for j in 0..5 {
            let fold = _mm512_set1_epi64(M::FOLD[j] as i64);
            t[i + j + 1] = _mm512_madd52lo_epu64(t[i + j + 1], t[i], fold);
            t[i + j + 2] = _mm512_madd52hi_epu64(t[i + j + 2], t[i], fold);
        }
    }
    let inverse = _mm512_set1_epi64(M::NEGATIVE_INVERSE as i64);
    let k = _mm512_madd52lo_epu64(_mm512_setzero_si512(), t[4], inverse);
    // The lowest limb of k p makes the fifth limb a multiple of 2^52: the next one, or itself.
    let above = _mm512_srli_epi64::<RADIX>(_mm512_add_epi64(t[4], _mm512_set1_epi64(MASK as i64)));
    t[5] = _mm512_add_epi64(t[5], above);
    for j in 0..5 {
        let p = _mm512_set1_epi64(M::P[j] as i64);
        if j > 0 {
            t[j + 4] = _mm512_madd52lo_epu64(t[j + 4], k, p);
        }
        t[j + 5] = _mm512_madd52hi_epu64(t[j + 5], k, p);
    }
    Loose::of([t[5], t[6], t[7], t[8], t[9]])
}

/// a b / 2^260, below 1.13 + A B / 84 for a below A and b below B, both below 2^260.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn multiply<M: Modulus>(a: &Lanes<M>, b: &Lanes<M>) -> Lanes<M> {
    product(a, b).carried()
}

/// [`multiply`] for what is subtracted from next.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn product<M: Modulus>(a: &Lanes<M>, b: &Lanes<M>) -> Loose<M> {
    let mut t = [_mm512_setzero_si512(); 10];
    accumulate(&mut t, a, b);
    reduced(t)
}

/// Adds a b, 2^56 at most to each limb.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn accumulate<M: Modulus>(t: &mut [__m512i; 10], a: &Lanes<M>, b: &Lanes<M>) {
    for i in 0..5 {
        for j in 0..5 {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], a.0[i], b.0[j]);
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a.0[i], b.0[j]);
        }
    }
}

/// A sum of products a b, reduced once in `EVERY`; `EVERY` A B is at most 128, and `EVERY` at most 32.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum<M, const EVERY: u32> {
    products: [__m512i; 10],
    count: u32,
    /// Below 2.66 for each of the sums that were reduced.
    total: Lanes<M>,
}

impl<M: Modulus, const EVERY: u32> Sum<M, EVERY> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn new() -> Self {
        Self { products: [_mm512_setzero_si512(); 10], count: 0, total: splat(&[0; 5]) }
    }

    /// Adds a b / 2^260.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn add(&mut self, a: &Lanes<M>, b: &Lanes<M>) {
        accumulate(&mut self.products, a, b);
        self.count += 1;
        if self.count == EVERY {
            self.reduce();
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn reduce(&mut self) {
        self.total = add(&self.total, &reduced(self.products).carried());
        self.products = [_mm512_setzero_si512(); 10];
        self.count = 0;
    }

    /// The sum times `scale` / 2^260, below 1, of up to 24 `EVERY` products.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn finish(mut self, scale: &Wide) -> Lanes<M> {
        self.reduce();
        below_one(&multiply(&self.total, &splat(scale)))
    }
}

/// a^2 / 2^260, below 1.13 + A^2 / 84.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(crate) fn square<M: Modulus>(a: &Lanes<M>) -> Loose<M> {
    let mut t = [_mm512_setzero_si512(); 10];
    for i in 0..5 {
        for j in i + 1..5 {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], a.0[i], a.0[j]);
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a.0[i], a.0[j]);
        }
    }
    for t in &mut t {
        *t = _mm512_add_epi64(*t, *t);
    }
    for i in 0..5 {
        t[2 * i] = _mm512_madd52lo_epu64(t[2 * i], a.0[i], a.0[i]);
        t[2 * i + 1] = _mm512_madd52hi_epu64(t[2 * i + 1], a.0[i], a.0[i]);
    }
    reduced(t)
}

/// A sum of residues times integers, each of which is moved up by 2^51.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Integers<M> {
    sum: [__m512i; 6],
    /// All bits that any of the integers has.
    bits: __m512i,
    of: PhantomData<M>,
}

impl<M: Modulus> Integers<M> {
    /// Most terms between two carries.
    pub(crate) const MOST: usize = 512;

    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn new(start: &Lanes<M>) -> Self {
        let [s0, s1, s2, s3, s4] = start.0;
        let none = _mm512_setzero_si512();
        Self { sum: [s0, s1, s2, s3, s4, none], bits: none, of: PhantomData }
    }

    /// Adds a (v + 2^51) for a below 1.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn add(&mut self, a: &Lanes<M>, v: __m512i) {
        let moved = _mm512_add_epi64(v, _mm512_set1_epi64(1 << 51));
        self.bits = _mm512_or_si512(self.bits, moved);
        for i in 0..5 {
            self.sum[i] = _mm512_madd52lo_epu64(self.sum[i], a.0[i], moved);
            self.sum[i + 1] = _mm512_madd52hi_epu64(self.sum[i + 1], a.0[i], moved);
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn carry(&mut self) {
        let mask = _mm512_set1_epi64(MASK as i64);
        for i in 0..5 {
            self.sum[i + 1] = _mm512_add_epi64(self.sum[i + 1], _mm512_srli_epi64::<RADIX>(self.sum[i]));
            self.sum[i] = _mm512_and_si512(self.sum[i], mask);
        }
    }

    /// The sum of fewer than 2^32 terms, divided by 2^260, below 1.14; nothing if an integer was not between -2^51 and
    /// 2^51 - 1.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(crate) fn reduced(mut self) -> Option<Lanes<M>> {
        if _mm512_test_epi64_mask(self.bits, _mm512_set1_epi64(!MASK as i64)) != 0 {
            return None;
        }
        self.carry();
        let [s0, s1, s2, s3, s4, s5] = self.sum;
        let none = _mm512_setzero_si512();
        Some(reduced([s0, s1, s2, s3, s4, s5, none, none, none, none]).carried())
    }
}

#[cfg(test)]
mod tests;
