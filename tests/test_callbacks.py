"""The ready callbacks, alone and together."""

import io
import json
import sys
from copy import deepcopy

import numpy as np
import pytest

import layerlab.callbacks as module
from layerlab._callbacks import Iteration
from layerlab._checkpoint import Checkpoint
from layerlab.callbacks import Callbacks, LogToJSONL, ShowProgress, StopAtTime
from layerlab.errors import ParameterError
from layerlab.solvers import LBFGS, SGD, Status, Stopping
from layerlab.solvers.kept import run_kept


def iteration(n_iter, seconds=0.0, cost=0.5, max_iter=None, learning_rate=None):
    return Iteration(n_iter, np.ones(2), cost, 0.25, n_iter, seconds, learning_rate, max_iter)


class Bowl:
    n_rows, seed = 8, 0

    def evaluate(self, theta, *_):
        c = np.geomspace(1, 1e3, len(theta))
        return 0.5 * float(c @ (theta * theta)), c * theta


def minimised(callback, solver=None, keeper=None, max_iter=6):
    return (solver or LBFGS()).minimize(
        Bowl(), np.ones(6), stopping=Stopping(max_iter, 0.0), callback=callback, keeper=keeper
    )


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


# --- What an iteration says ---


def test_iterations_say_how_many_there_are_at_most():
    for solver in (LBFGS(), SGD(1e-4, batch_size=4)):
        told = []
        minimised(lambda i, told=told: told.append(i.max_iter), solver)
        assert set(told) == {6}


# --- StopAtTime ---


def test_stop_at_time():
    stop = StopAtTime(2.5)
    assert [stop(iteration(1, s)) for s in (0.0, 2.49, 2.5, 9.0)] == [False, False, True, True]
    solution = minimised(StopAtTime(1e-9))
    assert (solution.status, solution.stats.n_iter) == (Status.CALLBACK, 1)


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), "1", None])
def test_stop_at_time_checks(seconds):
    with pytest.raises(ParameterError, match="'seconds' parameter"):
        StopAtTime(seconds)


# --- LogToJSONL ---


def test_log_has_a_line_an_iteration(tmp_path):
    path = tmp_path / "log.jsonl"
    solution = minimised(LogToJSONL(path))
    found = lines(path)
    assert [line["n_iter"] for line in found] == [1, 2, 3, 4, 5, 6]
    assert [line["cost"] for line in found] == solution.stats.history.cost[1:]
    assert set(found[0]) == {
        "n_iter",
        "cost",
        "gradient_norm",
        "evaluations",
        "seconds",
        "learning_rate",
        "max_iter",
        "validation_cost",
        "validation_accuracy",
    }


def test_a_line_is_in_the_file_at_once(tmp_path):
    log = LogToJSONL(tmp_path / "log.jsonl")
    for n in (1, 2):
        log(iteration(n, 0.1 * n))
        assert len(lines(tmp_path / "log.jsonl")) == n


def test_those_of_a_tenth_of_a_second_are_written_together(tmp_path):
    path = tmp_path / "log.jsonl"
    log, found = LogToJSONL(path), []
    for n in range(1, 9):
        log(iteration(n, 0.3 + 0.03 * n))
        found.append(len(lines(path)))
    assert found == [1, 1, 1, 1, 5, 5, 5, 5]  # after 0.33 and 0.45 seconds
    log.pack()
    assert len(lines(path)) == 8
    log(iteration(9, 0.6))
    log(iteration(10, 0.61))
    log.close()
    assert [line["n_iter"] for line in lines(path)] == [*range(1, 11)]


def test_log_replaces_that_of_an_earlier_fit(tmp_path):
    (tmp_path / "log.jsonl").write_text("old\n")
    LogToJSONL(tmp_path / "log.jsonl")(iteration(1, 1.0))
    assert [line["n_iter"] for line in lines(tmp_path / "log.jsonl")] == [1]


def test_log_writes_null_for_what_is_not_finite(tmp_path):
    LogToJSONL(tmp_path / "log.jsonl")(iteration(1, 1.0, cost=float("inf")))
    assert lines(tmp_path / "log.jsonl")[0]["cost"] is None


def test_a_resumed_log_goes_on_without_doubled_lines(tmp_path):
    path = tmp_path / "log.jsonl"
    log = LogToJSONL(path)
    for n in (1, 2, 3):
        log(iteration(n))
    packed = log.pack()
    assert len(lines(path)) == 3
    for n in (4, 5):
        log(iteration(n))
    again = LogToJSONL(path)
    again.unpack(packed)
    for n in (4, 5, 6):
        again(iteration(n, n, cost=7.0))
    assert [(line["n_iter"], line["cost"]) for line in lines(path)] == [
        *((n, 0.5) for n in (1, 2, 3)),
        *((n, 7.0) for n in (4, 5, 6)),
    ]


def test_log_is_replaced_by_the_next_fit_and_may_be_copied(tmp_path):
    log = LogToJSONL(tmp_path / "log.jsonl")
    log(iteration(1))
    deepcopy(log)(iteration(2, 1.0))
    assert [line["n_iter"] for line in lines(tmp_path / "log.jsonl")] == [1, 2]
    log.close()
    log(iteration(7, 1.0))
    assert [line["n_iter"] for line in lines(tmp_path / "log.jsonl")] == [7]


@pytest.mark.parametrize("left", [None, b"", b'{"n_iter": 1}\n{"n_i'])
def test_a_resumed_log_whose_file_lost_lines_stays_whole(left, tmp_path):
    path = tmp_path / "log.jsonl"
    log = LogToJSONL(path)
    for n in (1, 2):
        log(iteration(n))
    packed = log.pack()
    path.unlink() if left is None else path.write_bytes(left)
    again = LogToJSONL(path)
    again.unpack(packed)
    again(iteration(3, 1.0))
    assert [line["n_iter"] for line in lines(path)] == ([1, 3] if left else [3])


@pytest.mark.parametrize("solver", [LBFGS(), SGD(1e-4, batch_size=4)], ids=str)
def test_log_of_a_fit_that_was_broken_off(solver, tmp_path):
    path = tmp_path / "log.jsonl"

    class Break:
        def __call__(self, iteration):
            if iteration.n_iter == 4:
                raise OSError

    def run(*more):
        return run_kept(
            Checkpoint(tmp_path / "kept", every=0),
            {},
            lambda keeper, callback: minimised(callback, solver, keeper),
            Callbacks([LogToJSONL(path), *more]),
        )

    with pytest.raises(OSError):
        run(Break())
    assert len(lines(path)) == 4
    solution = run(lambda _: None)
    assert [line["cost"] for line in lines(path)] == solution.stats.history.cost[1:]


# --- ShowProgress ---


def terminal(monkeypatch, columns):
    """Put a terminal in stderr's place. No fixture: pytest puts its own there before the test."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    return sys.stderr


def test_plain_lines_where_there_is_no_terminal(capsys):
    show = ShowProgress(every=10)
    for n in range(1, 101):
        show(iteration(n, 0.5 * n, cost=1 / n, max_iter=100))
    show.close()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "21/100  cost 0.047619  2/s  40 s left",
        "41/100  cost 0.0243902  2/s  30 s left",
        "61/100  cost 0.0163934  2/s  20 s left",
        "81/100  cost 0.0123457  2/s  10 s left",
        "100/100  cost 0.01  2/s  0 s left",
    ]


def test_a_number_of_iterations_need_not_be_known(capsys):
    show = ShowProgress(every=0)
    for n in (1, 2):
        show(iteration(n, 4.0 * n))
    assert capsys.readouterr().err == "1  cost 0.5\n2  cost 0.5  0.25/s\n"


def test_a_resumed_fit_s_rate_is_that_of_its_own_iterations(capsys):
    show = ShowProgress(every=0)
    show(iteration(50, 1000.0, max_iter=60))
    show(iteration(52, 1001.0, max_iter=60))
    assert capsys.readouterr().err.splitlines()[1] == "52/60  cost 0.5  2/s  4 s left"


def test_a_bar_in_a_terminal(monkeypatch):
    shown, show = terminal(monkeypatch, 70), ShowProgress()
    for n in range(1, 41):
        show(iteration(n, 0.1 * n, max_iter=40))
    show.close()
    drawn = shown.getvalue()
    assert "40/40  cost 0.5  10/s  0 s left" in drawn
    assert drawn.endswith("\n")
    assert drawn.count("\n") == 1
    assert 10 <= drawn.count("\r") <= 17  # 3.9 seconds, every quarter of one
    assert "━" in drawn
    assert "\x1b[?25l" not in drawn  # the cursor is not hidden


def test_the_bar_stays_on_its_line(monkeypatch):
    drawn, show = terminal(monkeypatch, 40), ShowProgress()
    show(iteration(1, 0.0, max_iter=2))
    show(iteration(2, 1e5, cost=1.23456789e-300, max_iter=2))
    from rich.text import Text

    *_, last = drawn.getvalue().split("\r")
    assert len(Text.from_ansi(last).plain) == 39


def test_progress_can_be_copied_and_used_again(capsys):
    show = ShowProgress(every=0)
    show(iteration(1))
    deepcopy(show)(iteration(2, 1.0))
    show.close()
    show(iteration(1, 0.0))
    assert capsys.readouterr().err.splitlines()[-1] == "1  cost 0.5"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1:00 min"), (3599, "59:59 min"), (3725, "1:02 h")],
)
def test_durations(seconds, text):
    assert module._duration(seconds) == text


# --- Callbacks ---


class Stateful:
    def __init__(self, stops=False, score=None):
        self.stops, self.score, self.told, self.closed = stops, score, [], 0

    def __call__(self, iteration):
        self.told.append(iteration.n_iter)
        return self.stops

    def pack(self):
        return {"told": list(self.told)}

    def unpack(self, packed):
        self.told = packed["told"]

    def close(self):
        self.closed += 1


def test_all_are_told_and_any_may_stop():
    first, second = Stateful(stops=True), Stateful()
    both = Callbacks([first, second, lambda _: None])
    assert both(iteration(1)) is True
    assert (first.told, second.told) == ([1], [1])
    assert Callbacks([second])(iteration(2)) is False
    assert Callbacks([])(iteration(2)) is False


def test_states_go_back_to_whom_they_belong():
    first, second = Stateful(), Stateful()
    both = Callbacks([first, print, second])
    first(iteration(1))
    second(iteration(2))
    again = Callbacks([Stateful(), print, Stateful()])
    again.unpack(both.pack())
    assert [again.callbacks[i].told for i in (0, 2)] == [[1], [2]]
    with pytest.raises(ParameterError, match="begun with 3 callbacks and has 1 now"):
        Callbacks([Stateful()]).unpack(both.pack())


def test_all_are_closed():
    first, second = Stateful(), Stateful()
    Callbacks([first, print, second]).close()
    assert (first.closed, second.closed) == (1, 1)


def test_the_first_score_counts():
    assert Callbacks([print, Stateful(score=3.0), Stateful(score=1.0)]).score == 3.0
    assert Callbacks([print, Stateful()]).score is None


@pytest.mark.parametrize("wrong", [None, 3, "print"])
def test_what_cannot_be_called_is_refused(wrong):
    with pytest.raises(ParameterError, match="callables that take an Iteration"):
        Callbacks([wrong])
