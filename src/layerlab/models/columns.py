"""What scikit-learn notes of the columns while it checks rows, before anything is learnt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["columns_kept"]

COLUMNS = ("n_features_in_", "feature_names_in_")


@contextmanager
def columns_kept(estimator: Any) -> Iterator[None]:
    """Give the estimator its columns back if the block raises: what it has learnt needs them."""
    known = vars(estimator)
    before = {name: known[name] for name in COLUMNS if name in known}
    try:
        yield
    except BaseException:
        for name in COLUMNS:
            known.pop(name, None)
        known.update(before)
        raise
