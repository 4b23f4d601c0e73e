"""The compiled module, where it was built and is wanted."""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

from layerlab.errors import ParameterError

__all__ = ["KERNEL", "kernel_target", "path_in_words"]

# Set to "off" for the NumPy path, or to one of the kernel's targets ("avx2") for that one.
VARIABLE = "LAYERLAB_KERNEL"


def _wanted() -> str:
    return os.environ.get(VARIABLE, "").strip().lower()


def _load() -> ModuleType | None:
    if _wanted() == "off":
        return None
    try:
        kernel = import_module("layerlab._kernel")
    except ImportError:
        return None
    if _wanted() in kernel.TARGETS:
        kernel.use(_wanted())
    return kernel


KERNEL: ModuleType | None = _load()
"""``layerlab._kernel``; None where it was not built, or where LAYERLAB_KERNEL is "off"."""


def kernel_target() -> str | None:
    """Return what the kernel's code is made for here, such as "avx2"; None on the NumPy path.

    Raises
    ------
    ParameterError
        If LAYERLAB_KERNEL names a target that this processor does not have.
    """
    if KERNEL is None:
        return None
    targets: tuple[str, ...] = KERNEL.TARGETS
    wanted = _wanted() or targets[0]
    if wanted not in targets:
        raise ParameterError(
            f"The environment variable {VARIABLE} must be 'off' or one of "
            f"{', '.join(map(repr, targets))} on this processor. Got {wanted!r} instead."
        )
    return wanted


def path_in_words() -> str:
    """Return which path computes here, for people."""
    target = kernel_target()
    if target is not None:
        return f"compiled kernel, {target}"
    switched = _wanted() == "off"
    return f"NumPy path, {f'{VARIABLE}=off' if switched else 'there is no compiled kernel'}"
