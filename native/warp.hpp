// Deformed images: the twin of src/layerlab/data/deformation.
#pragma once
#include <cstdint>

// unit_words() of _counter.py for one row and unit.
static inline __attribute__((always_inline)) uint32_t warp_scrambled(uint32_t x) {
    x = (x ^ (x >> 16)) * 0x7FEB352Du;
    x = (x ^ (x >> 15)) * 0x846CA68Bu;
    return x ^ (x >> 16);
}
static inline __attribute__((always_inline)) uint32_t warp_word(uint64_t row, uint32_t layer,
                                                                uint32_t unit) {
    const uint32_t key = unit + (layer << 24) + 0x9E3779B9u;
    return warp_scrambled(warp_scrambled(uint32_t(row >> 32) ^ key) ^ uint32_t(row));
}

// What is drawn for one image; the maps are of displacements, from the centre.
struct WarpDraw {
    uint64_t word;
    float yy, yx, y0, xy, xx, x0;  // down = yy y + yx x + y0, right = xy y + xx x + x0
    float contrast;
    long top, bottom, left, right;  // what is erased
};

// Rows begin `step` floats apart, whole vectors of any target, zeros behind the last column.
struct WarpMatrix {
    const float *data;
    long rows, columns, step;
};

// What is the same for all images of a call.
struct WarpJob {
    long height, width, channels;
    char type;  // of the rows: B, H, f or d, as Python's arrays name them
    bool wide;  // whether double is written, else float
    bool moves, bends;
    float noise;
    double background;
    // The blur is rows_back rows F columns columns_back: see fields.py.
    WarpMatrix rows, rows_back, columns, columns_back;
};

// What a target offers: see warp_loops.hpp.
struct WarpLoops {
    long (*room)(const WarpJob &);  // floats it works in, zeros before the first image
    void (*image)(const WarpJob &, const WarpDraw &, const void *from, float *room, void *out);
};

struct PyMethodDef;
extern PyMethodDef warp_methods[];
