"""Which preset is tried, what becomes of it beside the search, and what it may take."""

import json

import numpy as np
import pytest

from layerlab._files import canonical_json
from layerlab.data import Dataset, load_data, split_rows
from layerlab.errors import ParameterError
from layerlab.exploration import Configuration, Explorer, pace, plan, results
from layerlab.exploration.choice import Finalist
from layerlab.exploration.crew import Crew
from layerlab.exploration.pace import Limits, PresetLimits
from layerlab.exploration.presets import FEWEST_OF_TABLE, Preset, check_preset, pick_preset
from layerlab.exploration.trial import PresetTrial, mean_of_seeds
from layerlab.exploration.work import FEWEST_EPOCHS, affordable_epochs, fit_cost
from layerlab.models import FeedforwardClassifier
from layerlab.models.recipes import RECIPES
from layerlab.reporting.drawings import draw_figures
from layerlab.reporting.script import reproduction_script
from layerlab.reporting.sentences import network_words, notes
from layerlab.reporting.tables import models_table, shortlist_table

SMALL = tuple(Configuration(shape, 0.1) for shape in ((), (4,), (4, 4)))


def grey(shape, m=60):
    n = int(np.prod(shape))
    rows = np.arange(m * n).reshape(m, n) % 16
    return Dataset.from_arrays(rows, np.arange(m) % 2, image_shape=shape)


def table(m):
    return Dataset.from_arrays(np.arange(3.0 * m).reshape(m, 3), np.arange(m) % 2)


@pytest.mark.parametrize(
    ("data", "n_train", "name"),
    [
        (grey((8, 8)), 10, "digits-light"),
        (grey((16, 16)), 10, "digits-light"),
        (grey((8, 8, 1)), 10, "digits-light"),
        (grey((17, 8)), 10, "mnist"),
        (grey((28, 28)), 10**6, "mnist"),
        (grey((8, 8, 3)), FEWEST_OF_TABLE, "tabular"),
        (table(60), FEWEST_OF_TABLE, "tabular"),
        (table(60), FEWEST_OF_TABLE - 1, None),
        (grey((8, 8, 3)), FEWEST_OF_TABLE - 1, None),
    ],
)
def test_only_size_and_shape_pick_the_preset(data, n_train, name):
    found = pick_preset("auto", data, n_train)
    assert (found.name, found.by_name) == (name, False)


def test_a_name_or_none_is_obeyed():
    assert pick_preset("mnist", grey((8, 8)), 10) == Preset("mnist", "mnist", "it was asked for")
    assert pick_preset("mnist", grey((8, 8)), 10).by_name
    assert pick_preset("none", grey((8, 8)), 10).name is None
    assert [check_preset(asked) for asked in (None, "none", "auto")] == ["none", "none", "auto"]


def test_a_wrong_name_is_refused_with_the_nearest():
    data = table(60)
    with pytest.raises(ParameterError, match=r"'preset' parameter .* Did you mean 'digits'"):
        Explorer(data, split_rows(data), preset="digit")


def test_a_preset_of_images_needs_their_shape():
    data = table(60)
    with pytest.raises(ParameterError, match=r"deforms images.*--shape 28x28"):
        Explorer(data, split_rows(data), preset="digits")


@pytest.mark.parametrize("name", RECIPES)
def test_a_configuration_gives_the_recipe_s_classifier(name):
    own = Configuration.of_recipe(RECIPES[name], (8, 8))
    model = own.classifier(3, n_threads=1)
    options = {"image_shape": (8, 8), "n_members": 1}
    expected = RECIPES[name].classifier(3, n_threads=1, max_iter=own.epochs, **options)
    assert repr(model) == repr(expected)
    assert own.epochs == RECIPES[name].classifier(**options).max_iter
    assert str(own) == f"{own.shape}, preset {name}"
    assert network_words(own).endswith(f"(preset {name})")


def test_epochs_go_first_then_rows_then_the_preset():
    data = grey((8, 8))
    own = Configuration.of_recipe(RECIPES["digits"], (8, 8))
    n = 5000
    one = fit_cost(Configuration.of_recipe(RECIPES["digits"], (8, 8), 1), data).of(n)
    assert affordable_epochs(own, data, n, float("inf")) == (own, n)
    assert affordable_epochs(own, data, n, 1e3 * own.epochs * one) == (own, n)
    fewer, rows = affordable_epochs(own, data, n, 30.5 * one)
    assert (fewer.epochs, rows) == (30, n)
    least, some = affordable_epochs(own, data, n, FEWEST_EPOCHS * one / 2)
    assert (least.epochs, some) == (FEWEST_EPOCHS, n // 2)
    assert affordable_epochs(own, data, n, FEWEST_EPOCHS * one / 4) is None


def test_the_work_of_a_preset_is_its_rows_times_its_epochs():
    data = grey((8, 8))
    costs = [
        fit_cost(Configuration.of_recipe(RECIPES["digits"], (8, 8), epochs), data)
        for epochs in (1, 40)
    ]
    assert costs[1].of(700) == pytest.approx(40 * 700 * costs[0].a_row)
    assert costs[0].a_row > Configuration.of_recipe(RECIPES["digits"], (8, 8)).n_weights(data)


def test_limits_are_shares_of_the_search_unless_it_was_named():
    limits = Limits(preset=50, preset_seeds=60, preset_groups=70, preset_refit=80)
    bound = PresetLimits.of(limits, 1e9, by_name=False)
    assert bound == PresetLimits(50, 60, 70, 80)
    small = PresetLimits.of(limits, 10, by_name=False)
    assert (small.fit, small.refit) == (2.4, 80)
    assert small.seeds < 60
    assert PresetLimits.of(limits, 10, by_name=True) == PresetLimits(np.inf, 60, 70, np.inf)


def finalist(right, n=100):
    configuration = Configuration((4,), 0.1)
    return Finalist(configuration, 0, 10, np.arange(n) < right, FeedforwardClassifier())


@pytest.mark.parametrize(("right", "taken"), [(89, False), (90, True), (91, True)])
def test_it_is_taken_where_it_does_at_least_as_well(right, taken):
    searched, found = finalist(90), finalist(right)
    trial = PresetTrial(Preset("auto", "digits", ""), searched, SMALL[0], found)
    assert (trial.taken, trial.chosen is found) == (taken, taken)
    assert trial.difference.difference == pytest.approx((right - 90) / 100)


@pytest.mark.parametrize(("lost", "taken"), [(0, True), (1, True), (10, False)])
def test_one_that_deforms_images_is_given_one_standard_error(lost, taken):
    """Of 100 rows; ten rows lost and none won are three standard errors."""
    own = Configuration.of_recipe(RECIPES["digits"], (8, 8))
    found = Finalist(own, 0, 10, np.arange(100) < 90 - lost, FeedforwardClassifier())
    assert PresetTrial(Preset("auto", "digits", ""), finalist(90), own, found).taken == taken


def test_without_one_the_search_s_choice_stands():
    trial = PresetTrial(Preset("none", None, ""), searched := finalist(90))
    assert (trial.chosen, trial.taken, trial.left_out) == (searched, False, False)
    assert PresetTrial(Preset("auto", "digits", ""), searched, SMALL[0]).left_out


def test_the_mean_of_seeds_averages_probabilities():
    data = load_data("digits")
    train, rest = data.subset(np.arange(200)), data.subset(np.arange(200, 500))

    def fitted(seed):
        model = FeedforwardClassifier((4,), max_iter=15, tol=0, random_state=seed, n_threads=1)
        with pytest.warns(match="max_iter"):
            model.fit(train.rows, train.labels)
        right = model.predict(rest.rows) == rest.labels
        return Finalist(SMALL[1], seed, 10, np.asarray(right), model)

    parts = [fitted(seed) for seed in range(3)]
    crew = Crew(2)
    found = mean_of_seeds(parts, rest, crew)
    mean = sum(f.model.predict_proba(rest.rows) for f in parts) / 3
    assert found.score.correct == (mean.argmax(axis=1) == rest.labels).sum()
    assert found.score.correct != parts[0].score.correct
    assert (found.networks, found.microseconds > 0) == (3, True)
    assert mean_of_seeds(parts[:1], rest, crew) is None


@pytest.fixture(scope="module")
def explore():
    """Return a function that explores 600 digits with a short list and some epochs of a preset."""
    data = load_data("digits").subset(np.arange(600))
    split = split_rows(data, random_state=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "default_grid", lambda: SMALL)
        patch.setattr(pace.PresetLimits, "of", lambda *_, **__: PresetLimits(4e9, 9e9, 1e10, 1e11))

        def explore(n_threads=1, budget=None, **options):
            explorer = Explorer(data, split, n_threads=n_threads, **options)
            return explorer.explore(budget=budget)

        yield explore


@pytest.fixture(scope="module")
def taken(explore):
    return explore()


def record(e):
    return {k: v for k, v in results(e, {}).items() if k != "run"}


def test_digit_like_images_profit_without_a_word(taken):
    trial = taken.preset
    assert trial.taken
    assert trial.preset.name == "digits-light"
    assert taken.chosen is trial.finalist
    assert taken.chosen.score.accuracy > trial.searched.score.accuracy
    own = trial.own.epochs
    assert FEWEST_EPOCHS <= taken.model.max_iter == trial.finalist.configuration.epochs < own
    assert taken.model.views == taken.chosen.model.views
    assert taken.opening.scores["network"].score.accuracy > 0.9


def test_it_is_fitted_on_the_rows_of_the_choice_and_few_seeds_follow(taken):
    assert taken.used["preset"] == taken.used["choice"]
    assert 1 < len(taken.replicates) < 5
    assert {f.configuration for f in taken.replicates} == {taken.chosen.configuration}
    assert taken.mean_of_seeds.networks == len(taken.replicates)


def test_it_depends_on_no_number_of_threads(taken, explore):
    three = explore(n_threads=3)
    assert canonical_json(record(taken)) == canonical_json(record(three))
    assert taken.model.theta_.tobytes() == three.model.theta_.tobytes()


def test_the_record_says_both_and_the_price(taken):
    found = json.loads(canonical_json(results(taken, {})))
    preset = found["preset"]
    assert (preset["asked"], preset["name"], preset["taken"]) == ("auto", "digits-light", True)
    assert preset["reason"] == "the rows are grey images of 8×8"
    rows = len(taken.split.validation)
    assert preset["validation"]["rows"] == preset["search"]["validation"]["rows"] == rows
    assert preset["difference"]["n"] == rows
    assert preset["epochs"] < preset["own_epochs"]
    assert found["chosen"]["preset"] == "digits-light"
    assert found["chosen"]["mean_of_seeds"]["networks"] == len(taken.replicates)
    times = found["run"]["microseconds_on_validation_rows"]
    assert set(times) == {"preset", "search", "mean_of_seeds"}
    assert times["preset"] > times["search"]  # it is wider, and looks at several views


def test_the_report_says_both_and_the_price(taken):
    said = " ".join(notes(taken))
    epochs = f"{taken.model.max_iter} of its {taken.preset.own.epochs} epochs"
    for words in ("at least as well, and was taken", "µs a prediction against", epochs):
        assert words in said
    assert models_table(taken).rows[-1][0] == "Network, preset digits-light"
    choice = shortlist_table(taken)
    assert choice.rows[-1][0] == str(taken.chosen.configuration)
    assert choice.emphasis == len(choice.rows) - 1
    learning = next(f for f in draw_figures(taken) if f.name == "learning-curve")
    assert "of rows as the preset changes them" in learning.caption


def test_the_script_names_a_preset_that_was_named(taken, explore):
    assert "preset=" not in reproduction_script(taken, "1")
    assert "seed=0, preset='none', out=out" in reproduction_script(explore(preset="none"), "1")


def test_without_a_preset_none_is_tried(explore):
    e = explore(preset="none")
    assert e.preset.finalist is None
    assert e.chosen is e.preset.searched
    assert record(e)["preset"]["name"] is None
    assert "preset" not in e.used
    assert not any("preset" in note for note in notes(e))


def test_too_much_work_leaves_it_out_with_a_word(explore, monkeypatch):
    monkeypatch.setattr(pace.PresetLimits, "of", lambda *_, **__: PresetLimits(1e6, 0, 0, 0))
    e = explore()
    assert e.preset.left_out
    assert record(e)["preset"]["left_out"]
    assert "--preset digits" in notes(e)[0]


def test_a_budget_holds_for_a_preset_that_was_named(explore):
    e = explore(preset="digits", budget=1e-6)
    assert e.preset.left_out
    assert "budget left too little time for the preset digits" in notes(e)[0]


def test_rows_that_may_be_images_are_asked_about():
    data = load_data("digits")
    rows = Dataset.from_arrays(data.rows[:300], data.labels[:300])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "default_grid", lambda: SMALL)
        e = Explorer(rows, split_rows(rows), n_threads=1).explore(budget=1e-6)
    assert any("--shape 8x8 says so" in note for note in notes(e))
