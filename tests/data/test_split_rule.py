import json

import numpy as np
import pytest

from layerlab.data import Dataset, Split, SplitRule, load_data, parse_split, read_split, split_rows
from layerlab.errors import DataError, ParameterError


@pytest.mark.parametrize(
    ("text", "kind", "fractions"),
    [
        ("stratified", "stratified", (0.6, 0.2, 0.2)),
        ("group", "group", (0.6, 0.2, 0.2)),
        ("contiguous:70/15/15", "contiguous", (0.7, 0.15, 0.15)),
        ("stratified:0.5/0.3/0.2", "stratified", (0.5, 0.3, 0.2)),
    ],
)
def test_kinds_and_fractions(text, kind, fractions):
    rule = parse_split(text)
    assert rule.kind == kind
    assert rule.fractions == pytest.approx(fractions, abs=1e-15)
    assert rule.given is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stratifed", "Did you mean 'stratified'"),
        ("stratifed:60/20/20", "Did you mean 'stratified'"),
        ("nowhere.json", "existing JSON file. Got 'nowhere.json'"),
        ("", "Got ''"),
        ("group:60/20", "sum 100 or 1"),
        ("group:60/20/30", "sum 100 or 1"),
        ("group:", "sum 100 or 1"),
        ("group:100/0/0", "positive"),
        ("group:a/b/c", "Got 'a/b/c'"),
        ("group:nan/nan/nan", "positive"),
        ("group:inf/1/1", "sum 100 or 1"),
    ],
)
def test_refusals(text, said):
    with pytest.raises(ParameterError, match=said):
        parse_split(text)


def test_a_rule_splits_data():
    data = load_data("digits")
    assert SplitRule().split(data, 3).to_dict() == split_rows(data, random_state=3).to_dict()
    assert len(parse_split("contiguous:70/15/15").split(data).test) == 270


@pytest.mark.parametrize(
    "wrap", [lambda record: record, lambda record: {"split": record, "seed": 0}]
)
def test_the_file_of_a_run_gives_its_split_again(tmp_path, wrap):
    data = load_data("digits")
    split = split_rows(data, "group", random_state=5)
    path = tmp_path / "results.json"
    path.write_text(json.dumps(wrap(split.to_dict())))
    rule = parse_split(str(path))
    assert rule.kind == "given"
    assert rule.split(data).to_dict() == split.to_dict() == read_split(path).to_dict()


def test_a_split_of_other_data_is_refused(tmp_path):
    path = tmp_path / "s.json"
    path.write_text(json.dumps(Split.of([0], [1], [2]).to_dict()))
    data = Dataset.from_arrays(np.eye(4), [0, 1, 0, 1])
    with pytest.raises(DataError, match="3 rows and the data has 4"):
        parse_split(str(path)).split(data)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 200_000, "no JSON.*nested"),
        (b'{"fractions": [NaN, NaN, NaN]}', "NaN is no number"),
        (b'{"fractions": [1' + b"0" * 400 + b", 0, 0]}", "an integer has more than 20 char"),
        (b'{"train": [0], "train": [1]}', "a key stands twice"),
        (
            b'{"train": [0], "validation": [1], "test": [2], "fractions": [0.5, 0.4, 9]}',
            "split: 'fractions' must be three positive numbers",
        ),
        (
            b'{"train": [0], "validation": [1], "test": [2], "kind": "leave_one"}',
            "split: 'kind' must be one of .*'given'. Got 'leave_one'",
        ),
        (b"[1]", "no split"),
        (b"{}", "'train' is missing"),
        (b'{"train": [0], "validation": [0], "test": [1]}', "twice"),
        (b'{"train": [99999999999999999999], "validation": [0], "test": [1]}', "list of"),
    ],
)
def test_files_that_hold_no_split(tmp_path, content, said):
    path = tmp_path / "s.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"s.json: .*{said}") as refusal:
        read_split(path)
    assert "\n" not in str(refusal.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_split(tmp_path / "none.json")


def rows(m=40):
    return Dataset.from_arrays(np.arange(float(m)).reshape(-1, 1), np.arange(m) % 2, source="here")


@pytest.mark.parametrize(
    ("text", "n_train"), [("contiguous:80/20", 24), ("contiguous:60/20/20", 22), ("contiguous", 22)]
)
def test_beside_a_test_part_the_first_two_shares_count(text, n_train):
    split = parse_split(text).split(rows(), test=np.arange(30, 40))
    assert (split.kind, split.test_given) == ("contiguous", True)
    assert split.train.tolist() == list(range(n_train))
    assert split.validation.tolist() == list(range(n_train, 30))
    assert split.test.tolist() == list(range(30, 40))


def test_two_shares_need_a_test_part():
    with pytest.raises(ParameterError, match=r"needs three shares, as in 'group:60/20/20'"):
        parse_split("group:80/20").split(rows())


def test_a_given_split_must_have_the_test_part_that_is_given():
    given = Split.of(range(20), range(20, 30), range(30, 40))
    rule = SplitRule("given", given.fractions, given)
    assert rule.split(rows(), test=np.arange(30, 40)) is given
    with pytest.raises(DataError, match="not those of the test part"):
        rule.split(rows(), test=np.arange(25, 40))
