"""From times to medians, ratios and tables, worked by hand."""

from math import inf

import pytest
from benchmarks.race import Entrant, Lap, Runner
from benchmarks.standing import (
    duration,
    laps_of,
    lines_of,
    of_problem,
    quartiles,
    ratio,
    standing,
    times,
)


def work(threads):
    """Never called."""


def runner(name, seconds, *, cores=1, ours=False, missing=None, by=""):
    laps = [Lap(s, 1, None) for s in seconds]
    return Runner(Entrant(name, work, cores, cores, ours=ours, by=by), None, missing, laps)


RUN = [
    runner("ours", [1.0, 2.0, 3.0], ours=True),
    runner("ours", [0.5, 0.5, 0.5], cores=2, ours=True),
    runner("peer 1", [2.0, 6.0, 9.0], by="peer"),
    runner("peer 2", [1.0, 2.0, 3.0], cores=2),
    runner("gone", [], missing="gone is not installed"),
]


def test_ratios_are_taken_within_rounds_to_ours_on_as_many_cores():
    lines = lines_of("a problem", RUN)
    assert [line["median"] for line in lines] == [2.0, 0.5, 6.0, 2.0, None]
    assert [line["ratio"] for line in lines] == [1.0, 1.0, 3.0, 4.0, None]
    assert (lines[2]["ratio_lower"], lines[2]["ratio_upper"]) == (2.5, 3.0)
    assert [line["against"] for line in lines[2:4]] == [
        "ours, 1 core, 1 thread",
        "ours, 2 cores, 2 threads",
    ]
    assert [line["by"] for line in lines] == ["ours", "ours", "peer", "peer 2", "gone"]
    assert [of_problem(lines, "a problem"), of_problem(lines, "another")] == [lines, []]


def test_quartiles():
    assert quartiles([4, 1, 2, 3]) == {"median": 2.5, "lower": 1.75, "upper": 3.25}
    assert quartiles([1, inf, inf, 2, 3]) == {"median": 3, "lower": 2, "upper": None}
    assert quartiles([]) == {"median": None, "lower": None, "upper": None}


def test_a_goal_that_neither_met_is_no_round():
    a, b = ([Lap(s, 1, None) for s in seconds] for seconds in ([inf, 4.0, inf], [inf, 2.0, 1.0]))
    assert ratio(a[:2], b[:2])["ratio"] == 2
    assert ratio(a[2:], b[2:])["ratio"] is None
    assert ratio(b[2:], a[2:])["ratio"] == 0


def test_laps_are_stored_whole():
    (first, *_) = laps_of("a problem", RUN)
    assert first["problem"] == "a problem"
    assert first["laps"][1] == {"seconds": 2.0, "calls": 1, "value": None}


def test_the_table():
    assert standing("Title", lines_of("p", RUN), further={"+": lambda _: "!"}).splitlines()[3:] == [
        "ours      1 core, 1 thread  2.00 s        1.50 s – 2.50 s    1.00  !",
        "ours    2 cores, 2 threads  500 ms        500 ms – 500 ms    1.00  !",
        "peer 1    1 core, 1 thread  6.00 s        4.00 s – 7.50 s    3.00  !",
        "peer 2  2 cores, 2 threads  2.00 s        1.50 s – 2.50 s    4.00  !",
        "gone      1 core, 1 thread          gone is not installed",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (12.345, "12.3 s"),
        (1.0, "1.00 s"),
        (0.9996, "1000 ms"),
        (0.1234, "123 ms"),
        (68.06e-6, "68.1 µs"),
        (4.5e-8, "0.045 µs"),
    ],
)
def test_durations_have_three_digits(seconds, words):
    assert duration(seconds) == words


def test_ratios_in_words():
    assert [times(r) for r in (0.123, 9.994, 12.34, 123.4)] == ["0.12", "9.99", "12.3", "123"]
