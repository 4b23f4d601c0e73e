// The minimisers' operations on vectors as long as theta, each in as few goes as it takes.
#pragma once

constexpr long PIECE = 1024;  // so many numbers of a few vectors stay in the fastest cache

// What L-BFGS remembers: pairs of a step s and a change of gradient y.
struct Pairs {
    const double *rows;
    long used, n;
    const double *s(long i) const { return rows + 2 * i * n; }
    const double *y(long i) const { return s(i) + n; }
};

struct Change {
    const double *from, *to;
};

// Adam's numbers for one step: `rate` and `of_root` make up for young means, `keep` is what weight
// decay leaves.
struct AdamStep {
    double beta1, beta2, epsilon, rate, of_root, keep;
};

struct AdamVectors {
    double *theta;
    const double *gradient;
    double *mean, *square;
};

// What a target offers: see vector_loops.hpp.
struct VectorLoops {
    void (*moved)(const double *theta, const double *direction, double step, long n, double *out);
    double (*largest)(const double *x, long n);
    void (*lengths)(const Change &theta, const Change &g, long n, double *out);
    void (*change)(const Change &, long n, double *out);
    void (*products)(const Pairs &, const double *g, const double *newest, double *sums);
    void (*combined)(const Pairs &, const double *g, double of_g, const double *of_s,
                     const double *of_y, double *out);
    void (*adam)(const AdamStep &, const AdamVectors &, long begin, long end);
    void (*approach)(double *x, const double *to, double share, long begin, long end);
};

struct PyMethodDef;
extern PyMethodDef vector_methods[];
