"""A whole exploration on small data, and what must hold of any."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from layerlab._files import canonical_json
from layerlab.data import Dataset, Split, load_data, split_rows
from layerlab.data.checks import HealthReport
from layerlab.errors import DataError, ParameterError
from layerlab.exploration import (
    Configuration,
    Explorer,
    choosing,
    knn_curve,
    plan,
    results,
    shipping,
    stages,
    subsample,
    work,
    workshop,
)
from layerlab.exploration.crew import Budget
from layerlab.exploration.pace import Limits
from layerlab.reporting.sentences import answer, limits_notes, notes
from layerlab.reporting.tables import candidates_table, models_table, shortlist_table

SMALL = tuple(Configuration(shape, 0.1) for shape in ((), (4,), (8,), (4, 4)))


@pytest.fixture(autouse=True)
def small_grid(monkeypatch):
    monkeypatch.setattr(plan, "default_grid", lambda: SMALL)


def iris(groups=False):
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])
    return Dataset.from_arrays(
        X, names[y], name="iris", groups=np.arange(150) % 5 if groups else None
    )


def explored(data, seed=0, n_threads=1, split=None, **options):
    split = split or split_rows(data, random_state=seed)
    return Explorer(data, split, seed=seed, n_threads=n_threads).explore(**options)


def record(e):
    return {k: v for k, v in results(e, {}).items() if k != "run"}


def test_one_and_three_threads_give_the_same_bits():
    one, three = explored(iris(groups=True)), explored(iris(groups=True), n_threads=3)
    assert canonical_json(record(one)) == canonical_json(record(three))
    assert one.model.theta_.tobytes() == three.model.theta_.tobytes()


def test_another_seed_gives_another_split_and_model():
    a, b = explored(iris()), explored(iris(), seed=1)
    assert not np.array_equal(a.split.test, b.split.test)
    assert a.model.theta_.tobytes() != b.model.theta_.tobytes()


def test_what_ships_was_fitted_on_development_rows_and_answers_in_names():
    data = iris()
    e = explored(data)
    rows = data.subset(e.split.development)
    again = e.chosen.configuration.classifier(e.chosen.seed).set_params(n_threads=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # capped, as all of them are
        again.fit(rows.rows, rows.y)
    assert again.theta_.tobytes() == e.model.theta_.tobytes()
    assert set(e.model.predict(data.rows)) <= {"setosa", "versicolor", "virginica"}
    assert e.model.callback is None


def test_labels_of_test_rows_are_read_by_the_opening_alone():
    """With every test label changed, all that was found before the opening stays the same."""
    data = iris()
    split = split_rows(data, random_state=0)
    y = data.y.copy()
    y[split.test] = np.roll(y[split.test], 7)
    other = Dataset.from_arrays(data.rows, y, name="iris")
    split = Split.of(split.train, split.validation, split.test, kind="stratified")
    honest, changed = (record(explored(d, split=split)) for d in (data, other))
    for record_ in (honest, changed):
        record_["data"]["fingerprint"] = None
        for score in [record_["test"], *record_["baselines"].values()]:
            for key in ("accuracy", "interval", "confusion", "against"):
                score.pop(key, None)
    assert honest == changed


def test_the_record_is_json_and_complete():
    e = explored(iris(groups=True))
    found = json.loads(canonical_json(results(e, {"folder": "x"})))
    assert {"data", "split", "baselines", "candidates", "chosen", "test", "seed", "run"} <= set(
        found
    )
    assert found["test"]["rows"] == len(e.split.test) == 30
    low, high = found["test"]["interval"]
    assert low <= found["test"]["accuracy"] <= high
    assert np.sum(found["test"]["confusion"]) == 30
    assert set(found["baselines"]) == {"majority", "knn", "softmax", "knn_curve"}
    assert found["baselines"]["majority"]["accuracy"] == pytest.approx(1 / 3)
    assert found["groups"]["kind"] == "leave-one-group-out"
    assert found["groups"]["folds"] == 5
    assert found["groups"]["network"]["rows"] == 120
    assert len(found["chosen"]["seeds"]["validation_accuracies"]) == 5
    assert set(found["run"]["microseconds_per_row"]) == {"majority", "knn", "softmax", "network"}


def test_without_groups_there_is_no_group_study():
    e = explored(iris())
    assert e.groups is None
    assert set(e.neighbours.curves) == {"shuffled", "contiguous"}


def test_a_tiny_budget_still_ends_with_everything_and_says_so():
    e = explored(iris(groups=True), budget=1e-6)
    assert [c.configuration for c in e.candidates] == [SMALL[0]]
    assert not e.complete
    assert e.depth is None
    assert e.groups is None
    assert len(e.replicates) == 1
    assert e.opening.scores["network"].score.rows == 30


def test_a_split_by_group_is_searched_by_group():
    data = iris(groups=True)
    explorer = Explorer(data, split_rows(data, "group", random_state=0))
    train = explorer.searched
    for a, b in explorer.folds:
        assert not set(train.groups[a]) & set(train.groups[b])


def test_too_small_a_class_is_refused_before_anything_is_fitted():
    data = iris()
    rows = np.r_[0:50, 50:52, 100:150]
    small = data.subset(rows)
    split = Split.of(np.r_[0:30, 50, 60:90], np.r_[30:40, 51, 90:95], np.r_[40:50, 52:60, 95:102])
    with pytest.raises(DataError, match="versicolor"):
        Explorer(small, split)


def test_folds_that_leave_one_class_are_refused_before_anything_is_fitted():
    labels = np.r_[np.zeros(110, int), np.ones(20, int), np.arange(70) % 2]
    data = Dataset.from_arrays(np.arange(400.0).reshape(200, 2), labels, name="runs")
    with pytest.raises(DataError, match=r"^arrays: .* Got only class 0 in 80 of the 120 training"):
        Explorer(data, split_rows(data, "contiguous"))


def test_groups_of_one_class_each_cannot_be_left_out():
    X, y = load_iris(return_X_y=True)
    data = Dataset.from_arrays(X[:100], y[:100], name="two", groups=y[:100])
    e = explored(data, split=split_rows(data, "stratified"))
    assert e.groups is None
    assert "groups" not in e.used
    assert e.opening.scores["network"].score.rows == 20


def test_one_group_is_not_left_out():
    data = replace(iris(), groups=np.zeros(150, int))
    e = explored(data, split=split_rows(data, "stratified"))
    assert e.groups is None
    assert "groups" not in e.used


@pytest.mark.parametrize("shape", [(), (4,)])
def test_a_linear_network_that_ships_is_the_softmax_baseline_too(shape, monkeypatch):
    titles = []

    class Sink:
        def stage(self, title, _total):
            titles.append(title)

        def advance(self):
            pass

    grid = tuple(Configuration(s, 0.1) for s in dict.fromkeys([(), shape]))
    monkeypatch.setattr(plan, "default_grid", lambda: grid)
    monkeypatch.setattr(stages, "choose", lambda finalists: chosen_of(finalists, shape))
    e = explored(iris(), progress=Sink())
    assert titles.count("softmax regression") == (shape != ())
    network, softmax = (e.opening.scores[name] for name in ("network", "softmax"))
    assert (network.n_bytes == softmax.n_bytes) == (shape == ())


def chosen_of(finalists, shape):
    return next(f for f in finalists if f.configuration.hidden_layer_sizes == shape)


def test_stages_are_logged_in_their_order():
    events = []
    explored(iris(), log=lambda event, **_: events.append(event))
    assert events == [
        "neighbours",
        "search",
        "choice",
        "chosen",
        "replicates",
        "groups",
        "refit",
        "baselines",
        "opening",
    ]


def test_knn_curve_gives_the_notebook_s_figure():
    study = knn_curve(load_data("digits"))
    means = study.curves["contiguous"].mean(axis=0)
    assert round(means[0], 3) == 0.968
    assert round(means.min(), 3) == 0.951
    assert study.best("contiguous")[0] == 1
    assert study.best("shuffled")[1] > 0.98
    assert set(study.curves) == {"shuffled", "contiguous", "group"}
    assert study.best("group")[1] < study.best("shuffled")[1]


def test_a_split_by_groups_of_data_without_groups_is_refused_before_anything_is_fitted():
    split = split_rows(iris(groups=True), "group")
    with pytest.raises(ParameterError, match=r"^arrays: .*groups= \(--groups"):
        Explorer(iris(), split)


@pytest.fixture
def limited(monkeypatch):
    """Let no stage use all rows of what `many` returns."""
    for module in (subsample, shipping, work):
        monkeypatch.setattr(module, "FEWEST", 30)
    limits = Limits(curve=4e7, search=4.2e7, fit=8e6, groups=3e7, refit=9e6, opening=2e6)
    for module in (plan, stages, choosing, shipping, workshop):
        monkeypatch.setattr(module, "LIMITS", limits)
    monkeypatch.setattr(shipping, "LEAST_OPENING", 0)


def many(groups=True):
    X, y = load_iris(return_X_y=True)
    noise = np.random.default_rng(0).normal(scale=0.1, size=(1500, 4))
    group = np.arange(1500) % 8
    return Dataset.from_arrays(
        np.tile(X, (10, 1)) + noise, np.tile(y, 10), name="many", groups=group if groups else None
    )


def test_limits_leave_rows_out_the_same_for_any_threads_and_say_so(limited):
    data = many()
    e = explored(data, split=split_rows(data, random_state=0))
    stages = ("curve", "search", "choice", "groups", "refit", "neighbours", "tested")
    assert [stage for stage in stages if e.used[stage].all] == []
    three = explored(data, n_threads=3, split=split_rows(data, random_state=0))
    assert canonical_json(record(e)) == canonical_json(record(three))
    assert e.model.theta_.tobytes() == three.model.theta_.tobytes()
    assert record(e)["work"]["rows"]["refit"] == {"rows": e.used["refit"].rows, "of": 1200}
    said = " ".join(notes(e))
    for stage in stages:
        assert f"{e.used[stage].rows:,} of {e.used[stage].of:,}" in said
    assert f"of {e.used['tested'].rows} of the same rows" in answer(
        e, HealthReport.of("data", {}, [])
    )


def test_the_baseline_is_compared_on_the_rows_that_it_was_asked_for(limited):
    e = explored(many(groups=False))
    knn, network = e.opening.scores["knn"], e.opening.scores["network"]
    assert knn.score.rows == len(knn.asked) == e.used["tested"].rows < 300
    assert network.score.rows == 300
    paired = e.opening.against("knn")
    assert paired.n == len(knn.asked)
    assert paired.difference == pytest.approx(network.right[knn.asked].mean() - knn.right.mean())
    assert e.opening.against("softmax").n == 300


def test_tables_name_the_rows_that_were_used(limited):
    e = explored(many(groups=False))
    used = {stage: e.used[stage].rows for stage in e.used}
    assert f"{used['search']} of 900 training rows" in candidates_table(e).caption
    assert f"{used['choice']} of 900 training rows" in shortlist_table(e).caption
    caption = models_table(e).caption
    assert f"asked for {used['tested']} of the test rows" in caption
    assert f"The network was fitted on {used['refit']} rows" in caption


def test_without_limits_that_bind_nothing_is_said():
    e = explored(iris(groups=True))
    assert all(used.all for used in e.used.values())
    assert limits_notes(e) == []
    assert e.left_out == ()


def test_networks_too_large_for_so_many_features_are_left_out_and_named(monkeypatch):
    monkeypatch.setattr(plan, "LIMITS", Limits(search=2e7))
    e = explored(iris())
    assert e.left_out
    assert e.complete
    assert e.planned == len(e.candidates) == len(SMALL) - len(e.left_out)
    assert e.left_out[0].shape in limits_notes(e)[-1]
    assert record(e)["work"]["left_out"][0]["alpha"] == 0.1


def test_what_a_budget_has_used_before_counts():
    spent = Budget(1e6, began=Budget().began - 1e7)
    e = explored(iris(), budget=spent)
    assert len(e.candidates) == 1
    assert not explored(iris(), budget=1e6).left_out


def test_labels_of_test_rows_choose_no_row_of_theirs(limited):
    """With every test label changed, nearest neighbours are asked for the same test rows."""
    data = many(groups=False)
    split = split_rows(data, random_state=0)
    y = data.y.copy()
    y[split.test] = np.roll(y[split.test], 7)
    other = Dataset.from_arrays(data.rows, y, name="many")
    split = Split.of(split.train, split.validation, split.test, kind="stratified")
    asked = [explored(d, split=split).opening.scores["knn"].asked for d in (data, other)]
    np.testing.assert_array_equal(*asked)
