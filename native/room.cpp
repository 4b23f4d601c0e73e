#include "room.hpp"

#include "spare.hpp"

namespace {

struct Room {
    PyObject_HEAD
    void *memory;
    Py_ssize_t bytes;
};

Room &room(PyObject *self) { return *reinterpret_cast<Room *>(self); }

PyObject *room_new(PyTypeObject *type, PyObject *arguments, PyObject *) {
    Py_ssize_t bytes;
    if (!PyArg_ParseTuple(arguments, "n:Room", &bytes)) return nullptr;
    if (bytes < 0) {
        PyErr_SetString(PyExc_ValueError, "a number of bytes cannot be negative");
        return nullptr;
    }
    const auto make = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
    PyObject *self = make(type, 0);
    if (!self) return nullptr;
    room(self).memory = nullptr;
    room(self).bytes = bytes;
    try {
        room(self).memory = Spare::take(size_t(bytes));
    } catch (const std::bad_alloc &) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return self;
}

void room_dealloc(PyObject *self) {
    if (room(self).memory) Spare::give(room(self).memory, size_t(room(self).bytes));
    PyTypeObject *type = Py_TYPE(self);
    reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

int room_buffer(PyObject *self, Py_buffer *view, int flags) {
    return PyBuffer_FillInfo(view, self, room(self).memory, room(self).bytes, 0, flags);
}

PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void *>(room_new)},
    {Py_tp_dealloc, reinterpret_cast<void *>(room_dealloc)},
    {Py_bf_getbuffer, reinterpret_cast<void *>(room_buffer)},
    {Py_tp_doc, const_cast<char *>(
        "Room(bytes)\n\nMemory of so many bytes, as it was left; given back, it serves the next.")},
    {0, nullptr},
};
PyType_Spec spec = {"layerlab._kernel.Room", sizeof(Room), 0, Py_TPFLAGS_DEFAULT, slots};

}  // namespace

int add_room(PyObject *module) {
    PyObject *type = PyType_FromModuleAndSpec(module, &spec, nullptr);
    const int failed = type ? PyModule_AddObjectRef(module, "Room", type) : -1;
    Py_XDECREF(type);
    return failed;
}
