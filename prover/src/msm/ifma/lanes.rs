//! The base field in vectors: eight residues at a time, in five limbs of 52 bits each.
//!
//! Values are in Montgomery form with 2^260. That is 84 p, so a product needs no subtraction at its end. As in `field`,
//! a bound is given as "below B", in multiples of p. Limbs are below 2^52, and values below 2^260, unless they are
//! [`Loose`].

use super::rows::Words;
use crate::msm::field::{self, Limbs, P, TWICE_P, power_of_two};
use std::arch::x86_64::*;
use std::array;

/// Bits of a limb.
const RADIX: u32 = 52;

/// The bits of a limb.
const MASK: u64 = (1 << RADIX) - 1;

/// Five limbs of 52 bits.
pub(super) type Wide = [u64; 5];

/// Limbs of 52 bits for those of 64.
pub(super) const fn wide(a: &Limbs) -> Wide {
    [
        a[0] & MASK,
        (a[0] >> 52 | a[1] << 12) & MASK,
        (a[1] >> 40 | a[2] << 24) & MASK,
        (a[2] >> 28 | a[3] << 36) & MASK,
        a[3] >> 16,
    ]
}

/// One, 2^260 mod p.
pub(super) const ONE: Wide = wide(&power_of_two(260));

const WIDE_P: Wide = wide(&P);
const TWICE: Wide = wide(&TWICE_P);

/// -1 / p mod 2^52, an eighth of that modulus.
const NEGATIVE_INVERSE: u64 = field::NEGATIVE_INVERSE & MASK;

/// (p `NEGATIVE_INVERSE` + 1) / 2^52, below 0.13: adding its product with the lowest limb to the limbs above that
/// divides by 2^52.
const FOLD: Wide = {
    let mut fold = [0; 5];
    let mut carry = 1u128;
    let mut i = 0;
    while i < 5 {
        let sum = WIDE_P[i] as u128 * NEGATIVE_INVERSE as u128 + carry;
        if i > 0 {
            fold[i - 1] = sum as u64 & MASK;
        }
        carry = sum >> RADIX;
        i += 1;
    }
    fold[4] = carry as u64;
    fold
};

/// Eight residues: a vector for each limb.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes([__m512i; 5]);

/// A bit a lane.
pub(super) type Mask = __mmask8;

/// One residue in all lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn splat(a: &Wide) -> Lanes {
    Lanes(a.map(|limb| _mm512_set1_epi64(limb as i64)))
}

/// Residues below 2^256 from their four words.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn unpack(words: &Words) -> Lanes {
    let mask = _mm512_set1_epi64(MASK as i64);
    let [w0, w1, w2, w3] = *words;
    // 0xa8 is (a | b) & c.
    Lanes([
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
pub(super) fn pack(a: &Lanes) -> Words {
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
pub(super) struct Loose([__m512i; 5]);

impl Loose {
    /// Carries what exceeds a limb, or is missing from it, into the next; a negative number keeps a negative limb at
    /// the top.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn carried(self) -> Lanes {
        let mask = _mm512_set1_epi64(MASK as i64);
        let mut t = self.0;
        for i in 0..4 {
            t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srai_epi64::<RADIX>(t[i]));
            t[i] = _mm512_and_si512(t[i], mask);
        }
        Lanes(t)
    }

    /// a + b.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn plus(&self, b: &Wide) -> Self {
        Self(array::from_fn(|i| _mm512_add_epi64(self.0[i], _mm512_set1_epi64(b[i] as i64))))
    }

    /// a - b.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn minus(&self, b: &Lanes) -> Self {
        Self(array::from_fn(|i| _mm512_sub_epi64(self.0[i], b.0[i])))
    }

    /// a mod p below 2, for a between -2 and 2.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn below_two(self) -> Lanes {
        self.carried().plus_if_negative(&TWICE).carried()
    }

    /// a mod p below 1, for a between -2 and 2.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn below_one(self) -> Lanes {
        let less = self.carried().plus_if_negative(&TWICE).minus(&splat(&WIDE_P));
        less.carried().plus_if_negative(&WIDE_P).carried()
    }
}

impl Lanes {
    /// a + c where a is negative, else a.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn plus_if_negative(&self, c: &Wide) -> Loose {
        let negative = _mm512_movepi64_mask(self.0[4]);
        let sum = |a, c: u64| _mm512_mask_add_epi64(a, negative, a, _mm512_set1_epi64(c as i64));
        Loose(array::from_fn(|i| sum(self.0[i], c[i])))
    }
}

/// a + b.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn add(a: &Lanes, b: &Lanes) -> Lanes {
    Loose(array::from_fn(|i| _mm512_add_epi64(a.0[i], b.0[i]))).carried()
}

/// a - b + 1, for b below 1.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn subtract(a: &Lanes, b: &Lanes) -> Lanes {
    Loose(a.0).minus(b).plus(&WIDE_P).carried()
}

/// a - b + 2, for b below 2.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn subtract_lazy(a: &Lanes, b: &Lanes) -> Lanes {
    Loose(a.0).minus(b).plus(&TWICE).carried()
}

/// a mod p below 1, for a below 2.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn below_one(a: &Lanes) -> Lanes {
    Loose(a.0).minus(&splat(&WIDE_P)).carried().plus_if_negative(&WIDE_P).carried()
}

/// a in the lanes of the mask, b in the others.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn select(lanes: Mask, a: &Lanes, b: &Lanes) -> Lanes {
    Lanes(array::from_fn(|i| _mm512_mask_blend_epi64(lanes, b.0[i], a.0[i])))
}

/// Where a = b, limb for limb.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn equal(a: &Lanes, b: &Lanes) -> Mask {
    let first = _mm512_cmpeq_epi64_mask(a.0[0], b.0[0]);
    (1..5).fold(first, |lanes, i| _mm512_mask_cmpeq_epi64_mask(lanes, a.0[i], b.0[i]))
}

/// Where a = 0, and not just a multiple of p.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn zero(a: &Lanes) -> Mask {
    let any = _mm512_or_si512(_mm512_or_si512(a.0[0], a.0[1]), _mm512_or_si512(a.0[2], a.0[3]));
    let any = _mm512_or_si512(any, a.0[4]);
    _mm512_testn_epi64_mask(any, any)
}

/// Each lane from the one `LANES` above it.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn rotated<const LANES: i32>(a: &Lanes) -> Lanes {
    Lanes(a.0.map(|limb| _mm512_alignr_epi64::<LANES>(limb, limb)))
}

/// t / 2^260 mod p, below 1.13 + T for t below T 2^260; limbs of t may have 57 bits.
///
/// The four lowest limbs are folded into those above; that leaves less than T 2^52 + 0.13 2^52. A multiple of p
/// below 2^52 then clears the fifth.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn reduced(mut t: [__m512i; 10]) -> Loose {
    for i in 0..4 {
        t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64::<RADIX>(t[i]));
        for j in 0..5 {
            let fold = _mm512_set1_epi64(FOLD[j] as i64);
            t[i + j + 1] = _mm512_madd52lo_epu64(t[i + j + 1], t[i], fold);
            t[i + j + 2] = _mm512_madd52hi_epu64(t[i + j + 2], t[i], fold);
        }
    }
    let inverse = _mm512_set1_epi64(NEGATIVE_INVERSE as i64);
    let k = _mm512_madd52lo_epu64(_mm512_setzero_si512(), t[4], inverse);
    // The lowest limb of k p makes the fifth limb a multiple of 2^52: the next one, or itself.
    let above = _mm512_srli_epi64::<RADIX>(_mm512_add_epi64(t[4], _mm512_set1_epi64(MASK as i64)));
    t[5] = _mm512_add_epi64(t[5], above);
    for j in 0..5 {
        let p = _mm512_set1_epi64(WIDE_P[j] as i64);
        if j > 0 {
            t[j + 4] = _mm512_madd52lo_epu64(t[j + 4], k, p);
        }
        t[j + 5] = _mm512_madd52hi_epu64(t[j + 5], k, p);
    }
    Loose([t[5], t[6], t[7], t[8], t[9]])
}

/// a b / 2^260, below 1.13 + A B / 84 for a below A and b below B, both below 2^260.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn multiply(a: &Lanes, b: &Lanes) -> Lanes {
    product(a, b).carried()
}

/// [`multiply`] for what is subtracted from next.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn product(a: &Lanes, b: &Lanes) -> Loose {
    let mut t = [_mm512_setzero_si512(); 10];
    for i in 0..5 {
        for j in 0..5 {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], a.0[i], b.0[j]);
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a.0[i], b.0[j]);
        }
    }
    reduced(t)
}

/// a^2 / 2^260, below 1.13 + A^2 / 84.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn square(a: &Lanes) -> Loose {
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

#[cfg(test)]
mod tests;
