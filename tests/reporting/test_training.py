from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from layerlab.data import load_data
from layerlab.metrics import Score
from layerlab.models.recipes import RECIPES, Recipe
from layerlab.reporting import render_page
from layerlab.reporting.training import (
    draw_training_figures,
    duration,
    training_answer,
    training_content,
    training_notes,
)
from layerlab.reporting.training_outcome import TrainingOutcome, validated
from layerlab.reporting.training_script import training_script

DATA = load_data("digits").subset(slice(0, 240))
PARAMETERS = {"hidden_layer_sizes": (6,), "solver": "adamw", "max_iter": 3}
TRAIN, WATCHED = np.arange(180), np.arange(180, 240)


def outcome(members=1, watch=False, kind="stratified", patience=None, **options):
    recipe = Recipe("mine", "For <tests>.", {**PARAMETERS, **options})
    model = recipe.classifier(0, image_shape=(8, 8), n_members=members)
    rows = DATA.subset(TRAIN) if watch else DATA
    seen = DATA.subset(WATCHED)
    model.fit(rows.rows, rows.y, **({"X_val": seen.rows, "y_val": seen.y} if watch else {}))
    settings = {"seed": 0, "members": members, "epochs": None, "validation": 0.25 * watch}
    return TrainingOutcome(
        DATA,
        recipe,
        {**settings, "patience": patience},
        model,
        validated(model, DATA, WATCHED, kind) if watch else None,
        TRAIN if watch else None,
        12.34,
        56.7,
        "runs/x/model.layerlab",
    )


def test_the_answer_without_validation_rows_says_that_nothing_is_known():
    said = training_answer(outcome())
    assert "A network of 64-6-10 units learnt 240 rows of digits in 12 s (3 epochs" in said
    assert "nothing here says yet how well it does on new ones" in said
    assert "No test rows were opened" in said
    assert "“layerlab evaluate runs/x/model.layerlab TEST”" in said


def test_the_answer_with_validation_rows_has_figure_interval_and_rows():
    t = outcome(watch=True)
    right = (t.model.predict(DATA.rows[WATCHED]) == DATA.y[WATCHED]).sum()
    low, high = Score(int(right), 60).interval
    said = training_answer(t).replace("\N{NO-BREAK SPACE}", " ")
    assert f"It names {100 * right / 60:.1f} % of 60 rows ({100 * low:.1f} % to" in said
    assert f"{100 * high:.1f} %) right that were kept apart." in said
    groups = len(set(DATA.groups[WATCHED]))
    writers = f"of {groups} writer{'s' * (groups > 1)} it has never seen"
    assert writers in training_answer(outcome(watch=True, kind="group"))


def test_an_ensemble_is_scored_as_the_mean_and_each_by_itself():
    t = outcome(3, watch=True)
    assert "An ensemble of 3 networks" in training_answer(t)
    members = t.model.members_
    each = [(m.predict(DATA.rows[WATCHED]) == DATA.y[WATCHED]).sum() for m in members]
    assert [found.correct for found in t.validated.each] == each
    mean = np.mean([m.predict_proba(DATA.rows[WATCHED]) for m in members], axis=0)
    right = DATA.classes[mean.argmax(axis=1)] == DATA.y[WATCHED]
    assert t.validated.score.correct == right.sum()
    log_p = np.log(mean[np.arange(60), DATA.labels[WATCHED]])
    assert t.validated.log_loss == pytest.approx(-log_p.mean(), rel=1e-6)
    assert t.n_weights == 3 * (64 * 6 + 6 + 6 * 10 + 10)


def test_notes_say_what_makes_a_figure_too_good_or_training_too_short():
    assert "a little too high" in " ".join(training_notes(outcome(watch=True, patience=5)))
    with pytest.warns(ConvergenceWarning):
        cut = outcome(solver="lbfgs")
    assert "still falling in cost at the last iteration" in " ".join(training_notes(cut))
    assert not training_notes(outcome())


def test_figures_are_of_what_there_is():
    names = [figure.name for figure in draw_training_figures(outcome())]
    assert names == ["learning-curve", "weights"]
    deformed = outcome(augment="digits", views=3)
    figures = {figure.name: figure for figure in draw_training_figures(deformed)}
    assert list(figures) == ["learning-curve", "deformed", "weights"]
    assert figures["deformed"].svg.count("<image") >= 1
    assert "3 views of a row" in " ".join(training_notes(deformed))


def test_the_page_is_whole_and_escapes_what_a_recipe_says():
    t = outcome(2, watch=True)
    page = render_page(training_content(t, draw_training_figures(t)))
    assert "For &lt;tests&gt;." in page
    assert "hidden_layer_sizes" in page
    assert "http" not in page.replace("http-equiv", "")
    assert page == render_page(training_content(t, draw_training_figures(t)))


def test_validation_rows_are_never_drawn_as_what_training_sees():
    from layerlab.reporting import training

    t = outcome(watch=True)
    assert set(training._shown(t)) <= set(TRAIN)
    assert len(training._shown(t)) == 10


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.534, "0.53 s"),
        (12.34, "12 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3725, "1 h 2 min"),
    ],
)
def test_durations(seconds, said):
    assert duration(seconds) == said


def test_the_script_names_a_recipe_of_ours_and_leaves_a_place_for_another():
    t = outcome()
    assert "recipe=..., seed=0, members=1, epochs=None" in training_script(t, "1.0")
    assert "PUT THE DATA HERE" in training_script(t, "1.0")
    ours = SimpleNamespace(data=DATA, recipe=RECIPES["quick"], settings={"seed": 7})
    script = training_script(ours, "1.0")
    assert "layerlab.train(data, recipe='quick', seed=7, out=out)" in script
    assert "PUT THE DATA HERE" not in script
