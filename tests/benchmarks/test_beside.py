"""Beside a busy core: idle and busy in turn, and no process left behind."""

import subprocess

from benchmarks.race import Entrant
from benchmarks.record import usable_cores

from benchmarks import beside


def test_idle_and_busy_in_turn(works, stored, monkeypatch):
    started = []

    class Watched(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    line_up = (Entrant("ours", works.doubled, None), Entrant("gone", works.absent, None))
    few = (beside.Subject("doubling", {"x": 2}, line_up[:1]), beside.Subject("b", {}, line_up[1:]))
    result = beside.run(beside.Settings(few, rounds=2, seconds=0.001))
    content = stored(result)
    ours, gone = content["summary"]
    assert [len(entry["laps"]) for entry in content["runs"]] == [2, 2, 0, 0]
    assert content["runs"][1]["problem"] == "doubling, busy"
    assert min(ours["median"], ours["busy"], ours["ratio"]) > 0
    assert gone["missing"] in result.table
    assert content["settings"]["subjects"] == ["doubling", "b"]
    assert len(started) >= 3
    assert all(process.poll() is not None for process in started)


def test_the_burner_is_held_to_a_core():
    assert f"[{usable_cores()[0]}]" in str([usable_cores()[0]])
    compile(beside.COUNT_FOR_EVER, "burner", "exec")


def test_every_case_is_there_and_free_to_move():
    subjects = beside.stated_subjects()
    names = " ".join(subject.name for subject in subjects)
    for case in ("evaluate", "fit", "search", "neighbours", "predict", "explore"):
        assert case in names
    for subject in subjects:
        assert any(entrant.ours for entrant in subject.entrants)
        assert {entrant.cores for entrant in subject.entrants} == {None}
