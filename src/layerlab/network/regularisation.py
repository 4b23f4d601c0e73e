"""What a network is kept from: fitting its rows too closely. Options, and what is drawn for a row.

Formulas stand where they are computed; docs/regularisation.md lists them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from layerlab._counter import normal, row_words, unit_words
from layerlab._typing import Array, IndexArray
from layerlab._validation import check_real, refuse
from layerlab.errors import ParameterError

__all__ = ["NONE", "Draws", "Regularisation"]

# Numbers that tell uses apart in `unit_words`: with these begin those of the layers, the inputs'
# first. Others are for what else is drawn for a row, such as deformations.
DROPOUT_WORDS, NOISE_WORDS, MOST_LAYERS = 0, 128, 64


@dataclass(frozen=True)
class Regularisation:
    """How a network is kept from fitting its rows too closely, but for α.

    Parameters
    ----------
    dropout : tuple of float in [0, 1), default=()
        Probability that a unit is dropped, one a hidden layer; ``()`` for none.
    input_dropout : float in [0, 1), default=0
        Probability that a mapped input is dropped.
    noise : tuple of float, default=()
        Standard deviation of the Gaussian noise added to the mapped inputs,
        and to the pre-activations of each hidden layer; ``()`` for none.
    label_smoothing : float in [0, 1], default=0
        ε: share of the target that is spread over all classes.
    l1 : float, default=0
        Strength of the penalty l1/m · Σ|W|, biases left out.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    dropout: tuple[float, ...] = ()
    input_dropout: float = 0.0
    noise: tuple[float, ...] = ()
    label_smoothing: float = 0.0
    l1: float = 0.0

    def __post_init__(self) -> None:
        checked = {
            "dropout": _listed("dropout", self.dropout, 1),
            "input_dropout": check_real("input_dropout", self.input_dropout, 0, 1, open_high=True),
            "noise": _listed("noise", self.noise, np.inf),
            "label_smoothing": check_real("label_smoothing", self.label_smoothing, 0, 1),
            "l1": check_real("l1", self.l1, 0),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @classmethod
    def build(
        cls,
        n_hidden: int,
        *,
        dropout: float | Sequence[float] = 0.0,
        input_dropout: float = 0.0,
        noise: float | Sequence[float] = 0.0,
        label_smoothing: float = 0.0,
        l1: float = 0.0,
    ) -> Regularisation:
        """Return it for ``n_hidden`` hidden layers; one number stands for all of them.

        One number for ``noise`` is for the inputs too.

        Raises
        ------
        ParameterError
            If a value lies outside its range, or there are not as many as layers.
        """
        if all(_is_zero(v) for v in (dropout, input_dropout, noise, label_smoothing, l1)):
            return NONE
        rates, deviations = _one_each(dropout, n_hidden), _one_each(noise, n_hidden + 1)
        made = cls(rates, input_dropout, deviations, label_smoothing, l1)
        made.check(n_hidden)
        return made

    @cached_property  # asked in every call of a cost
    def draws(self) -> bool:
        """Whether anything is drawn at random."""
        return bool(self.input_dropout or any(self.dropout) or any(self.noise))

    def drop_rates(self, n_hidden: int) -> tuple[float, ...]:
        """Return the probabilities to drop, the inputs' first and one a hidden layer."""
        return (self.input_dropout, *(self.dropout or (0.0,) * n_hidden))

    def deviations(self, n_hidden: int) -> tuple[float, ...]:
        """Return the standard deviations of the noise, the inputs' first."""
        return self.noise or (0.0,) * (n_hidden + 1)

    def check(self, n_hidden: int) -> None:
        """Refuse what does not fit a network of ``n_hidden`` hidden layers.

        Raises
        ------
        ParameterError
            If there are not as many values as layers, or too many layers to draw for.
        """
        for name, given, wanted in (
            ("dropout", self.dropout, n_hidden),
            ("noise", self.noise, n_hidden + 1),
        ):
            if given and len(given) != wanted:
                what = "hidden layers" if name == "dropout" else "inputs and hidden layers"
                raise ParameterError(
                    f"The {name!r} parameter must have one value for each of the {wanted} {what}. "
                    f"Got {len(given)} values instead."
                )
        if self.draws and n_hidden >= MOST_LAYERS:
            raise ParameterError(
                f"Dropout and noise are for networks of fewer than {MOST_LAYERS} hidden layers. "
                f"Got {n_hidden} instead."
            )


class Draws:
    """Dropout and noise of some rows: a function of seed, key, row, layer and unit alone.

    Parameters
    ----------
    regularisation : Regularisation
    n_hidden, seed, key : int
    rows : ndarray of int, of shape (n,)
        Row numbers in the data.
    """

    def __init__(
        self, regularisation: Regularisation, n_hidden: int, seed: int, key: int, rows: IndexArray
    ) -> None:
        self._rates = regularisation.drop_rates(n_hidden)
        self._deviations = regularisation.deviations(n_hidden)
        self._words = row_words(seed, key, rows)
        self._factors: dict[int, Array] = {}

    def add_noise(self, layer: int, Z: Array) -> None:
        """Add the layer's noise to ``Z`` (n, width), in place; layer 0 are the inputs.

        Before the activation function, as Rasmus et al. (2015), "Semi-supervised
        learning with ladder networks", algorithm 1, have it.
        """
        deviation = self._deviations[layer]
        if deviation:
            words = unit_words(self._words, NOISE_WORDS + layer, Z.shape[1])
            Z += _real(Z)(deviation) * normal(words, _real(Z))

    def drop(self, layer: int, A: Array) -> None:
        """Drop units of ``A`` (n, width) in place, and divide the others by 1 - p.

        Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks
        from overfitting", sec. 4 and 10 (the inverted form). The same is done to
        what comes back.
        """
        if not self._rates[layer]:
            return
        if layer not in self._factors:
            self._factors[layer] = self._dropped(layer, A)
        A *= self._factors[layer]

    def undo_scale(self, layer: int, A: Array) -> None:
        """Make kept units in ``A`` again what the activation function gave."""
        if self._rates[layer]:
            A *= _real(A)(1 - self._rates[layer])

    def _dropped(self, layer: int, A: Array) -> Array:
        words = unit_words(self._words, DROPOUT_WORDS + layer, A.shape[1])
        rate, real = self._rates[layer], _real(A)
        return np.asarray(np.where(words >= threshold(rate), real(1 / (1 - rate)), real(0)))


def threshold(rate: float) -> Any:
    """Return the word of 32 bits from which on a unit is kept."""
    return np.uint32(min(round(rate * 2**32), 2**32 - 1))


def _real(values: Array) -> Any:
    """Return the real type in which these numbers, complex ones too, are computed."""
    return values.real.dtype.type


def _is_zero(value: Any) -> bool:
    return type(value) in (float, int) and value == 0


def _listed(name: str, values: Any, high: float) -> tuple[float, ...]:
    """Return the values as a tuple; an empty one where all are 0."""
    if not isinstance(values, list | tuple | np.ndarray):
        raise refuse(name, "a sequence of numbers, one a layer", values)
    listed = tuple(check_real(name, value, 0, high, open_high=True) for value in values)
    return listed if any(listed) else ()


def _one_each(values: Any, n: int) -> tuple[float, ...]:
    return tuple(values) if isinstance(values, list | tuple | np.ndarray) else (values,) * n


NONE = Regularisation()
"""No regularisation."""
