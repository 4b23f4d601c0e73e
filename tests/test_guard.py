"""The guard: one BLAS thread inside, what was there outside; counted over nestings and threads."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from layerlab._guard import single_threaded_blas, single_threaded_openmp


def blas_threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@pytest.fixture(autouse=True)
def two_blas_threads_outside():
    if not blas_threads():
        pytest.skip("NumPy's BLAS has no threads that threadpoolctl knows")
    with threadpool_limits(2, user_api="blas"):
        yield


def all_are(n):
    return set(blas_threads()) == {n}


def test_one_inside_and_restored_outside():
    assert all_are(2)
    with single_threaded_blas():
        assert all_are(1)
    assert all_are(2)


def test_nested():
    with single_threaded_blas():
        with single_threaded_blas():
            assert all_are(1)
        assert all_are(1)  # only the last one out restores
    assert all_are(2)


def test_restored_after_an_exception():
    with pytest.raises(ZeroDivisionError), single_threaded_blas():
        raise ZeroDivisionError
    assert all_are(2)


def test_the_last_of_several_threads_restores():
    inside, leave = threading.Event(), threading.Event()

    def other():
        with single_threaded_blas():
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=other)
    with single_threaded_blas():
        thread.start()
        assert inside.wait(30)
    assert all_are(1)  # the other one is still in
    leave.set()
    thread.join()
    assert all_are(2)


def test_a_limit_of_another_thread_does_not_stand_in_the_way():
    """threadpoolctl obeys one thread at a time, and here the main one holds a limit."""
    seen = []

    def other():
        with single_threaded_blas():
            seen.append(all_are(1))
        seen.append(all_are(2))

    for _ in range(2):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert seen == [True] * 4
    with single_threaded_blas():
        assert all_are(1)
    assert all_are(2)


def openmp_threads():
    import sklearn.neighbors  # noqa: F401  brings an OpenMP to hold

    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"}


def test_openmp_is_held_and_restored_for_the_calling_thread():
    with threadpool_limits(2, user_api="openmp"):
        if openmp_threads() != {2}:
            pytest.skip("there is no OpenMP here that threadpoolctl knows")
        with single_threaded_openmp():
            assert openmp_threads() == {1}
            assert all_are(1)
        assert openmp_threads() == {2}


def test_openmp_of_the_last_one_out_stays_as_that_thread_set_it():
    """OpenMP keeps a number for each thread: what the first one in had is not the other's."""
    openmp_threads()  # so that it is loaded before the guard looks for libraries
    entered, seen = threading.Event(), []

    def other():
        with single_threaded_blas():
            entered.set()
            leave.wait(30)
            threadpool_limits(2, user_api="openmp")
        seen.append(openmp_threads())

    leave, thread = threading.Event(), threading.Thread(target=other)
    with threadpool_limits(3, user_api="openmp"):
        if openmp_threads() != {3}:
            pytest.skip("there is no OpenMP here that threadpoolctl knows")
        with single_threaded_blas():
            thread.start()
            assert entered.wait(30)
    leave.set()
    thread.join()
    assert seen == [{2}]
