// One block of rows through the network and back. Included once a target, as simd.hpp is.
//
// Everything is held units by rows, so that a vector holds one unit of several rows, whatever the
// widths; and in panels of PANEL rows, one after the other, so that products read memory in order.
// Within a panel unit u stands at u * PANEL. For rows p, units i and j:
//
//     Z[j][p] = b[j] + Σ_i W[i][j] A[i][p]         product(), strips of units j
//     delta[i][p] = Σ_j W[i][j] delta[j][p]        product(), strips of units i
//     dW[i][j] = Σ_p A[i][p] delta[j][p]           add_gradient(), strips of units i

// Where row p begins in a buffer of so many units.
template <class T> INLINE T *at_row(T *buffer, long units, long p) {
    return buffer + p / PANEL * PANEL * units + p % PANEL;
}

// Calls f(offset) for every vector of a buffer of so many units.
template <class T, class F> INLINE void each_vector(long units, long rows, const F &f) {
    for (long first = 0; first < rows; first += PANEL)
        for (long u = 0; u < units; u++)
            for (long p = 0; p < std::min(PANEL, rows - first); p += Simd<T>::N)
                f(first * units + u * PANEL + p);
}

// ---- products -------------------------------------------------------------------------------

inline long n_strips(long n) { return (n + TARGET_STRIP - 1) / TARGET_STRIP; }

// The units of one strip over P vectors of rows, all held in registers. Weights are packed, or they
// are what a panel holds: a unit's for every i, one after the other.
template <class T, int J, int P, bool packed>
INLINE void tile(const T *w, const T *bias, const T *A, long n_in, T *Z, bool add) {
    using V = Vec<T>;
    constexpr int N = Simd<T>::N;
    constexpr long step = packed ? J : 1, apart = packed ? 1 : PANEL;
    V z[J][P];
#pragma GCC unroll 8
    for (int j = 0; j < J; j++)
#pragma GCC unroll 8
        for (int p = 0; p < P; p++) z[j][p] = bias ? all<T>(bias[j]) : V{};
    for (long i = 0; i < n_in; i++, w += step, A += PANEL) {
        V a[P];
#pragma GCC unroll 8
        for (int p = 0; p < P; p++) a[p] = load<V>(A + p * N);
#pragma GCC unroll 8
        for (int j = 0; j < J; j++)
#pragma GCC unroll 8
            for (int p = 0; p < P; p++) z[j][p] += w[j * apart] * a[p];
    }
#pragma GCC unroll 8
    for (int j = 0; j < J; j++)
#pragma GCC unroll 8
        for (int p = 0; p < P; p++) {
            T *to = Z + j * PANEL + p * N;
            store(to, add ? load<V>(to) + z[j][p] : z[j][p]);
        }
}

template <class T, int P, bool packed>
void strips(const T *w, const T *bias, const T *A, long n_in, long n_out, T *Z, bool add) {
    const long n = n_strips(n_out);
    for (long s = 0, j = 0; s < n; s++) {
        const long end = n_out * (s + 1) / n;
        const T *of_strip = w + j * (packed ? n_in : PANEL), *b = bias ? bias + j : nullptr;
        T *z = Z + j * PANEL;
        switch (end - j) {
            case 1: tile<T, 1, P, packed>(of_strip, b, A, n_in, z, add); break;
            case 2: tile<T, 2, P, packed>(of_strip, b, A, n_in, z, add); break;
            case 3: tile<T, 3, P, packed>(of_strip, b, A, n_in, z, add); break;
            case 4: tile<T, 4, P, packed>(of_strip, b, A, n_in, z, add); break;
            case 5: tile<T, 5, P, packed>(of_strip, b, A, n_in, z, add); break;
            case 6: tile<T, 6, P, packed>(of_strip, b, A, n_in, z, add); break;
        }
        j = end;
    }
}

// Z = the product, or Z += the product; and bias, unless it is null.
template <class T>
void product(const T *w, const T *bias, const T *A, long rows, long n_in, long n_out, T *Z,
             bool add = false) {
    constexpr long N = Simd<T>::N, P = TARGET_VECTORS;
    for (long p = 0; p < rows;) {
        const bool whole = std::min(PANEL - p % PANEL, rows - p) >= P * N;
        const T *a = at_row(A, n_in, p);
        T *z = at_row(Z, n_out, p);
        if (whole) strips<T, P, true>(w, bias, a, n_in, n_out, z, add);
        else strips<T, 1, true>(w, bias, a, n_in, n_out, z, add);
        p += whole ? P * N : N;
    }
}

// Turns a panel's first P * N units: of every row, vectors of units, PANEL apart from the next row's.
// Their sums over rows, which are the bias's part, are at hand here; they go to `sums`.
template <class T, int P> void turn(const T *from, long rows, T *to, T *sums, bool add) {
    using V = Vec<T>;
    constexpr int N = Simd<T>::N;
    for (long u = 0; u < P * N; u += N) {
        V sum{};
        for (long p = 0; p < rows; p += N) {
            V v[N];
            for (int k = 0; k < N; k++) v[k] = load<V>(from + (u + k) * PANEL + p);
            transpose<T>(v);
            for (int k = 0; k < N; k++) {
                store(to + (p + k) * PANEL + u, v[k]);
                sum += v[k];
            }
        }
        store(sums + u, add ? load<V>(sums + u) + sum : sum);
    }
}

// Adds n terms of a block's gradient to sums S of the lane: double, or T itself where this block is
// the lane's only one, for what is summed over a block is no more precise.
template <int n, class S, class T> INLINE void add_to(S *to, const T *terms, bool fresh) {
    using V = typename Row<S, n>::V;
    const V values = __builtin_convertvector((load<typename Row<T, n>::V>(terms)), V);
    store(to, fresh ? values : load<V>(to) + values);
}

// Adds the part of the first P vectors of units j. With delta turned, a panel at a time, that is a
// product too: over the panel's rows, with A for weights and units j for rows. A panel's sums are
// taken by themselves, for the sake of rounding.
template <class T, class S, int P>
void add_turned(const T *A, const T *delta, long rows, long n_in, long n_out, Work<T> &work, S *dW,
                bool fresh) {
    constexpr int N = Simd<T>::N;
    T *turned = work.turned, *sums = work.next;  // which is not in use yet
    for (long first = 0; first < rows; first += PANEL, A += PANEL * n_in, delta += PANEL * n_out) {
        const long n = std::min(PANEL, rows - first);
        turn<T, P>(delta, n, turned, sums + n_in * PANEL, first > 0);
        strips<T, P, false>(A, nullptr, turned, n, n_in, sums, first > 0);
    }
    for (long i = 0; i <= n_in; i++, sums += PANEL, dW += n_out)  // the bias comes last
        for (long u = 0; u < P * N; u += N) add_to<N>(dW + u, sums + u, fresh);
}

// The sums over rows of I x J pairs of units, one vector; where there are fewer, the last ones again.
template <class T, int I, int J>
INLINE Vec<T> pair_sums(const T *A, const T *delta, long rows, long n_in, long n_out, long i, long j) {
    using V = Vec<T>;
    long a[I], d[J];
    for (int k = 0; k < I; k++) a[k] = std::min(i + k, n_in - 1) * PANEL;
    for (int m = 0; m < J; m++) d[m] = std::min(j + m, n_out - 1) * PANEL;
    V sum[I * J] = {};
    for (long first = 0; first < rows; first += PANEL, A += PANEL * n_in, delta += PANEL * n_out)
        for (long p = 0; p < std::min(PANEL, rows - first); p += Simd<T>::N) {
            V of_j[J];
#pragma GCC unroll 8
            for (int m = 0; m < J; m++) of_j[m] = load<V>(delta + d[m] + p);
#pragma GCC unroll 8
            for (int k = 0; k < I; k++) {
                const V of_i = load<V>(A + a[k] + p);
#pragma GCC unroll 8
                for (int m = 0; m < J; m++) sum[k * J + m] += of_i * of_j[m];
            }
        }
    return sums_of<T>(sum);
}

// Adds the sums of a tile of pairs to `dW`, as far as the pairs are there.
template <class T, class S, int I, int J>
INLINE void add_pairs(const T *sums, long n_in, long n_out, long i, long j, S *dW, bool fresh) {
    if (i + I <= n_in && j + J <= n_out)
#pragma GCC unroll 8
        for (int k = 0; k < I; k++) add_to<J>(dW + (i + k) * n_out + j, sums + k * J, fresh);
    else
        for (int k = 0; k < std::min<long>(I, n_in - i); k++)
            for (int m = 0; m < std::min<long>(J, n_out - j); m++)
                add_to<1>(dW + (i + k) * n_out + j + m, sums + k * J + m, fresh);
}

// Adds the part of units j from `start` on: a few at a time, which stay in the first cache.
template <class T, class S>
void add_all_pairs(const T *A, const T *delta, long rows, long n_in, long n_out, long start, S *dW,
                   bool fresh) {
    constexpr int N = Simd<T>::N, I = N == 16 ? 4 : N == 2 ? 2 : N / 2, J = N / I;
    const long few = std::max<long>(1, FIRST_CACHE / (rows * long(sizeof(T)) * J)) * J;
    for (long first = start; first < n_out; first += few)
        for (long i = 0; i < n_in; i += I)
            for (long j = first; j < std::min(first + few, n_out); j += J) {
                T sums[N];
                store(sums, pair_sums<T, I, J>(A, delta, rows, n_in, n_out, i, j));
                add_pairs<T, S, I, J>(sums, n_in, n_out, i, j, dW, fresh);
            }
}

// And their part of the bias.
template <class T, class S>
void add_all_units(const T *delta, long rows, long n, long start, S *db, bool fresh) {
    constexpr int N = Simd<T>::N;
    for (long j = start; j < n; j += N) {
        const int here = int(std::min<long>(N, n - j));
        Vec<T> sum[N] = {};
        for (int k = 0; k < here; k++)
            for (long p = 0; p < rows; p += N)
                sum[k] += load<Vec<T>>(at_row(delta, n, p) + (j + k) * PANEL);
        const Vec<T> sums = sums_of<T>(sum);
        for (int k = 0; k < here; k++) db[j + k] = (fresh ? S(0) : db[j + k]) + sums[k];
    }
}

// Adds A deltaᵀ, summed over rows, to `dW`, and delta to the bias after it. The last units j, too few
// for two vectors, go by pairs: their sums are dear to take, lane by lane, but few are in vain.
template <class T, class S>
void add_gradient(const T *A, const T *delta, long rows, long n_in, long n_out, Work<T> &work, S *dW,
                  bool fresh) {
    constexpr long P = TARGET_VECTORS, N = Simd<T>::N;
    long j = 0;
    for (; n_out - j >= P * N; j += P * N)
        add_turned<T, S, P>(A, delta + j * PANEL, rows, n_in, n_out, work, dW + j, fresh);
    for (; n_out - j >= 2 * N; j += 2 * N)
        add_turned<T, S, 2>(A, delta + j * PANEL, rows, n_in, n_out, work, dW + j, fresh);
    add_all_pairs(A, delta, rows, n_in, n_out, j, dW, fresh);
    add_all_units(delta, rows, n_out, j, dW + n_in * n_out, fresh);
}

// ---- weights --------------------------------------------------------------------------------

// A strip of n units at a time; what these two leave to be done one by one starts at the x that they
// return. They store whole vectors, the next over what was too much of the last.

// Units that stand side by side, `stride` from x to x; `left` numbers may be read.
template <class T>
INLINE long pack_rows(const double *from, long left, long n_x, long stride, long n, T *to) {
    constexpr int N = 8;
    static_assert(N >= TARGET_STRIP, "a strip in one vector");
    long x = 0;
    for (; x * n + N <= n_x * n && x * stride + N <= left; x++)
        store(to + x * n, __builtin_convertvector((load<typename Row<double, N>::V>(from + x * stride)),
                                                  typename Row<T, N>::V));
    return x;
}

// Each unit's x side by side, `stride` from unit to unit.
template <class T>
INLINE long pack_columns(const double *from, long n_x, long stride, long n, T *to) {
    constexpr int N = Simd<T>::N;
    if constexpr (N < TARGET_STRIP) return 0;
    long x = 0;
    for (; x + N <= n_x && (x + N - 1) * n + N <= n_x * n; x += N) {
        Vec<T> v[N] = {};
        for (long u = 0; u < n; u++)
            v[u] = __builtin_convertvector(load<WideVec<T>>(from + u * stride + x), Vec<T>);
        transpose<T>(v);
        for (int k = 0; k < N; k++) store(to + (x + k) * n, v[k]);
    }
    return x;
}

// Unit u of strip s reads from[x * stride_x + u * stride_u] for x = 0 … n_x - 1; one of the strides
// is 1. One part of the strips, so that threads can share them.
template <class T>
void pack_strips(const double *from, long n_x, long stride_x, long n_u, long stride_u, T *to,
                 long part, long n_parts) {
    const long n = n_strips(n_u);
    for (long s = n * part / n_parts; s < n * (part + 1) / n_parts; s++) {
        const long first = n_u * s / n, units = n_u * (s + 1) / n - first;
        const double *of_strip = from + first * stride_u;
        T *at = to + first * n_x;
        long x = stride_u == 1 ? pack_rows(of_strip, n_x * n_u - first, n_x, stride_x, units, at)
                               : pack_columns(of_strip, n_x, stride_u, units, at);
        for (at += x * units; x < n_x; x++)
            for (long u = 0; u < units; u++) *at++ = T(of_strip[x * stride_x + u * stride_u]);
    }
}

template <class T>
void pack(const Network &network, const double *theta, Packed<T> &to, long part, long n_parts) {
    T *forward = to.forward.get(), *bias = to.bias.get(), *backward = to.backward.get();
    for (const Layer &l : network.layers) {
        const double *W = theta + l.start;
        pack_strips(W, l.n_in, l.n_out, l.n_out, 1, forward + l.start, part, n_parts);
        if (l.start)
            pack_strips(W, l.n_out, 1, l.n_in, l.n_out, backward + l.start, part, n_parts);
        if (part == 0) std::copy_n(theta + l.bias(), l.n_out, bias + l.bias());
    }
}

// ---- rows -----------------------------------------------------------------------------------

// Rows are mapped in NumPy's common type of theirs and T, as InputMap.write does.
template <class S, class T>
using Wide = std::conditional_t<std::is_same_v<S, double> || (sizeof(S) >= 4 && !std::is_same_v<S, float>),
                                double, T>;

template <class S, class T>
INLINE Vec<T> mapped(const char *from, long step, const Wide<S, T> *shift, const Wide<S, T> *scale,
                     long n) {
    constexpr int N = Simd<T>::N;
    using W = typename Row<Wide<S, T>, N>::V;
    typename Row<S, N>::V x{};
    if (step != sizeof(S))
        for (int k = 0; k < std::min<long>(N, n); k++) x[k] = load<S>(from + k * step);
    else if (n >= N) __builtin_memcpy(&x, from, sizeof x);
    else __builtin_memcpy(&x, from, n * sizeof(S));
    const W wide = __builtin_convertvector(x, W);
    return __builtin_convertvector((wide - load<W>(shift)) * load<W>(scale), Vec<T>);
}

// Writes rows start … stop - 1, mapped, as columns; the padding repeats the last row.
template <class S, class T>
void map_rows(const Rows &rows, long start, long stop, const Wide<S, T> *shift,
              const Wide<S, T> *scale, long n_inputs, T *A) {
    constexpr int N = Simd<T>::N;
    for (long p = 0; p < padded(stop - start); p += N) {
        const char *row[N];
        for (int k = 0; k < N; k++)
            row[k] = rows.values(std::min(start + p + k, stop - 1));
        for (long i = 0; i < n_inputs; i += N) {
            Vec<T> v[N];
            for (int k = 0; k < N; k++) {
                const char *from = row[k] + i * rows.step;
                __builtin_prefetch(from + AHEAD);  // more rows at once than the processor foresees
                v[k] = mapped<S, T>(from, rows.step, shift + i, scale + i, n_inputs - i);
            }
            transpose<T>(v);
            for (int k = 0; k < std::min<long>(N, n_inputs - i); k++) store(at_row(A, n_inputs, p) + (i + k) * PANEL, v[k]);
        }
    }
}

template <class T>
void map_inputs(const Network &network, const Rows &rows, long start, long stop, T *A) {
    const auto as = [&](auto example) {
        using S = decltype(example);
        if constexpr (std::is_same_v<Wide<S, T>, double>)
            map_rows<S, T>(rows, start, stop, network.shift.data(), network.scale.data(),
                           network.n_inputs(), A);
        else
            map_rows<S, T>(rows, start, stop, network.shift32.data(), network.scale32.data(),
                           network.n_inputs(), A);
    };
    switch (rows.source) {
        case Source::u8: return as(uint8_t());
        case Source::i8: return as(int8_t());
        case Source::u16: return as(uint16_t());
        case Source::i16: return as(int16_t());
        case Source::u32: return as(uint32_t());
        case Source::i32: return as(int32_t());
        case Source::u64: return as(uint64_t());
        case Source::i64: return as(int64_t());
        case Source::f32: return as(float());
        case Source::f64: return as(double());
    }
}

// Buffers for a block of `n` rows.
template <class T> void make_room(const Network &network, long n, Work<T> &work) {
    const long rows = (n + PANEL - 1) / PANEL * PANEL, count = long(network.layers.size()) + 1;
    const long widest = network.widest + 1;  // with the bias, for add_turned()
    const long norms = network.layer_norm ? network.units + count : 0;
    T *at = work.memory.reserve(rows * (2 * network.units + 3 * widest + PANEL + norms));
    const auto take = [&](long units) { return std::exchange(at, at + units * rows); };
    work.A.resize(count);
    work.slope.resize(count);
    work.A[0] = take(network.n_inputs());
    for (long l = 1; l < count; l++) work.A[l] = take(network.layers[l - 1].n_out);
    for (long l = 1; l < count; l++) work.slope[l] = take(network.layers[l - 1].n_out);
    work.delta = take(widest);
    work.next = take(widest);
    work.RZ = take(widest);
    work.turned = take(PANEL);
    for (std::vector<T *> *part : {&work.unit, &work.share}) part->resize(count);
    for (size_t l = 0; network.normed(l); l++) {
        work.unit[l] = take(network.layers[l].n_out);
        work.share[l] = take(1);
    }
    work.label.reserve(rows);
    work.weight.reserve(rows);
}

// Signs of each class's logit: -1 where the row belongs to it.
template <class T> void take_many(const Rows &rows, long start, long stop, long K, Work<T> &work) {
    const long n = stop - start;
    T *sign = work.label.reserve((n + PANEL - 1) / PANEL * PANEL * K);
    for (long p = 0; p < padded(n); p++) {
        const uint8_t *of_row = rows.many + rows.row(start + std::min(p, n - 1)) * K;
        for (long j = 0; j < K; j++) at_row(sign, K, p)[j * PANEL] = of_row[j] ? T(-1) : T(1);
    }
}

template <class T> void take_labels(const Rows &rows, long start, long stop, Work<T> &work) {
    const long n = stop - start;
    T *weight = work.weight.get();
    T *label = work.label.get();
    for (long p = 0; p < padded(n); p++) {
        const long row = rows.row(start + std::min(p, n - 1));
        label[p] = rows.y ? T(rows.y[row]) : T(0);
        weight[p] = p < n ? T((rows.weight ? rows.weight[row] : 1.0) / rows.unit) : T(0);
    }
}

// ---- noise and dropout: network/regularisation.py and _counter.py have the formulas -------------

template <class T> using Words = typename Row<uint32_t, Simd<T>::N>::V;

constexpr uint32_t DROPOUT_WORDS = 0, NOISE_WORDS = 128, GOLDEN = 0x9E3779B9;

template <class W> INLINE W scrambled(W x) {
    x = (x ^ (x >> 16)) * 0x7FEB352Du;
    x = (x ^ (x >> 15)) * 0x846CA68Bu;
    return x ^ (x >> 16);
}

template <class T> void take_words(const Rows &rows, long start, long stop, Work<T> &work) {
    const long n = stop - start;
    uint32_t *low = work.words.reserve(2 * padded(n)), *high = low + padded(n);
    for (long p = 0; p < padded(n); p++) {
        const uint64_t word = mix(rows.call + uint64_t(rows.row(start + std::min(p, n - 1))));
        low[p] = uint32_t(word);
        high[p] = uint32_t(word >> 32);
    }
}

// Calls f(offset, words) for every vector of a buffer of so many units.
template <class T, class F>
INLINE void each_drawn(const Work<T> &work, uint32_t use, long units, long rows, const F &f) {
    const uint32_t *low = work.words.get(), *high = low + rows;
    for (long first = 0; first < rows; first += PANEL)
        for (long u = 0; u < units; u++) {
            const uint32_t unit = uint32_t(u) + (use << 24) + GOLDEN;
            for (long p = first; p < std::min(first + PANEL, rows); p += Simd<T>::N)
                f(first * units + u * PANEL + p - first,
                  scrambled(scrambled(load<Words<T>>(high + p) ^ unit) ^ load<Words<T>>(low + p)));
        }
}

template <class T>
void add_noise(const Network &network, size_t layer, const Work<T> &work, T *Z, long units, long rows) {
    const T deviation = T(network.noise[layer]);
    if (deviation == 0) return;
    using I = typename Row<int32_t, Simd<T>::N>::V;
    const auto use = NOISE_WORDS + uint32_t(layer);
    each_drawn(work, use, units, rows, [&](long at, Words<T> words) __attribute__((always_inline)) {
        // 2u - 1 of u = (k + 1/2) / 2^23, k the upper 23 bits
        const I odd = reinterpret<I>((words >> 8) | 1) - (1 << 23);
        const Vec<T> t = __builtin_convertvector(odd, Vec<T>) * T(0x1p-23);
        store(Z + at, load<Vec<T>>(Z + at) + deviation * probit<T>(t));
    });
}

template <class T>
void drop(const Network &network, size_t layer, const Work<T> &work, T *A, long units, long rows) {
    const double rate = network.drop[layer];
    if (rate == 0) return;
    const auto limit = uint32_t(std::min(std::nearbyint(rate * 0x1p32), 0x1p32 - 1));
    const Vec<T> scale = all(T(1 / (1 - rate)));
    const auto use = DROPOUT_WORDS + uint32_t(layer);
    each_drawn(work, use, units, rows, [&](long at, Words<T> words) __attribute__((always_inline)) {
        const auto kept = __builtin_convertvector(words >= limit, IntVec<T>);
        store(A + at, load<Vec<T>>(A + at) * (kept ? scale : Vec<T>{}));
    });
}

// Makes kept units again what the activation function gave.
template <class T>
void undo_scale(const Network &network, size_t layer, T *A, long units, long rows) {
    const T scale = T(1 - network.drop[layer]);
    if (scale == 1) return;
    each_vector<T>(units, rows, [&](long at) __attribute__((always_inline)) {
        store(A + at, load<Vec<T>>(A + at) * scale);
    });
}

// ---- layer normalisation: network/propagation.py has the formulas -------------------------------

constexpr double LAYER_NORM_EPSILON = 1e-5;

template <class T> INLINE Vec<T> square_root(Vec<T> v) {
    for (int k = 0; k < Simd<T>::N; k++) v[k] = std::sqrt(v[k]);
    return v;
}

// Z becomes what is normalised, and the bias.
template <class T> void normalise_units(const T *bias, long units, long rows, T *Z, T *unit, T *share) {
    using V = Vec<T>;
    for (long p = 0; p < rows; p += Simd<T>::N) {
        T *z = at_row(Z, units, p), *u = at_row(unit, units, p);
        V sum{}, squares{};
        for (long j = 0; j < units; j++) sum += load<V>(z + j * PANEL);
        const V mean = sum / T(units);
        for (long j = 0; j < units; j++) {
            const V apart = load<V>(z + j * PANEL) - mean;
            squares += apart * apart;
            store(u + j * PANEL, apart);
        }
        const V one_over = 1 / square_root<T>(squares / T(units) + T(LAYER_NORM_EPSILON));
        store(share + p, one_over);
        for (long j = 0; j < units; j++) {
            const V normal = load<V>(u + j * PANEL) * one_over;
            store(u + j * PANEL, normal);
            store(z + j * PANEL, normal + bias[j]);
        }
    }
}

// The Jacobian, which is symmetric, times each row of delta.
template <class T>
void through_norm(const T *unit, const T *share, long units, long rows, T *delta) {
    using V = Vec<T>;
    for (long p = 0; p < rows; p += Simd<T>::N) {
        const T *u = at_row(unit, units, p);
        T *d = at_row(delta, units, p);
        V sum{}, along{};
        for (long j = 0; j < units * PANEL; j += PANEL) {
            sum += load<V>(d + j);
            along += load<V>(d + j) * load<V>(u + j);
        }
        const V mean = sum / T(units), of_unit = along / T(units), scale = load<V>(share + p);
        for (long j = 0; j < units * PANEL; j += PANEL)
            store(d + j, (load<V>(d + j) - mean - of_unit * load<V>(u + j)) * scale);
    }
}

template <class T> void add_bias(const T *bias, long units, long rows, T *Z) {
    for (long p = 0; p < rows; p += Simd<T>::N)
        for (long j = 0; j < units; j++) {
            T *z = at_row(Z, units, p) + j * PANEL;
            store(z, load<Vec<T>>(z) + bias[j]);
        }
}

// ---- forward and backward -------------------------------------------------------------------

template <class T, class F> void activate(F, T *a, T *slope, long rows, long units) {
    each_vector<T>(units, rows, [&](long at) __attribute__((always_inline)) {
        const Vec<T> z = load<Vec<T>>(a + at);
        store(a + at, F::value(z));
        if constexpr (F::uses_z) store(slope + at, F::slope(z, z));
    });
}

template <class T, class F>
void times_slope(F, const T *a, const T *slope, T *delta, long rows, long units) {
    each_vector<T>(units, rows, [&](long at) __attribute__((always_inline)) {
        const Vec<T> v = load<Vec<T>>((F::uses_z ? slope : a) + at), d = load<Vec<T>>(delta + at);
        if constexpr (F::uses_z) store(delta + at, d * v);
        else store(delta + at, d * F::slope(v, v));
    });
}

// Nothing is ever written there.
template <class T> T *inputs_from(const Rows &rows, long offset) {
    return const_cast<T *>(static_cast<const T *>(rows.mapped)) + offset;
}

template <class T>
void take_inputs(const Network &network, Work<T> &work, const Rows &rows, long start, long stop) {
    const long d = network.n_inputs(), n = padded(stop - start);
    if (!rows.mapped) {
        map_inputs(network, rows, start, stop, work.A[0]);
    } else if (!rows.draws) {
        work.A[0] = inputs_from<T>(rows, start * d);
    } else {
        const T *from = inputs_from<T>(rows, start * d);
        std::copy_n(from, (n + PANEL - 1) / PANEL * PANEL * d, work.A[0]);
    }
    if (!rows.draws) return;
    take_words(rows, start, stop, work);
    add_noise(network, 0, work, work.A[0], d, n);
    drop(network, 0, work, work.A[0], d, n);
}

template <class T>
void forward(const Network &network, const Packed<T> &weights, Work<T> &work, const Rows &rows,
             long start, long stop) {
    make_room(network, stop - start, work);
    take_inputs(network, work, rows, start, stop);
    const long n = padded(stop - start);
    for (size_t l = 0; l < network.layers.size(); l++) {
        const Layer &layer = network.layers[l];
        T *A = work.A[l + 1];
        const T *bias = weights.bias.get() + layer.bias();
        const bool normed = network.normed(l);
        product(weights.forward.get() + layer.start, normed ? nullptr : bias, work.A[l], n,
                layer.n_in, layer.n_out, A);
        if (normed) normalise_units(bias, layer.n_out, n, A, work.unit[l], work.share[l]);
        if (l + 1 == network.layers.size()) return;
        if (rows.draws) add_noise(network, l + 1, work, A, layer.n_out, n);
        with_activation<T>(layer.activation, [&](auto f) {
            activate(f, A, work.slope[l + 1], n, layer.n_out);
        });
        if (rows.draws) drop(network, l + 1, work, A, layer.n_out, n);
    }
}

// As add_gradient(); the bias's part is that of delta before it goes through the norm.
template <class T, class S>
void add_normed_gradient(const Layer &layer, size_t l, long n, Work<T> &work, S *dW, bool fresh) {
    S *db = dW + layer.n_in * layer.n_out;
    double *kept = work.bias.reserve(layer.n_out);
    add_all_units(work.delta, n, layer.n_out, 0, db, fresh);
    std::copy_n(db, layer.n_out, kept);
    through_norm(work.unit[l], work.share[l], layer.n_out, n, work.delta);
    add_gradient(work.A[l], work.delta, n, layer.n_in, layer.n_out, work, dW, fresh);
    std::copy_n(kept, layer.n_out, db);
}

// Carries work.delta back from the logits, adding each layer's gradient to `sums`.
template <class T, class S>
void backward(const Network &network, const Packed<T> &weights, Work<T> &work, long n, bool draws,
              S *sums, bool fresh) {
    for (size_t l = network.layers.size(); l-- > 0;) {
        const Layer &layer = network.layers[l];
        S *dW = sums + layer.start;
        if (network.normed(l)) add_normed_gradient(layer, l, n, work, dW, fresh);
        else add_gradient(work.A[l], work.delta, n, layer.n_in, layer.n_out, work, dW, fresh);
        if (l == 0) return;
        product<T>(weights.backward.get() + layer.start, nullptr, work.delta, n, layer.n_out,
                   layer.n_in, work.next);
        if (draws) {
            drop(network, l, work, work.next, layer.n_in, n);
            undo_scale(network, l, work.A[l], layer.n_in, n);
        }
        with_activation<T>(network.layers[l - 1].activation, [&](auto f) {
            times_slope(f, work.A[l], work.slope[l], work.next, n, layer.n_in);
        });
        std::swap(work.delta, work.next);
    }
}

// ---- outputs: see network/outputs.py for the formulas -----------------------------------------

template <class T> INLINE WideVec<T> wide_log1p(WideVec<T> x) {
    constexpr int parts = sizeof x / sizeof(Vec<double>);
    Vec<double> part[parts];
    __builtin_memcpy(part, &x, sizeof x);
    for (int k = 0; k < parts; k++) part[k] = log1p<double>(part[k]);
    __builtin_memcpy(&x, part, sizeof x);
    return x;
}
template <class T> double sum_of(WideVec<T> v) {
    double sum = 0;
    for (int k = 0; k < Simd<T>::N; k++) sum += v[k];
    return sum;
}

template <class T> INLINE Vec<T> largest(const T *Z, long K) {
    Vec<T> most = load<Vec<T>>(Z);
    for (long j = 1; j < K; j++) most = larger(load<Vec<T>>(Z + j * PANEL), most);
    return most;
}

template <class T> double softmax_cost(const T *Z, const Work<T> &work, long rows, long K) {
    using V = Vec<T>;
    WideVec<T> total{};
    for (long p = 0; p < rows; p += Simd<T>::N) {
        const T *logits = at_row(Z, K, p);
        T *delta = at_row(work.delta, K, p);
        const V most = largest(logits, K);
        const V label = load<V>(work.label.get() + p), w = load<V>(work.weight.get() + p);
        V rest{}, e_label{}, z_label{};
        for (long j = 0; j < K; j++) {
            const V z = load<V>(logits + j * PANEL) - most, e = exp<T>(z);
            const auto here = label == all(T(j));
            rest += here ? V{} : e;
            e_label = here ? e : e_label;
            z_label = here ? z : z_label;
            store(delta + j * PANEL, e);
        }
        const V share = w / (rest + e_label), at_label = -w * (rest / (rest + e_label));
        for (long j = 0; j < K; j++) {
            const V e = load<V>(delta + j * PANEL);
            store(delta + j * PANEL, label == all(T(j)) ? at_label : e * share);
        }
        const WideVec<T> log_sum = wide_log1p<T>(widened<T>(rest) + widened<T>(e_label - 1));
        total += widened<T>(w) * (log_sum - widened<T>(z_label));
    }
    return sum_of<T>(total);
}

template <class T>
double smoothed_softmax_cost(const T *Z, const Work<T> &work, long rows, long K, double smoothing) {
    using V = Vec<T>;
    const T kept = T(1 - smoothing), spread = T(smoothing / double(K));
    WideVec<T> total{};
    for (long p = 0; p < rows; p += Simd<T>::N) {
        const T *logits = at_row(Z, K, p);
        T *delta = at_row(work.delta, K, p);
        const V most = largest(logits, K);
        const V label = load<V>(work.label.get() + p), w = load<V>(work.weight.get() + p);
        V sum{}, z_label{};
        WideVec<T> z_sum{};
        for (long j = 0; j < K; j++) {
            const V z = load<V>(logits + j * PANEL) - most, e = exp<T>(z);
            sum += e;
            z_sum += widened<T>(z);
            z_label = label == all(T(j)) ? z : z_label;
            store(delta + j * PANEL, e);
        }
        for (long j = 0; j < K; j++) {
            const V target = (label == all(T(j)) ? all(kept) : V{}) + spread;
            store(delta + j * PANEL, (load<V>(delta + j * PANEL) / sum - target) * w);
        }
        const WideVec<T> on_targets =
            (1 - smoothing) * widened<T>(z_label) + smoothing / double(K) * z_sum;
        total += widened<T>(w) * (wide_log1p<T>(widened<T>(sum) - 1) - on_targets);
    }
    return sum_of<T>(total);
}

template <class T, bool many>
double sigmoid_cost(const T *Z, const Work<T> &work, long rows, long K, T half_smoothing) {
    using V = Vec<T>;
    WideVec<T> total{};
    for (long p = 0; p < rows; p += Simd<T>::N) {
        const T *logits = at_row(Z, K, p), *signs = at_row(work.label.get(), many ? K : 1, p);
        T *delta = at_row(work.delta, K, p);
        const V w = load<V>(work.weight.get() + p);
        for (long j = 0; j < K; j++) {
            V sign;
            if constexpr (many) sign = load<V>(signs + j * PANEL);
            else sign = load<V>(work.label.get() + p) == all(T(j)) ? all(T(-1)) : all(T(1));
            const V z = sign * load<V>(logits + j * PANEL);
            V term = softplus<T>(z), slope = sigmoid<T>(z);
            if (half_smoothing != 0) term -= half_smoothing * z, slope -= half_smoothing;
            total += widened<T>(w) * widened<T>(term);
            store(delta + j * PANEL, sign * slope * w);
        }
    }
    return sum_of<T>(total);
}

// What fills the last vector up has no part in any sum.
template <class T> void silence_padding(T *delta, long K, long n) {
    for (long p = n; p < padded(n); p++)
        for (long j = 0; j < K; j++) at_row(delta, K, p)[j * PANEL] = 0;
}

template <class T> double rows_cost(const Network &network, Work<T> &work, long rows, bool many) {
    const long K = network.n_classes();
    const T *Z = work.A.back();
    if (many) return sigmoid_cost<T, true>(Z, work, rows, K, T(network.smoothing / 2));
    if (network.output) return sigmoid_cost<T, false>(Z, work, rows, K, T(network.smoothing / 2));
    if (network.smoothing > 0) return smoothed_softmax_cost(Z, work, rows, K, network.smoothing);
    return softmax_cost(Z, work, rows, K);
}

// The cost of a block whose logits are there; its gradient goes to work.delta.
template <class T> double output_cost(const Network &network, Work<T> &work, long n, bool many) {
    const double cost = rows_cost(network, work, padded(n), many);
    silence_padding(work.delta, network.n_classes(), n);
    return cost;
}

// Z becomes probabilities that sum to one in every row; of units by themselves, the logarithms of
// sigmoids are normalised as logits are. Rows with a logit that is not finite become NaN.
template <class T> void normalise(const Network &network, T *Z, long rows) {
    using V = Vec<T>;
    const long K = network.n_classes();
    for (long p = 0; p < rows; p += Simd<T>::N) {
        T *z = at_row(Z, K, p);
        V unsound{};
        for (long j = 0; j < K; j++) {
            const V logit = load<V>(z + j * PANEL);
            unsound += logit * 0;
            if (network.output == 1) store(z + j * PANEL, -softplus<T>(-logit));
        }
        const V most = largest(z, K);
        V sum{};
        for (long j = 0; j < K; j++) {
            const V e = exp<T>(load<V>(z + j * PANEL) - most);
            sum += e;
            store(z + j * PANEL, e);
        }
        sum += unsound;
        // Never 0, so that a logarithm taken outside stays finite.
        for (long j = 0; j < K; j++)
            store(z + j * PANEL,
                  at_least(load<V>(z + j * PANEL) / sum, all(std::numeric_limits<T>::min())));
    }
}

// RZ becomes H RZ, H each row's weighted Hessian with respect to its logits.
template <class T> void softmax_curvature(const T *P, const Work<T> &work, T *RZ, long rows, long K) {
    using V = Vec<T>;
    for (long p = 0; p < rows; p += Simd<T>::N) {
        const T *share = at_row(P, K, p);
        T *r = at_row(RZ, K, p);
        const V w = load<V>(work.weight.get() + p);
        V mean{};
        for (long j = 0; j < K * PANEL; j += PANEL) mean += load<V>(share + j) * load<V>(r + j);
        for (long j = 0; j < K * PANEL; j += PANEL)
            store(r + j, load<V>(share + j) * (load<V>(r + j) - mean) * w);
    }
}
template <class T> void sigmoid_curvature(const T *Z, const Work<T> &work, T *RZ, long rows, long K) {
    using V = Vec<T>;
    for (long p = 0; p < rows; p += Simd<T>::N) {
        const V w = load<V>(work.weight.get() + p);
        for (long j = 0; j < K * PANEL; j += PANEL) {
            const V z = load<V>(at_row(Z, K, p) + j);
            T *r = at_row(RZ, K, p) + j;
            store(r, sigmoid<T>(z) * sigmoid<T>(-z) * load<V>(r) * w);
        }
    }
}
template <class T> void output_curvature(const Network &network, Work<T> &work, T *RZ, long n) {
    const long K = network.n_classes(), rows = padded(n);
    if (network.output == 0) {
        normalise(network, work.A.back(), rows);
        softmax_curvature(work.A.back(), work, RZ, rows, K);
    } else {
        sigmoid_curvature(work.A.back(), work, RZ, rows, K);
    }
    silence_padding(RZ, K, n);
}

// ---- what the outside calls -----------------------------------------------------------------

template <class T>
double cost(const Network &network, const Packed<T> &weights, Work<T> &work, const Rows &rows,
            long start, long stop) {
    forward(network, weights, work, rows, start, stop);
    take_labels(rows, start, stop, work);
    if (rows.many) take_many(rows, start, stop, network.n_classes(), work);
    return output_cost(network, work, stop - start, rows.many != nullptr);
}

template <class T, class S>
double gradient(const Network &network, const Packed<T> &weights, Work<T> &work, const Rows &rows,
                long start, long stop, S *sums, bool fresh) {
    const double value = cost(network, weights, work, rows, start, stop);
    backward(network, weights, work, padded(stop - start), rows.draws, sums, fresh);
    return value;
}

template <class T>
double gradient_alone(const Network &network, const Packed<T> &weights, Work<T> &work,
                      const Rows &rows, long start, long stop, T *sums) {
    return gradient(network, weights, work, rows, start, stop, sums, true);
}

// J'HJ v: the change of the logits by a forward pass of derivatives, H, then the usual way back.
template <class T>
void curvature(const Network &network, const Packed<T> &weights, const Packed<T> &direction,
               Work<T> &work, const Rows &rows, long start, long stop, double *sums, bool fresh) {
    forward(network, weights, work, rows, start, stop);
    take_labels(rows, start, stop, work);
    const long n = padded(stop - start);
    for (size_t l = 0; l < network.layers.size(); l++) {
        const Layer &layer = network.layers[l];
        const T *bias = direction.bias.get() + layer.bias();
        product(direction.forward.get() + layer.start, network.normed(l) ? nullptr : bias, work.A[l],
                n, layer.n_in, layer.n_out, work.RZ);
        if (l > 0)
            product<T>(weights.forward.get() + layer.start, nullptr, work.delta, n, layer.n_in,
                       layer.n_out, work.RZ, true);
        if (network.normed(l)) {
            through_norm(work.unit[l], work.share[l], layer.n_out, n, work.RZ);
            add_bias(bias, layer.n_out, n, work.RZ);
        }
        std::swap(work.delta, work.RZ);
        if (l + 1 < network.layers.size())
            with_activation<T>(layer.activation, [&](auto f) {
                times_slope(f, work.A[l + 1], work.slope[l + 1], work.delta, n, layer.n_out);
            });
    }
    output_curvature(network, work, work.delta, stop - start);
    backward(network, weights, work, n, false, sums, fresh);
}

// Writes units by rows as rows by units.
template <class T> void write_rows(const T *A, long n, long units, T *out) {
    constexpr int N = Simd<T>::N;
    for (long p = 0; p < n; p += N)
        for (long u = 0; u < units; u += N) {
            Vec<T> v[N];
            for (int k = 0; k < N; k++)
                v[k] = load<Vec<T>>(at_row(A, units, p) + std::min(u + k, units - 1) * PANEL);
            transpose<T>(v);
            for (int k = 0; k < std::min<long>(N, n - p); k++)
                __builtin_memcpy(out + (p + k) * units + u, &v[k],
                                 std::min<long>(N, units - u) * sizeof(T));
        }
}

template <class T>
void logits(const Network &network, const Packed<T> &weights, Work<T> &work, const Rows &rows,
            long start, long stop, T *out) {
    forward(network, weights, work, rows, start, stop);
    write_rows(work.A.back(), stop - start, network.n_classes(), out);
}

template <class T>
void probabilities(const Network &network, const Packed<T> &weights, Work<T> &work,
                   const Rows &rows, long start, long stop, T *out) {
    forward(network, weights, work, rows, start, stop);
    normalise(network, work.A.back(), padded(stop - start));
    write_rows(work.A.back(), stop - start, network.n_classes(), out);
}

template <class T, class F> void each(const T *from, T *to, long n, const F &f) {
    constexpr int N = Simd<T>::N;
    long p = 0;
    for (; p + N <= n; p += N) store(to + p, f(load<Vec<T>>(from + p)));
    Vec<T> rest{};
    __builtin_memcpy(&rest, from + p, (n - p) * sizeof(T));
    rest = f(rest);
    __builtin_memcpy(to + p, &rest, (n - p) * sizeof(T));
}

// For the tests, in the order of FUNCTIONS in kernel.cpp.
template <class T> void function(int code, const T *from, T *to, long n) {
    using V = Vec<T>;
    switch (code) {
        case 0: return each(from, to, n, [](V x) __attribute__((always_inline)) { return exp<T>(x); });
        case 1: return each(from, to, n, [](V x) __attribute__((always_inline)) { return expm1<T>(x); });
        case 2: return each(from, to, n, [](V x) __attribute__((always_inline)) { return tanh<T>(x); });
        case 3: return each(from, to, n, [](V x) __attribute__((always_inline)) { return sigmoid<T>(x); });
        case 4: return each(from, to, n, [](V x) __attribute__((always_inline)) { return log1p<T>(x); });
        case 5: return each(from, to, n, [](V x) __attribute__((always_inline)) { return softplus<T>(x); });
        case 6: return each(from, to, n, [](V x) __attribute__((always_inline)) { return normal<T>(x).below; });
        case 7: return each(from, to, n, [](V x) __attribute__((always_inline)) { return probit<T>(x); });
    }
}

template <class T> constexpr Operations<T> operations() {
    return {pack<T>, map_inputs<T>,  gradient<T, double>, gradient_alone<T>, cost<T>,
            curvature<T>, logits<T>, probabilities<T>,    function<T>};
}
