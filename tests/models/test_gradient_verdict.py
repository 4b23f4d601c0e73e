"""The verdict: what passes, what fails, and what cannot be told."""

import pytest

from layerlab.models import GradientCheck, GradientVerdict, TensorCheck


def tensor(gradient=1.0, difference=0.0, noise=1e-9, compared=5, excluded=0, layer=0, name="W"):
    return TensorCheck(layer, name, 8, compared, excluded, gradient, difference, noise, 1e-6)


@pytest.mark.parametrize(
    ("check", "verdict"),
    [
        (tensor(1.0, 1e-8), GradientVerdict.OK),
        (tensor(1.0, 1e-6), GradientVerdict.OK),
        (tensor(1.0, 1.1e-6), GradientVerdict.WRONG),
        (tensor(1.0, 2.0), GradientVerdict.WRONG),
        (tensor(0.0, 0.0), GradientVerdict.OK),  # nothing there, and nothing claimed
        (tensor(1e-10, 1e-10), GradientVerdict.TINY),  # all error, but all of it rounding
        (tensor(1e-4, 5e-10, noise=1e-9), GradientVerdict.OK),
        (tensor(1e-6, 1e-7), GradientVerdict.WRONG),  # small, but well above rounding
        (tensor(float("nan"), float("nan")), GradientVerdict.WRONG),
        (tensor(compared=0, excluded=5, gradient=0.0), GradientVerdict.SKIPPED),
    ],
)
def test_verdicts(check, verdict):
    assert check.verdict is verdict


def test_summary_of_a_gradient_that_is_right():
    check = GradientCheck((tensor(1.0, 1e-9), tensor(1e-12, 1e-12, name="b")), 2.3, 1e-5)
    assert check.ok and check.relative_norm == 1e-9  # that of a tiny one means nothing
    text = str(check)
    assert text.startswith("Gradient check: ok.")
    assert "too small to tell" in text and "That is no fault" in text


def test_summary_of_a_gradient_that_is_wrong_says_where_and_what_to_do():
    check = GradientCheck((tensor(), tensor(1.0, 0.5, layer=1, name="b")), 2.3, 1e-5)
    assert not check.ok and check.relative_norm == 0.5
    first, _, header, *rows = str(check).splitlines()
    assert first.startswith("Gradient check: WRONG in layer 1 b (cost 2.3, step 1e-05")
    assert header.split()[:3] == ["layer", "tensor", "components"]
    assert rows[1].split() == ["1", "b", "8", "5", "0", "5.0e-01", "WRONG"]
    assert "look first at the highest layer" in rows[-1]


def test_nothing_compared_is_no_pass():
    check = GradientCheck((tensor(compared=0, excluded=3),), 2.3, 1e-5)
    assert not check.ok and check.excluded_share == 1
    assert "nothing could be compared" in str(check) and "smaller step" in str(check)


def test_excluded_share():
    check = GradientCheck((tensor(compared=6, excluded=2), tensor(compared=8)), 2.3, 1e-5)
    assert check.excluded_share == 2 / 16
