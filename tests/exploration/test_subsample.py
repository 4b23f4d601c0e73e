"""Rows drawn class by class."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerlab.exploration import subsample
from layerlab.exploration.subsample import (
    Stage,
    Used,
    draw_rows,
    in_one_piece,
    stratified_rows,
)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(subsample, "FEWEST", 20)


def test_shares_by_hand():
    """Of 100, 60 and 40 rows, 50 in proportion are 25, 15 and 10."""
    labels = np.repeat([0, 1, 2], [100, 60, 40])
    rows = stratified_rows(labels, 50, 0, Stage.CURVE)
    assert np.bincount(labels[rows]).tolist() == [25, 15, 10]
    assert np.all(np.diff(rows) > 0)


def test_what_is_left_over_goes_to_the_largest_rests():
    """Of 21 of 33, 33 and 34 rows, each has 6 or 7: 6.93, 6.93 and 7.14 are 7 each."""
    labels = np.repeat([0, 1, 2], [33, 33, 34])
    assert np.bincount(labels[stratified_rows(labels, 21, 0, Stage.CURVE)]).tolist() == [7, 7, 7]


def test_a_rare_class_keeps_a_few_rows():
    labels = np.repeat([0, 1, 2], [1000, 5, 2])
    counts = np.bincount(labels[stratified_rows(labels, 50, 0, Stage.CURVE)])
    assert counts[1:].tolist() == [4, 2]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=6), st.integers(-5, 200))
def test_never_fewer_than_the_fewest_and_never_a_row_twice(counts, n):
    labels = np.repeat(np.arange(len(counts)), counts)
    rows = stratified_rows(labels, n, 3, Stage.SEARCH)
    assert len(set(rows.tolist())) == len(rows) >= min(len(labels), max(n, 20))
    assert len(rows) <= max(20, n) + 4 * len(counts)


def test_all_rows_are_all_rows():
    labels = np.arange(30) % 3
    for n in (30, 1000):
        assert stratified_rows(labels, n, 0, Stage.CURVE).tolist() == [*range(30)]
    assert draw_rows(30, 40, 0, Stage.TESTED).tolist() == [*range(30)]


def test_a_stage_has_a_stream_of_its_own_and_the_seed_chooses():
    labels = np.zeros(1000, int)
    drawn = [
        stratified_rows(labels, 50, seed, stage).tolist()
        for seed, stage in ((0, Stage.CURVE), (0, Stage.CURVE), (1, Stage.CURVE), (0, Stage.REFIT))
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert drawn[0] != drawn[3]


def test_test_rows_are_drawn_without_their_labels():
    rows = draw_rows(1000, 50, 0, Stage.TESTED)
    assert len(set(rows.tolist())) == 50
    assert np.all(np.diff(rows) > 0)


def test_rows_in_one_piece_are_a_slice():
    assert in_one_piece(np.arange(3, 8)) == slice(3, 8)
    assert in_one_piece(np.array([3, 5])).tolist() == [3, 5]


def test_used_says_whether_a_row_was_left_out():
    assert Used(5, 5).all
    assert not Used(4, 5).all
    assert Used(4, 5).to_dict() == {"rows": 4, "of": 5}
