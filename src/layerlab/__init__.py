"""Explore how well deep feedforward networks classify your small images.

One command explores it, ``layerlab explore digits``; in Python::

    import layerlab

    run = layerlab.explore("digits")
    model = layerlab.FeedforwardClassifier((64, 64)).fit(X, y)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layerlab.api import *  # noqa: F403
    from layerlab.api import __all__ as __all__

    __version__: str


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: the command line's help needs none of it."""
    if name == "__version__":
        return import_module("importlib.metadata").version("layerlab")
    api = import_module("layerlab.api")
    if name == "__all__":
        return [*api.__all__, "__version__"]
    if name in api.__all__:
        return getattr(api, name)
    raise AttributeError(f"module 'layerlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*import_module("layerlab.api").__all__, "__version__"])
