import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from layerlab import RECIPES, load_model

FILES = {
    "figures",
    "log.jsonl",
    "model.layerlab",
    "report.html",
    "reproduce.py",
    "results.json",
}
QUICK = ("--recipe", "quick", "--epochs", 5, "--label", "kind")


def test_train_writes_a_whole_run_folder_and_says_what_came_of_it(layerlab, csv, tmp_path):
    done = layerlab("train", csv, *QUICK, "--out", "run", "--validation", 0.2, "--members", 2)
    assert done.code == 0
    assert {p.name for p in (tmp_path / "run").iterdir()} == FILES
    assert "learnt 96 rows of rows" in done.out
    assert "layerlab evaluate run/model.layerlab TEST" in done.out
    assert "120 rows" in done.err
    assert "10/10  cost" in done.err
    assert len(load_model(tmp_path / "run" / "model.layerlab").members_) == 2


@pytest.mark.parametrize("members", [1, 3])
def test_predict_and_evaluate_take_the_model(members, layerlab, csv):
    done = layerlab(
        "train", csv, "--recipe", "tabular", "--members", members, "--label", "kind", "--out", "run"
    )
    assert done.code == 0
    found = json.loads(
        layerlab("evaluate", "run/model.layerlab", csv, "--label", "kind", "--json").out
    )
    lines = layerlab(
        "predict", "run/model.layerlab", csv, "--label", "kind", "--proba"
    ).out.splitlines()
    P = np.array([[float(cell) for cell in line.split(",")[2:]] for line in lines[1:]])
    names = [line.split(",")[1] for line in lines[1:]]
    labels = np.array([line.rpartition(",")[2] for line in csv.read_text().splitlines()[1:]])
    assert found["accuracy"] == (labels == names).mean() > 0.9
    of_label = P[np.arange(len(P)), np.searchsorted(["a", "b", "c"], labels)]
    assert found["log_loss"] == pytest.approx(-np.log(of_label).mean(), rel=1e-3)


def test_json_prints_one_object_and_nothing_else(layerlab, csv, tmp_path):
    done = layerlab("train", csv, *QUICK, "--out", "run", "--json")
    assert done.err == ""
    assert json.loads(done.out) == json.loads((tmp_path / "run" / "results.json").read_text())


def test_quiet_says_nothing_but_the_result(layerlab, csv):
    done = layerlab("train", csv, *QUICK, "--quiet")
    assert (done.code, done.err) == (0, "")
    assert done.out


def test_without_out_a_new_folder_under_runs(layerlab, csv, tmp_path):
    layerlab("train", csv, *QUICK)
    layerlab("train", csv, *QUICK)
    assert len(list((tmp_path / "runs").iterdir())) == 2


def test_a_finished_run_is_not_written_over(layerlab, csv, tmp_path):
    layerlab("train", csv, *QUICK, "--out", "run")
    before = (tmp_path / "run" / "model.layerlab").read_bytes()
    refused = layerlab("train", csv, *QUICK, "--out", "run", "--seed", 1)
    assert (refused.code, refused.out) == (2, "")
    assert "--overwrite" in refused.err
    assert (tmp_path / "run" / "model.layerlab").read_bytes() == before
    done = layerlab("train", csv, *QUICK, "--out", "run", "--seed", 1, "--overwrite")
    assert done.code == 0
    assert (tmp_path / "run" / "model.layerlab").read_bytes() != before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--recipe", "digits"), "--shape 28x28"),
        (("--recipe", "digit"), "Did you mean 'digits'"),
        (("--patience", 3), "--validation 0.1"),
        (("--checkpoint-every", "soon"), "--checkpoint-every must be a time"),
        (("--validation", 2), "'validation'"),
        (("--shape", "3"), "--shape must be"),
    ],
)
def test_what_is_not_allowed_is_one_line_and_exit_code_2(options, said, layerlab, csv, tmp_path):
    done = layerlab("train", csv, "--label", "kind", "--out", "run", *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err.splitlines()[-1]
    assert not (tmp_path / "run").exists()


def test_recipes_are_listed(layerlab):
    lines = layerlab("recipes").out.splitlines()
    assert [line.split()[0] for line in lines] == list(RECIPES)
    assert all(line.endswith(r.summary) for line, r in zip(lines, RECIPES.values(), strict=True))
    told = json.loads(layerlab("recipes", "--json").out)
    assert {name: r["summary"] for name, r in told.items()} == {
        name: r.summary for name, r in RECIPES.items()
    }
    assert {name: r["members"] for name, r in told.items()} == {
        name: r.n_members for name, r in RECIPES.items()
    }
    assert told["quick"]["parameters"]["activation"] == RECIPES["quick"].parameters["activation"]


@pytest.fixture
def begin(tmp_path):
    """Begin a training that takes long, and return its process once some epochs are done."""
    begun = []

    def begin(members):
        command = ["train", "digits", "--epochs", "100000", "--out", "run", "--members", members]
        process = subprocess.Popen(
            [sys.executable, "-m", "layerlab", *command],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        log = tmp_path / "run" / "log.jsonl"
        until = time.monotonic() + 60
        while not (log.exists() and log.read_text().count("epoch") > 3):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("members", ["1", "2"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_has_the_state_saved_and_the_line_says_how_to_go_on(
    number, code, members, begin, tmp_path
):
    process = begin(members)
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "the same command with --out run goes on from it." in err.splitlines()[-1]
    assert "Traceback" not in err
    assert (tmp_path / "run" / "UNFINISHED").exists()
    states = list((tmp_path / "run" / "checkpoint").rglob("step-*"))
    assert len(states) >= int(members)
