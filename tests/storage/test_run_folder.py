"""The run folder: a refusal changes nothing, and an unfinished run shows."""

import json
import os
import re

import pytest

from layerlab._files import TEMPORARY_FILE
from layerlab.errors import RunFolderError
from layerlab.storage import RunFolder, run_folder


def contents(folder):
    """Return every file below a folder with its bytes, and every folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def whole_run(out):
    """Write every file that a run may write."""
    folder = RunFolder.create(out)
    for name in sorted(run_folder.RUN_FILES - {"UNFINISHED", "log.jsonl"}):
        folder.write_text(name, "old")
    write_state(folder)
    folder.write_text("figures/knn-curve.svg", "<svg/>")
    folder.log("began")
    folder.finish()
    return folder


def write_state(folder):
    """Write what a fit keeps of its state, as of one network and of several."""
    for name in ("best", "step-000000000012", "member-2/best", "member-2/step-0000000000345"):
        path = folder.checkpoint / f"{name}.checkpoint"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"state")
    (folder.checkpoint / "member-3").mkdir()


def test_default_folder_is_new_and_says_when_and_what(tmp_path):
    folders = [RunFolder.create(name="My Data: 3.csv", runs=tmp_path / "runs") for _ in range(3)]
    for folder in folders:
        assert folder.path.parent == tmp_path / "runs"
        assert re.fullmatch(r"\d{8}-\d{6}-my-data-3-csv-[0-9a-f]{6}", folder.path.name)
    assert len({folder.path for folder in folders}) == 3


@pytest.mark.parametrize("name", ["", "../..", "/", "数据"])
def test_no_name_leads_out_of_the_runs(name, tmp_path):
    assert RunFolder.create(name=name, runs=tmp_path).path.parent == tmp_path


def test_out_is_taken_exactly(tmp_path):
    folder = RunFolder.create(tmp_path / "a" / "b")
    assert folder.path == tmp_path / "a" / "b"
    assert [path.name for path in folder.path.iterdir()] == ["UNFINISHED"]
    (tmp_path / "empty").mkdir()
    assert RunFolder.create(str(tmp_path / "empty")).path == tmp_path / "empty"


def test_unfinished_until_finish(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    assert not folder.finished
    folder.write_text("results.json", "{}")
    assert not folder.finished
    folder.finish()
    assert folder.finished
    assert contents(folder.path) == {"results.json": b"{}"}


def test_text_is_utf8_and_figures_have_their_folder(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    assert folder.write_text("report.html", "ö") == tmp_path / "run" / "report.html"
    assert (tmp_path / "run" / "report.html").read_bytes() == "ö".encode()
    folder.write_bytes("figures/a_b-1.svg", b"<svg/>")
    assert (tmp_path / "run" / "figures" / "a_b-1.svg").read_bytes() == b"<svg/>"


@pytest.mark.parametrize(
    "name", ["notes.txt", "../x", "figures/a.png", "figures/../a.svg", "figures/a/b.svg", ""]
)
def test_only_files_of_a_run_are_written(name, tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    with pytest.raises(ValueError, match="not a file that a run writes"):
        folder.write_text(name, "")


def test_log_is_a_json_object_a_line(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    folder.log("began", seed=0, name="a\nb")
    folder.log("fitted", cost=float("nan"), bound=float("inf"), sizes=[8, 8])
    lines = (tmp_path / "run" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    first, second = map(json.loads, lines)
    assert (first["event"], first["seed"], first["name"]) == ("began", 0, "a\nb")
    assert (second["cost"], second["bound"], second["sizes"]) == ("nan", "inf", [8, 8])
    assert first["time"] <= second["time"]


def test_non_empty_folder_is_refused(tmp_path):
    whole_run(tmp_path / "run")
    before = contents(tmp_path)
    with pytest.raises(RunFolderError, match=r"is not empty.*--overwrite"):
        RunFolder.create(tmp_path / "run")
    assert contents(tmp_path) == before


def test_overwrite_removes_all_that_a_run_writes(tmp_path):
    whole_run(tmp_path / "run")
    (tmp_path / "run" / ".layerlab-0123456789abcdef.tmp").write_bytes(b"left by a kill")
    folder = RunFolder.create(tmp_path / "run", overwrite=True)
    assert contents(folder.path).keys() == {"UNFINISHED", "figures"}
    assert not folder.finished


def test_overwrite_of_an_unfinished_run(tmp_path):
    RunFolder.create(tmp_path / "run").write_text("results.json", "{}")
    with pytest.raises(RunFolderError, match="not empty"):
        RunFolder.create(tmp_path / "run")
    folder = RunFolder.create(tmp_path / "run", overwrite=True)
    assert contents(folder.path).keys() == {"UNFINISHED"}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("foreign", ["thesis.tex", "figures/photo.png", "sub/results.json"])
def test_foreign_files_are_named_and_kept(foreign, overwrite, tmp_path):
    whole_run(tmp_path / "run")
    path = tmp_path / "run" / foreign
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"mine")
    before = contents(tmp_path)
    shown = foreign if foreign.startswith("figures") else foreign.split("/")[0]
    with pytest.raises(RunFolderError, match=f"holds what no run writes: '{shown}'"):
        RunFolder.create(tmp_path / "run", overwrite=overwrite)
    assert contents(tmp_path) == before


def test_many_foreign_files_make_one_short_line(tmp_path):
    for i in range(50):
        (tmp_path / f"f{i:02}").write_bytes(b"")
    with pytest.raises(RunFolderError, match="'f00', 'f01', 'f02' and 47 more"):
        RunFolder.create(tmp_path, overwrite=True)


def test_links_and_folders_of_our_names_are_foreign(tmp_path):
    (tmp_path / "precious").write_bytes(b"mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.html").symlink_to(tmp_path / "precious")
    (tmp_path / "run" / "results.json").mkdir()
    with pytest.raises(RunFolderError, match=r"'report.html', 'results.json'"):
        RunFolder.create(tmp_path / "run", overwrite=True)
    assert (tmp_path / "precious").read_bytes() == b"mine"


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_bytes(b"mine")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(RunFolderError) as caught:
            RunFolder.create(out, overwrite=True)
        assert "\n" not in str(caught.value)
    assert contents(tmp_path) == {"file": b"mine"}


def test_kill_while_overwriting_leaves_it_unfinished(tmp_path, monkeypatch):
    folder = whole_run(tmp_path / "run")

    def kill(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(folder.path), "unlink", kill)
    with pytest.raises(KeyboardInterrupt):
        RunFolder.create(tmp_path / "run", overwrite=True)
    assert not folder.finished


def test_a_full_disk_is_one_line_and_leaves_no_half_file(tmp_path, monkeypatch):
    folder = RunFolder.create(tmp_path / "run")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunFolderError, match=r"report.html cannot be written: No space left"):
        folder.write_text("report.html", "long")
    assert contents(folder.path).keys() == {"UNFINISHED"}
    assert not any(TEMPORARY_FILE.fullmatch(path.name) for path in folder.path.iterdir())


def test_a_folder_that_only_looks_like_a_run_is_never_overwritten(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "report.html").write_text("mine")
    (tmp_path / "figures" / "plot.svg").write_text("mine too")
    with pytest.raises(RunFolderError, match="not written by a run"):
        RunFolder.create(tmp_path, overwrite=True)
    assert (tmp_path / "report.html").read_text() == "mine"
    assert not (tmp_path / "UNFINISHED").exists()


# --- A run that can be gone on with ---


def test_what_a_run_was_begun_with_is_told_until_it_is_finished(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    assert RunFolder.begun(tmp_path / "run") is None
    folder.begin_with({"seed": 3, "data": {"name": "ö"}})
    write_state(folder)
    found = RunFolder.begun(tmp_path / "run")
    assert found.begun_with() == {"seed": 3, "data": {"name": "ö"}}
    with pytest.raises(RunFolderError, match="not empty"):
        RunFolder.create(tmp_path / "run")
    folder.finish()
    assert RunFolder.begun(tmp_path / "run") is None
    assert contents(tmp_path / "run") == {}


@pytest.mark.parametrize("out", [None, "nowhere"])
def test_where_there_is_no_folder_nothing_was_begun(out, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert RunFolder.begun(out) is None


def test_the_mark_alone_is_a_run_that_had_not_begun(tmp_path):
    RunFolder.create(tmp_path / "run")
    assert not RunFolder.create(tmp_path / "run").finished


def test_overwrite_removes_the_state_too(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    folder.begin_with({})
    write_state(folder)
    RunFolder.create(tmp_path / "run", overwrite=True)
    assert contents(folder.path).keys() == {"UNFINISHED"}


@pytest.mark.parametrize("foreign", ["notes.txt", "member-2/notes.txt", "step-1.checkpoint"])
def test_foreign_files_among_the_state_are_named_and_kept(foreign, tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    folder.begin_with({})
    write_state(folder)
    (folder.checkpoint / foreign).write_bytes(b"mine")
    before = contents(tmp_path)
    with pytest.raises(RunFolderError, match=f"no run writes: 'checkpoint/{foreign}'"):
        RunFolder.create(tmp_path / "run", overwrite=True)
    assert contents(tmp_path) == before
    folder.finish()
    assert [path.read_bytes() for path in folder.checkpoint.rglob("*.*")] == [b"mine"]


def test_a_link_in_place_of_the_state_is_foreign(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "best.checkpoint").write_bytes(b"mine")
    folder = RunFolder.create(tmp_path / "run")
    folder.checkpoint.symlink_to(tmp_path / "precious")
    with pytest.raises(RunFolderError, match="no run writes: 'checkpoint'"):
        RunFolder.create(tmp_path / "run", overwrite=True)
    assert (tmp_path / "precious" / "best.checkpoint").exists()


def test_lines_of_the_log_that_are_not_kept_are_removed(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    folder.keep_log(lambda _: False)  # there is none yet
    for n in range(4):
        folder.log("epoch", n=n)
    with open(folder.path / "log.jsonl", "ab") as file:
        file.write(b'{"cut sho')
    folder.keep_log(lambda line: line["n"] < 2)
    lines = (folder.path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["n"] for line in lines] == [0, 1]
