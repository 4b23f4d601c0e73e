"""`layerlab.train`: what it trains on, what it writes, and that it goes on after an interrupt."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris

import layerlab
from layerlab import LBFGS, SGD, AdamW, Hybrid, Recipe, load_data, load_model, load_parts, train
from layerlab._checkpoint import folder as checkpoint_folder
from layerlab.data import Dataset, Parts
from layerlab.errors import CheckpointWarning, DataError, ParameterError, RunFolderError
from layerlab.models import FeedforwardClassifier, FeedforwardEnsemble
from layerlab.storage import RunFolder

SMALL = Recipe(
    "small",
    "For tests.",
    {
        "hidden_layer_sizes": (8,),
        "activation": "relu",
        "solver": AdamW(3e-3, batch_size=50, schedule="cosine", average=0.9),
        "max_iter": 5,
        "dropout": 0.1,
        "dtype": "float32",
    },
)
DEFORMED = Recipe("deformed", "For tests.", {**SMALL.parameters, "augment": "digits", "views": 3})
BY_ALL_ROWS = Recipe("all", "For tests.", {"hidden_layer_sizes": (5,), "max_iter": 12})
FILES = {
    "figures",
    "log.jsonl",
    "model.layerlab",
    "report.html",
    "reproduce.py",
    "results.json",
}


@pytest.fixture(scope="module")
def digits():
    return load_data("digits").subset(slice(0, 240))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "run"


def epochs_in(folder):
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return sorted((x["network"], x["epoch"]) for x in lines if x["event"] == "epoch")


def same(a, b):
    """Say whether two run folders hold the same model and the same results."""
    records = [json.loads((folder / "results.json").read_text("utf-8")) for folder in (a, b)]
    for record in records:
        del record["run"]
    models = [(folder / "model.layerlab").read_bytes() for folder in (a, b)]
    return records[0] == records[1] and models[0] == models[1]


# --- What it trains on ---


def test_all_rows_are_trained_on_as_they_lie(digits, out, monkeypatch):
    given = []
    fit = FeedforwardClassifier.fit

    def noted(self, X, y, *rest, **options):
        given.append((X, y))
        return fit(self, X, y, *rest, **options)

    monkeypatch.setattr(FeedforwardClassifier, "fit", noted)
    run = train(digits, recipe=SMALL, out=out)
    X, y = given[-1]  # after the few rows on which settings are tried
    assert X is digits.rows
    assert (y == digits.y).all()
    assert (run.results["rows"], run.results["validation"]) == (240, None)


def test_it_learns_what_the_estimator_by_itself_learns(digits, out):
    run = train(digits, recipe=SMALL, out=out, seed=3)
    alone = FeedforwardClassifier(**SMALL.parameters, random_state=3).fit(digits.rows, digits.y)
    assert run.model.theta_.tobytes() == alone.theta_.tobytes()


def test_validation_rows_are_cut_off_class_by_class_and_scored(out):
    X, y = load_digits(return_X_y=True)
    run = train(X[:300], y[:300], recipe=SMALL, out=out, validation=0.2)
    found = run.results["validation"]
    rows = np.array(found["row_numbers"])
    assert (found["kind"], found["rows"], run.results["rows"]) == ("stratified", 60, 240)
    shares = np.bincount(y[rows]) / np.bincount(y[:300])
    assert (abs(shares - 0.2) < 0.04).all()
    right = run.model.predict(X[rows]) == y[rows]
    assert found["accuracy"] == right.mean()
    assert found["interval"][0] < right.mean() < found["interval"][1]
    log_p = run.model.predict_log_proba(X[rows])
    assert found["log_loss"] == pytest.approx(-log_p[np.arange(60), y[rows]].mean(), rel=1e-5)
    rest = np.delete(np.arange(300), rows)
    parameters = {**SMALL.parameters, "random_state": 0}
    alone = FeedforwardClassifier(**parameters).fit(X[rest], y[rest])
    assert run.model.theta_.tobytes() == alone.theta_.tobytes()


def test_groups_stay_on_one_side(digits, out):
    run = train(digits, recipe=SMALL, out=out, validation=0.4)
    rows = np.array(run.results["validation"]["row_numbers"])
    watched = set(digits.groups[rows])
    assert watched.isdisjoint(digits.groups[np.delete(np.arange(240), rows)])
    assert run.results["validation"]["kind"] == "group"
    assert f"of {len(watched)} writer" in run.answer


def test_with_patience_the_best_weights_are_kept(digits, out):
    run = train(digits, recipe=SMALL, out=out, validation=0.4, patience=2, epochs=60)
    (network,) = run.results["networks"]
    seen = network["validation_accuracies"]
    assert network["epochs"] == len(seen) < 60
    assert network["kept_epoch"] == 1 + int(np.argmax(seen))
    assert run.results["validation"]["accuracy"] == max(seen)
    assert "a little too high" in " ".join(run.notes)


def test_the_test_part_is_left_alone_and_a_note_says_so(digits, out, tmp_path):
    parts = Parts(digits.subset(slice(0, 200)), digits.subset(slice(200, 240)))
    run = train(parts, recipe=SMALL, out=out)
    alone = train(parts.development, recipe=SMALL, out=tmp_path / "alone")
    assert run.model.theta_.tobytes() == alone.model.theta_.tobytes()
    assert "(40 rows) is left out" in run.notes[-1]
    page = (out / "report.html").read_text("utf-8")
    assert "No test rows were opened" in page
    assert f"layerlab evaluate {out / 'model.layerlab'} TEST" in page


def test_a_test_part_in_the_same_place_is_left_alone(digits, out, tmp_path):
    np.savez(
        tmp_path / "both.npz",
        x_train=digits.rows[:200],
        y_train=digits.y[:200],
        x_test=digits.rows[200:],
        y_test=digits.y[200:],
    )
    assert load_parts(tmp_path / "both.npz").test.n_rows == 40
    run = train(tmp_path / "both.npz", recipe=SMALL, out=out)
    assert run.results["rows"] == 200
    assert any("(40 rows) is left out" in note for note in run.notes)


# --- What it writes ---


def test_the_folder_is_whole_and_its_model_answers_as_the_trained_one(digits, out):
    run = train(digits, recipe=DEFORMED, out=out, validation=0.4, members=2)
    assert {path.name for path in out.iterdir()} == FILES
    figures = {path.stem for path in (out / "figures").iterdir()}
    assert figures == {"learning-curve", "deformed", "weights"}
    assert json.loads((out / "results.json").read_text("utf-8")) == run.results
    loaded = load_model(out / "model.layerlab")
    assert isinstance(loaded, FeedforwardEnsemble)
    P = loaded.predictor()(digits.rows)
    assert P.tobytes() == run.model.predict_proba(digits.rows).tobytes()
    assert loaded.image_shape_ == (8, 8)
    assert loaded.value_range_ == (0, 16)
    rows = np.array(run.results["validation"]["row_numbers"])
    right = loaded.classes_[P[rows].argmax(axis=1)] == digits.y[rows]
    assert run.results["validation"]["accuracy"] == right.mean()
    each = [network["seed"] for network in run.results["networks"]]
    assert each == [member.random_state for member in run.model.members_]
    assert len(set(each)) == 2


def test_a_recipe_says_how_many_networks_unless_the_user_does(digits, tmp_path):
    several = replace(SMALL, n_members=2)
    run = train(digits, recipe=several, out=tmp_path / "its")
    assert len(run.model.members_) == 2
    run = train(digits, recipe=several, out=tmp_path / "one", members=1)
    assert isinstance(run.model, FeedforwardClassifier)


def test_the_model_is_without_what_was_for_its_training_alone(digits, out):
    run = train(digits, recipe=SMALL, out=out, members=2, callback=lambda _: None)
    for part in (*run.model.members_, run.model.estimator):
        assert (part.callback, part.checkpoint) == (None, None)


def test_a_line_an_epoch_is_logged(digits, out):
    run = train(digits, recipe=SMALL, out=out, members=2, validation=0.4)
    assert epochs_in(out) == [(n, e) for n in (1, 2) for e in range(1, 6)]
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    for number, network in enumerate(run.results["networks"], start=1):
        logged = [x for x in lines if x["event"] == "epoch" and x["network"] == number]
        assert [x["cost"] for x in logged] == network["costs"]
        assert [x["validation_cost"] for x in logged] == network["validation_costs"]


@pytest.mark.parametrize("recipe", [SMALL, BY_ALL_ROWS], ids=lambda r: r.name)
def test_threads_do_not_change_the_bits(recipe, digits, tmp_path):
    for n in (1, 2):
        train(digits, recipe=recipe, members=3, n_threads=n, out=tmp_path / str(n), validation=0.4)
    assert same(tmp_path / "1", tmp_path / "2")


def test_the_script_trains_it_again(tmp_path, monkeypatch):
    options = {"recipe": "quick", "epochs": 4, "members": 2, "validation": 0.2, "patience": 3}
    train("digits", seed=2, out=tmp_path / "run", **options)
    script = tmp_path / "run" / "reproduce.py"
    monkeypatch.setattr(sys, "argv", ["reproduce.py", str(tmp_path / "again")])
    exec(compile(script.read_text("utf-8"), script, "exec"), {})
    assert same(tmp_path / "run", tmp_path / "again")


def test_the_script_leaves_a_marked_place_for_what_has_no_name(digits, out):
    X, y = digits.rows, digits.y
    train(X, y, recipe=SMALL, out=out)
    script = (out / "reproduce.py").read_text("utf-8")
    assert "load_data(..., y=...)" in script
    assert "train(data, recipe=..., seed=0" in script
    assert "PUT THE DATA HERE" in script


def test_the_callback_is_told_of_all_networks_together_and_may_stop(digits, out):
    told = []

    def stop(iteration):
        told.append((iteration.n_iter, iteration.max_iter))
        return iteration.n_iter >= 4

    run = train(digits, recipe=SMALL, out=out, members=2, n_threads=1, callback=stop)
    assert [n for n, _ in told] == [1, 2, 3, 4, 5]
    assert {most for _, most in told} == {10}
    assert [network["epochs"] for network in run.results["networks"]] == [4, 1]


# --- What is refused ---


def test_images_are_asked_for_before_anything_is_written(out):
    X, y = load_digits(return_X_y=True)
    with pytest.raises(ParameterError, match=r"--shape 28x28.*'tabular'"):
        train(X, y, out=out)
    assert not out.exists()
    train(X[:240], y[:240], recipe=DEFORMED, image_shape=(8, 8), epochs=1, out=out)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"patience": 3}, "--validation 0.1"),
        ({"validation": 1.0}, "'validation'"),
        ({"validation": -0.1}, "'validation'"),
        ({"members": 0}, "'members'"),
        ({"epochs": 0}, "'epochs'"),
        ({"patience": 0, "validation": 0.1}, "'patience'"),
        ({"seed": -1}, "'seed'"),
        ({"recipe": "digit"}, "Did you mean 'digits'"),
        ({"n_threads": 0}, "n_threads"),
        ({"checkpoint_every": -1}, "'checkpoint_every'"),
        ({"callback": 3}, "'callback'"),
        ({"out": ""}, "'out'"),
        ({"grey": True}, "'grey' parameter is for data that is yet"),
    ],
)
def test_what_is_not_allowed_is_refused_and_nothing_is_written(
    options, said, digits, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match=said):
        train(digits, **{"recipe": SMALL, "out": "run", **options})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"activation": "rleu"}, "Did you mean 'relu'"),
        ({"scaling": "x"}, "'scaling'"),
        ({"init": "x"}, "'init'"),
        ({"output": "x"}, "'output'"),
        ({"class_weight": {"12": 1}}, "class_weight"),
        ({"solver": AdamW(-1.0)}, "'learning_rate'"),
        ({"solver": Hybrid(start="adam")}, "'start'"),
        ({"solver": Hybrid(finish=LBFGS(0))}, "'memory'"),
    ],
)
def test_settings_are_tried_before_anything_is_written(parameters, said, digits, out):
    with pytest.raises(ValueError, match=said):
        train(digits, recipe=Recipe("mine", "", {**SMALL.parameters, **parameters}), out=out)
    assert not out.exists()


def test_a_validation_cost_that_is_never_finite_loses_nothing(out):
    X, y = load_iris(return_X_y=True)
    X[2, 0] = 1e38  # the logits are finite, their difference is not
    run = train(X, y, recipe="tabular", epochs=2, validation=0.1, out=out)
    assert 2 in run.results["validation"]["row_numbers"]
    assert run.results["networks"][0]["validation_costs"] == [None, None]
    assert not (out / "UNFINISHED").exists()


def test_one_class_is_refused(out):
    with pytest.raises(DataError, match="class"):
        train(np.eye(4), ["a"] * 4, recipe=SMALL, out=out)
    assert not out.exists()


# --- Gone on with ---


class Broken(Exception):
    """Stands for a kill."""


def break_off_at(n):
    def told(iteration):
        if iteration.n_iter >= n:
            raise Broken

    return told


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("recipe", [DEFORMED, BY_ALL_ROWS], ids=lambda r: r.name)
@pytest.mark.parametrize("at", [1, 4])
def test_the_same_command_goes_on_and_ends_with_the_same_bits(
    recipe, members, at, digits, tmp_path
):
    options = {"recipe": recipe, "members": members, "validation": 0.4, "checkpoint_every": 0.0}
    train(digits, out=tmp_path / "whole", **options)
    with pytest.raises(Broken):
        train(digits, out=tmp_path / "cut", callback=break_off_at(at), **options)
    assert (tmp_path / "cut" / "UNFINISHED").exists()
    assert not (tmp_path / "cut" / "model.layerlab").exists()
    told = []
    run = train(digits, out=tmp_path / "cut", callback=lambda i: told.append(i.n_iter), **options)
    assert same(tmp_path / "whole", tmp_path / "cut")
    assert epochs_in(tmp_path / "cut") == epochs_in(tmp_path / "whole")
    assert run.results["run"]["resumed"]
    assert {path.name for path in (tmp_path / "cut").iterdir()} == FILES
    assert told[-1] == sum(network["epochs"] for network in run.results["networks"])
    if at > 1:
        assert len(told) < told[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["INT", "TERM"])
def test_a_signal_has_the_state_saved_and_says_how_to_go_on(number, members, digits, tmp_path):
    options = {"recipe": SMALL, "members": members, "n_threads": 2, "checkpoint_every": 3600}
    cut = tmp_path / "cut"

    def signalled(iteration):
        if iteration.n_iter == 3:
            os.kill(os.getpid(), number)
            # In a thread of its own it lets the main one take note; there it is noted at once.
            if threading.current_thread() is not threading.main_thread():
                threading.Event().wait(0.5)

    end = KeyboardInterrupt if number == signal.SIGINT else SystemExit
    with pytest.raises(end) as ended:
        train(digits, out=cut, callback=signalled, **options)
    assert f"the same command with --out {cut} goes on" in ended.value.__notes__[0]
    assert list((cut / "checkpoint").rglob("step-*"))
    train(digits, out=tmp_path / "whole", **options)
    train(digits, out=cut, **options)
    assert same(cut, tmp_path / "whole")
    assert epochs_in(cut) == epochs_in(tmp_path / "whole")


KILLED = """
import os, signal, sys
from layerlab import train

def killed(iteration):
    if iteration.n_iter == {at}:
        os.kill(os.getpid(), signal.SIGKILL)

train("digits", recipe="tabular", epochs=4, members=2, out=sys.argv[1], checkpoint_every=0,
      callback=killed)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_kill_at_any_moment_leaves_a_folder_that_is_gone_on_with(tmp_path):
    code = KILLED.format(at=5)
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "cut"], check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    options = {"recipe": "tabular", "epochs": 4, "members": 2}
    train("digits", out=tmp_path / "cut", **options)
    train("digits", out=tmp_path / "whole", **options)
    assert same(tmp_path / "cut", tmp_path / "whole")


def test_a_run_cut_short_while_it_was_written_is_gone_on_with(digits, tmp_path, monkeypatch):
    write = RunFolder.write_text

    def full(self, name, text):
        if name == "report.html":
            raise Broken
        return write(self, name, text)

    monkeypatch.setattr(RunFolder, "write_text", full)
    with pytest.raises(Broken):
        train(digits, recipe=SMALL, out=tmp_path / "cut")
    monkeypatch.setattr(RunFolder, "write_text", write)
    told = []
    train(digits, recipe=SMALL, out=tmp_path / "cut", callback=told.append)
    assert not told
    train(digits, recipe=SMALL, out=tmp_path / "whole")
    assert same(tmp_path / "cut", tmp_path / "whole")
    assert epochs_in(tmp_path / "cut") == [(1, e) for e in range(1, 6)]


@pytest.fixture
def cut(digits, out):
    """Return a folder whose training was broken off."""
    with pytest.raises(Broken):
        train(digits, recipe=SMALL, out=out, callback=break_off_at(2), checkpoint_every=0)
    return out


def everything(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seed": 1}, "'seed' was 0 and is now 1"),
        ({"epochs": 9}, "'epochs' was None and is now 9"),
        ({"members": 2}, "'members' was 1 and is now 2"),
        ({"validation": 0.4}, "'validation' was 0.0 and is now 0.4"),
        ({"recipe": DEFORMED}, "'parameters.augment' was not set"),
        (
            {"recipe": Recipe("small", "", {**SMALL.parameters, "solver": AdamW(1e-3)})},
            "'parameters.solver.learning_rate' was 0.003 and is now 0.001",
        ),
    ],
)
def test_other_settings_are_refused_by_name_and_nothing_is_lost(options, said, digits, cut):
    before = everything(cut)
    with pytest.raises(ParameterError, match=f"{said}.*--overwrite"):
        train(digits, **{"recipe": SMALL, "out": cut, **options})
    assert everything(cut) == before


def test_other_data_are_refused(digits, cut):
    with pytest.raises(DataError, match=r"other data: 'data.fingerprint' was"):
        train(digits.subset(slice(0, 239)), recipe=SMALL, out=cut)


def test_threads_and_the_time_between_states_may_differ(digits, cut):
    run = train(digits, recipe=SMALL, out=cut, n_threads=1, checkpoint_every=7)
    assert run.results["run"]["resumed"]


def test_overwrite_begins_anew(digits, cut, tmp_path):
    run = train(digits, recipe=SMALL, seed=1, out=cut, overwrite=True)
    assert not run.results["run"]["resumed"]
    train(digits, recipe=SMALL, seed=1, out=tmp_path / "new")
    assert same(cut, tmp_path / "new")
    with pytest.raises(RunFolderError, match="not empty"):
        train(digits, recipe=SMALL, out=cut)


def test_what_a_run_was_begun_with_may_be_damaged(digits, cut):
    (cut / "checkpoint" / "run.json").write_text("{")
    with pytest.raises(RunFolderError, match=r"run.json cannot be read.*--overwrite"):
        train(digits, recipe=SMALL, out=cut)


# --- What goes wrong ---


def test_a_full_disk_lets_training_go_on(digits, out, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint_folder, "write_atomically", full)
        with pytest.warns(CheckpointWarning, match="No space left") as warned:
            train(digits, recipe=SMALL, out=out, checkpoint_every=0)
    assert len(warned) == 1
    train(digits, recipe=SMALL, out=tmp_path / "whole")
    assert same(out, tmp_path / "whole")


def test_a_log_that_cannot_be_written_lets_training_go_on(digits, out, monkeypatch):
    log = RunFolder.log

    def full(self, event, /, **fields):
        if event == "epoch":
            raise RunFolderError("log.jsonl cannot be written: No space left on device.")
        log(self, event, **fields)

    monkeypatch.setattr(RunFolder, "log", full)
    with pytest.warns(CheckpointWarning, match="No space left on device. Training goes on") as seen:
        run = train(digits, recipe=SMALL, out=out)
    assert len(seen) == 1
    assert run.path == out


@pytest.mark.parametrize("members", [1, 2])
def test_a_cost_that_is_no_longer_finite_ends_training_with_the_remedy(members, digits, out):
    wild = Recipe("wild", "", {**SMALL.parameters, "solver": SGD(1e12), "max_iter": 30})
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(2):  # the same command ends alike
            with pytest.raises(ParameterError, match="Lower the learning rate") as refusal:
                train(digits, recipe=wild, out=out, members=members)
    assert str(out / "checkpoint") in str(refusal.value)
    assert (out / "UNFINISHED").exists()
    assert list((out / "checkpoint").rglob("step-*"))
    assert not (out / "model.layerlab").exists()


def test_classes_without_rows_do_no_harm(digits, out):
    rows = np.flatnonzero(digits.labels != 4)
    some = Dataset.subset(digits, rows)
    run = train(some, recipe=SMALL, out=out, validation=0.4)
    assert 4 not in run.model.classes_
    kept = np.array(run.results["validation"]["row_numbers"])
    assert run.results["validation"]["accuracy"] == run.model.score(some.rows[kept], some.y[kept])


def test_it_is_offered():
    assert layerlab.train is train
