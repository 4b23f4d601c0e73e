// The block kernel for each kind of processor: one source, compiled under several targets.
#include <algorithm>
#include <cmath>
#include <limits>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "network.hpp"

#define INLINE static inline __attribute__((always_inline))
#define INLINE_MEMBER inline __attribute__((always_inline))

// TARGET_STRIP units by TARGET_VECTORS vectors of sums must fit the registers.
#define TARGET_BYTES 16
#define TARGET_STRIP 6
#define TARGET_VECTORS 2
namespace generic {
#include "simd.hpp"
#include "functions.hpp"
#include "block.hpp"
#include "vector_loops.hpp"
#include "warp_loops.hpp"
const Target target = {"generic", operations<float>(), operations<double>(), vector_loops, warp_loops};
}  // namespace generic
#undef TARGET_BYTES
#undef TARGET_VECTORS

#if defined(__x86_64__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define TARGET_BYTES 32
#define TARGET_VECTORS 2
namespace avx2 {
#include "simd.hpp"
#include "functions.hpp"
#include "block.hpp"
#include "vector_loops.hpp"
#include "warp_loops.hpp"
const Target target = {"avx2", operations<float>(), operations<double>(), vector_loops, warp_loops};
}  // namespace avx2
#undef TARGET_BYTES
#undef TARGET_VECTORS
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#endif
#define TARGET_BYTES 64
#define TARGET_VECTORS 4
namespace avx512 {
#include "simd.hpp"
#include "functions.hpp"
#include "block.hpp"
#include "vector_loops.hpp"
#include "warp_loops.hpp"
const Target target = {"avx512", operations<float>(), operations<double>(), vector_loops, warp_loops};
}  // namespace avx512
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

namespace {
std::vector<const Target *> supported() {
    std::vector<const Target *> found;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        found.push_back(&avx512::target);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        found.push_back(&avx2::target);
#endif
    found.push_back(&generic::target);
    return found;
}
}  // namespace

const std::vector<const Target *> &targets() {
    static const std::vector<const Target *> found = supported();
    return found;
}
