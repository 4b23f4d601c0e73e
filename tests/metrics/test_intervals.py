"""Intervals against published figures, other implementations and their own equations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from layerlab.errors import ParameterError
from layerlab.metrics import PairedDifference, mcnemar_test, paired_difference, wilson_interval


def outcomes(both, only_a, only_b, neither):
    """Return the two boolean vectors of a fourfold table."""
    a = [True] * both + [True] * only_a + [False] * only_b + [False] * neither
    b = [True] * both + [False] * only_a + [True] * only_b + [False] * neither
    return a, b


def tables(most=40):
    return st.tuples(*[st.integers(0, most)] * 4).filter(any)


# Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_newcombe_published_it(successes, n, low, high):
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=5.1e-5)


@given(
    st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.floats(0.01, 0.999),
)
def test_wilson_as_scipy(counts, confidence):
    interval = stats.binomtest(*counts).proportion_ci(confidence, method="wilson")
    assert wilson_interval(*counts, confidence) == pytest.approx(tuple(interval), abs=1e-12)


@given(st.integers(1, 10**4).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_ends_solve_wilsons_equation(counts):
    k, n = counts
    low, high = wilson_interval(k, n)
    z = stats.norm.ppf(0.975)
    for p in (low, high):
        assert (k / n - p) ** 2 == pytest.approx(z * z * p * (1 - p) / n, abs=1e-12)
    assert 0 <= low <= k / n <= high <= 1


def test_wilson_is_exact_at_the_ends():
    for n in range(1, 200):
        assert wilson_interval(0, n)[0] == 0.0
        assert wilson_interval(n, n)[1] == 1.0


# Newcombe, Statistics in Medicine 17 (1998) 2635-2650, table II, method 10 (the first four
# tables); Fagerland, Lydersen and Laake, "Statistical Analysis of Contingency Tables" (2017),
# chapter 8 (the last: complete response before and after consolidation therapy).
@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((36, 12, 2, 0), 0.0569, 0.3404),
        ((18, 12, 2, 18), 0.0562, 0.3290),
        ((53, 0, 0, 1), -0.0729, 0.0729),
        ((0, 30, 0, 0), 0.8395, 1.0000),
        ((59, 6, 16, 80), -0.1186, -0.0046),
    ],
)
def test_paired_interval_as_published(table, low, high):
    paired = paired_difference(*outcomes(*table))
    assert (paired.low, paired.high) == pytest.approx((low, high), abs=5.1e-5)
    assert paired.difference == pytest.approx((table[1] - table[2]) / sum(table))


@given(tables())
def test_paired_interval_is_antisymmetric_and_holds_the_difference(table):
    a, b = outcomes(*table)
    there, back = paired_difference(a, b), paired_difference(b, a)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), abs=1e-12)
    assert back.p_value == there.p_value
    assert -1 <= there.low <= there.difference <= there.high <= 1


@given(tables(), st.floats(0.5, 0.9), st.floats(0.91, 0.999))
def test_more_confidence_is_a_wider_interval(table, less, more):
    a, b = outcomes(*table)
    narrow, wide = paired_difference(a, b, less), paired_difference(a, b, more)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


def test_paired_interval_covers_about_as_often_as_it_says():
    # 2000 draws of 100 rows: a covering of 0.95 has a standard error of 0.005.
    rng = np.random.default_rng(0)
    truth = np.array([0.8, 0.1, 0.04, 0.06])
    draws = rng.multinomial(100, truth, size=2000)
    found = [paired_difference(*outcomes(*draw)) for draw in draws]
    covered = np.mean([f.low <= truth[1] - truth[2] <= f.high for f in found])
    assert 0.93 < covered < 0.98


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_as_scipy(only_a, only_b):
    total = only_a + only_b
    expected = stats.binomtest(only_a, total, 0.5).pvalue if total else 1.0
    assert mcnemar_test(only_a, only_b) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_by_hand():
    # 2 of 8 fair coins or fewer, on either side: 2 (1 + 8 + 28) / 256.
    assert mcnemar_test(2, 6) == pytest.approx(74 / 256, rel=1e-14)
    assert mcnemar_test(0, 0) == 1.0
    assert mcnemar_test(5, 5) == 1.0


def test_paired_difference_counts():
    paired = paired_difference(*outcomes(3, 4, 1, 2))
    assert (paired.n, paired.only_a, paired.only_b) == (10, 4, 1)
    assert paired.p_value == mcnemar_test(4, 1)
    assert paired.to_dict()["difference"] == pytest.approx(0.3)
    assert PairedDifference(**paired.to_dict()) == paired


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wilson_interval(1, 0), "'n' parameter must be an integer from 1"),
        (lambda: wilson_interval(3, 2), "'successes' parameter must be an integer from 0 to 2"),
        (lambda: wilson_interval(1, 2, 1.0), "'confidence' parameter"),
        (lambda: mcnemar_test(-1, 2), "'only_a' parameter"),
        (lambda: paired_difference([True], [True, False]), "the same rows. Got 1 and 2"),
        (lambda: paired_difference([], []), "'correct_a' parameter must be a vector"),
        (lambda: paired_difference([1, 0], [True, False]), "'correct_a' parameter must be"),
        (lambda: paired_difference([True], [[True]]), "'correct_b' parameter must be"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
