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

// a0 b0 a1 b1 … of the lower (first = 0) or upper (first = N / 2) halves.
template <class T, int first, size_t... K>
INLINE Vec<T> interleave(Vec<T> a, Vec<T> b, std::index_sequence<K...>) {
    return lanes_of<T, (first + int(K) / 2 + int(K) % 2 * Simd<T>::N)...>(a, b);
}
template <class T> INLINE Vec<T> low_pairs(Vec<T> a, Vec<T> b) {
    return interleave<T, 0>(a, b, std::make_index_sequence<Simd<T>::N>());
}
template <class T> INLINE Vec<T> high_pairs(Vec<T> a, Vec<T> b) {
    return interleave<T, Simd<T>::N / 2>(a, b, std::make_index_sequence<Simd<T>::N>());
}

// Rows become columns: log2(N) rounds, each of which interleaves the halves of the list.
template <class T> INLINE void transpose(Vec<T> (&v)[Simd<T>::N]) {
    constexpr int N = Simd<T>::N;
#pragma GCC unroll 8
    for (int round = N; round > 1; round /= 2) {
        Vec<T> u[N];
#pragma GCC unroll 16
        for (int k = 0; k < N / 2; k++) {
            u[2 * k] = low_pairs<T>(v[k], v[k + N / 2]);
            u[2 * k + 1] = high_pairs<T>(v[k], v[k + N / 2]);
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
