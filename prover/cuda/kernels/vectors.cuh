// Vectors of field elements: sumcheck rounds, folding, weighted sums, LogUp helpers.
//
// A sum is made in two steps: each thread leaves its part, and `sums` adds the parts of a row.
#pragma once

#include "field.cuh"

// Rows of `length` parts, added `span` at a time.
KERNEL sums(u64 threads, const fr *parts, u64 length, u64 span, fr *out) {
    u64 i = thread();
    if (i >= threads) return;
    u64 per_row = (length + span - 1) / span;
    u64 row = i / per_row, first = i % per_row * span;
    fr sum = zero<Scalars>();
    for (u64 k = first; k < length && k < first + span; k++) sum = sum + parts[row * length + k];
    out[i] = sum;
}

// v[i] + x (v[i + half] - v[i]) in place, for `threads / half` vectors, `stride` apart.
KERNEL fold(u64 threads, fr *vectors, u64 stride, u64 half, const fr *x) {
    u64 i = thread();
    if (i >= threads) return;
    fr *v = vectors + i / half * stride + i % half;
    v[0] = v[0] + *x * (v[half] - v[0]);
}

// h prod f_i - sum_i prod_(j != i) f_j, or the product of all.
DEVICE fr summand(bool lookup, const fr *factors, int count) {
    fr product = lookup ? one<Scalars>() : factors[0];
    fr derivative = zero<Scalars>();
    for (int j = 1; j < count; j++) {
        if (lookup) derivative = derivative * factors[j] + product;
        product = product * factors[j];
    }
    return lookup ? factors[0] * product - derivative : product;
}

constexpr int MOST_FACTORS = 5;

// A thread's part of sum_i eq[i] summand(factors with the top variable at t, rest i), for t = 0, .., points - 1. Without
// `eq`, of ones. The parts of a t are a row.
KERNEL round_summand(u64 threads, const fr *factors, u64 stride, u64 half, u64 count, u64 lookup, const fr *eq,
                     u64 points, fr *out) {
    u64 first = thread();
    if (first >= threads) return;
    fr totals[MOST_FACTORS + 1] = {};
    for (u64 i = first; i < half; i += threads) {
        fr at[MOST_FACTORS], step[MOST_FACTORS];
        for (u64 j = 0; j < count; j++) {
            const fr *f = factors + j * stride + i;
            at[j] = f[0];
            step[j] = f[half] - f[0];
        }
        for (u64 t = 0; t < points; t++) {
            fr value = summand(lookup, at, (int)count);
            totals[t] = totals[t] + (eq ? value * eq[i] : value);
            for (u64 j = 0; j < count; j++) at[j] = at[j] + step[j];
        }
    }
    for (u64 t = 0; t < points; t++) out[t * threads + first] = totals[t];
}

// Constant and leading coefficient of sum_i (a_i + X (a_(i+half) - a_i)) (b_i + X (b_(i+half) - b_i)).
KERNEL round_product(u64 threads, const fr *a, const fr *b, u64 half, fr *out) {
    u64 first = thread();
    if (first >= threads) return;
    fr constant = zero<Scalars>(), leading = zero<Scalars>();
    for (u64 i = first; i < half; i += threads) {
        constant = constant + a[i] * b[i];
        leading = leading + (a[i + half] - a[i]) * (b[i + half] - b[i]);
    }
    out[first] = constant;
    out[threads + first] = leading;
}

// sum_i eq[i] values[i] and sum_i eq[i] values[i + half].
KERNEL round_eq(u64 threads, const fr *values, const fr *eq, u64 half, fr *out) {
    u64 first = thread();
    if (first >= threads) return;
    fr low = zero<Scalars>(), high = zero<Scalars>();
    for (u64 i = first; i < half; i += threads) {
        low = low + eq[i] * values[i];
        high = high + eq[i] * values[i + half];
    }
    out[first] = low;
    out[threads + first] = high;
}

// The sums of both halves of a vector.
KERNEL halves(u64 threads, const fr *values, u64 half, fr *out) {
    u64 first = thread();
    if (first >= threads) return;
    fr low = zero<Scalars>(), high = zero<Scalars>();
    for (u64 i = first; i < half; i += threads) {
        low = low + values[i];
        high = high + values[i + half];
    }
    out[first] = low;
    out[threads + first] = high;
}

DEVICE u64 magnitude(i64 v) { return v < 0 ? 0 - (u64)v : (u64)v; }

// sum_j weights[j] cells[j width + x], of the rows of one of `groups` groups: a quarter of a multiplication a cell, as
// these are of two words, and one for the power of two that is lost. The parts of an x are a row.
KERNEL combine(u64 threads, const i64 *cells, u64 count, u64 width, const fr *weights, u64 rows, u64 groups, fr *out) {
    u64 i = thread();
    if (i >= threads) return;
    u64 x = i % width, group = i / width;
    u64 per_group = (rows + groups - 1) / groups;
    fr sum = zero<Scalars>();
    for (u64 j = group * per_group; j < rows && j < (group + 1) * per_group; j++) {
        if (j * width + x >= count) break;
        i64 v = cells[j * width + x];
        u32 words[2] = {(u32)magnitude(v), (u32)(magnitude(v) >> 32)};
        fr term = multiply_words<2>(weights[j], words);
        sum = v < 0 ? sum - term : sum + term;
    }
    // 2^320: 2^64 in Montgomery form.
    const fr lost = {{0x7c5fb586, 0xb4c6edf9, 0xbfeb93be, 0x708c8d50,
                      0x04f7e0ef, 0x9ffd1de4, 0x9a392866, 0x215b02ac}};
    out[x * groups + group] = sum * lost;
}

// sum_c table[index[c threads + i]] over `columns` columns: the helper of a lookup from the inverses of its table's keys.
KERNEL gather(u64 threads, const u32 *index, u64 columns, const fr *table, fr *out) {
    u64 i = thread();
    if (i >= threads) return;
    fr sum = zero<Scalars>();
    for (u64 c = 0; c < columns; c++) sum = sum + table[index[c * threads + i]];
    out[i] = sum;
}
