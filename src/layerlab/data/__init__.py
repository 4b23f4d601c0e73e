"""Data: what rows are, how they are read, looked at, split and folded.

What there is stands in ``__init__.pyi``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
