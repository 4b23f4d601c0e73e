"""Explore how well deep feedforward networks classify your small images.

One command explores it, ``layerlab explore digits``; in Python::

    import layerlab

    run = layerlab.explore("digits")
    model = layerlab.FeedforwardClassifier((64, 64)).fit(X, y)

What there is stands in ``__init__.pyi``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
