// Where a kernel runs: on a device, or on the host that tests it, one thread after another.
//
// Kernels are plain C++ without headers. Each takes words of 64 bits and pointers alone, works on the part that is its
// thread's, and shares nothing but its buffers: no kernel waits for another thread.
#pragma once

typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

#ifdef __CUDACC__

#define DEVICE static __device__ __forceinline__
#define CALL static __device__ __noinline__
#define KERNEL extern "C" __global__ void __launch_bounds__(128)

DEVICE u64 thread() { return blockIdx.x * (u64)blockDim.x + threadIdx.x; }

// The value before.
DEVICE u32 add_atomically(u32 *at, u32 value) { return atomicAdd(at, value); }

#else

#define DEVICE static inline
#define CALL static
#define KERNEL static void

static thread_local u64 current_thread;

DEVICE u64 thread() { return current_thread; }

DEVICE u32 add_atomically(u32 *at, u32 value) {
    u32 before = *at;
    *at += value;
    return before;
}

#endif
