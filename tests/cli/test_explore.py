import json
import subprocess
import sys

import pytest

from layerlab.cli.explore import parse_seconds
from layerlab.errors import ParameterError

FILES = {
    "figures",
    "log.jsonl",
    "model.layerlab",
    "report.html",
    "reproduce.py",
    "results.json",
}


def test_explore_writes_a_whole_run_folder_and_says_what_it_found(layerlab, csv, tmp_path):
    done = layerlab("explore", csv, "--label", "kind", "--out", "run")
    assert done.code == 0
    assert {p.name for p in (tmp_path / "run").iterdir()} == FILES
    assert "of the sealed test part right" in done.out
    assert "run/model.layerlab" in done.out
    assert "120 rows" in done.err
    assert "searching: 9\n" in done.err
    log = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    events = [json.loads(line)["event"] for line in log]
    assert (events[0], events[-1]) == ("begin", "end")


def test_json_prints_one_object_and_nothing_else(layerlab, csv, tmp_path):
    done = layerlab("explore", csv, "--label", "kind", "--out", "run", "--json")
    assert done.err == ""
    assert json.loads(done.out) == json.loads((tmp_path / "run" / "results.json").read_text())


def test_quiet_says_nothing_but_the_result(layerlab, csv):
    done = layerlab("explore", csv, "--label", "kind", "--quiet")
    assert (done.code, done.err) == (0, "")
    assert done.out


def test_without_out_a_new_folder_under_runs(layerlab, csv, tmp_path):
    layerlab("explore", csv, "--label", "kind")
    layerlab("explore", csv, "--label", "kind")
    assert len(list((tmp_path / "runs").iterdir())) == 2


def test_same_seed_same_bits_for_one_and_two_threads(layerlab, csv, tmp_path):
    for name, threads in (("one", 1), ("two", 2)):
        layerlab("explore", csv, "--label", "kind", "--out", name, "--threads", threads)
    one, two = tmp_path / "one", tmp_path / "two"
    assert (one / "model.layerlab").read_bytes() == (two / "model.layerlab").read_bytes()
    records = [json.loads((folder / "results.json").read_text()) for folder in (one, two)]
    for record in records:
        del record["run"]
    assert records[0] == records[1]


def test_reproduce_gives_the_same_bits(layerlab, csv, tmp_path, monkeypatch):
    """The script is run in this process, where the list of networks is the short one."""
    layerlab("explore", csv, "--label", "kind", "--out", "run", "--split", "contiguous")
    monkeypatch.setattr(sys, "argv", ["reproduce.py", str(tmp_path / "again")])
    script = tmp_path / "run" / "reproduce.py"
    exec(compile(script.read_text(), script, "exec"), {"__file__": str(script)})
    first, again = (
        json.loads((tmp_path / name / "results.json").read_text()) for name in ("run", "again")
    )
    del first["run"], again["run"]
    assert first == again


def test_the_split_of_an_earlier_run_can_be_given(layerlab, csv, tmp_path):
    layerlab("explore", csv, "--label", "kind", "--out", "a", "--split", "stratified:70/15/15")
    done = layerlab("explore", csv, "--label", "kind", "--out", "b", "--split", "a/results.json")
    assert done.code == 0
    a, b = (json.loads((tmp_path / n / "results.json").read_text())["split"] for n in "ab")
    assert a == b


def test_groups_are_kept_together(layerlab, csv, tmp_path):
    lines = csv.read_text().splitlines()
    grouped = [lines[0] + ",who", *(f"{line},p{i % 8}" for i, line in enumerate(lines[1:]))]
    csv.write_text("\n".join(grouped))
    done = layerlab("explore", csv, "--label", "kind", "--groups", "who", "--out", "run")
    assert done.code == 0
    split = json.loads((tmp_path / "run" / "results.json").read_text())["split"]
    assert split["kind"] == "group"
    assert not {i % 8 for i in split["test"]} & {i % 8 for i in split["train"]}


def test_overwrite_replaces_a_run(layerlab, csv, tmp_path):
    layerlab("explore", csv, "--label", "kind", "--out", "run")
    refused = layerlab("explore", csv, "--label", "kind", "--out", "run")
    assert refused.code == 2
    assert "--overwrite" in refused.err
    assert layerlab("explore", csv, "--label", "kind", "--out", "run", "--overwrite").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv"], "nowhere.csv"),
        (["rows.csv", "--label", "kid"], "Did you mean 'kind'"),
        (["rows.csv", "--label", "kind", "--split", "stratifed"], "Did you mean 'stratified'"),
        (["rows.csv", "--label", "kind", "--split", "stratified:70/15"], "70/15"),
        (["rows.csv", "--label", "kind", "--split", "group"], "group"),
        (["rows.csv", "--label", "kind", "--seed", "-1"], "'seed' parameter"),
        (["rows.csv", "--label", "kind", "--threads", "0"], "'n_threads' parameter"),
        (["rows.csv", "--label", "kind", "--budget", "soon"], "--budget"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_code_2(layerlab, csv, tmp_path, arguments, said):
    done = layerlab("explore", *arguments, "--out", "run")
    errors = [line for line in done.err.splitlines() if line.startswith("Error: ")]
    assert done.code == 2
    assert len(errors) == 1
    assert said in errors[0]
    assert "Traceback" not in done.err
    assert done.out == ""
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("a,b,label\n", "row"),
        ("a,b,label\n1,2,x\n3,y\n", "row 3"),
        ("a,b,label\n1,nan,x\n3,4,y\n", "row 2"),
        ("a,b,label\n1,two,x\n3,4,y\n", "'two'"),
        ("a,b,label\n" + "1,2,x\n" * 30, "one class"),
        ("a,b,label\n" + "1,2,x\n" * 30 + "3,4,y\n", "'y'"),
        ("a,b,kind\n" + "1,2,x\n" * 30, "label"),
    ],
)
def test_bad_csv_is_one_line_and_exit_code_2(layerlab, tmp_path, text, said):
    (tmp_path / "bad.csv").write_text(text)
    done = layerlab("explore", "bad.csv", "--out", "run")
    errors = [line for line in done.err.splitlines() if line.startswith("Error: ")]
    assert done.code == 2, done
    assert len(errors) == 1
    assert said in errors[0]
    assert "bad.csv" in errors[0]
    assert not (tmp_path / "run").exists()


def test_the_split_of_a_run_with_groups_needs_the_groups(layerlab, csv, tmp_path):
    lines = csv.read_text().splitlines()
    text = ["writer," + lines[0], *(f"w{i % 7},{line}" for i, line in enumerate(lines[1:]))]
    (tmp_path / "written.csv").write_text("\n".join(text))
    columns = ["--label", "kind", "--groups", "writer"]
    assert layerlab("explore", "written.csv", *columns, "--out", "first").code == 0
    split = ["--split", "first/results.json", "--out", "second"]
    done = layerlab("explore", csv, "--label", "kind", "--quiet", *split)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith(f"Error: {csv}: ")
    assert "groups= (--groups on the command line)" in done.err
    assert not (tmp_path / "second").exists()
    assert layerlab("explore", "written.csv", *columns, *split).code == 0


def test_a_foreign_file_in_out_is_never_removed(layerlab, csv, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("years of work")
    done = layerlab("explore", csv, "--label", "kind", "--out", "run", "--overwrite")
    assert done.code == 2
    assert "thesis.txt" in done.err
    assert (tmp_path / "run" / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2min", 120), ("1H", 3600)]
)
def test_budget_in_seconds(text, seconds):
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "s", "-5s", "5 years", "1e3"])
def test_budget_refused(text):
    with pytest.raises(ParameterError, match="60s"):
        parse_seconds(text)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_interrupted_run_is_visibly_unfinished(tmp_path, number, code):
    import os
    import signal
    import time

    command = [sys.executable, "-m", "layerlab", "explore", "digits", "--out", "run"]
    running = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "run" / "log.jsonl").exists():
        time.sleep(0.05)
    time.sleep(0.5)
    os.kill(running.pid, getattr(signal, number))
    _, err = running.communicate(timeout=60)
    assert running.returncode == code
    assert "unfinished" in err
    assert "Traceback" not in err
    assert (tmp_path / "run" / "UNFINISHED").exists()
    assert not (tmp_path / "run" / "results.json").exists()


def test_a_test_part_and_a_shape_are_taken_and_said(layerlab, csv, tmp_path):
    done = layerlab(
        "explore", csv, "--label", "kind", "--test", csv, "--shape", "1x2", "--out", "run"
    )
    assert done.code == 0
    assert f"Test part, sealed: 120 rows of {csv}" in done.err
    record = json.loads((tmp_path / "run" / "results.json").read_text())
    assert record["data"]["image_shape"] == [1, 2]
    assert record["test"]["rows"] == 120


def test_two_shares_need_a_test_part(layerlab, csv):
    done = layerlab("explore", csv, "--label", "kind", "--split", "contiguous:80/20")
    assert done.code == 2
    assert "needs three shares" in done.err


def test_options_of_images_are_refused_where_there_are_none(layerlab, csv):
    done = layerlab("explore", csv, "--label", "kind", "--resize", "8x8")
    assert done.code == 2
    assert "resize" in done.err
