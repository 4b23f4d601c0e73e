import numpy as np
import pytest

from layerlab.data.checks.order import check_order


@pytest.fixture
def by_writer(noise):
    """Twenty writers of twenty rows each, each with a hand of their own."""
    return np.repeat(noise(20, 6), 20, axis=0) + 0.3 * noise(400, 6, seed=1)


def test_rows_by_writer_are_told(part, by_writer):
    (found,) = check_order(part(by_writer))
    assert (found.level, found.kind) == ("warning", "order")
    assert "contiguous split" in found.advice
    assert "groups=" in found.advice


def test_shuffled_rows_are_not(part, by_writer):
    shuffled = by_writer[np.random.default_rng(0).permutation(400)]
    assert not list(check_order(part(shuffled)))


def test_named_groups_make_it_a_note(part, by_writer):
    (found,) = check_order(part(by_writer, groups=np.repeat(np.arange(20), 20)))
    assert found.level == "note"
    assert "group or contiguous split" in found.advice


@pytest.mark.parametrize("kind", ["group", "contiguous"])
def test_a_split_that_minds_it_is_enough(part, by_writer, kind):
    assert not list(check_order(part(by_writer), kind=kind))


def test_rows_sorted_by_class_are_not_to_be_split_in_their_order(part, by_writer):
    labels = np.arange(400) % 2
    order = np.argsort(labels, kind="stable")
    (found,) = check_order(part(by_writer[order], labels[order]))
    assert "contiguous" not in found.advice


def test_few_rows_tell_nothing(part, by_writer):
    assert not list(check_order(part(by_writer, numbers=range(40))))


def test_equal_rows(part):
    assert not list(check_order(part(np.ones((400, 3)))))
