// The Python type Kernel, and what the module says of its targets.
#pragma once
#include "python.hpp"

int add_kernel(PyObject *module);
