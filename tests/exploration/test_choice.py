import numpy as np
import pytest

from layerlab.exploration.choice import Finalist, choose, compare_depth, depth_rivals
from layerlab.exploration.configuration import Configuration
from layerlab.exploration.search import Candidate, shortlist


def candidate(sizes, accuracy, weights=100, alpha=1.0):
    return Candidate(Configuration(sizes, alpha), (accuracy,) * 3, 300, weights, 0.0)


def finalist(sizes, right, n=100, weights=100):
    return Finalist(Configuration(sizes, 1.0), 0, weights, np.arange(n) < right, None)


def test_shortlist_takes_the_best_and_of_equals_the_smaller():
    found = [candidate((8,), 0.8, 10), candidate((64,), 0.9, 900), candidate((32,), 0.9, 400)]
    assert [c.configuration.hidden_layer_sizes for c in shortlist(found, 2)] == [(32,), (64,)]
    assert len(shortlist(found)) == 3


def test_standard_error_by_hand():
    assert candidate((8,), 0.9).error == pytest.approx((0.9 * 0.1 / 300) ** 0.5)


def test_choice_is_the_smallest_within_one_standard_error():
    # Best 0.95 of 100: one standard error is 0.0218, so 0.93 is near and 0.92 is not.
    best, near, far = (finalist((s,), r, weights=s) for s, r in ((64, 95), (32, 93), (8, 92)))
    assert choose([best, near, far]) is near
    assert choose([best, far]) is best
    assert choose([far]) is far


def test_choice_of_equal_sizes_is_the_better():
    assert choose([a := finalist((8,), 95), finalist((8,), 94)]) is a


def test_depth_rivals_are_the_best_of_each_kind():
    found = [
        candidate((), 0.99),
        candidate((8,), 0.8),
        candidate((64,), 0.9),
        candidate((8, 8), 0.85),
        candidate((8, 8, 8), 0.7),
    ]
    shallow, deep = depth_rivals(found)
    assert (shallow.hidden_layer_sizes, deep.hidden_layer_sizes) == ((64,), (8, 8))
    assert depth_rivals(found[:3]) is None


def test_depth_is_compared_deep_less_shallow():
    verdict = compare_depth(finalist((8,), 90), finalist((8, 8), 94))
    assert verdict.difference.difference == pytest.approx(0.04)
    assert verdict.to_dict()["deep"] == [8, 8]
