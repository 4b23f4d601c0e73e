#include "warp.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <new>
#include <vector>

#include "network.hpp"
#include "python.hpp"
#include "team.hpp"

namespace {

constexpr long SHARE = 32;        // images a thread takes at a time
constexpr uint32_t SCALARS = 64;  // the layer of unit_words()
constexpr long MOST = 1 << 24;    // units of a layer

// The units of that layer, as in draws.py.
enum Unit {
    ROTATION, SCALE_Y, SCALE_X, SHEAR, SHIFT_Y, SHIFT_X, CONTRAST,
    FLIP_Y, FLIP_X, ERASE, AREA, ASPECT, TOP, LEFT,
};

// The deformation, in pixels and radians; the order in which compiled.py lists it.
struct Sizes {
    double rotation, scale, shear, shift, elastic, noise, erase, erase_area, contrast, background;
};

enum Flip { NONE, HORIZONTAL, VERTICAL, BOTH };

struct Call {
    WarpJob job;
    Sizes sizes;
    int flip;
    const char *from;
    const uint64_t *words;
    char *out;
    long n, bytes_from, bytes_out;
    int n_threads;
};

// uniform(unit_words(…)) of _counter.py.
double drawn(uint64_t word, uint32_t unit) {
    return (double(warp_word(word, SCALARS, unit) >> 9) + 0.5) * 0x1p-23;
}
double drawn_signed(uint64_t word, uint32_t unit) { return 2 * drawn(word, unit) - 1; }

// inverse_maps() of draws.py, less the identity.
void draw_map(const Call &call, WarpDraw &draw) {
    const Sizes &size = call.sizes;
    const uint64_t word = draw.word;
    const double turn = drawn_signed(word, ROTATION) * size.rotation;
    const double shear = drawn_signed(word, SHEAR) * size.shear;
    const double c = std::cos(turn), s = std::sin(turn);
    double y = 1 / (1 + drawn_signed(word, SCALE_Y) * size.scale);
    double x = 1 / (1 + drawn_signed(word, SCALE_X) * size.scale);
    if ((call.flip == VERTICAL || call.flip == BOTH) && drawn(word, FLIP_Y) < 0.5) y = -y;
    if ((call.flip == HORIZONTAL || call.flip == BOTH) && drawn(word, FLIP_X) < 0.5) x = -x;
    const double yy = y * c, yx = y * s, xy = x * (-s - shear * c), xx = x * (c - shear * s);
    const double down = drawn_signed(word, SHIFT_Y) * size.shift;
    const double right = drawn_signed(word, SHIFT_X) * size.shift;
    draw.yy = float(yy - 1), draw.yx = float(yx), draw.y0 = float(-(yy * down + yx * right));
    draw.xy = float(xy), draw.xx = float(xx - 1), draw.x0 = float(-(xy * down + xx * right));
}

// rectangles() of draws.py.
void draw_rectangle(const Call &call, WarpDraw &draw) {
    const Sizes &size = call.sizes;
    const uint64_t word = draw.word;
    const double height = double(call.job.height), width = double(call.job.width);
    const double share = size.erase_area * (0.25 + 0.75 * drawn(word, AREA));
    const double aspect = 0.5 + 1.5 * drawn(word, ASPECT);
    const double tall = std::min(std::floor(std::sqrt(share * aspect) * height + 0.5), height);
    const double wide = std::min(std::floor(std::sqrt(share / aspect) * width + 0.5), width);
    if (!(drawn(word, ERASE) < size.erase) || tall * wide == 0) return;
    draw.top = long(std::floor(drawn(word, TOP) * (height - tall + 1)));
    draw.left = long(std::floor(drawn(word, LEFT) * (width - wide + 1)));
    draw.bottom = draw.top + long(tall), draw.right = draw.left + long(wide);
}

WarpDraw draw(const Call &call, long i) {
    WarpDraw draw = {};
    draw.word = call.words[i];
    draw.contrast = 1;
    if (call.job.moves) draw_map(call, draw);
    if (call.sizes.contrast)
        draw.contrast = float(1 + drawn_signed(draw.word, CONTRAST) * call.sizes.contrast);
    if (call.sizes.erase) draw_rectangle(call, draw);
    return draw;
}

// Images from `next` on, until there are none left.
void work(const Call &call, const WarpLoops &loops, std::atomic<long> &next) {
    std::vector<float> room(size_t(loops.room(call.job)));
    for (long start; (start = next.fetch_add(SHARE)) < call.n;)
        for (long i = start; i < std::min(start + SHARE, call.n); i++)
            loops.image(call.job, draw(call, i), call.from + i * call.bytes_from, room.data(),
                        call.out + i * call.bytes_out);
}

// Returns false where memory ran out.
bool run(const Call &call, const WarpLoops &loops) {
    std::atomic<long> next{0};
    std::atomic<bool> enough{true};
    const auto task = [&] {
        try {
            work(call, loops, next);
        } catch (const std::bad_alloc &) {
            enough = false;
        }
    };
    const long helpers = std::min<long>(call.n_threads, (call.n + SHARE - 1) / SHARE) - 1;
    if (helpers > 0) {
        Team *team = Team::take(int(helpers));
        team->run(task);
        Team::give(team);
    } else {
        task();
    }
    return enough;
}

// A contiguous buffer for as long as a call needs it.
class Bytes {
  public:
    explicit Bytes(PyObject *object, bool writable = false)
        : held_(!PyObject_GetBuffer(object, &buffer_,
                                    PyBUF_FORMAT | PyBUF_ND | (writable ? PyBUF_WRITABLE : 0))) {}
    Bytes(const Bytes &) = delete;
    ~Bytes() {
        if (held_) PyBuffer_Release(&buffer_);
    }
    explicit operator bool() const { return held_; }
    bool is(int ndim, const char *formats) const {
        const char *format = buffer_.format ? buffer_.format : "B";
        return buffer_.ndim == ndim && std::strlen(format) == 1 && std::strchr(formats, format[0]);
    }
    char type() const { return buffer_.format ? buffer_.format[0] : 'B'; }
    long rows() const { return long(buffer_.shape[0]); }
    long columns() const { return long(buffer_.shape[1]); }
    long step() const { return columns() * long(buffer_.itemsize); }
    char *data() const { return static_cast<char *>(buffer_.buf); }

  private:
    Py_buffer buffer_;
    bool held_;
};

PyObject *refuse(const char *message) {
    PyErr_SetString(PyExc_ValueError, message);
    return nullptr;
}

// Rows are filled up to whole vectors of any target; how many columns count is told apart.
bool take(const Bytes &of, long columns, WarpMatrix &matrix) {
    if (!of || !of.is(2, "f") || of.columns() % 16 || columns < 1 || columns > of.columns())
        return false;
    matrix = {reinterpret_cast<const float *>(of.data()), of.rows(), columns, of.columns()};
    return true;
}

const Target *named(const char *name) {
    for (const Target *target : targets())
        if (!std::strcmp(target->name, name)) return target;
    return nullptr;
}

bool fits(const Call &call, const Bytes &X, const Bytes &out) {
    const WarpJob &job = call.job;
    const long sides[] = {job.height, job.width, job.channels};
    for (const long side : sides)
        if (side < 1 || side > MOST) return false;
    if (job.height * job.width > MOST || job.height * job.width * job.channels > MOST) return false;
    return X.columns() == job.height * job.width * job.channels && out.columns() == X.columns() &&
           out.rows() == X.rows();
}

// Ranks agree: rows (p, height), rows_back (height, p), columns (width, q), columns_back (q, width).
bool fits(const WarpJob &job) {
    return job.rows.columns == job.height && job.rows_back.rows == job.height &&
           job.rows_back.columns == job.rows.rows && job.rows.rows <= job.height &&
           job.columns.rows == job.width && job.columns_back.columns == job.width &&
           job.columns_back.rows == job.columns.columns && job.columns.columns <= job.width;
}

PyObject *warp(PyObject *, PyObject *given) {
    PyObject *X_, *words_, *sizes_, *rows_, *rows_back_, *columns_, *columns_back_, *out_;
    const char *target_;
    Call call = {};
    WarpJob &job = call.job;
    long p, q;
    if (!PyArg_ParseTuple(given, "OOO(lllii)(OOOOll)Os:warp", &X_, &words_, &sizes_, &job.height,
                          &job.width, &job.channels, &call.flip, &call.n_threads, &rows_, &rows_back_,
                          &columns_, &columns_back_, &p, &q, &out_, &target_))
        return nullptr;
    const Bytes X(X_), words(words_), sizes(sizes_), out(out_, true);
    const Bytes rows(rows_), rows_back(rows_back_), columns(columns_), columns_back(columns_back_);
    for (const Bytes *bytes : {&X, &words, &sizes, &out, &rows, &rows_back, &columns, &columns_back})
        if (!*bytes) return nullptr;
    if (!X.is(2, "BHfd") || !words.is(1, "LQ") || !sizes.is(1, "d") || !out.is(2, "fd"))
        return refuse("rows, words, sizes and out must be of the right types");
    if (!fits(call, X, out) || words.rows() != X.rows() || sizes.rows() * sizeof(double) != sizeof(Sizes))
        return refuse("shapes must agree");
    std::memcpy(&call.sizes, sizes.data(), sizeof(Sizes));
    const Sizes &size = call.sizes;
    job.bends = size.elastic != 0;
    job.moves = job.bends || call.flip || size.rotation || size.scale || size.shear || size.shift;
    if (job.bends &&
        !(take(rows, job.height, job.rows) && take(rows_back, p, job.rows_back) &&
          take(columns, q, job.columns) && take(columns_back, job.width, job.columns_back) && fits(job)))
        return refuse("the factors of the blur must agree");
    const Target *target = named(target_);
    if (!target || call.n_threads < 1) return refuse("no such target, or no thread");
    job.type = X.type(), job.wide = out.type() == 'd';
    job.noise = float(size.noise), job.background = size.background;
    call.from = X.data(), call.words = reinterpret_cast<const uint64_t *>(words.data());
    call.out = out.data(), call.n = X.rows(), call.bytes_from = X.step(), call.bytes_out = out.step();
    bool enough = true;
    Py_BEGIN_ALLOW_THREADS
    enough = run(call, target->warp);
    Py_END_ALLOW_THREADS
    if (!enough) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

}  // namespace

PyMethodDef warp_methods[] = {
    {"warp", warp, METH_VARARGS,
     "warp(X, words, sizes, (height, width, channels, flip, threads), factors, out, target)"},
    {nullptr, nullptr, 0, nullptr},
};
