#include "kernel.hpp"

#include <cstring>
#include <exception>
#include <map>
#include <optional>
#include <string>

#include "engine.hpp"

namespace {

// The order of with_activation() in functions.hpp, and of the outputs in block.hpp.
const std::vector<std::string> ACTIVATIONS = {"identity", "sigmoid",  "tanh", "relu", "leaky_relu",
                                              "elu",      "selu",     "softplus", "gelu", "silu"};
const std::vector<std::string> OUTPUTS = {"softmax", "sigmoid"};
const std::vector<std::string> FUNCTIONS = {"exp",   "expm1",    "tanh", "sigmoid",
                                            "log1p", "softplus", "ndtr", "probit"};

// A Python error is set, or `what` is to become one.
struct Refusal : std::exception {
    explicit Refusal(std::string text = "") : text(std::move(text)) {}
    const char *what() const noexcept override { return text.c_str(); }
    std::string text;
};

// Runs f and turns C++'s exceptions into Python's.
template <class F> PyObject *guarded(const F &f) {
    try {
        return f();
    } catch (const std::bad_alloc &) {
        return PyErr_NoMemory();
    } catch (const Refusal &refusal) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, refusal.what());
    } catch (const std::exception &error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return nullptr;
}

class Unlocked {
  public:
    Unlocked() : state_(PyEval_SaveThread()) {}
    ~Unlocked() { PyEval_RestoreThread(state_); }

  private:
    PyThreadState *state_;
};

// A buffer for as long as a call needs it.
class View {
  public:
    View(PyObject *object, const char *name, int ndim, char format, bool writable = false)
        : name_(name) {
        const int flags = PyBUF_STRIDES | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
        if (PyObject_GetBuffer(object, &buffer_, flags)) throw Refusal();
        held_ = true;
        const bool fits = buffer_.ndim == ndim && (!format || is(format));
        if (!fits || (ndim == 1 && n() > 1 && buffer_.strides[0] != buffer_.itemsize)) {
            release();
            throw Refusal(std::string(name) + " must be an array of " + std::to_string(ndim) +
                          " dimensions, of the right type, and contiguous");
        }
    }
    View(const View &) = delete;
    ~View() { release(); }

    template <class T> T *data() const { return static_cast<T *>(buffer_.buf); }
    long n() const { return buffer_.shape[0]; }
    long columns() const { return buffer_.shape[1]; }
    long stride() const { return buffer_.strides[0]; }
    long step() const { return buffer_.strides[1]; }
    long itemsize() const { return buffer_.itemsize; }
    void must_hold(long wanted) const {
        if (n() != wanted) throw Refusal(std::string(name_) + " has the wrong length");
    }
    Source source() const {
        static const std::map<std::pair<char, long>, Source> known = {
            {{'u', 1}, Source::u8},  {{'i', 1}, Source::i8},  {{'u', 2}, Source::u16},
            {{'i', 2}, Source::i16}, {{'u', 4}, Source::u32}, {{'i', 4}, Source::i32},
            {{'u', 8}, Source::u64}, {{'i', 8}, Source::i64}, {{'f', 4}, Source::f32},
            {{'f', 8}, Source::f64}};
        const auto found = known.find({kind(), buffer_.itemsize});
        if (found == known.end()) throw Refusal(std::string(name_) + " has a type not handled here");
        return found->second;
    }

  private:
    char kind() const {
        const char *f = buffer_.format;
        if (!f || strlen(f) != 1) return 0;
        return strchr("?BHILQN", *f) ? 'u' : strchr("bhilqn", *f) ? 'i' : strchr("fd", *f) ? 'f' : 0;
    }
    bool is(char format) const {
        return kind() == (format == 'q' ? 'i' : 'f') && buffer_.itemsize == (format == 'f' ? 4 : 8);
    }
    void release() {
        if (held_) PyBuffer_Release(&buffer_);
        held_ = false;
    }
    Py_buffer buffer_{};
    const char *name_;
    bool held_ = false;
};

using MaybeView = std::optional<View>;

void take(MaybeView &view, PyObject *object, const char *name, char format) {
    if (object != Py_None) view.emplace(object, name, 1, format);
}

// The arguments that all sums share: (X, y, weight, unit, index, edges, n_lanes, n_threads[, apart,
// draws, many]). Where X is None the rows that the kernel keeps are meant; where they stand apart, X
// holds those of the index alone, while labels and weights are still those of all rows. `draws` is
// (seed, key), or None for neither dropout nor noise; `many` holds 0 or 1 for each row and class, in
// place of y.
class Call {
  public:
    Call(const Engine &engine, PyObject *arguments) {
        PyObject *X, *y, *weight, *index, *edges, *draws = Py_None, *many = Py_None;
        int apart = 0;
        if (!PyArg_ParseTuple(arguments, "OOOdOOli|pOO:rows", &X, &y, &weight, &rows.unit, &index,
                              &edges, &plan.n_lanes, &plan.n_threads, &apart, &draws, &many))
            throw Refusal();
        rows.apart = apart;
        if (X == Py_None) take_kept(engine);
        else take_rows(X, engine.network);
        take(y_, y, "y", 'q');
        take(weight_, weight, "sample_weight", 'd');
        take(index_, index, "rows", 'q');
        edges_.emplace(edges, "edges", 1, 'q');
        if (many != Py_None) take_many(many, engine.network);
        if (draws != Py_None) take_draws(draws, engine.network);
        if (rows.apart) check_apart();
        check_labels();
        check_plan();
    }

    Rows rows;
    Plan plan;

  private:
    void take_kept(const Engine &engine) {
        if (!engine.kept()) throw Refusal("no rows are kept");
        rows.mapped = engine.kept();
        n_rows_ = engine.n_kept();
    }
    void take_rows(PyObject *X, const Network &network) {
        X_.emplace(X, "X", 2, 0);
        if (X_->columns() != network.n_inputs()) throw Refusal("X has the wrong number of columns");
        rows.X = X_->data<char>();
        rows.stride = X_->stride();
        rows.step = X_->columns() < 2 ? X_->itemsize() : X_->step();
        rows.source = X_->source();
        n_rows_ = X_->n();
    }
    // From here on the number of rows is that of all, which the labels tell.
    void check_apart() {
        if (!index_ || !(y_ || many_) || rows.mapped) throw Refusal("rows apart need an index and labels");
        index_->must_hold(n_rows_);
        n_rows_ = (y_ ? y_ : many_)->n();
    }
    void check_labels() {
        if (y_) y_->must_hold(n_rows_), rows.y = y_->data<int64_t>();
        if (many_) many_->must_hold(n_rows_), rows.many = many_->data<uint8_t>();
        if (weight_) weight_->must_hold(n_rows_), rows.weight = weight_->data<double>();
        if (!index_) return;
        if (rows.mapped) throw Refusal("kept rows are taken as they stand");
        rows.index = index_->data<int64_t>();
        for (long p = 0; p < index_->n(); p++)
            if (rows.index[p] < 0 || rows.index[p] >= n_rows_) throw Refusal("rows outside of X");
    }
    void take_many(PyObject *many, const Network &network) {
        many_.emplace(many, "many", 2, 0);
        const bool contiguous = many_->step() == 1 && many_->stride() == many_->columns();
        if (many_->source() != Source::u8 || many_->columns() != network.n_classes() ||
            !contiguous || !network.output)
            throw Refusal("many must be contiguous bytes, a column a class of sigmoid output");
    }
    void take_draws(PyObject *draws, const Network &network) {
        unsigned long long seed, key;
        if (!PyArg_ParseTuple(draws, "KK:draws", &seed, &key)) throw Refusal();
        rows.draws = !network.drop.empty();
        rows.call = mix(mix(seed) + key);
    }
    void check_plan() {
        plan.edges = edges_->data<int64_t>();
        plan.n_blocks = edges_->n() - 1;
        const long n = index_ ? index_->n() : n_rows_;
        bool good = plan.n_lanes > 0 && plan.n_lanes <= plan.n_blocks && plan.n_threads > 0 &&
                    plan.edges[0] >= 0 && plan.edges[plan.n_blocks] <= n;
        for (long k = 0; good && k < plan.n_blocks; k++)
            good = plan.edges[k] < plan.edges[k + 1] && (!rows.mapped || plan.edges[k] % PANEL == 0);
        if (good && rows.mapped) good = plan.edges[plan.n_blocks] == n;
        if (!good) throw Refusal("edges must rise, within the rows, a block or more for each lane");
    }
    MaybeView X_, y_, weight_, index_, edges_, many_;
    long n_rows_ = 0;
};

struct Kernel {
    PyObject_HEAD
    Engine *engine;
};

Engine &engine_of(PyObject *self) { return *reinterpret_cast<Kernel *>(self)->engine; }

int position(const std::vector<std::string> &names, const std::string &name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) throw Refusal("unknown name: " + name);
    return int(found - names.begin());
}

std::string text_of(PyObject *object) {
    const char *text = object ? PyUnicode_AsUTF8AndSize(object, nullptr) : nullptr;
    if (!text) throw Refusal();
    return text;
}

long whole(PyObject *object) {
    const long value = object ? PyLong_AsLong(object) : -1;
    if (PyErr_Occurred()) throw Refusal();
    return value;
}

template <class T> std::vector<T> padded_copy(const View &from) {
    std::vector<T> copy(padded(from.n()) + ROWS_UNIT, T(0));
    std::copy_n(from.data<double>(), from.n(), copy.begin());
    return copy;
}

// A share or a deviation a layer, the inputs' first.
std::vector<double> one_a_layer(PyObject *values, size_t n_layers) {
    if (PyTuple_Size(values) != Py_ssize_t(n_layers)) throw Refusal("one value a layer is wanted");
    std::vector<double> taken;
    for (size_t l = 0; l < n_layers; l++)
        taken.push_back(PyFloat_AsDouble(PyTuple_GetItem(values, Py_ssize_t(l))));
    if (PyErr_Occurred()) throw Refusal();
    return taken;
}

// (drop, noise, smoothing)
void take_regularisation(Network &network, PyObject *given) {
    PyObject *drop, *noise;
    if (!PyArg_ParseTuple(given, "O!O!d:regularisation", &PyTuple_Type, &drop, &PyTuple_Type, &noise,
                          &network.smoothing))
        throw Refusal();
    network.drop = one_a_layer(drop, network.layers.size());
    network.noise = one_a_layer(noise, network.layers.size());
    for (double rate : network.drop)
        if (!(rate >= 0 && rate < 1)) throw Refusal("units are dropped at a rate of 0 to 1");
}

Network build(PyObject *widths, PyObject *activations, const char *output, PyObject *shift,
              PyObject *scale) {
    Network network;
    network.output = position(OUTPUTS, output);
    const long n = PyTuple_Size(widths);
    if (n < 2 || PyTuple_Size(activations) != n - 2) throw Refusal("widths and activations disagree");
    long n_in = network.units = network.widest = whole(PyTuple_GetItem(widths, 0));
    for (long l = 1; l < n; l++) {
        const long n_out = whole(PyTuple_GetItem(widths, l));
        if (n_in < 1 || n_out < 1) throw Refusal("widths must be positive");
        const int code =
            l < n - 1 ? position(ACTIVATIONS, text_of(PyTuple_GetItem(activations, l - 1))) : 0;
        network.layers.push_back({n_in, n_out, code, network.n_weights});
        network.n_weights += (n_in + 1) * n_out;
        network.units += n_out;
        network.widest = std::max(network.widest, n_out);
        n_in = n_out;
    }
    const View shifts(shift, "shift", 1, 'd'), scales(scale, "scale", 1, 'd');
    shifts.must_hold(network.n_inputs());
    scales.must_hold(network.n_inputs());
    network.shift = padded_copy<double>(shifts);
    network.scale = padded_copy<double>(scales);
    network.shift32 = padded_copy<float>(shifts);
    network.scale32 = padded_copy<float>(scales);
    return network;
}

const Target &target_named(const char *name) {
    for (const Target *target : targets())
        if (!strcmp(target->name, name)) return *target;
    throw Refusal(std::string("this processor has no target ") + name);
}

// ---- methods --------------------------------------------------------------------------------

PyObject *kernel_new(PyTypeObject *type, PyObject *arguments, PyObject *named) {
    return guarded([&]() -> PyObject * {
        if (named && PyDict_Size(named)) throw Refusal("Kernel takes arguments by position alone");
        PyObject *widths, *activations, *shift, *scale, *regularisation = Py_None;
        const char *output, *target;
        int single, layer_norm = 0;
        if (!PyArg_ParseTuple(arguments, "O!O!spOOs|Op:Kernel", &PyTuple_Type, &widths, &PyTuple_Type,
                              &activations, &output, &single, &shift, &scale, &target,
                              &regularisation, &layer_norm))
            return nullptr;
        Network network = build(widths, activations, output, shift, scale);
        network.layer_norm = layer_norm;
        if (regularisation != Py_None) take_regularisation(network, regularisation);
        const Target &chosen = target_named(target);
        std::unique_ptr<Engine> engine;
        if (single) engine = std::make_unique<EngineOf<float>>(std::move(network), chosen);
        else engine = std::make_unique<EngineOf<double>>(std::move(network), chosen);
        const auto allocate = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
        PyObject *self = allocate(type, 0);
        if (self) reinterpret_cast<Kernel *>(self)->engine = engine.release();
        return self;
    });
}

void kernel_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    delete reinterpret_cast<Kernel *>(self)->engine;
    reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

PyObject *gradient(PyObject *self, PyObject *arguments) {
    return guarded([&]() -> PyObject * {
        PyObject *theta, *out, *rows;
        Decay decay = 0;
        if (!PyArg_ParseTuple(arguments, "OO!dO|d:gradient", &theta, &PyTuple_Type, &rows,
                              &decay.squares, &out, &decay.sizes))
            return nullptr;
        Engine &engine = engine_of(self);
        const Call call(engine, rows);
        const View weights(theta, "theta", 1, 'd'), sums(out, "out", 1, 'd', true);
        weights.must_hold(engine.network.n_weights);
        sums.must_hold(engine.network.n_weights);
        double cost;
        {
            Unlocked unlocked;
            cost = engine.gradient(weights.data<double>(), call.rows, call.plan, decay, sums.data<double>());
        }
        return PyFloat_FromDouble(cost);
    });
}

PyObject *cost(PyObject *self, PyObject *arguments) {
    return guarded([&]() -> PyObject * {
        PyObject *theta, *rows;
        Decay decay = 0;
        if (!PyArg_ParseTuple(arguments, "OO!d|d:cost", &theta, &PyTuple_Type, &rows, &decay.squares,
                              &decay.sizes))
            return nullptr;
        Engine &engine = engine_of(self);
        const Call call(engine, rows);
        const View weights(theta, "theta", 1, 'd');
        weights.must_hold(engine.network.n_weights);
        double cost;
        {
            Unlocked unlocked;
            cost = engine.cost(weights.data<double>(), call.rows, call.plan, decay);
        }
        return PyFloat_FromDouble(cost);
    });
}

PyObject *curvature(PyObject *self, PyObject *arguments) {
    return guarded([&]() -> PyObject * {
        PyObject *theta, *v, *out, *rows;
        double decay;
        if (!PyArg_ParseTuple(arguments, "OOO!dO:curvature", &theta, &v, &PyTuple_Type, &rows,
                              &decay, &out))
            return nullptr;
        Engine &engine = engine_of(self);
        const Call call(engine, rows);
        if (call.rows.draws) throw Refusal("the curvature is that of the clean cost");
        const View weights(theta, "theta", 1, 'd'), direction(v, "v", 1, 'd'),
            sums(out, "out", 1, 'd', true);
        for (const View *view : {&weights, &direction, &sums}) view->must_hold(engine.network.n_weights);
        {
            Unlocked unlocked;
            engine.curvature(weights.data<double>(), direction.data<double>(), call.rows, call.plan,
                             decay, sums.data<double>());
        }
        Py_RETURN_NONE;
    });
}

PyObject *keep(PyObject *self, PyObject *rows) {
    return guarded([&]() -> PyObject * {
        Engine &engine = engine_of(self);
        const Call call(engine, rows);
        if (call.rows.index || call.rows.mapped) throw Refusal("whole arrays are kept");
        {
            Unlocked unlocked;
            engine.keep(call.rows, call.plan.edges[call.plan.n_blocks]);
        }
        Py_RETURN_NONE;
    });
}

PyObject *load(PyObject *self, PyObject *theta) {
    return guarded([&]() -> PyObject * {
        const View weights(theta, "theta", 1, 'd');
        weights.must_hold(engine_of(self).network.n_weights);
        engine_of(self).load(weights.data<double>());
        Py_RETURN_NONE;
    });
}

PyObject *write(PyObject *self, PyObject *arguments,
                void (Engine::*method)(const Rows &, const Plan &, void *)) {
    return guarded([&]() -> PyObject * {
        PyObject *out, *rows;
        if (!PyArg_ParseTuple(arguments, "O!O", &PyTuple_Type, &rows, &out)) return nullptr;
        Engine &engine = engine_of(self);
        const Call call(engine, rows);
        const bool single = dynamic_cast<EngineOf<float> *>(&engine);
        const View to(out, "out", 2, single ? 'f' : 'd', true);
        to.must_hold(call.plan.edges[call.plan.n_blocks]);
        const bool contiguous = to.columns() < 2 || to.step() == to.itemsize();
        if (to.columns() != engine.network.n_classes() || !contiguous ||
            to.stride() != to.columns() * to.itemsize())
            throw Refusal("out must be contiguous, one column a class");
        {
            Unlocked unlocked;
            (engine.*method)(call.rows, call.plan, to.data<void>());
        }
        Py_RETURN_NONE;
    });
}
PyObject *logits(PyObject *self, PyObject *arguments) {
    return write(self, arguments, &Engine::logits);
}
PyObject *probabilities(PyObject *self, PyObject *arguments) {
    return write(self, arguments, &Engine::probabilities);
}

PyObject *close(PyObject *self, PyObject *) {
    {
        Unlocked unlocked;
        engine_of(self).close();
    }
    Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"gradient", gradient, METH_VARARGS, "gradient(theta, rows, decay, out, l1=0) -> cost"},
    {"cost", cost, METH_VARARGS, "cost(theta, rows, decay, l1=0) -> cost"},
    {"curvature", curvature, METH_VARARGS, "curvature(theta, v, rows, decay, out)"},
    {"keep", keep, METH_O, "keep(rows): keep X as inputs, for calls with None in its place"},
    {"load", load, METH_O, "load(theta): keep these weights for logits and probabilities"},
    {"logits", logits, METH_VARARGS, "logits(rows, out)"},
    {"probabilities", probabilities, METH_VARARGS, "probabilities(rows, out)"},
    {"close", close, METH_NOARGS, "Let the threads go."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void *>(kernel_new)},
    {Py_tp_dealloc, reinterpret_cast<void *>(kernel_dealloc)},
    {Py_tp_methods, methods},
    {Py_tp_doc, const_cast<char *>(
        "Kernel(widths, activations, output, single, shift, scale, target, regularisation=None, "
        "layer_norm=False)\n\n"
        "Sums over blocks of rows. `rows` is a tuple (X, y, weight, unit, index, edges, n_lanes, "
        "n_threads, apart=False, draws=None, many=None), with draws (seed, key); regularisation is a tuple "
        "(drop, noise, smoothing).")},
    {0, nullptr},
};
PyType_Spec spec = {"layerlab._kernel.Kernel", sizeof(Kernel), 0, Py_TPFLAGS_DEFAULT, slots};

// function(name, target, from, to): an elementary function as the target computes it.
PyObject *function(PyObject *, PyObject *arguments) {
    return guarded([&]() -> PyObject * {
        const char *name, *target;
        PyObject *from, *to;
        if (!PyArg_ParseTuple(arguments, "ssOO:function", &name, &target, &from, &to)) return nullptr;
        const Target &chosen = target_named(target);
        const int code = position(FUNCTIONS, name);
        const View x(from, "from", 1, 0);
        const bool single = x.source() == Source::f32;
        const View y(to, "to", 1, single ? 'f' : 'd', true);
        y.must_hold(x.n());
        if (!single && x.source() != Source::f64) throw Refusal("from must hold floats");
        if (single) chosen.single.function(code, x.data<float>(), y.data<float>(), x.n());
        else chosen.wide.function(code, x.data<double>(), y.data<double>(), x.n());
        Py_RETURN_NONE;
    });
}

PyMethodDef functions[] = {
    {"function", function, METH_VARARGS, "function(name, target, from, to)"},
    {nullptr, nullptr, 0, nullptr},
};

PyObject *target_names() {
    PyObject *names = PyTuple_New(Py_ssize_t(targets().size()));
    for (size_t k = 0; names && k < targets().size(); k++)
        PyTuple_SetItem(names, Py_ssize_t(k), PyUnicode_FromString(targets()[k]->name));
    return names;
}

}  // namespace

int add_kernel(PyObject *module) {
    PyObject *type = PyType_FromModuleAndSpec(module, &spec, nullptr);
    PyObject *names = target_names();
    const bool good = type && names && !PyModule_AddObjectRef(module, "Kernel", type) &&
                      !PyModule_AddObjectRef(module, "TARGETS", names) &&
                      !PyModule_AddFunctions(module, functions);
    Py_XDECREF(type);
    Py_XDECREF(names);
    return good ? 0 : -1;
}
