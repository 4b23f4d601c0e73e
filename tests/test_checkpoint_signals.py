"""SIGINT and SIGTERM while a run is kept: the step is finished, saved, and the process ends so."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from layerlab._checkpoint import Checkpoint, NotedSignals, Stopped
from layerlab._checkpoint import signals as module
from layerlab.solvers import LBFGS, SGD, Stopping
from layerlab.solvers.kept import run_kept

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
EACH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["INT", "TERM"])
ENDS = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: SystemExit}


class Bowl:
    """½ |x|² · c over rows that are all alike; sends itself a signal at some evaluation."""

    n_rows, seed = 8, 0

    def __init__(self, number=None, at=None):
        self.number, self.at, self.evaluations = number, at, 0

    def evaluate(self, theta, *_):
        self.evaluations += 1
        if self.evaluations == self.at:
            signal.raise_signal(self.number)
        c = np.geomspace(1, 1e3, len(theta))
        return 0.5 * float(c @ (theta * theta)), c * theta


def minimised(folder, bowl, solver):
    return run_kept(
        folder and Checkpoint(folder),
        {"solver": solver},
        lambda keeper, callback: solver.minimize(
            bowl, np.ones(6), stopping=Stopping(8, 0.0), callback=callback, keeper=keeper
        ),
    )


@pytest.fixture(autouse=True)
def _handlers_are_as_they_were():
    before = [signal.getsignal(n) for n in ENDS]
    yield
    assert [signal.getsignal(n) for n in ENDS] == before


@EACH
@pytest.mark.parametrize("solver", [LBFGS(), SGD(1e-4, batch_size=2)], ids=str)
def test_the_step_is_finished_saved_and_taken_up(number, solver, tmp_path):
    plain = minimised(None, Bowl(), solver)
    bowl = Bowl(number, 7)
    with pytest.raises(ENDS[number]) as ended:
        minimised(tmp_path, bowl, solver)
    if number == signal.SIGTERM:
        assert ended.value.code == 143
    assert bowl.evaluations < 12
    [name] = [name for name in os.listdir(tmp_path) if name.startswith("step")]
    assert int(name[5:17]) >= 2
    resumed = minimised(tmp_path, rest := Bowl(), solver)
    assert resumed.theta.tobytes() == plain.theta.tobytes()
    assert resumed.stats.history.cost == plain.stats.history.cost
    assert rest.evaluations < plain.stats.evaluations


@EACH
def test_a_handler_from_before_is_given_what_came(number, tmp_path):
    came = []
    before = signal.signal(number, lambda number, _: came.append(number))
    try:
        with pytest.raises(ENDS[number]):
            minimised(tmp_path, Bowl(number, 4), LBFGS())
    finally:
        signal.signal(number, before)
    assert came == [number]


def test_signals_that_are_ignored_stay_ignored(tmp_path):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        solution = minimised(tmp_path, Bowl(signal.SIGINT, 4), LBFGS())
    finally:
        signal.signal(signal.SIGINT, before)
    assert solution.stats.n_iter == 8


def test_in_another_thread_nothing_is_installed(tmp_path):
    found = []

    def look():
        with NotedSignals():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]


def within(body):
    """Run what is given the signals that are noted."""
    with NotedSignals() as signals:
        body(signals)


def test_a_second_signal_does_not_wait():
    after = []

    def twice(signals):
        signal.raise_signal(signal.SIGTERM)
        after.append(signals.came)
        signal.raise_signal(signal.SIGINT)
        after.append("reached")

    with pytest.raises(SystemExit):
        within(twice)
    assert after == [signal.SIGTERM]


def test_a_step_without_an_end_is_broken_off(monkeypatch):
    monkeypatch.setattr(module, "GRACE", 0.05)
    after = []

    def endless(_):
        signal.raise_signal(signal.SIGTERM)
        for _ in range(3000):
            time.sleep(0.01)
        after.append("reached")

    with pytest.raises(SystemExit):
        within(endless)
    assert not after


def test_once_the_step_is_done_saving_may_take_its_time(monkeypatch):
    monkeypatch.setattr(module, "GRACE", 0.05)
    after = []

    def slowly_saved(signals):
        signal.raise_signal(signal.SIGTERM)
        signals.in_time()
        time.sleep(0.2)
        after.append("reached")
        raise Stopped

    with pytest.raises(SystemExit):
        within(slowly_saved)
    assert after


def test_an_error_of_its_own_is_not_hidden():
    def fails(_):
        signal.raise_signal(signal.SIGINT)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        within(fails)


def test_what_a_broken_off_step_began_with_is_saved(tmp_path, monkeypatch):
    """The second signal comes in the step after a slow one: that one's state is not lost."""
    monkeypatch.setattr("layerlab._checkpoint.kept_run.SLOW", 0.0)

    class Twice(Bowl):
        def evaluate(self, theta, *_):
            if self.evaluations == 8:
                signal.raise_signal(signal.SIGTERM)
                signal.raise_signal(signal.SIGTERM)
            return super().evaluate(theta)

    plain = minimised(None, Bowl(), LBFGS())
    with pytest.raises(SystemExit):
        minimised(tmp_path, Twice(), LBFGS())
    assert any(name.startswith("step") for name in os.listdir(tmp_path))
    resumed = minimised(tmp_path, rest := Bowl(), LBFGS())
    assert resumed.theta.tobytes() == plain.theta.tobytes()
    assert rest.evaluations < plain.stats.evaluations


PROGRAM = """
import sys, time
import numpy as np
from layerlab._checkpoint import Checkpoint
from layerlab.solvers import SGD, Stopping
from layerlab.solvers.kept import run_kept

class Slow:
    n_rows, seed = 8, 0
    def evaluate(self, theta, *_):
        print("step", flush=True)
        time.sleep(0.05)
        return float(theta @ theta), 2 * theta

run_kept(
    Checkpoint(sys.argv[1]), {},
    lambda keeper, callback: SGD(1e-3, batch_size=2).minimize(
        Slow(), np.ones(3), stopping=Stopping(1000), callback=callback, keeper=keeper),
)
"""


@EACH
def test_a_process_ends_in_time_with_its_code(number, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        for _ in range(6):
            assert process.stdout.readline() == b"step\n"
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    # Python ends a KeyboardInterrupt that nobody caught by the signal itself: 130 to a shell.
    assert process.returncode == {signal.SIGINT: -signal.SIGINT, signal.SIGTERM: 143}[number]
    assert (b"KeyboardInterrupt" in errors) == (number == signal.SIGINT)
    assert Checkpoint(tmp_path).begin({}).saved()["step"] >= 5
