// Vectors as wide as a register. Included once a target, inside its namespace, with
// TARGET_BYTES set; so there is no include guard.

template <class T> struct Bits;
template <> struct Bits<float> { using Int = int32_t; };
template <> struct Bits<double> { using Int = int64_t; };

template <class T> struct Simd {
    static constexpr int N = TARGET_BYTES / sizeof(T);
    using Int = typename Bits<T>::Int;
    typedef T V __attribute__((vector_size(TARGET_BYTES)));
    typedef Int I __attribute__((vector_size(TARGET_BYTES)));
};
template <class T> using Vec = typename Simd<T>::V;
template <class T> using IntVec = typename Simd<T>::I;

// N numbers of any type, which may take several registers or a part of one.
template <class S, int N> struct Row {
    typedef S V __attribute__((vector_size(sizeof(S) * N)));
};

template <class T> using WideVec = typename Row<double, Simd<T>::N>::V;

template <class T> INLINE WideVec<T> widened(Vec<T> v) {
    return __builtin_convertvector(v, WideVec<T>);
}

template <class V, class T> INLINE V load(const T *from) {
    V v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}
template <class V, class T> INLINE void store(T *to, V v) { __builtin_memcpy(to, &v, sizeof v); }
template <class To, class From> INLINE To reinterpret(From v) {
    To to;
    static_assert(sizeof to == sizeof v, "the same bits");
    __builtin_memcpy(&to, &v, sizeof to);
    return to;
}
template <class T> INLINE Vec<T> all(T x) { return Vec<T>{} + x; }

// A comparison with NaN is false, so that these two keep a NaN that comes first.
template <class V> INLINE V at_most(V v, V high) { return v > high ? high : v; }
template <class V> INLINE V at_least(V v, V low) { return v < low ? low : v; }
template <class V> INLINE V larger(V a, V b) { return a > b ? a : b; }

template <class T> INLINE Vec<T> absolute(Vec<T> v) {
    using I = typename Simd<T>::Int;
    return reinterpret<Vec<T>>(reinterpret<IntVec<T>>(v) & ~(I(1) << (8 * sizeof(T) - 1)));
}
template <class T> INLINE Vec<T> with_sign_of(Vec<T> v, Vec<T> sign) {
    using I = typename Simd<T>::Int;
    const I mask = I(1) << (8 * sizeof(T) - 1);
    return reinterpret<Vec<T>>(reinterpret<IntVec<T>>(v) | (reinterpret<IntVec<T>>(sign) & mask));
}

// Lanes of two vectors: lane K of the result is number index[K] of a's lanes and then b's.
template <class T, int... index> INLINE Vec<T> lanes_of(Vec<T> a, Vec<T> b) {
#if defined(__clang__)
    return __builtin_shufflevector(a, b, index...);
#else  // which GCC knows under this name only since version 12
    return __builtin_shuffle(a, b, IntVec<T>{index...});
#endif
}

// Numbers that stand in 16 bytes, within which they are moved about at the least cost.
template <class T> constexpr int QUARTER = 16 / sizeof(T);

// a0 b0 a1 b1 … of the lower (first = 0) or upper halves of every 16 bytes.
template <class T, int first, size_t... K>
INLINE Vec<T> interleave(Vec<T> a, Vec<T> b, std::index_sequence<K...>) {
    constexpr int N = Simd<T>::N, L = QUARTER<T>;
    return lanes_of<T, (int(K) / L * L + first + int(K) % L / 2 + int(K) % 2 * N)...>(a, b);
}
// Every other 16 bytes, from the first or from the second (odd = 1) on, of a and then of b.
template <class T, int odd, size_t... K>
INLINE Vec<T> every_other(Vec<T> a, Vec<T> b, std::index_sequence<K...>) {
    constexpr int L = QUARTER<T>;
    return lanes_of<T, ((2 * (int(K) / L) + odd) * L + int(K) % L)...>(a, b);
}

// Rows become columns: squares of 16 bytes a side by themselves, and then the squares.
template <class T> INLINE void transpose(Vec<T> (&v)[Simd<T>::N]) {
    constexpr int N = Simd<T>::N, L = QUARTER<T>;
    constexpr auto lanes = std::make_index_sequence<N>();
    Vec<T> u[N];
#pragma GCC unroll 4
    for (int round = L; round > 1; round /= 2) {
#pragma GCC unroll 16
        for (int k = 0; k < N / 2; k++) {
            const int at = k / (L / 2) * L + k % (L / 2);
            u[2 * k] = interleave<T, 0>(v[at], v[at + L / 2], lanes);
            u[2 * k + 1] = interleave<T, L / 2>(v[at], v[at + L / 2], lanes);
        }
#pragma GCC unroll 16
        for (int k = 0; k < N; k++) v[k] = u[k];
    }
#pragma GCC unroll 4
    for (int round = N / L; round > 1; round /= 2) {
#pragma GCC unroll 16
        for (int k = 0; k < N / 2; k++) {
            const int at = k / L * 2 * L + k % L;
            u[k] = every_other<T, 0>(v[at], v[at + L], lanes);
            u[k + N / 2] = every_other<T, 1>(v[at], v[at + L], lanes);
        }
#pragma GCC unroll 16
        for (int k = 0; k < N; k++) v[k] = u[k];
    }
}

// Lanes whose number has the bit d: from b, the others from a; each added to its partner, d lanes on.
template <class T, int d, size_t... K>
INLINE Vec<T> merge(Vec<T> a, Vec<T> b, std::index_sequence<K...>) {
    constexpr int N = Simd<T>::N;
    return lanes_of<T, (int(K) & d ? N + int(K) : int(K))...>(a, b) +
           lanes_of<T, (int(K) & d ? N + int(K) - d : int(K) + d)...>(a, b);
}

// The sum of each of N vectors, as one vector.
template <class T, int d = Simd<T>::N / 2> INLINE Vec<T> sums_of(Vec<T> (&v)[Simd<T>::N]) {
#pragma GCC unroll 16
    for (int k = 0; k < d; k++)
        v[k] = merge<T, d>(v[k], v[k + d], std::make_index_sequence<Simd<T>::N>());
    if constexpr (d > 1) return sums_of<T, d / 2>(v);
    else return v[0];
}
