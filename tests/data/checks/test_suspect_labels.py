import numpy as np
import pytest

from layerlab.data.checks import NearestRows
from layerlab.data.checks.suspect_labels import VOTERS, check_labels


@pytest.fixture
def told(part, noise):
    """Ask about row 0, of class "a", whose nearest rows have these labels."""

    def tell(votes, own="a"):
        labels = [own, *votes]
        data = part(noise(len(labels), 2), labels)
        neighbours = np.arange(1, len(labels))[None]
        found = NearestRows(
            np.array([0]), neighbours, np.ones(neighbours.shape), 1.0, 1, len(labels)
        )
        return list(check_labels(data, found))

    return tell


@pytest.mark.parametrize("votes", ["bbbbbbb", "bbbbbbc", "bcbbbbc"])
def test_all_others_agree_on_another_label(told, votes):
    (found,) = told(votes)
    assert (found.level, found.kind, found.rows) == ("note", "suspect-labels", (0,))
    assert "Row 0 is 'a', near 'b'." in found.detail


@pytest.mark.parametrize("votes", ["abbbbbb", "bbbbccc", "aaaaaaa"])
def test_one_vote_of_its_own_or_no_agreement(told, votes):
    assert not told(votes)


def test_only_so_many_have_a_vote(told):
    assert VOTERS == 7
    assert not told("aaaaaaabbbb")
    assert told("bbbbbbbaaaa")


def test_fewer_rows_than_voters(told):
    assert not told("bbb")
