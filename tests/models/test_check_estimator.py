"""scikit-learn's own checks, for every solver: none fails and none is expected to."""

from collections import Counter

import pytest
from sklearn.utils.estimator_checks import check_estimator

from layerlab.models import FeedforwardClassifier
from layerlab.solvers import SOLVERS

# The estimator is the same for every solver; the fast suite runs them all on two.
NAMES = [
    name if name in ("lbfgs", "adamw") else pytest.param(name, marks=pytest.mark.slow)
    for name in SOLVERS
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.EstimatorCheckFailedWarning")
@pytest.mark.filterwarnings("ignore:.*:FutureWarning:sklearn")
@pytest.mark.parametrize("solver", NAMES)
def test_check_estimator(solver):
    results = check_estimator(FeedforwardClassifier(solver=solver), on_fail=None, on_skip=None)
    faults = [
        (r["check_name"], r["exception"]) for r in results if r["status"] in ("failed", "xfail")
    ]
    assert not faults
    # The array-API check needs SCIPY_ARRAY_API to be set; nothing else may be skipped.
    skipped = {r["check_name"] for r in results if r["status"] == "skipped"}
    assert skipped <= {"check_array_api_input"}
    assert Counter(r["status"] for r in results)["passed"] >= 50
