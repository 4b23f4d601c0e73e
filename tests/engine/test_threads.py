"""Threads: how many, every lane once, and a helper's fault comes to light."""

import threading
import time

import joblib
import pytest

from layerlab.engine import effective_threads
from layerlab.engine.threads import LaneThreads
from layerlab.errors import ParameterError


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
@pytest.mark.parametrize("n_lanes", [1, 2, 16])
def test_every_lane_runs_once_and_each_worker_on_one_thread(n_threads, n_lanes):
    lanes, threads = [], {}

    def task(lane, worker):
        lanes.append(lane)
        assert threads.setdefault(worker, threading.get_ident()) == threading.get_ident()

    pool = LaneThreads(n_threads)
    pool.run(task, n_lanes, n_threads)
    assert sorted(lanes) == list(range(n_lanes))
    assert set(threads) <= set(range(min(n_threads, n_lanes)))
    pool.close()


def test_several_threads_do_run_at_once():
    """Each of three lanes waits for the other two: with fewer threads none would pass."""
    barrier = threading.Barrier(3, timeout=30)
    pool = LaneThreads(3)
    pool.run(lambda _lane, _worker: barrier.wait(), 3, 3)
    pool.close()


def test_one_thread_is_the_callers_own():
    seen = set()
    LaneThreads(1).run(lambda _lane, _worker: seen.add(threading.get_ident()), 16, 1)
    assert seen == {threading.get_ident()}


@pytest.mark.parametrize("failing", [0, 1])
def test_an_exception_of_any_worker_surfaces_once_all_have_stopped(failing):
    barrier, running = threading.Barrier(2, timeout=30), []

    def task(_lane, worker):
        barrier.wait()  # both workers are in
        if worker == failing:
            raise ZeroDivisionError(f"worker {worker}")
        running.append(1)
        time.sleep(0.05)
        running.pop()

    pool = LaneThreads(2)
    with pytest.raises(ZeroDivisionError, match=f"worker {failing}"):
        pool.run(task, 2, 2)
    assert not running
    pool.run(lambda _lane, _worker: None, 4, 2)  # still of use
    pool.close()


def test_closing_lets_the_threads_go():
    before = threading.active_count()
    barrier = threading.Barrier(4, timeout=30)
    pool = LaneThreads(4)
    pool.run(lambda _lane, _worker: barrier.wait(), 4, 4)
    assert threading.active_count() == before + 3
    pool.close()
    assert threading.active_count() == before


def test_by_default_one_thread_a_processor(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert effective_threads() == joblib.cpu_count()
    monkeypatch.setenv("OMP_NUM_THREADS", "1,2")
    assert effective_threads() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert effective_threads() == joblib.cpu_count()
    assert effective_threads(7) == 7  # what is asked for is done


@pytest.mark.parametrize("n_threads", [0, -1, 1.5, True, "2"])
def test_bad_numbers_are_refused(n_threads):
    with pytest.raises(ParameterError, match="'n_threads' parameter must be an integer from 1"):
        effective_threads(n_threads)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_a_worker_of_joblib_uses_one_thread(backend):
    """Its siblings have the other processors."""
    parallel = joblib.Parallel(n_jobs=2, backend=backend)
    assert parallel(joblib.delayed(effective_threads)() for _ in range(4)) == [1] * 4
    assert parallel(joblib.delayed(effective_threads)(2) for _ in range(2)) == [2] * 2


def test_sequential_joblib_is_no_worker():
    found = joblib.Parallel(n_jobs=1)(joblib.delayed(effective_threads)() for _ in range(2))
    assert found == [effective_threads()] * 2
