// The two fields of BN254 in Montgomery form with R = 2^256, least significant word first: the bytes of arkworks' Fr and
// Fq. Every value is below its modulus.
#pragma once

#include "thread.cuh"

struct Scalars {
    DEVICE u32 modulus(int i) {
        constexpr u32 words[8] = {0xf0000001, 0x43e1f593, 0x79b97091, 0x2833e848,
                                  0x8181585d, 0xb85045b6, 0xe131a029, 0x30644e72};
        return words[i];
    }
    // -1 / modulus mod 2^32.
    static constexpr u32 INVERSE = 0xefffffff;
    // 2^256.
    DEVICE u32 one(int i) {
        constexpr u32 words[8] = {0x4ffffffb, 0xac96341c, 0x9f60cd29, 0x36fc7695,
                                  0x7879462e, 0x666ea36f, 0x9a07df2f, 0x0e0a77c1};
        return words[i];
    }
};

struct Coordinates {
    DEVICE u32 modulus(int i) {
        constexpr u32 words[8] = {0xd87cfd47, 0x3c208c16, 0x6871ca8d, 0x97816a91,
                                  0x8181585d, 0xb85045b6, 0xe131a029, 0x30644e72};
        return words[i];
    }
    static constexpr u32 INVERSE = 0xe4866389;
    DEVICE u32 one(int i) {
        constexpr u32 words[8] = {0xc58f0d9d, 0xd35d438d, 0xf5c70b3d, 0x0a78eb28,
                                  0x7879462c, 0x666ea36f, 0x9a07df2f, 0x0e0a77c1};
        return words[i];
    }
};

template <class M>
struct alignas(16) Field {
    u32 words[8];
};

typedef Field<Scalars> fr;
typedef Field<Coordinates> fq;

template <class M>
DEVICE Field<M> zero() {
    return Field<M>{};
}

template <class M>
DEVICE Field<M> one() {
    Field<M> out;
#pragma unroll
    for (int i = 0; i < 8; i++) out.words[i] = M::one(i);
    return out;
}

template <class M>
DEVICE bool is_zero(const Field<M> &a) {
    u32 any = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) any |= a.words[i];
    return any == 0;
}

// A value below twice the modulus, brought below it.
template <class M>
DEVICE Field<M> reduced(const Field<M> &a) {
    Field<M> out;
    u64 borrow = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        u64 t = (u64)a.words[i] - M::modulus(i) - borrow;
        out.words[i] = (u32)t;
        borrow = t >> 63;
    }
#pragma unroll
    for (int i = 0; i < 8; i++) out.words[i] = borrow ? a.words[i] : out.words[i];
    return out;
}

template <class M>
DEVICE Field<M> operator+(const Field<M> &a, const Field<M> &b) {
    Field<M> out;
    u64 carry = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        carry += (u64)a.words[i] + b.words[i];
        out.words[i] = (u32)carry;
        carry >>= 32;
    }
    return reduced(out);
}

template <class M>
DEVICE Field<M> operator-(const Field<M> &a, const Field<M> &b) {
    Field<M> out;
    u64 borrow = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        u64 t = (u64)a.words[i] - b.words[i] - borrow;
        out.words[i] = (u32)t;
        borrow = t >> 63;
    }
    u32 mask = borrow ? 0xffffffff : 0;
    u64 carry = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        carry += (u64)out.words[i] + (M::modulus(i) & mask);
        out.words[i] = (u32)carry;
        carry >>= 32;
    }
    return out;
}

// a b 2^(-32 N) for a number b of N words: Montgomery's method word by word. What is kept stays below twice the modulus,
// which has two bits to spare, so no carry leaves the eighth word.
template <int N, class M>
DEVICE Field<M> multiply_words(const Field<M> &a, const u32 *b) {
    u32 t[8] = {0, 0, 0, 0, 0, 0, 0, 0};
#pragma unroll
    for (int i = 0; i < N; i++) {
        u64 carry = 0;
#pragma unroll
        for (int j = 0; j < 8; j++) {
            carry += (u64)a.words[j] * b[i] + t[j];
            t[j] = (u32)carry;
            carry >>= 32;
        }
        u32 top = (u32)carry;
        u32 m = t[0] * M::INVERSE;
        carry = ((u64)m * M::modulus(0) + t[0]) >> 32;
#pragma unroll
        for (int j = 1; j < 8; j++) {
            carry += (u64)m * M::modulus(j) + t[j];
            t[j - 1] = (u32)carry;
            carry >>= 32;
        }
        t[7] = (u32)(carry + top);
    }
    Field<M> out;
#pragma unroll
    for (int i = 0; i < 8; i++) out.words[i] = t[i];
    return reduced(out);
}

// One copy a field: inlined everywhere, the kernels would be ten times as large.
template <class M>
CALL Field<M> multiply(const Field<M> a, const Field<M> b) {
    return multiply_words<8>(a, b.words);
}

template <class M>
DEVICE Field<M> operator*(const Field<M> &a, const Field<M> &b) {
    return multiply(a, b);
}

template <class M>
DEVICE Field<M> square(const Field<M> &a) {
    return multiply(a, a);
}

// 1 / a by a^(modulus - 2), and 0 of 0.
template <class M>
CALL Field<M> inverse(const Field<M> a) {
    Field<M> out = one<M>();
    for (int i = 255; i >= 0; i--) {
        out = square(out);
        u32 word = 0;
#pragma unroll
        for (int k = 0; k < 8; k++) word = i / 32 == k ? M::modulus(k) - (k == 0 ? 2 : 0) : word;
        if (word >> (i % 32) & 1) out = out * a;
    }
    return out;
}
