// layerlab._kernel: what is worth compiling. All that layerlab calls of it has a NumPy twin.
#include "kernel.hpp"
#include "room.hpp"
#include "vectors.hpp"
#include "warp.hpp"

namespace {

int fill(PyObject *module) {
    return PyModule_AddFunctions(module, vector_methods) ||
                   PyModule_AddFunctions(module, warp_methods) || add_kernel(module) ||
                   add_room(module)
               ? -1
               : 0;
}

PyModuleDef_Slot slots[] = {{Py_mod_exec, reinterpret_cast<void *>(fill)}, {0, nullptr}};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "layerlab._kernel", "The compiled part of layerlab.", 0,
    nullptr, slots, nullptr, nullptr, nullptr,
};

}  // namespace

PyMODINIT_FUNC PyInit__kernel() { return PyModuleDef_Init(&definition); }
