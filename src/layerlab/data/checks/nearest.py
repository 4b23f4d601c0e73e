"""The nearest rows of some rows, as two checks are given them."""

from __future__ import annotations

from dataclasses import dataclass

from layerlab._typing import IndexArray, Vector

__all__ = ["NearestRows"]


@dataclass(frozen=True, eq=False)
class NearestRows:
    """For each row looked at, the nearest of the rows searched, itself left out.

    Attributes
    ----------
    queries : ndarray of shape (q,)
        Row numbers of the rows looked at.
    neighbours : ndarray of shape (q, k)
        Row numbers of their nearest, the nearest first.
    distances : ndarray of shape (q, k)
        Euclidean, between columns made comparable.
    spread : float
        Root mean square distance of two rows drawn at random.
    n_queries : int
        Rows that could have been looked at.
    n_searched : int
        Rows searched.
    """

    queries: IndexArray
    neighbours: IndexArray
    distances: Vector
    spread: float
    n_queries: int
    n_searched: int

    @property
    def statement(self) -> str:
        """How much was looked at, in words."""
        if len(self.queries) == self.n_queries:
            return f"All {self.n_queries:,} rows looked at."
        return (
            f"{len(self.queries):,} of {self.n_queries:,} rows looked at, drawn at random, each "
            f"against {self.n_searched:,}; there may be "
            f"{self.n_queries / len(self.queries):.0f} times as many."
        )
