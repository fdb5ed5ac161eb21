// Points of G1, y^2 = x^3 + 3, whose order is an odd prime: no point has y = 0.
#pragma once

#include "field.cuh"

// The identity is (0, 0), which is on no line of this curve.
struct Affine {
    fq x, y;
};

// x = X / ZZ and y = Y / ZZZ with ZZ^3 = ZZZ^2; the identity has ZZ = 0. All zeros are the identity.
struct Point {
    fq x, y, zz, zzz;
};

DEVICE bool is_identity(const Affine &p) { return is_zero(p.x) && is_zero(p.y); }
DEVICE bool is_identity(const Point &p) { return is_zero(p.zz); }

DEVICE Point identity() { return Point{}; }

DEVICE Point extended(const Affine &p) {
    if (is_identity(p)) return identity();
    return Point{p.x, p.y, one<Coordinates>(), one<Coordinates>()};
}

// dbl-2008-s-1 of the Explicit-Formulas Database.
CALL Point doubled(const Point p) {
    if (is_identity(p)) return p;
    fq u = p.y + p.y;
    fq v = square(u);
    fq w = u * v;
    fq s = p.x * v;
    fq xx = square(p.x);
    fq m = xx + xx + xx;
    fq x = square(m) - (s + s);
    return Point{x, m * (s - x) - w * p.y, v * p.zz, w * p.zzz};
}

// What madd-2008-s and add-2008-s have in common, for points of different x.
DEVICE Point third(const fq &u1, const fq &s1, const fq &p, const fq &r, const fq &zz, const fq &zzz) {
    fq pp = square(p);
    fq ppp = p * pp;
    fq q = u1 * pp;
    fq x = square(r) - ppp - (q + q);
    return Point{x, r * (q - x) - s1 * ppp, zz * pp, zzz * ppp};
}

CALL Point plus(const Point a, const Affine b) {
    if (is_identity(b)) return a;
    if (is_identity(a)) return extended(b);
    fq p = b.x * a.zz - a.x;
    fq r = b.y * a.zzz - a.y;
    if (is_zero(p)) return is_zero(r) ? doubled(extended(b)) : identity();
    return third(a.x, a.y, p, r, a.zz, a.zzz);
}

CALL Point plus(const Point a, const Point b) {
    if (is_identity(b)) return a;
    if (is_identity(a)) return b;
    fq u1 = a.x * b.zz;
    fq s1 = a.y * b.zzz;
    fq p = b.x * a.zz - u1;
    fq r = b.y * a.zzz - s1;
    if (is_zero(p)) return is_zero(r) ? doubled(a) : identity();
    return third(u1, s1, p, r, a.zz * b.zz, a.zzz * b.zzz);
}

CALL Point times(const Point p, u64 factor) {
    Point out = identity();
    for (int i = 63; i >= 0; i--) {
        out = doubled(out);
        if (factor >> i & 1) out = plus(out, p);
    }
    return out;
}
