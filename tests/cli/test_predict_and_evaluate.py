import csv as csv_module
import io
import json

import numpy as np
import pytest

from layerlab import load_model
from layerlab.metrics import wilson_interval


def table(text):
    return list(csv_module.DictReader(io.StringIO(text)))


def test_predict_prints_csv(layerlab, model, csv):
    done = layerlab("predict", model, csv)
    rows = table(done.out)
    assert done.code == 0
    assert [row["row"] for row in rows] == [str(i) for i in range(120)]
    assert {row["label"] for row in rows} == {"a", "b", "c"}
    assert all(1 / 3 <= float(row["probability"]) <= 1 for row in rows)
    assert "'kind'" in done.err  # the label column was left out, and that is said


def test_proba_prints_every_class(layerlab, model, csv):
    rows = table(layerlab("predict", model, csv, "--proba").out)
    for row in rows:
        assert list(row) == ["row", "label", "a", "b", "c"]
        assert sum(float(row[c]) for c in "abc") == pytest.approx(1, abs=1e-5)
        assert row["label"] == max("abc", key=lambda c: float(row[c]))


def test_columns_are_taken_by_name_and_files_are_named(layerlab, model, csv, tmp_path):
    lines = [line.split(",") for line in csv.read_text().splitlines()]
    (tmp_path / "turned.csv").write_text("\n".join(f"{b},{a}" for a, b, _ in lines))
    rows = table(layerlab("predict", model, csv, "turned.csv").out)
    first, second = rows[:120], rows[120:]
    assert second[0]["file"] == "turned.csv"
    assert [(r["row"], r["label"]) for r in first] == [(r["row"], r["label"]) for r in second]


def test_evaluate_counts_what_predict_says(layerlab, model, csv):
    predicted = [row["label"] for row in table(layerlab("predict", model, csv).out)]
    true = [line.split(",")[2] for line in csv.read_text().splitlines()[1:]]
    right = sum(a == b for a, b in zip(predicted, true, strict=True))
    found = json.loads(layerlab("evaluate", model, csv, "--label", "kind", "--json").out)
    assert found["rows"] == 120
    assert found["accuracy"] == right / 120
    assert found["interval"] == pytest.approx(wilson_interval(right, 120))
    X = np.loadtxt(csv, delimiter=",", skiprows=1, usecols=(0, 1))
    p = load_model(model).predictor()(X)
    at = np.searchsorted(["a", "b", "c"], true)
    assert found["log_loss"] == pytest.approx(-np.log(p[np.arange(120), at]).mean(), rel=1e-5)


def test_evaluate_says_it_in_words_and_where_the_labels_were(layerlab, model, csv):
    done = layerlab("evaluate", model, csv, "--label", "kind")
    assert "of 120 rows right (95 % interval" in done.out
    assert done.err == f"{csv}: labels from 'kind'\n"
    assert layerlab("evaluate", model, csv, "--label", "kind", "--json").err == ""


def test_evaluate_takes_columns_by_name_and_leaves_others_out(layerlab, model, csv, tmp_path):
    given = layerlab("evaluate", model, csv, "--label", "kind", "--json").out
    assert json.loads(given)["accuracy"] > 0.9
    lines = [line.split(",") for line in csv.read_text().splitlines()]
    turned = [f"{b},{c},{a}" for a, b, c in lines]
    extra = ["writer,height,label,width", *(f"{c}!,{b},{c},{a}" for a, b, c in lines[1:])]
    (tmp_path / "turned.csv").write_text("\n".join(turned))
    (tmp_path / "extra.csv").write_text("\n".join(extra))
    assert layerlab("evaluate", model, "turned.csv", "--label", "kind", "--json").out == given
    assert layerlab("evaluate", model, "extra.csv", "--json").out == given


def test_a_column_of_groups_may_stay_in_the_file(layerlab, csv, tmp_path):
    lines = csv.read_text().splitlines()
    text = ["writer," + lines[0], *(f"w{i % 7},{line}" for i, line in enumerate(lines[1:]))]
    (tmp_path / "written.csv").write_text("\n".join(text))
    columns = ["--label", "kind", "--groups", "writer"]
    assert layerlab("explore", "written.csv", *columns, "--out", "run").code == 0
    found = {
        layerlab("evaluate", "run/model.layerlab", file, "--label", "kind", "--json").out
        for file in ("written.csv", csv)
    }
    assert len(found) == 1
    assert json.loads(found.pop())["accuracy"] > 0.9


@pytest.mark.parametrize(
    ("header", "options", "said"),
    [
        ("width,height,kind", [], "'kind'"),
        ("width,height,kind", [], "label= (--label on the command line)"),
        ("width,height,labels", [], "Did you mean 'labels'"),
        ("width,height,kind", ["--label", "kid"], "Did you mean 'kind'"),
        ("width,height,kind", ["--label", "width"], "'width' is a feature"),
        ("width,depth,label", [], "1 is missing: 'height'"),
    ],
)
def test_evaluate_says_which_column_is_missing(layerlab, model, csv, header, options, said):
    csv.write_text("\n".join([header, *csv.read_text().splitlines()[1:]]))
    done = layerlab("evaluate", model, csv, *options)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith(f"Error: {csv}: ")
    assert said in done.err


def test_whole_numbers_as_labels_are_compared_as_text(layerlab, tmp_path, csv):
    text = csv.read_text()
    numbered = text.replace(",a\n", ",2\n").replace(",b\n", ",10\n").replace(",c\n", ",1\n")
    csv.write_text(numbered)
    layerlab("explore", csv, "--label", "kind", "--out", "run")
    as_text = numbered + "0,0,ten\n"  # one word among them, and all labels are read as text
    (tmp_path / "text.csv").write_text(as_text.replace("0,0,ten\n", ""))
    first = layerlab("evaluate", "run/model.layerlab", csv, "--label", "kind", "--json")
    assert json.loads(first.out)["accuracy"] > 0.9
    (tmp_path / "more.csv").write_text(as_text)
    second = layerlab("evaluate", "run/model.layerlab", "more.csv", "--label", "kind")
    assert second.code == 2
    assert "'ten'" in second.err


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_a_damaged_model_is_refused(layerlab, model, csv, tmp_path, command):
    data = model.read_bytes()
    for name, bad in {
        "short": data[:-9],
        "empty": b"",
        "text": b"a,b,c\n",
        "flip": flip(data),
    }.items():
        (tmp_path / name).write_bytes(bad)
        done = layerlab(command, tmp_path / name, csv)
        assert done.code == 2, name
        assert done.out == ""
        assert len(done.err.splitlines()) == 1
        assert name in done.err
    assert layerlab(command, "nowhere.layerlab", csv).code == 2


def flip(data):
    return data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]


def test_rows_of_the_wrong_size_are_refused(layerlab, model, tmp_path):
    (tmp_path / "wide.csv").write_text("1,2,3,4,5\n2,3,4,5,6\n")
    done = layerlab("predict", model, "wide.csv")
    assert (done.code, done.out) == (2, "")
    assert "wide.csv" in done.err


def test_one_bad_file_among_good_ones_prints_nothing(layerlab, model, csv):
    done = layerlab("predict", model, csv, "nowhere.csv")
    assert (done.code, done.out) == (2, "")


def test_output_that_an_encoding_cannot_hold_is_escaped_not_cut_off(model, csv):
    import os
    import subprocess
    import sys

    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    folder = csv.parent
    (folder / "größe.csv").write_text(csv.read_text())
    done = subprocess.run(
        [sys.executable, "-m", "layerlab", "predict", model, csv, folder / "größe.csv"],
        capture_output=True,
        env=environment,
        timeout=120,
    )
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 241
