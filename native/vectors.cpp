#include "vectors.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <vector>

#include "network.hpp"
#include "python.hpp"
#include "team.hpp"

namespace {

// Set by use(); at first the fastest target's.
const VectorLoops *chosen = nullptr;

const VectorLoops &loops() { return chosen ? *chosen : targets().front()->vectors; }

// -H g by the two loops of Nocedal (1980), in products of vectors alone: see two_loops.py. SY[i][j]
// is s_i · y_j where j is not older than i. Elsewhere it holds what was there before; the loops read
// whole rows, and meet those numbers only where they come to nothing.
struct TwoLoops {
    Pairs pairs;
    long memory, newest;
    double *SY, *YY;

    void downhill(const double *g, double *out) const {
        const long used = pairs.used;
        std::vector<double> sums(4 * used), alpha(used), right(used), c(used);
        loops().products(pairs, g, pairs.y(newest), sums.data());
        enter(sums);
        const double gamma = SY[newest * memory + newest] / YY[newest * memory + newest];
        back(sums, alpha);
        turn(sums, alpha, gamma, right);
        forth(right, c);
        for (double &a : alpha) a *= gamma;
        for (double &share : c) share = -share;
        loops().combined(pairs, g, -gamma, c.data(), alpha.data(), out);
    }

    void enter(const std::vector<double> &sums) const {
        for (long i = 0; i < pairs.used; i++) {
            SY[i * memory + newest] = sums[4 * i + 2];
            YY[i * memory + newest] = YY[newest * memory + i] = sums[4 * i + 3];
        }
    }

    double dot(const double *row, const std::vector<double> &x) const {
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (long j = 0; j < pairs.used; j++) sum += row[j] * x[j];
        return sum;
    }

    // α_i = ρ_i s_i · (g - Σ α_j y_j) over the newer j; α of the older is still 0.
    void back(const std::vector<double> &sums, std::vector<double> &alpha) const {
        for (long k = 0; k < pairs.used; k++) {
            const long i = (newest - k + memory) % memory;
            alpha[i] = (sums[4 * i] - dot(SY + i * memory, alpha)) / SY[i * memory + i];
        }
    }

    // s_i · y_i α_i - y_i · r, with r = γ (g - Σ α_j y_j).
    void turn(const std::vector<double> &sums, const std::vector<double> &alpha, double gamma,
              std::vector<double> &right) const {
        for (long i = 0; i < pairs.used; i++)
            right[i] = SY[i * memory + i] * alpha[i] -
                       gamma * (sums[4 * i + 1] - dot(YY + i * memory, alpha));
    }

    // c_i = α_i - ρ_i y_i · (r + Σ c_j s_j) over the older j: each takes its share from `right`,
    // the older having had their turn.
    void forth(std::vector<double> &right, std::vector<double> &c) const {
        for (long k = pairs.used - 1; k >= 0; k--) {
            const long i = (newest - k + memory) % memory;
            c[i] = right[i] / SY[i * memory + i];
            for (long j = 0; j < pairs.used; j++) right[j] -= c[i] * SY[i * memory + j];
        }
    }
};

// The memory of a contiguous array of doubles, held while it is used.
class View {
  public:
    View(PyObject *array, bool writable = false) {
        const int wanted = PyBUF_ND | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
        held_ = PyObject_GetBuffer(array, &buffer_, wanted) == 0;
        fits_ = held_ && !std::strcmp(buffer_.format, "d");
        if (held_ && !fits_) PyErr_SetString(PyExc_ValueError, "arrays must be of double precision");
    }
    ~View() {
        if (held_) PyBuffer_Release(&buffer_);
    }
    View(const View &) = delete;
    explicit operator bool() const { return fits_; }
    double *data() const { return static_cast<double *>(buffer_.buf); }
    long size() const { return long(buffer_.len / Py_ssize_t(sizeof(double))); }

  private:
    Py_buffer buffer_;
    bool held_ = false, fits_ = false;
};

PyObject *refuse(const char *message) {
    PyErr_SetString(PyExc_ValueError, message);
    return nullptr;
}

PyObject *use(PyObject *, PyObject *name) {
    const char *wanted = PyUnicode_AsUTF8AndSize(name, nullptr);
    if (!wanted) return nullptr;
    for (const Target *target : targets())
        if (!std::strcmp(target->name, wanted)) {
            chosen = &target->vectors;
            Py_RETURN_NONE;
        }
    return refuse("this processor has no such target");
}

PyObject *moved(PyObject *, PyObject *const *given, Py_ssize_t count) {
    if (count != 4) return refuse("moved(theta, direction, step, out)");
    const double step = PyFloat_AsDouble(given[2]);
    if (PyErr_Occurred()) return nullptr;
    View theta(given[0]), direction(given[1]), out(given[3], true);
    if (!theta || !direction || !out) return nullptr;
    const long n = out.size();
    if (theta.size() != n || direction.size() != n) return refuse("lengths must agree");
    loops().moved(theta.data(), direction.data(), step, n, out.data());
    Py_RETURN_NONE;
}

PyObject *largest(PyObject *, PyObject *given) {
    View x(given);
    return x ? PyFloat_FromDouble(loops().largest(x.data(), x.size())) : nullptr;
}

// Whether the curvature is positive, and the pair was written: see keep() in two_loops.py.
bool keep(const Change &theta, const Change &g, long n, double *pair) {
    constexpr double epsilon = std::numeric_limits<double>::epsilon();
    double sums[3];
    loops().lengths(theta, g, n, sums);
    const double sy = sums[0], ss = sums[1], yy = sums[2];
    const double least = epsilon * std::sqrt(ss) * std::sqrt(yy);
    if (!(0 < least && least < sy)) return false;
    loops().change(theta, n, pair);
    loops().change(g, n, pair + n);
    return true;
}

PyObject *keep(PyObject *, PyObject *const *given, Py_ssize_t count) {
    if (count != 5) return refuse("keep(old_theta, theta, old_g, g, pair)");
    View old_theta(given[0]), theta(given[1]), old_g(given[2]), g(given[3]), pair(given[4], true);
    if (!old_theta || !theta || !old_g || !g || !pair) return nullptr;
    const long n = theta.size();
    if (old_theta.size() != n || old_g.size() != n || g.size() != n || pair.size() != 2 * n)
        return refuse("shapes must agree");
    return PyBool_FromLong(
        keep({old_theta.data(), theta.data()}, {old_g.data(), g.data()}, n, pair.data()));
}

// Calls f() while other threads of Python may run.
template <class F> PyObject *unlocked(const F &f) {
    bool room = true;
    Py_BEGIN_ALLOW_THREADS
    try {
        f();
    } catch (const std::bad_alloc &) {
        room = false;
    }
    Py_END_ALLOW_THREADS
    if (!room) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

PyObject *downhill(PyObject *, PyObject *const *given, Py_ssize_t count) {
    if (count != 7) return refuse("downhill(pairs, SY, YY, used, newest, g, out)");
    const long used = PyLong_AsLong(given[3]), newest = PyLong_AsLong(given[4]);
    if (PyErr_Occurred()) return nullptr;
    View rows(given[0]), SY(given[1], true), YY(given[2], true), g(given[5]), out(given[6], true);
    if (!rows || !SY || !YY || !g || !out) return nullptr;
    const long n = g.size(), memory = n ? rows.size() / (2 * n) : 0;
    // Until memory is full, the pairs lie in the order in which they came.
    const bool in_order = newest >= 0 && newest < used && (used == memory || newest == used - 1);
    if (out.size() != n || SY.size() != memory * memory || YY.size() != SY.size() || used > memory ||
        !in_order)
        return refuse("shapes must agree");
    const TwoLoops two_loops = {{rows.data(), used, n}, memory, newest, SY.data(), YY.data()};
    return unlocked([&] { two_loops.downhill(g.data(), out.data()); });
}

// So many numbers are worth a thread of their own.
constexpr long PART = 1 << 14;

// Calls f(begin, end) for parts of 0 … n on at most so many threads.
template <class F> void spread(long n, long n_threads, const F &f) {
    const long n_parts = (n + PART - 1) / PART;
    std::atomic<long> next{0};
    const auto work = [&] {
        for (long k; (k = next.fetch_add(1)) < n_parts;) f(k * PART, std::min(n, (k + 1) * PART));
    };
    const long helpers = std::min(n_threads, n_parts) - 1;
    if (helpers < 1) return work();
    Team *team = Team::take(int(helpers));
    team->run(work);
    Team::give(team);
}

// `parts` holds each part's end, and what is kept of its theta beforehand.
PyObject *adam(PyObject *, PyObject *const *given, Py_ssize_t count) {
    if (count != 11)
        return refuse("adam(theta, gradient, mean, square, beta1, beta2, epsilon, rate, of_root, "
                      "parts, n_threads)");
    View theta(given[0], true), gradient(given[1]), mean(given[2], true), square(given[3], true),
        parts(given[9]);
    if (!theta || !gradient || !mean || !square || !parts) return nullptr;
    double of[5];
    for (int i = 0; i < 5; i++) of[i] = PyFloat_AsDouble(given[4 + i]);
    const long n_threads = PyLong_AsLong(given[10]), n = theta.size();
    if (PyErr_Occurred()) return nullptr;
    if (gradient.size() != n || mean.size() != n || square.size() != n)
        return refuse("lengths must agree");
    const double *part = parts.data(), *const last = part + parts.size();
    if (parts.size() < 2 || parts.size() % 2 || last[-2] != double(n))
        return refuse("parts must end with theta");
    const AdamVectors vectors = {theta.data(), gradient.data(), mean.data(), square.data()};
    const auto step = [&](long begin, long end) {
        for (const double *p = part; begin < end; p += 2) {
            const AdamStep numbers = {of[0], of[1], of[2], of[3], of[4], p[1]};
            const long stop = std::min(end, long(p[0]));
            if (stop > begin) loops().adam(numbers, vectors, begin, stop);
            begin = std::max(begin, stop);
        }
    };
    return unlocked([&] { spread(n, n_threads, step); });
}

PyObject *approach(PyObject *, PyObject *const *given, Py_ssize_t count) {
    if (count != 4) return refuse("approach(x, to, share, n_threads)");
    View x(given[0], true), to(given[1]);
    if (!x || !to) return nullptr;
    const double share = PyFloat_AsDouble(given[2]);
    const long n_threads = PyLong_AsLong(given[3]), n = x.size();
    if (PyErr_Occurred()) return nullptr;
    if (to.size() != n) return refuse("lengths must agree");
    const auto step = [&](long begin, long end) {
        loops().approach(x.data(), to.data(), share, begin, end);
    };
    return unlocked([&] { spread(n, n_threads, step); });
}

using Fast = PyObject *(PyObject *, PyObject *const *, Py_ssize_t);

PyCFunction method(Fast *function) {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void *>(function));
}

}  // namespace

PyMethodDef vector_methods[] = {
    {"use", use, METH_O, "the target that computes the functions below, for the whole process"},
    {"moved", method(moved), METH_FASTCALL, "out = theta + step * direction"},
    {"largest", largest, METH_O, "max |x|, NaN where there is one"},
    {"keep", method(keep), METH_FASTCALL, "pair = s and y, if their curvature is positive"},
    {"downhill", method(downhill), METH_FASTCALL, "out = -H g, of the pairs that L-BFGS remembers"},
    {"adam", method(adam), METH_FASTCALL, "a step of Adam in place, on some threads"},
    {"approach", method(approach), METH_FASTCALL, "x += share * (to - x), on some threads"},
    {nullptr, nullptr, 0, nullptr},
};
