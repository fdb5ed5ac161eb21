// The kernels as functions of this machine, called by name.
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

#include "kernels.cu"

// An argument as its type: a number, or the address of something.
template <class T>
static T argument(u64 word) {
    if constexpr (std::is_pointer_v<T>) return reinterpret_cast<T>(word);
    else return word;
}

template <class... T, std::size_t... I>
static void call(void (*kernel)(T...), const u64 *words, std::index_sequence<I...>) {
    kernel(argument<T>(words[I])...);
}

template <auto F>
struct Call;

template <class... T, void (*F)(T...)>
struct Call<F> {
    static constexpr u64 COUNT = sizeof...(T);
    static void run(const u64 *words) { call(F, words, std::index_sequence_for<T...>{}); }
};

struct Entry {
    const char *name;
    u64 count;
    void (*run)(const u64 *);
};

#define ENTRY(name) \
    { #name, Call<name>::COUNT, Call<name>::run }

static const Entry ENTRIES[] = {
    ENTRY(add_points),    ENTRY(chunk_prefixes), ENTRY(chunk_sums),    ENTRY(combine),        ENTRY(count_indices),
    ENTRY(count_integers), ENTRY(count_scalars), ENTRY(count_tasks),   ENTRY(fold),           ENTRY(gather),
    ENTRY(halves),        ENTRY(place_indices),  ENTRY(place_integers), ENTRY(place_scalars), ENTRY(round_eq),
    ENTRY(round_product), ENTRY(round_summand),  ENTRY(sum_entries),   ENTRY(sum_points),     ENTRY(sums),
    ENTRY(to_affine),     ENTRY(weigh_buckets),
};

// Runs a kernel's threads in an order that is none: from thread `first` on, in steps of `step`, which has no divisor in
// common with their number. Says whether there is such a kernel with so many arguments.
extern "C" bool sumcast_launch(const char *name, const u64 *words, u64 count, u64 first, u64 step) {
    for (const Entry &entry : ENTRIES) {
        if (std::strcmp(entry.name, name) != 0 || entry.count != count) continue;
        u64 threads = words[0];
        current_thread = first;
        for (u64 i = 0; i < threads; i++) {
            entry.run(words);
            current_thread = (current_thread + step) % threads;
        }
        return true;
    }
    return false;
}

template <class M>
static void calculate(u32 operation, const u32 *a, const u32 *b, u32 *out) {
    Field<M> x, y, z;
    std::memcpy(x.words, a, sizeof x);
    std::memcpy(y.words, b, sizeof y);
    switch (operation) {
        case 0: z = x + y; break;
        case 1: z = x - y; break;
        case 2: z = x * y; break;
        default: z = inverse(x);
    }
    std::memcpy(out, z.words, sizeof z);
}

// One operation of a field: of scalars, or of coordinates.
extern "C" void sumcast_calculate(bool scalars, u32 operation, const u32 *a, const u32 *b, u32 *out) {
    if (scalars) calculate<Scalars>(operation, a, b, out);
    else calculate<Coordinates>(operation, a, b, out);
}
