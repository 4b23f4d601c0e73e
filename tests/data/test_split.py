import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerlab.data import Split
from layerlab.errors import DataError


def test_a_given_split():
    split = Split.of([4, 0], [3], np.array([1, 2], dtype=np.uint8))
    assert split.train.tolist() == [0, 4]
    assert split.development.tolist() == [0, 3, 4]
    assert split.n_rows == 5
    assert split.fractions == (0.4, 0.2, 0.4)
    assert (split.kind, split.seed) == ("given", None)
    assert split.train.dtype == np.intp
    assert not split.train.flags.writeable
    assert repr(split) == "Split('given', 2 training, 1 validation and 2 test rows)"


@given(st.lists(st.integers(0, 2), min_size=3), st.integers(0, 2**63 - 1))
def test_json_and_back(parts, seed):
    parts[:3] = [0, 1, 2]  # none is empty
    rows = [np.flatnonzero(np.array(parts) == part) for part in range(3)]
    split = Split.of(*rows, kind="group", fractions=(0.5, 0.25, 0.25), seed=seed)
    again = Split.from_dict(json.loads(json.dumps(split.to_dict())))
    assert again.to_dict() == split.to_dict()
    assert again.train.tolist() == rows[0].tolist()


GOOD = {"train": [0], "validation": [1], "test": [2]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"test": None}, "'test' must be a list"),
        ({"test": []}, "'test' must be a list"),
        ({"test": [2.0]}, "'test' must be a list"),
        ({"test": [True]}, "'test' must be a list"),
        ({"test": [[2]]}, "'test' must be a list"),
        ({"test": [[2], [3, 4]]}, "'test' must be a list"),
        ({"test": "2"}, "'test' must be a list"),
        ({"test": [1]}, "row 1 is in it twice"),
        ({"test": [3]}, "row 3 is out of place"),
        ({"test": [-1]}, "row -1 is out of place"),
        ({"kind": 3}, "'kind' must be one of .*'given'. Got 3"),
        ({"kind": "groups"}, "'kind' must be one of .*Did you mean 'group'"),
        ({"kind": "<script>"}, "'kind' must be one of"),
        *(
            ({"fractions": fractions}, "'fractions' must be three positive numbers with sum 1")
            for fractions in (
                [0.5, 0.5],
                "abc",
                ["0.6", "0.2", "0.2"],
                [0, 0, 0],
                [True, 0.0, 0.0],
                [1.2, -0.1, -0.1],
                [0.5, 0.4, 9],
                [0.5, 0.4, 0.2],
                [0.6, 0.2, 0.2, 0.5],
                [0.6, 0.2, 0.2, 10**400],
                [10**400, 0.5, 0.5],
                [float("nan")] * 3,
                [float("inf"), 0.5, 0.5],
            )
        ),
        ({"seed": 0.5}, "'seed' must be an integer"),
    ],
)
def test_what_is_no_split_is_refused(changes, said):
    with pytest.raises(DataError, match=said):
        Split.from_dict({**GOOD, **changes})


def test_a_part_that_is_missing_is_named():
    with pytest.raises(DataError, match="'validation' is missing"):
        Split.from_dict({"train": [0], "test": [1]})


def test_a_given_test_part_is_recorded_only_where_it_was():
    split = Split.of([0, 1], [2], [3], kind="stratified", test_given=True)
    assert split.to_dict()["test_given"] is True
    assert Split.from_dict(split.to_dict()).test_given
    assert "test_given" not in Split.of([0, 1], [2], [3]).to_dict()
    assert not Split.from_dict({**GOOD, "test_given": "yes"}).test_given
