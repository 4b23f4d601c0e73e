// Deformed images, one at a time. Included once a target, inside its namespace.

// Images stand in a border of background: so every sample has its four neighbours.
constexpr long WARP_BORDER = 2;
constexpr uint32_t WARP_FIELD = 65, WARP_NOISE = 66;  // the layers of unit_words()

// Widths in whole vectors.
INLINE long warp_pitch(long n) { return (n + Simd<float>::N - 1) / Simd<float>::N * Simd<float>::N; }

// Where things stand in the room, zeros at first: so the border stays background.
struct WarpRoom {
    long across, plane, pitch;
    float *image;                       // planes of rows of `across`, one plane a channel
    float *field, *one, *two;           // rows of both displacements, each as long as a pitch
    float *share_y, *share_x, *values;  // of one row of the result
    int32_t *at;
    long size = 0;

    INLINE_MEMBER WarpRoom(const WarpJob &job, float *room) {
        across = job.width + 2 * WARP_BORDER;
        plane = (job.height + 2 * WARP_BORDER) * across;
        pitch = warp_pitch(job.width);
        const auto next = [&](long n) {
            float *here = room ? room + size : nullptr;
            size += warp_pitch(n);
            return here;
        };
        image = next(job.channels * plane);
        field = next(job.height * 2 * pitch);
        one = next(job.height * 2 * pitch);
        two = next(job.height * 2 * pitch);
        share_y = next(pitch), share_x = next(pitch), values = next(pitch);
        at = reinterpret_cast<int32_t *>(next(pitch));
    }
    INLINE_MEMBER float *row(long channel, long r) const {
        return image + channel * plane + (r + WARP_BORDER) * across + WARP_BORDER;
    }
};

inline long warp_room(const WarpJob &job) { return WarpRoom(job, nullptr).size; }

// With `step` a constant where the compiler is to make vectors.
template <class S> INLINE void warp_read(const S *from, long step, long n, double background, float *to) {
    if (background == 0)
        for (long c = 0; c < n; c++) to[c] = float(from[c * step]);
    else
        for (long c = 0; c < n; c++) to[c] = float(from[c * step] - background);
}

template <class S> INLINE void warp_load(const WarpJob &job, const S *from, const WarpRoom &room) {
    for (long r = 0; r < job.height; r++)
        for (long k = 0; k < job.channels; k++) {
            const S *row = from + r * job.width * job.channels + k;
            if (job.channels == 1) warp_read(row, 1, job.width, job.background, room.row(k, r));
            else warp_read(row, job.channels, job.width, job.background, room.row(k, r));
        }
}

INLINE void warp_load(const WarpJob &job, const void *from, const WarpRoom &room) {
    if (job.type == 'B') warp_load(job, static_cast<const uint8_t *>(from), room);
    else if (job.type == 'H') warp_load(job, static_cast<const uint16_t *>(from), room);
    else if (job.type == 'f') warp_load(job, static_cast<const float *>(from), room);
    else warp_load(job, static_cast<const double *>(from), room);
}

// out = A B, with B and out of `vectors` vectors a row, and A's own rows.
template <int rows, int vectors>
INLINE void warp_strip(const float *A, long a_step, const float *B, long b_step, long inner, float *out,
                       long out_step) {
    constexpr int N = Simd<float>::N;
    using V = Vec<float>;
    V sums[rows][vectors] = {};
    for (long k = 0; k < inner; k++) {
        V b[vectors];
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) b[j] = load<V>(B + k * b_step + j * N);
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) {
            const V a = all<float>(A[i * a_step + k]);
#pragma GCC unroll 4
            for (int j = 0; j < vectors; j++) sums[i][j] += a * b[j];
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) store(out + i * out_step + j * N, sums[i][j]);
}

template <int vectors>
INLINE void warp_columns(const float *A, long a_step, long rows, const float *B, long b_step,
                         long inner, float *out, long out_step) {
    long i = 0;
    for (; i + 4 <= rows; i += 4)
        warp_strip<4, vectors>(A + i * a_step, a_step, B, b_step, inner, out + i * out_step, out_step);
    for (; i < rows; i++)
        warp_strip<1, vectors>(A + i * a_step, a_step, B, b_step, inner, out + i * out_step, out_step);
}

// `rows` rows of A times B, whose columns are filled up to whole vectors, and so out's.
inline void warp_product(const float *A, long a_step, long rows, const float *B, long b_step,
                         long columns, long inner, float *out, long out_step) {
    constexpr int N = Simd<float>::N;
    long j = 0;
    for (; j + N < columns; j += 2 * N)
        warp_columns<2>(A, a_step, rows, B + j, b_step, inner, out + j, out_step);
    if (j < columns) warp_columns<1>(A, a_step, rows, B + j, b_step, inner, out + j, out_step);
}

INLINE float warp_signed(uint32_t half) {
    return (float(int32_t(half)) + 0.5f) * 0x1p-15f - 1.0f;
}

// The field before it is blurred; see raw_field() in fields.py.
INLINE void warp_field(const WarpJob &job, uint64_t word, const WarpRoom &room) {
    for (long r = 0; r < job.height; r++) {
        float *down = room.field + r * 2 * room.pitch, *right = down + room.pitch;
        const uint32_t first = uint32_t(r * job.width);
#pragma omp simd
        for (int32_t c = 0; c < int32_t(room.pitch); c++) {
            const uint32_t unit = warp_word(word, WARP_FIELD, first + uint32_t(c));
            down[c] = warp_signed(unit & 0xFFFF), right[c] = warp_signed(unit >> 16);
        }
    }
}

// Where a side's two factors are as long as the side, the first is the identity.
INLINE bool warp_whole(const WarpMatrix &first) { return first.rows == first.columns; }

// Leaves the blurred field where the raw one was. What fills its rows up to whole vectors is read
// by no product, and used for no pixel.
INLINE void warp_blur(const WarpJob &job, const WarpRoom &room) {
    const long step = room.pitch, both = 2 * step, deep = job.rows.rows;
    const float *now = room.field;
    if (!warp_whole(job.rows)) {
        warp_product(job.rows.data, job.rows.step, deep, now, both, both, job.height, room.one, both);
        now = room.one;
    }
    // From the right each row is two: of the displacements down and to the right.
    if (!warp_whole(job.columns)) {
        warp_product(now, step, 2 * deep, job.columns.data, job.columns.step, job.columns.columns,
                     job.width, room.two, step);
        now = room.two;
    }
    float *next = now == room.one ? room.two : room.one;
    warp_product(now, step, 2 * deep, job.columns_back.data, job.columns_back.step, job.width,
                 job.columns_back.rows, next, step);
    warp_product(job.rows_back.data, job.rows_back.step, job.height, next, both, both, deep,
                 room.field, both);
}

// How far below a place the whole pixel above it is, with the rest of the way.
INLINE int32_t warp_floor(float move, float reach, float &share) {
    move = move < -reach ? -reach : move > reach ? reach : move;
    int32_t whole = int32_t(move);
    whole -= float(whole) > move;
    share = move - float(whole);
    return whole;
}

INLINE int32_t warp_within(int32_t at, int32_t side) {
    return (at < -2 ? -2 : at > side ? side : at) + 2;
}

// Where each sample of a row has its upper left neighbour, and how far from that it is.
INLINE void warp_places(const WarpJob &job, const WarpDraw &draw, long r, const WarpRoom &room) {
    const int32_t height = int32_t(job.height), width = int32_t(job.width);
    const int32_t across = int32_t(room.across), own = int32_t(r);
    const float y = float(r) - float(height - 1) / 2, middle = float(width - 1) / 2;
    const float of_y = draw.yy * y, of_x = draw.xy * y;
    const float yx = draw.yx, y0 = draw.y0, xx = draw.xx, x0 = draw.x0;
    const float reach_y = float(2 * height + 8), reach_x = float(2 * width + 8);
    const float *down = room.field + r * 2 * room.pitch, *right = down + room.pitch;
    float *share_y = room.share_y, *share_x = room.share_x;
    int32_t *at = room.at;
#pragma omp simd
    for (int32_t c = 0; c < int32_t(room.pitch); c++) {
        const float x = float(c) - middle;
        const float move_y = of_y + (yx * x + y0) + down[c];
        const float move_x = of_x + (xx * x + x0) + right[c];
        const int32_t i = warp_within(own + warp_floor(move_y, reach_y, share_y[c]), height);
        const int32_t j = warp_within(c + warp_floor(move_x, reach_x, share_x[c]), width);
        at[c] = i * across + j;
    }
}

// Two neighbours are loaded at once, and four samples put side by side.
typedef float WarpFour __attribute__((vector_size(16)));
typedef double WarpTwo __attribute__((vector_size(16)));
typedef int32_t WarpIndex __attribute__((vector_size(16)));

template <int... index> INLINE WarpFour warp_shuffled(WarpFour a, WarpFour b) {
#if defined(__clang__)
    return __builtin_shufflevector(a, b, index...);
#else
    return __builtin_shuffle(a, b, WarpIndex{index...});
#endif
}

INLINE WarpFour warp_pairs(const float *first, const float *second) {
    return reinterpret<WarpFour>(WarpTwo{load<double>(first), load<double>(second)});
}

INLINE WarpFour warp_along(const float *row, const int32_t *at, WarpFour x) {
    const WarpFour a = warp_pairs(row + at[0], row + at[1]), b = warp_pairs(row + at[2], row + at[3]);
    const WarpFour left = warp_shuffled<0, 2, 4, 6>(a, b), right = warp_shuffled<1, 3, 5, 7>(a, b);
    return left + (right - left) * x;
}

// By fours: what is behind the last sample is of a place within the image as well.
INLINE void warp_sample(const float *plane, const WarpRoom &room, long n) {
    for (long c = 0; c < n; c += 4) {
        const WarpFour x = load<WarpFour>(room.share_x + c), y = load<WarpFour>(room.share_y + c);
        const WarpFour above = warp_along(plane, room.at + c, x);
        const WarpFour below = warp_along(plane + room.across, room.at + c, x);
        store(room.values + c, above + (below - above) * y);
    }
}

// The normal distribution's inverse: Wichura (1988), algorithm AS 241, PPND7, for p in 2⁻²⁴ … 1 - 2⁻²⁴.
inline float warp_normal(uint32_t word) {
    const double q = (double(word >> 9) + 0.5) * 0x1p-23 - 0.5;
    if (std::fabs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        return float(q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
                     (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0));
    }
    const double r = std::sqrt(-std::log(0.5 - std::fabs(q))) - 1.6;
    const double x = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) /
                     ((0.12021132975 * r + 0.73700164250) * r + 1.0);
    return float(q < 0 ? -x : x);
}

// Contrast, noise and what is erased, on a row of one channel.
INLINE void warp_disturb(const WarpJob &job, const WarpDraw &draw, long k, long r, float *values) {
    if (draw.contrast != 1)
        for (long c = 0; c < job.width; c++) values[c] *= draw.contrast;
    if (job.noise)
        for (long c = 0; c < job.width; c++) {
            const long unit = (r * job.width + c) * job.channels + k;
            values[c] += warp_normal(warp_word(draw.word, WARP_NOISE, uint32_t(unit))) * job.noise;
        }
    if (draw.top <= r && r < draw.bottom) std::fill(values + draw.left, values + draw.right, 0.0f);
}

template <class T> INLINE void warp_write(const float *values, long n, T background, long step, T *to) {
    if (step == 1)
        for (long c = 0; c < n; c++) to[c] = T(values[c]) + background;
    else
        for (long c = 0; c < n; c++) to[c * step] = T(values[c]) + background;
}

inline void warp_image(const WarpJob &job, const WarpDraw &draw, const void *from, float *memory,
                       void *out) {
    const WarpRoom room(job, memory);
    warp_load(job, from, room);
    if (job.bends) warp_field(job, draw.word, room), warp_blur(job, room);
    for (long r = 0; r < job.height; r++) {
        if (job.moves) warp_places(job, draw, r, room);
        for (long k = 0; k < job.channels; k++) {
            if (job.moves) warp_sample(room.image + k * room.plane, room, job.width);
            else std::copy_n(room.row(k, r), job.width, room.values);
            warp_disturb(job, draw, k, r, room.values);
            const long at = r * job.width * job.channels + k;
            if (job.wide)
                warp_write(room.values, job.width, job.background, job.channels,
                           static_cast<double *>(out) + at);
            else
                warp_write(room.values, job.width, float(job.background), job.channels,
                           static_cast<float *>(out) + at);
        }
    }
}

constexpr WarpLoops warp_loops = {warp_room, warp_image};
