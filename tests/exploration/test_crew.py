import threading
import time
import warnings

import pytest
from sklearn.exceptions import ConvergenceWarning

from layerlab._callbacks import Iteration
from layerlab.exploration.crew import Budget, Crew

NOWHERE = Iteration(1, None, 0.0, 0.0, 1, 0.0)


class Sink:
    def __init__(self):
        self.stages, self.done = [], 0

    def stage(self, title, total):
        self.stages.append((title, total))

    def advance(self):
        self.done += 1


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_results_keep_the_order_of_the_tasks(n_threads):
    sink = Sink()

    def task(i):
        return lambda: time.sleep(0.001 * (7 - i)) or i

    assert Crew(n_threads, sink).run("counting", [task(i) for i in range(7)]) == list(range(7))
    assert sink.stages == [("counting", 7)]
    assert sink.done == 7


def test_never_more_tasks_at_once_than_threads():
    running, most, lock = [0], [0], threading.Lock()

    def task():
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.002)
        with lock:
            running[0] -= 1

    Crew(3).run("x", [task] * 12)
    assert most[0] <= 3


def test_the_budget_is_asked_before_each_task_but_the_first():
    answers = iter([True, True, False])
    assert Crew(1).run("x", [lambda: 1] * 5, lambda: next(answers)) == [1, 1, 1, None, None]
    assert Crew(1).run("x", [lambda: 1] * 2, lambda: False) == [1, None]


@pytest.mark.parametrize("n_threads", [1, 2])
def test_as_many_as_are_wanted_at_least_are_begun_whatever_the_budget(n_threads):
    tasks = [lambda: 1] * 5
    assert Crew(n_threads).run("x", tasks, lambda: False, at_least=3) == [1, 1, 1, None, None]
    assert Crew(n_threads).run("x", tasks[:2], lambda: False, at_least=3) == [1, 1]


def test_an_error_in_a_task_comes_out_and_stops_the_others():
    crew = Crew(2)

    def fails():
        raise ZeroDivisionError

    def waits():
        while not crew.stopped(NOWHERE):
            time.sleep(0.001)

    with pytest.raises(ZeroDivisionError):
        crew.run("x", [waits, fails])
    assert crew.stopped(NOWHERE)


def test_ctrl_c_while_waiting_stops_running_tasks():
    crew = Crew(1, sink := Sink())

    def interrupt():
        raise KeyboardInterrupt

    sink.advance = interrupt
    stopped = []

    def waits():
        while not crew.stopped(NOWHERE):
            time.sleep(0.001)
        stopped.append(True)

    with pytest.raises(KeyboardInterrupt):
        crew.run("x", [lambda: None, waits, waits])
    assert len(stopped) <= 1


def test_run_one_returns_the_result():
    assert Crew(2).run_one("x", lambda: "result") == "result"


def test_capped_fits_do_not_warn_and_others_still_do():
    def capped():
        warnings.warn("capped", ConvergenceWarning, stacklevel=1)

    Crew(1).run("x", [capped])
    with pytest.raises(UserWarning, match="else"):
        Crew(1).run("x", [lambda: warnings.warn("else", UserWarning, stacklevel=1)])


def test_budget():
    assert Budget().left(1e-9)
    assert not Budget(10, began=time.perf_counter() - 11).left()
    spent_half = Budget(1000, began=time.perf_counter() - 500)
    assert spent_half.left(0.6)
    assert not spent_half.left(0.4)


@pytest.mark.parametrize("n_threads", [2, 3])
def test_a_task_beside_others_takes_one_thread_of_theirs_until_it_is_done(n_threads):
    crew, lock = Crew(n_threads), threading.Lock()
    running, most, go_on = [0], [0], threading.Event()

    def counted(work):
        def task():
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            try:
                return work()
            finally:
                with lock:
                    running[0] -= 1

        return task

    def brief(i):
        return lambda: time.sleep(0.002) or i

    with crew.beside(counted(lambda: go_on.wait(10) and "beside")) as other:
        tasks = [counted(brief(i)) for i in range(6)]
        tasks[3] = counted(lambda: go_on.set() or 3)
        assert crew.run("x", tasks) == list(range(6))
        assert other.result() == "beside"
    assert most[0] == n_threads
    assert crew.run("x", [brief(i) for i in range(4)]) == list(range(4))


def test_an_error_beside_a_task_stops_it():
    crew = Crew(2)

    def waits():
        while not crew.stopped(NOWHERE):
            time.sleep(0.001)

    def fails():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), crew.beside(waits):
        crew.run("x", [fails])


def test_an_error_of_the_task_beside_comes_out_where_it_is_asked():
    def fails():
        raise ZeroDivisionError

    crew = Crew(2)
    with crew.beside(fails) as other:
        assert crew.run("x", [lambda: 1]) == [1]
        with pytest.raises(ZeroDivisionError):
            other.result()


def test_a_crew_of_one_has_nothing_beside():
    with pytest.raises(ValueError, match="one task after the other"), Crew(1).beside(int):
        pass
