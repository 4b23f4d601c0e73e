"""Entrants in processes of their own: held to their cores, in turn, and absent with a word."""

import os

import pytest
from benchmarks.child import Server
from benchmarks.race import Entrant, race, runners
from benchmarks.record import usable_cores


def raced(entrants, problems, warm=None, seconds=0.0):
    with runners(entrants) as line_up:
        return race(line_up, problems, seconds, warm)


def test_a_lap_a_problem_in_order(works):
    entrant = Entrant("ours", works.doubled, threads=3, environment={"MADE": "here"})
    (runner,) = raced([entrant], [{"x": 1}, {"x": 1}, {"x": 5}], warm={"x": 9})
    assert [lap.value for lap in runner.laps] == [[2, 3, "here"], [2, 3, "here"], [10, 3, "here"]]
    assert all(lap.seconds > 0 and lap.calls == 1 for lap in runner.laps)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins nothing")
def test_held_to_cores_and_threads(works, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    pinned, free = raced(
        [Entrant("one", works.cores), Entrant("all", works.cores, None, None)], [{}]
    )
    assert pinned.laps[0].value == [usable_cores()[-1:], "1"]
    assert free.laps[0].value == [usable_cores(), None]


def test_an_absent_peer_is_told_and_not_timed(works):
    here, gone = raced([Entrant("a", works.cores), Entrant("b", works.absent)], [{}, {}])
    assert len(here.laps) == 2
    assert (gone.missing, gone.laps) == ("no_such_peer is not installed", [])


def test_too_few_cores_are_told(works):
    many = len(usable_cores()) + 1
    (runner,) = raced([Entrant("wide", works.cores, many, many)], [{}])
    assert (runner.missing, runner.laps) == (f"needs {many} cores", [])


def test_a_fault_of_an_entrant_comes_through(works):
    with pytest.raises(RuntimeError, match=r"(?s)bad: .*ValueError: nothing of that kind"):
        raced([Entrant("bad", works.broken)], [{}])


def test_the_setting_in_words(works):
    settings = {(1, 1): "1 core, 1 thread", (2, 1): "2 cores, 1 thread", (None, None): "default"}
    settings |= {(None, 2): "all cores, 2 threads", (1, None): "default on 1 core"}
    for (cores, threads), words in settings.items():
        assert Entrant("x", works.cores, cores, threads).setting == words


def test_short_calls_are_repeated_and_the_first_left_out():
    server, calls = Server(), []
    server.work = lambda: calls.append(None) or len(calls)
    assert server.time(0.0)["calls"] == 1
    many = server.time(0.002)
    assert many["calls"] >= 3
    assert many["value"] == len(calls) == 1 + 1 + many["calls"]
    assert 0 < many["seconds"] < 0.002


def test_a_server_without_work_says_so():
    assert "nothing has been made" in Server().answer({"seconds": 0.0})["error"]
