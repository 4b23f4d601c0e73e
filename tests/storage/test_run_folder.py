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
    folder.write_text("figures/knn-curve.svg", "<svg/>")
    folder.log("began")
    folder.finish()
    return folder


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
