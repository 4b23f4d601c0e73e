// What a call works on: plain data, the same for every target.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "spare.hpp"
#include "vectors.hpp"
#include "warp.hpp"

constexpr long ROWS_UNIT = 16;  // rows are padded to a multiple of it: the most lanes of a vector
constexpr long FIRST_CACHE = 24 << 10;  // bytes that may be counted on to stay there
constexpr long AHEAD = 256;             // bytes by which reading a row is announced
constexpr long PANEL = 64;      // rows that stand together: a cache line and more of each unit

inline long padded(long n) { return (n + ROWS_UNIT - 1) / ROWS_UNIT * ROWS_UNIT; }

// Aligned memory that is only ever grown.
template <class T> class Buffer {
  public:
    Buffer() = default;
    Buffer(const Buffer &) = delete;
    ~Buffer() { give(); }
    T *reserve(long n) {
        if (n <= size_) return data_;
        give();
        data_ = static_cast<T *>(Spare::take(size_t(n) * sizeof(T)));
        size_ = n;
        return data_;
    }
    T *get() const { return data_; }

  private:
    void give() {
        if (data_) Spare::give(std::exchange(data_, nullptr), size_t(std::exchange(size_, 0)) * sizeof(T));
    }
    T *data_ = nullptr;
    long size_ = 0;
};

struct Layer {
    long n_in, n_out;
    int activation;  // of its units; of no meaning for the last layer
    long start;      // of W in theta; b follows W
    long bias() const { return start + n_in * n_out; }
};

struct Network {
    std::vector<Layer> layers;
    int output = 0;
    bool layer_norm = false;
    double smoothing = 0;             // of labels
    std::vector<double> drop, noise;  // of each layer's units, the inputs' first: see Rows::draws
    long n_weights = 0, widest = 0, units = 0;  // units: of all layers, inputs included
    std::vector<double> shift, scale;           // of each input, padded
    std::vector<float> shift32, scale32;
    long n_inputs() const { return layers.front().n_in; }
    long n_classes() const { return layers.back().n_out; }
    bool normed(size_t layer) const { return layer_norm && layer + 1 < layers.size(); }
};

// Weights in the order in which products read them: strips of a few units, and within a strip all
// that a unit of the other side needs, one after the other.
template <class T> struct Packed {
    Buffer<T> forward, backward, bias;  // a layer's part stands where it stands in theta
};

enum class Source { u8, i8, u16, i16, u32, i32, u64, i64, f32, f64 };

// SplitMix64, as in _counter.py.
inline uint64_t mix(uint64_t x) {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

// What W costs by itself: α/m of its squares and l1/m of its sizes, biases left out.
struct Decay {
    Decay(double squares, double sizes = 0) : squares(squares), sizes(sizes) {}
    double squares, sizes;
};

// Rows as they came, and which of them are meant.
struct Rows {
    const char *X = nullptr;
    long stride = 0, step = 0;  // bytes from row to row, and from column to column
    Source source = Source::f32;
    const int64_t *y = nullptr;
    const uint8_t *many = nullptr;   // in place of y: 0 or 1 for each row and class
    const double *weight = nullptr;  // null: all 1
    double unit = 1;                 // what weights are divided by
    const int64_t *index = nullptr;  // null: rows as they stand
    bool apart = false;              // X holds the rows of `index` alone, one after the other
    const void *mapped = nullptr;    // all of them as inputs, in panels; null: to be mapped
    bool draws = false;              // whether units are dropped and noise is added
    uint64_t call = 0;               // from it and a row's number all that is drawn for it derives
    long row(long p) const { return index ? index[p] : p; }
    const char *values(long p) const { return X + (apart ? p : row(p)) * stride; }
};

// One thread's memory for a block of rows, units by rows.
template <class T> struct Work {
    Buffer<T> memory, weight, label;  // of many labels: each class's, -1 where a row belongs to it
    Buffer<uint32_t> words;           // what is drawn for each row: first the lower halves
    Buffer<double> bias;              // a layer's part of the gradient
    std::vector<T *> A, slope;  // activations; derivatives where they need z
    std::vector<T *> unit, share;  // what layer normalisation made of a layer's units, and 1/σ
    T *delta = nullptr, *next = nullptr, *RZ = nullptr, *turned = nullptr;
};

// What a target offers for one number type.
template <class T> struct Operations {
    void (*pack)(const Network &, const double *theta, Packed<T> &, long part, long n_parts);
    void (*map)(const Network &, const Rows &, long start, long stop, T *A);
    double (*gradient)(const Network &, const Packed<T> &, Work<T> &, const Rows &, long start,
                       long stop, double *sums, bool fresh);
    // Of a lane's only block: written, not added.
    double (*gradient_alone)(const Network &, const Packed<T> &, Work<T> &, const Rows &,
                             long start, long stop, T *sums);
    double (*cost)(const Network &, const Packed<T> &, Work<T> &, const Rows &, long start,
                   long stop);
    void (*curvature)(const Network &, const Packed<T> &, const Packed<T> &direction, Work<T> &,
                      const Rows &, long start, long stop, double *sums, bool fresh);
    void (*logits)(const Network &, const Packed<T> &, Work<T> &, const Rows &, long start,
                   long stop, T *out);
    void (*probabilities)(const Network &, const Packed<T> &, Work<T> &, const Rows &, long start,
                          long stop, T *out);
    void (*function)(int code, const T *from, T *to, long n);
};

struct Target {
    const char *name;
    Operations<float> single;
    Operations<double> wide;
    VectorLoops vectors;
    WarpLoops warp;
    template <class T> const Operations<T> &of() const {
        if constexpr (sizeof(T) == sizeof(float)) return single;
        else return wide;
    }
};

// Those that this processor can run, the fastest first.
const std::vector<const Target *> &targets();
