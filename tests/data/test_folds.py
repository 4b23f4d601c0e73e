import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from layerlab.data import FOLD_KINDS, load_data, make_folds
from layerlab.errors import DataError, ParameterError


@pytest.fixture(scope="module")
def digits():
    return load_data("digits")


def accuracy(data, folds, k):
    scores = [
        KNeighborsClassifier(k)
        .fit(data.rows[train], data.labels[train])
        .score(data.rows[test], data.labels[test])
        for train, test in folds
    ]
    return float(np.mean(scores))


def test_the_notebooks_figures(digits):
    # notebook: unshuffled folds 0.968 at k = 1, shuffled folds 0.986 at k = 3
    assert round(accuracy(digits, make_folds("contiguous", digits.labels), 1), 3) == 0.968
    shuffled = [
        accuracy(digits, make_folds("shuffled", digits.labels, random_state=seed), 3)
        for seed in range(4)
    ]
    assert np.mean(shuffled) == pytest.approx(0.986, abs=2.5e-3)  # over seeds 0.983 to 0.991


@pytest.mark.parametrize("kind", FOLD_KINDS)
def test_each_row_is_tested_once(digits, kind):
    folds = make_folds(kind, digits.labels, n_splits=4, groups=digits.groups)
    assert len(folds) == (14 if kind == "leave-one-group-out" else 4)
    assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(1797))
    for train, test in folds:
        assert sorted([*train.tolist(), *test.tolist()]) == list(range(1797))
        assert np.all(np.diff(test) > 0) and np.all(np.diff(train) > 0)
        assert train.dtype == test.dtype == np.intp


@pytest.mark.parametrize("kind", ["group", "leave-one-group-out"])
def test_groups_stay_on_one_side(digits, kind):
    for train, test in make_folds(kind, digits.labels, groups=digits.groups):
        assert not set(digits.groups[train].tolist()) & set(digits.groups[test].tolist())


def test_contiguous_folds_are_quarters():
    folds = make_folds("contiguous", [0, 0, 0, 0, 0, 0, 1, 1])
    assert [test.tolist() for _, test in folds] == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_stratified_folds_have_each_class_alike(digits):
    for _, test in make_folds("stratified", digits.labels):
        assert np.all(np.abs(np.bincount(digits.labels[test]) - digits.class_counts / 4) <= 1)


@pytest.mark.parametrize("kind", ["shuffled", "stratified"])
def test_the_seed_decides(digits, kind):
    first, again, other = (make_folds(kind, digits.labels, random_state=s) for s in (0, 0, 1))
    assert first[0][1].tolist() == again[0][1].tolist()
    assert first[0][1].tolist() != other[0][1].tolist()


@settings(deadline=None)
@given(st.integers(2, 60), st.integers(2, 5), st.sampled_from(["shuffled", "contiguous"]))
def test_any_number_of_rows_and_folds(m, n_splits, kind):
    if m < n_splits:
        with pytest.raises(DataError, match=f"There are {m} rows"):
            make_folds(kind, np.zeros(m), n_splits=n_splits)
        return
    sizes = [len(test) for _, test in make_folds(kind, np.zeros(m), n_splits=n_splits)]
    assert sum(sizes) == m and max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    ("kind", "options", "error", "said"),
    [
        ("shufled", {}, ParameterError, "Did you mean 'shuffled'"),
        ("shuffled", {"n_splits": 1}, ParameterError, "'n_splits'"),
        ("shuffled", {"n_splits": 2.0}, ParameterError, "'n_splits'"),
        (
            "shuffled",
            {"n_splits": 9},
            DataError,
            "6 rows, and these shuffled folds need at least 9",
        ),
        (
            "stratified",
            {},
            DataError,
            "2 rows of class 'b', and these stratified folds need at least 4",
        ),
        ("group", {}, ParameterError, "'groups'"),
        ("group", {"groups": [0, 0, 0, 1, 1, 1]}, DataError, "2 groups, .*at least 4"),
        ("group", {"groups": [0, 1]}, DataError, "6 labels and groups of shape"),
        ("leave-one-group-out", {"groups": [0] * 6}, DataError, "is 1 group, .*at least 2"),
    ],
)
def test_refusals(kind, options, error, said):
    with pytest.raises(error, match=said):
        make_folds(kind, ["a", "a", "a", "a", "b", "b"], **options)


def test_no_rows():
    with pytest.raises(DataError, match="There are 0 rows"):
        make_folds("stratified", [])


@pytest.mark.parametrize(
    ("kind", "labels", "said"),
    [
        ("shuffled", ["a"], "There is 1 row, and"),
        ("stratified", ["a", "b", "b"], "There is 1 row of class 'a', and"),
        ("stratified", ["a", "a", "b", "b"], "There are 2 rows of class 'a', and"),
    ],
)
def test_one_row_is_said_as_one(kind, labels, said):
    with pytest.raises(DataError, match=said):
        make_folds(kind, labels, n_splits=3)
