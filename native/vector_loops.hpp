// Loops over vectors as long as theta, plain so that the compiler can make vectors of them.
// Included once a target, inside its namespace. Sums are double and added up in an order that
// depends on the target and the length alone.

inline void moved(const double *theta, const double *direction, double step, long n, double *out) {
    for (long j = 0; j < n; j++) out[j] = theta[j] + step * direction[j];
}

// The largest |x|. As integers, the bits of |x| are in the order of its size, and NaN is above all.
inline double largest(const double *x, long n) {
    int64_t most = 0;
#pragma omp simd reduction(max : most)
    for (long j = 0; j < n; j++) {
        int64_t bits;
        std::memcpy(&bits, x + j, sizeof bits);
        bits &= INT64_MAX;
        most = bits > most ? bits : most;
    }
    double size;
    std::memcpy(&size, &most, sizeof size);
    return size;
}

// s·y, s·s and y·y of s = theta - old_theta and y = g - old_g.
inline void lengths(const Change &theta, const Change &g, long n, double *out) {
    double sy = 0, ss = 0, yy = 0;
#pragma omp simd reduction(+ : sy, ss, yy)
    for (long j = 0; j < n; j++) {
        const double s = theta.to[j] - theta.from[j], y = g.to[j] - g.from[j];
        sy += s * y, ss += s * s, yy += y * y;
    }
    out[0] = sy, out[1] = ss, out[2] = yy;
}

inline void change(const Change &x, long n, double *out) {
    for (long j = 0; j < n; j++) out[j] = x.to[j] - x.from[j];
}

// For each pair s·g, y·g and, with the newest pair's y', s·y' and y·y'. Two pairs at a time, so
// that g and y' are read half as often; the last of an odd number is taken twice.
inline void products(const Pairs &pairs, const double *g, const double *newest, double *sums) {
    std::fill_n(sums, 4 * pairs.used, 0.0);
    for (long start = 0; start < pairs.n; start += PIECE) {
        const long n = std::min(PIECE, pairs.n - start);
        double v[PIECE], w[PIECE];
        for (long j = 0; j < n; j++) v[j] = g[start + j], w[j] = newest[start + j];
        for (long i = 0; i < pairs.used; i += 2) {
            const long k = std::min(i + 1, pairs.used - 1);
            const double *s = pairs.s(i) + start, *y = pairs.y(i) + start;
            const double *t = pairs.s(k) + start, *z = pairs.y(k) + start;
            double sv = 0, yv = 0, sw = 0, yw = 0, tv = 0, zv = 0, tw = 0, zw = 0;
#pragma omp simd reduction(+ : sv, yv, sw, yw, tv, zv, tw, zw)
            for (long j = 0; j < n; j++) {
                sv += s[j] * v[j], yv += y[j] * v[j], sw += s[j] * w[j], yw += y[j] * w[j];
                tv += t[j] * v[j], zv += z[j] * v[j], tw += t[j] * w[j], zw += z[j] * w[j];
            }
            double *of_i = sums + 4 * i, *of_k = sums + 4 * k;
            of_i[0] += sv, of_i[1] += yv, of_i[2] += sw, of_i[3] += yw;
            if (k > i) of_k[0] += tv, of_k[1] += zv, of_k[2] += tw, of_k[3] += zw;
        }
    }
}

// of_g g + Σ (of_s[i] s_i + of_y[i] y_i). From the end to the start: what products() read last is
// what the cache still has.
inline void combined(const Pairs &pairs, const double *g, double of_g, const double *of_s,
                     const double *of_y, double *out) {
    for (long start = (pairs.n - 1) / PIECE * PIECE; start >= 0; start -= PIECE) {
        const long n = std::min(PIECE, pairs.n - start);
        double sum[PIECE];
        for (long j = 0; j < n; j++) sum[j] = of_g * g[start + j];
        for (long i = 0; i < pairs.used; i += 2) {
            const long k = std::min(i + 1, pairs.used - 1);
            const double *s = pairs.s(i) + start, *y = pairs.y(i) + start;
            const double *t = pairs.s(k) + start, *z = pairs.y(k) + start;
            const double a = of_s[i], b = of_y[i], c = k > i ? of_s[k] : 0, d = k > i ? of_y[k] : 0;
            for (long j = 0; j < n; j++) sum[j] += (a * s[j] + b * y[j]) + (c * t[j] + d * z[j]);
        }
        std::copy_n(sum, n, out + start);
    }
}

// One step of Adam: see adam_step.py.
inline void adam(const AdamStep &s, const AdamVectors &v, long begin, long end) {
    double *__restrict theta = v.theta, *__restrict mean = v.mean, *__restrict square = v.square;
    const double *__restrict gradient = v.gradient;
    const double beta2 = s.beta2, of_mean = 1 - s.beta1, of_square = 1 - s.beta2;
    const double of_root = s.of_root, epsilon = s.epsilon, keep = s.keep, rate = s.rate;
#pragma omp simd
    for (long j = begin; j < end; j++) {
        const double g = gradient[j];
        const double m = mean[j] + of_mean * (g - mean[j]);
        const double q = beta2 * square[j] + of_square * g * g;
        mean[j] = m;
        square[j] = q;
        theta[j] = keep * theta[j] - rate * m / (__builtin_sqrt(q) * of_root + epsilon);
    }
}

inline void approach(double *x, const double *to, double share, long begin, long end) {
    for (long j = begin; j < end; j++) x[j] += share * (to[j] - x[j]);
}

constexpr VectorLoops vector_loops = {moved, largest, lengths, change, products, combined, adam, approach};
