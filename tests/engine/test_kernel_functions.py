"""The kernel's elementary functions against NumPy's and SciPy's in double precision."""

import numpy as np
import pytest
from scipy.special import expit, ndtr

from layerlab._compiled import KERNEL

if KERNEL is None:
    pytest.skip("the compiled kernel is not there, or switched off", allow_module_level=True)

TARGETS = KERNEL.TARGETS
TRUTH = {
    "exp": np.exp,
    "expm1": np.expm1,
    "tanh": np.tanh,
    "sigmoid": expit,
    "log1p": np.log1p,
    "softplus": lambda x: np.logaddexp(0, x),
    "ndtr": ndtr,
}
SMALLEST_NORMAL = {np.float32: 2.0**-126, np.float64: 2.0**-1022}


def computed(name, target, x):
    out = np.empty_like(x)
    KERNEL.function(name, target, x, out)
    return out


def floats(stride, piece=1 << 20):
    """Yield floats of every exponent and sign, `stride` steps of the last place apart."""
    for first in range(0, 2**32, piece * stride):
        bits = np.arange(first, min(first + piece * stride, 2**32), stride, dtype=np.uint64)
        x = bits.astype(np.uint32).view(np.float32)
        yield x[np.isfinite(x)]


def every_float(stride):
    return np.concatenate(list(floats(stride)))


def errors_in_last_places(found, truth):
    rounded = truth.astype(found.dtype)
    unit = np.spacing(np.abs(rounded)).astype(float)
    return np.abs(found.astype(float) - truth) / unit


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ["exp", "tanh"])
@pytest.mark.parametrize(
    "stride", [1009, pytest.param(101, marks=pytest.mark.slow)], ids=["coarse", "fine"]
)
def test_at_most_two_last_places_over_the_whole_range(name, target, stride):
    for x in floats(stride):
        with np.errstate(over="ignore"):
            truth = TRUTH[name](x.astype(float))
        found = computed(name, target, x)
        in_range = truth < float(np.finfo(np.float32).max)
        errors = errors_in_last_places(found[in_range], truth[in_range])
        assert errors.max(initial=0) <= 2
        assert (found[~in_range] >= np.finfo(np.float32).max).all()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("name", "low", "high", "limit"),
    [
        ("expm1", -100, 25, 2),
        ("sigmoid", -85, 100, 2.5),
        ("log1p", 0, 1e6, 2),
        ("softplus", -85, 100, 2.5),
        ("ndtr", -3, 8, 5),
    ],
)
def test_the_others_in_float32(name, low, high, limit, target):
    x = every_float(1009)
    x = x[(x >= low) & (x <= high) & (np.abs(x) > 1e-30)]
    truth = TRUTH[name](x.astype(float))
    assert errors_in_last_places(computed(name, target, x), truth).max() <= limit


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", list(TRUTH))
def test_double_precision_agrees_with_numpy_and_scipy(name, target):
    random = np.random.default_rng(0)
    x = np.concatenate([random.uniform(-30, 30, 20_000), random.normal(size=20_000) * 1e-3])
    x = np.abs(x) if name == "log1p" else x[x > -8] if name == "ndtr" else x
    x = x[x < 25] if name == "expm1" else x
    np.testing.assert_allclose(
        computed(name, target, x), TRUTH[name](x), rtol=2e-14 if name == "ndtr" else 1e-15
    )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_not_a_number_stays_so_and_limits_are_reached(dtype, target):
    x = np.array([np.nan, np.inf, -np.inf, 0.0], dtype)
    expected = {
        "exp": [np.nan, np.inf, 0, 1],
        "tanh": [np.nan, 1, -1, 0],
        "sigmoid": [np.nan, 1, 0, 0.5],
        "ndtr": [np.nan, 1, 0, 0.5],
    }
    for name, limits in expected.items():
        np.testing.assert_allclose(computed(name, target, x), limits, atol=1e-30)
    for name in TRUTH:
        assert np.isnan(computed(name, target, x)[0])


@pytest.mark.parametrize("n", [0, 1, 3, 17, 33])
def test_any_length(n):
    x = np.linspace(-2, 2, n).astype(np.float32)
    np.testing.assert_allclose(computed("tanh", TARGETS[0], x), np.tanh(x), rtol=2e-7)
