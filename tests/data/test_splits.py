import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from layerlab.data import Dataset, Split, check_split, load_data, split_rows
from layerlab.data.splits import check_fractions, cut_off, split_beside
from layerlab.errors import DataError, ParameterError


def dataset(y, groups=None):
    rows = np.arange(float(len(y))).reshape(-1, 1)
    return Dataset.from_arrays(rows, y, source="here", groups=groups)


def parts(split):
    return [split.train, split.validation, split.test]


def assert_partition(split, m):
    assert sorted(np.concatenate(parts(split)).tolist()) == list(range(m))
    for part in parts(split):
        assert np.all(np.diff(part) > 0)


@pytest.fixture(scope="module")
def digits():
    return load_data("digits")


@pytest.mark.parametrize("kind", ["stratified", "contiguous"])
def test_digits_split_as_in_the_notebook(digits, kind):
    split = split_rows(digits, kind)
    assert [len(part) for part in parts(split)] == [1077, 360, 360]
    assert_partition(split, 1797)
    assert split.kind == kind
    assert split.fractions == (0.6, 0.2, 0.2)


def test_stratified_keeps_the_share_of_each_class(digits):
    for part in parts(split_rows(digits)):
        counts = np.bincount(digits.labels[part])
        share = len(part) * digits.class_counts / 1797
        assert np.all(np.abs(counts - share) < 1.5)


def test_contiguous_keeps_the_order(digits):
    split = split_rows(digits, "contiguous", fractions=(0.7, 0.15, 0.15))
    assert np.concatenate(parts(split)).tolist() == list(range(1797))
    assert split.seed is None


def test_groups_stay_on_one_side(digits):
    split = split_rows(digits, "group")
    assert_partition(split, 1797)
    sides = [set(digits.groups[part].tolist()) for part in parts(split)]
    assert sum(map(len, sides)) == 14
    for part, share in zip(parts(split), split.fractions, strict=True):
        assert abs(len(part) / 1797 - share) < 0.08  # a writer has 7 % of the rows


@pytest.mark.parametrize("kind", ["stratified", "group"])
def test_the_seed_decides(digits, kind):
    first, again, other = (split_rows(digits, kind, random_state=s) for s in (0, 0, 1))
    assert first.to_dict() == again.to_dict()
    assert first.train.tolist() != other.train.tolist()
    assert isinstance(first.seed, int)


@pytest.mark.parametrize("state", [None, np.random.RandomState(3)])
def test_other_random_states(digits, state):
    assert_partition(split_rows(digits, random_state=state), 1797)


def test_sizes_follow_the_fractions():
    for kind in ("stratified", "contiguous"):
        split = split_rows(dataset([0, 1] * 50), kind, fractions=(0.5, 0.3, 0.2))
        assert [len(part) for part in parts(split)] == [50, 30, 20]


def test_rounding_does_not_add_a_row():
    assert 0.07 * 100 > 7  # in floating point
    split = split_rows(dataset([0, 1] * 50), "contiguous", fractions=(0.86, 0.07, 0.07))
    assert [len(part) for part in parts(split)] == [86, 7, 7]


COUNTS = st.lists(st.integers(1, 40), min_size=1, max_size=6)
FRACTIONS = st.sampled_from(
    [(0.6, 0.2, 0.2), (0.8, 0.1, 0.1), (0.34, 0.33, 0.33), (0.5, 0.3, 0.2), (0.1, 0.2, 0.7)]
)


@settings(deadline=None)
@given(COUNTS, FRACTIONS, st.integers(0, 99))
def test_stratified_is_a_partition_with_every_class_in_every_part_or_is_refused(
    counts, shares, seed
):
    y = np.repeat(np.arange(len(counts)), counts)
    try:
        split = split_rows(dataset(y), fractions=shares, random_state=seed)
    except DataError as error:
        # Twice the rows that the smallest share asks for are always enough.
        assert min(counts) < 2 / min(shares) + 2, str(error)  # noqa: PT017
        assert "needs at least" in str(error) or "too few" in str(error)  # noqa: PT017
        return
    assert_partition(split, len(y))
    for part in parts(split):
        assert set(y[part].tolist()) == set(range(len(counts)))


@settings(deadline=None)
@given(st.lists(st.integers(1, 30), min_size=3, max_size=12), FRACTIONS, st.integers(0, 99))
def test_group_split_is_a_partition_of_groups(sizes, shares, seed):
    groups = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    split = split_rows(
        dataset(np.zeros(len(groups), int), groups), "group", fractions=shares, random_state=seed
    )
    assert_partition(split, len(groups))
    sides = [set(groups[part].tolist()) for part in parts(split)]
    assert sum(map(len, sides)) == len(sizes)
    # No part is overfull by more than the group that filled it.
    for part, share in zip(parts(split), shares, strict=True):
        assert len(part) <= share * len(groups) + max(sizes)


def test_a_small_class_is_named_with_its_count_and_what_is_needed():
    with pytest.raises(
        DataError,
        match=r"^here: class 'rare' has 2 rows, and a stratified split 60/20/20 needs at least 5",
    ):
        split_rows(dataset(["often"] * 30 + ["rare"] * 2))
    with pytest.raises(DataError, match=r"class 'rare' has 1 row, .* 80/10/10 needs at least 10"):
        split_rows(dataset(["often"] * 30 + ["rare"]), fractions=(0.8, 0.1, 0.1))


def test_fewer_training_rows_than_classes_are_refused():
    # 11 rows, of which ceil(2.2) and ceil(6.6) leave one to train on.
    with pytest.raises(DataError, match=r"class 0 has 5 rows, .* 20/20/60 needs at least 6"):
        split_rows(dataset([0] * 5 + [1] * 6), fractions=(0.2, 0.2, 0.6))


@pytest.mark.parametrize("careless_call", [0, 1])
def test_a_class_that_rounding_leaves_out_is_named(monkeypatch, careless_call):
    calls = []

    def careless(rows, *, test_size, **kwargs):
        if len(calls) == careless_call:
            return np.split(
                np.sort(rows), [-test_size]
            )  # class 1 is last, and cut off but for one row or none
        calls.append(train_test_split(rows, test_size=test_size, **kwargs))
        return calls[-1]

    monkeypatch.setattr("layerlab.data.splits.train_test_split", careless)
    with pytest.raises(DataError, match=r"class 1 has 9 rows, .* needs at least 10"):
        split_rows(dataset([0] * 30 + [1] * 9))


def test_classes_without_rows_do_not_count(digits):
    part = digits.subset(digits.labels < 3)
    assert_partition(split_rows(part), len(part))


def test_a_class_without_training_rows_is_refused():
    data = dataset(["a"] * 6 + ["b"] * 4)
    with pytest.raises(DataError, match=r"class 'b' has 4 rows, and none .* contiguous split"):
        split_rows(data, "contiguous")


@pytest.mark.parametrize(
    ("data", "kind", "error", "said"),
    [
        (dataset([0, 1]), "contiguous", DataError, "here: 2 rows are too few for a split 60/20/20"),
        (dataset([0, 1] * 9), "group", ParameterError, "groups="),
        (dataset([0, 1] * 2, [0, 0, 1, 1]), "group", DataError, "at least 3 groups. Got 2"),
        (dataset([0, 1] * 9), "stratifed", ParameterError, "Did you mean 'stratified'"),
    ],
)
def test_refusals(data, kind, error, said):
    with pytest.raises(error, match=said):
        split_rows(data, kind)


@pytest.mark.parametrize(
    "fractions",
    [
        (0.6, 0.2),
        (0.6, 0.4, 0),
        (0.6, 0.2, 0.3),
        (1.2, -0.1, -0.1),
        (float("nan"),) * 3,
        "abc",
        None,
    ],
)
def test_fractions_are_three_positive_shares(fractions):
    with pytest.raises(ParameterError, match="'fractions'"):
        check_fractions(fractions)


def test_a_split_of_other_data_is_refused():
    split = Split.of([0, 1], [2], [3])
    check_split(split, dataset([0, 1, 0, 1]))
    with pytest.raises(DataError, match="split is of 4 rows and the data has 5"):
        check_split(split, dataset([0, 1, 0, 1, 1]))


@pytest.mark.parametrize("kind", ["stratified", "contiguous", "group"])
def test_beside_a_test_part_only_the_others_are_cut(kind):
    data = dataset(np.arange(100) % 4, groups=np.arange(100) // 5)
    split = split_beside(data, np.arange(80, 100), kind, random_state=0)
    assert_partition(split, 100)
    assert split.test.tolist() == list(range(80, 100))
    assert (split.kind, split.test_given) == (kind, True)
    assert len(split.validation) == pytest.approx(20, abs=5 * (kind == "group"))
    if kind == "stratified":
        assert np.bincount(data.labels[split.validation]).tolist() == [5, 5, 5, 5]
    if kind == "group":
        assert not set(data.groups[split.train]) & set(data.groups[split.validation])


def test_beside_a_test_part_too_small_a_class_is_refused():
    data = dataset([0] * 40 + [1] * 3 + [0, 1] * 5)
    with pytest.raises(DataError, match=r"class 1 has 3 rows, and a stratified split 75/25 needs"):
        split_beside(data, np.arange(43, 53))


def test_beside_a_test_part_two_groups_are_enough():
    data = dataset(np.arange(12) % 2, groups=np.repeat([0, 1, 2], 4))
    split = split_beside(data, np.arange(8, 12), "group")
    assert len(split.train) == len(split.validation) == 4
    with pytest.raises(DataError, match=r"needs at least 2 groups\. Got 1"):
        split_beside(dataset(np.arange(8) % 2, groups=np.zeros(8, int)), np.arange(4, 8), "group")


# --- Validation rows cut off training rows ---


@pytest.mark.parametrize("kind", ["stratified", "contiguous", "group"])
def test_a_share_is_cut_off_and_no_row_is_lost(digits, kind):
    train, validation = cut_off(digits, 0.2, kind)
    assert sorted([*train, *validation]) == list(range(1797))
    for part in (train, validation):
        assert np.all(np.diff(part) > 0)
    slack = 0.5 if kind != "group" else digits.class_counts.sum() * 0.05
    assert abs(len(validation) - 0.2 * 1797) <= slack + 1


def test_what_is_cut_off_has_each_class_in_its_share(digits):
    _, validation = cut_off(digits, 0.1)
    counts = np.bincount(digits.labels[validation])
    assert (abs(counts - digits.class_counts / 10) < 1.5).all()


def test_groups_are_not_cut(digits):
    train, validation = cut_off(digits, 0.3, "group", random_state=4)
    assert set(digits.groups[train]).isdisjoint(digits.groups[validation])


def test_the_same_seed_cuts_the_same_rows(digits):
    first, again, other = (cut_off(digits, 0.2, random_state=s)[1].tolist() for s in (1, 1, 2))
    assert first == again != other


def test_a_class_that_a_cut_takes_whole_is_refused():
    data = dataset(["a", "a", "b", "b"], groups=[0, 0, 1, 1])
    with pytest.raises(DataError, match="none of them among the training rows of the group split"):
        cut_off(data, 0.5, "group")


def test_a_class_too_small_for_the_share_is_refused():
    with pytest.raises(DataError, match="class 'b' has 1 row, and a stratified split 80/20"):
        cut_off(dataset(["a"] * 9 + ["b"]), 0.2)
