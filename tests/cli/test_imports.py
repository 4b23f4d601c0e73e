import gc

import pytest

from layerlab.cli.imports import uncollected


@pytest.fixture(autouse=True)
def as_it_was():
    yield
    gc.unfreeze()
    gc.enable()


def test_the_collector_rests_and_then_runs_again():
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_is_alive_then_is_left_alone():
    with uncollected():
        kept = [[]]
    assert gc.get_freeze_count() > 0
    assert all(kept is not seen for seen in gc.get_objects())


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()


def test_it_runs_again_also_after_a_failure():
    with pytest.raises(ImportError), uncollected():
        raise ImportError
    assert gc.isenabled()
