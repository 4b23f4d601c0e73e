// The Python type Room: memory for arrays, which is used again.
#pragma once
#include "python.hpp"

int add_room(PyObject *module);
