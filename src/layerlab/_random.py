"""Random streams: one integer a run, one stream a purpose.

A stream depends on its purpose and key alone, never on the order of calls, on
blocks or on threads, so adding a draw in one place moves no number in another.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["Purpose", "draw_seed", "stream"]


class Purpose(IntEnum):
    """What a stream is for. The numbers are part of the results: never renumber them."""

    START_WEIGHTS = 0
    SPLIT = 1
    FOLDS = 2
    PICTURES = 3
    GRADIENT_CHECK = 4
    REFERENCE_ROWS = 5
    REPLICATES = 6
    SUBSAMPLE = 7
    SHUFFLE = 8
    HELD_OUT = 9
    MEMBERS = 10


def draw_seed(random_state: Any) -> int:
    """Return one 63-bit integer drawn from ``check_random_state(random_state)``.

    Parameters
    ----------
    random_state : int, RandomState instance or None

    Returns
    -------
    seed : int
        From it every stream of a fit derives.
    """
    if isinstance(random_state, int) and not isinstance(random_state, bool):
        return _first_of(random_state)
    return _drawn(random_state)


@lru_cache(maxsize=256)  # making a RandomState takes as long as a short fit's evaluations
def _first_of(number: int) -> int:
    return _drawn(number)


def _drawn(random_state: Any) -> int:
    return int(check_random_state(random_state).randint(0, 2**63 - 1, dtype=np.int64))


def stream(seed: int, purpose: Purpose, *key: int) -> np.random.Generator:
    """Return the generator for one purpose.

    Parameters
    ----------
    seed : int
        What `draw_seed` returned.
    purpose : Purpose
    *key : int
        Which of several streams of that purpose: a layer, a fold, a row.

    Returns
    -------
    generator : numpy.random.Generator
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(purpose), *key)))
