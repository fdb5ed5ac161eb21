// Multi-scalar multiplication by Pippenger's method: signed digits, sorted by counting; sums of runs; weighted sums of
// buckets.
//
// The entries of a bucket are a run. A run is cut into tasks of at most `most` terms, a thread each, and what they leave
// are shorter runs of points, until every run is of one: so a bucket that has all terms, as small scalars make them, is
// summed by as many threads as others.
#pragma once

#include "curve.cuh"

// Calls `found(bucket, negative)` for every digit of a number that is not zero: `windows` digits of `width` bits, each of
// magnitude up to 2^(width - 1), which is the number of a window's buckets. The number is below 2^(windows width - 1).
template <class F>
DEVICE void for_digits(const u32 *words, bool negative, u64 windows, u64 width, F found) {
    u32 half = 1u << (width - 1), carry = 0;
    for (u64 w = 0; w < windows; w++) {
        u64 at = w * width;
        u64 two = at / 32 < 8 ? words[at / 32] : 0;
        two |= at / 32 + 1 < 8 ? (u64)words[at / 32 + 1] << 32 : 0;
        u32 digit = ((u32)(two >> (at % 32)) & (2 * half - 1)) + carry;
        carry = digit > half;
        if (carry) digit = 2 * half - digit;
        if (digit != 0) found(w * half + digit - 1, negative != (carry != 0));
    }
}

template <class F>
DEVICE void for_scalar(const fr &scalar, u64 windows, u64 width, F found) {
    // Out of Montgomery form.
    const u32 unit[8] = {1, 0, 0, 0, 0, 0, 0, 0};
    fr number = multiply_words<8>(scalar, unit);
    for_digits(number.words, false, windows, width, found);
}

template <class F>
DEVICE void for_integer(i64 v, u64 windows, u64 width, F found) {
    u64 number = v < 0 ? 0 - (u64)v : (u64)v;
    const u32 words[8] = {(u32)number, (u32)(number >> 32), 0, 0, 0, 0, 0, 0};
    for_digits(words, v < 0, windows, width, found);
}

// How many entries each bucket has. Counters are zero before.
KERNEL count_scalars(u64 threads, const fr *scalars, u64 windows, u64 width, u32 *counts) {
    u64 i = thread();
    if (i >= threads) return;
    for_scalar(scalars[i], windows, width, [&](u64 bucket, bool) { add_atomically(counts + bucket, 1); });
}

KERNEL count_integers(u64 threads, const i64 *integers, u64 windows, u64 width, u32 *counts) {
    u64 i = thread();
    if (i >= threads) return;
    for_integer(integers[i], windows, width, [&](u64 bucket, bool) { add_atomically(counts + bucket, 1); });
}

constexpr u32 NO_INDEX = 0xffffffff;

KERNEL count_indices(u64 threads, const u32 *index, u32 *counts) {
    u64 i = thread();
    if (i >= threads) return;
    if (index[i] != NO_INDEX) add_atomically(counts + index[i], 1);
}

// Puts an entry, twice the place of its base and one more to subtract it, into a bucket. Uses up the counters.
DEVICE void place(u64 i, u64 bucket, bool negative, const u32 *starts, u32 *counts, u32 *entries) {
    u32 left = add_atomically(counts + bucket, 0xffffffff);
    entries[starts[bucket] + left - 1] = (u32)i << 1 | negative;
}

KERNEL place_scalars(u64 threads, const fr *scalars, u64 windows, u64 width, const u32 *starts, u32 *counts,
                     u32 *entries) {
    u64 i = thread();
    if (i >= threads) return;
    for_scalar(scalars[i], windows, width,
               [&](u64 bucket, bool negative) { place(i, bucket, negative, starts, counts, entries); });
}

KERNEL place_integers(u64 threads, const i64 *integers, u64 windows, u64 width, const u32 *starts, u32 *counts,
                      u32 *entries) {
    u64 i = thread();
    if (i >= threads) return;
    for_integer(integers[i], windows, width,
                [&](u64 bucket, bool negative) { place(i, bucket, negative, starts, counts, entries); });
}

KERNEL place_indices(u64 threads, const u32 *index, const u32 *starts, u32 *counts, u32 *entries) {
    u64 i = thread();
    if (i >= threads) return;
    if (index[i] != NO_INDEX) place(i, index[i], false, starts, counts, entries);
}

// Prefix sums: first those of chunks, then those within a chunk, from its offset.
KERNEL chunk_sums(u64 threads, const u32 *values, u64 length, u64 chunk, u32 *out) {
    u64 i = thread();
    if (i >= threads) return;
    u32 sum = 0;
    for (u64 k = i * chunk; k < length && k < (i + 1) * chunk; k++) sum += values[k];
    out[i] = sum;
}

// `out` has one more than `values`: the sum of all.
KERNEL chunk_prefixes(u64 threads, const u32 *values, u64 length, u64 chunk, const u32 *offsets, u32 *out) {
    u64 i = thread();
    if (i >= threads) return;
    u32 sum = offsets[i];
    for (u64 k = i * chunk; k < length && k < (i + 1) * chunk; k++) {
        out[k] = sum;
        sum += values[k];
    }
    if (i == threads - 1) out[length] = sum;
}

// How many tasks each run is cut into.
KERNEL count_tasks(u64 threads, const u32 *starts, u64 most, u32 *out) {
    u64 i = thread();
    if (i >= threads) return;
    out[i] = (starts[i + 1] - starts[i] + (u32)most - 1) / (u32)most;
}

// The terms of a task.
struct Span {
    u32 first, end;
};

// Those of task `t` of runs that begin at `starts` and whose tasks begin at `tasks`; of a task there is not, none.
DEVICE Span span(u64 t, u64 runs, const u32 *starts, const u32 *tasks, u64 most) {
    if (t >= tasks[runs]) return Span{0, 0};
    // The last run whose tasks do not begin after t: the one that has it, as others in its place have none.
    u64 low = 0, high = runs;
    while (high - low > 1) {
        u64 middle = (low + high) / 2;
        if (tasks[middle] <= t) low = middle;
        else high = middle;
    }
    u32 first = starts[low] + (u32)(t - tasks[low]) * (u32)most;
    u32 end = starts[low + 1];
    return Span{first, end - first < (u32)most ? end : first + (u32)most};
}

KERNEL sum_entries(u64 threads, const Affine *bases, const u32 *entries, u64 runs, const u32 *starts, const u32 *tasks,
                   u64 most, Point *out) {
    u64 t = thread();
    if (t >= threads) return;
    Span terms = span(t, runs, starts, tasks, most);
    Point sum = identity();
    for (u32 k = terms.first; k < terms.end; k++) {
        Affine base = bases[entries[k] >> 1];
        if (entries[k] & 1) base.y = zero<Coordinates>() - base.y;
        sum = plus(sum, base);
    }
    out[t] = sum;
}

KERNEL sum_points(u64 threads, const Point *points, u64 runs, const u32 *starts, const u32 *tasks, u64 most,
                  Point *out) {
    u64 t = thread();
    if (t >= threads) return;
    Span terms = span(t, runs, starts, tasks, most);
    Point sum = identity();
    for (u32 k = terms.first; k < terms.end; k++) sum = plus(sum, points[k]);
    out[t] = sum;
}

// The point of a run of one, or of none.
DEVICE Point single(const Point *points, const u32 *starts, u64 run) {
    return starts[run + 1] > starts[run] ? points[starts[run]] : identity();
}

// sum_d d B_d over a segment of `length` buckets, where B_d is bucket d - 1 of its window, by running sums.
KERNEL weigh_buckets(u64 threads, const Point *points, const u32 *starts, u64 buckets, u64 length, Point *out) {
    u64 i = thread();
    if (i >= threads) return;
    u64 first = i * length;
    Point running = identity(), weighted = identity();
    for (u64 k = length; k > 0; k--) {
        running = plus(running, single(points, starts, first + k - 1));
        weighted = plus(weighted, running);
    }
    out[i] = plus(weighted, times(running, first % buckets));
}

// Sums of `span` points that follow one another.
KERNEL add_points(u64 threads, const Point *points, u64 span, Point *out) {
    u64 i = thread();
    if (i >= threads) return;
    Point sum = identity();
    for (u64 k = 0; k < span; k++) sum = plus(sum, points[i * span + k]);
    out[i] = sum;
}

// Buckets as affine points, `span` of them with one inversion.
KERNEL to_affine(u64 threads, const Point *points, const u32 *starts, u64 buckets, u64 span, Affine *out) {
    u64 i = thread();
    if (i >= threads) return;
    u64 first = i * span, end = first + span < buckets ? first + span : buckets;
    fq product = one<Coordinates>();
    for (u64 b = first; b < end; b++) {
        Point p = single(points, starts, b);
        // Products of those before wait where their point goes.
        out[b].x = product;
        if (!is_identity(p)) product = product * p.zzz;
    }
    fq inverted = inverse(product);
    for (u64 b = end; b-- > first;) {
        Point p = single(points, starts, b);
        if (is_identity(p)) {
            out[b] = Affine{};
            continue;
        }
        fq own = inverted * out[b].x;
        inverted = inverted * p.zzz;
        // ZZ / ZZZ = 1 / Z.
        out[b] = Affine{p.x * square(own * p.zz), p.y * own};
    }
}
