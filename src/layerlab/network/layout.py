"""The layout of theta: every weight of a network in one vector.

Layer by layer, the weights W (n_in × n_out, C order) and then the biases b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from layerlab._typing import Array
from layerlab.errors import ParameterError

__all__ = ["Layers", "Layout"]

Layers: TypeAlias = tuple[tuple[Array, Array], ...]
"""A pair (W, b) a layer: W of shape (n_in, n_out), b of shape (n_out,)."""


@dataclass(frozen=True)
class Layout:
    """Where each layer's weights stand in theta.

    Parameters
    ----------
    widths : tuple of int
        Units of every layer, inputs and outputs included.
    """

    widths: tuple[int, ...]

    @cached_property
    def n_weights(self) -> int:
        """Length of theta, biases included."""
        return sum((n_in + 1) * n_out for n_in, n_out in pairwise(self.widths))

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each layer begins; a layer begins behind the previous one, never at 0 again."""
        sizes = [(n_in + 1) * n_out for n_in, n_out in pairwise(self.widths)]
        return tuple(int(s) for s in np.cumsum([0, *sizes[:-1]]))

    @cached_property
    def matrices(self) -> tuple[tuple[slice, tuple[int, int]], ...]:
        """Where each W stands in theta, and its shape (n_in, n_out)."""
        shapes = zip(self.starts, pairwise(self.widths), strict=True)
        return tuple((slice(start, start + n * k), (n, k)) for start, (n, k) in shapes)

    def split(self, theta: Array) -> Layers:
        """Return each layer's W and b as views of ``theta``.

        Raises
        ------
        ParameterError
            If ``theta`` does not have ``n_weights`` components.
        """
        self.check(theta)
        return tuple(
            (
                theta[start : start + n_in * n_out].reshape(n_in, n_out),
                theta[start + n_in * n_out : start + (n_in + 1) * n_out],
            )
            for start, (n_in, n_out) in zip(self.starts, pairwise(self.widths), strict=True)
        )

    def join(self, layers: Sequence[tuple[Array, Array]]) -> Array:
        """Return theta, given each layer's W and b: the inverse of `split`.

        Raises
        ------
        ParameterError
            If a shape does not fit the widths.
        """
        for i, ((W, b), (n_in, n_out)) in enumerate(
            zip(layers, pairwise(self.widths), strict=True)
        ):
            if np.shape(W) != (n_in, n_out) or np.shape(b) != (n_out,):
                raise ParameterError(
                    f"Layer {i} must have weights of shape {(n_in, n_out)} and biases of shape "
                    f"{(n_out,)}. Got {np.shape(W)} and {np.shape(b)} instead."
                )
        return np.concatenate([np.ravel(part) for layer in layers for part in layer])

    def to_matrices(self, theta: Array) -> list[Array]:
        """Return the notebook's form: a matrix (n_out, 1 + n_in) a layer, the bias in column 0."""
        return [np.column_stack([b, W.T]) for W, b in self.split(theta)]

    def from_matrices(self, matrices: Sequence[Array]) -> Array:
        """Return theta, given the notebook's matrices: the inverse of `to_matrices`."""
        return self.join([(np.asarray(M)[:, 1:].T, np.asarray(M)[:, 0]) for M in matrices])

    def check(self, theta: Array) -> None:
        """Refuse a theta of another length.

        Raises
        ------
        ParameterError
            If ``theta`` does not have ``n_weights`` components.
        """
        if np.shape(theta) != (self.n_weights,):
            raise ParameterError(
                f"theta must have shape {(self.n_weights,)} for layers of {self.widths} units. "
                f"Got {np.shape(theta)} instead."
            )
