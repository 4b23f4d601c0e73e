"""How the members of an ensemble are trained: what each is told, watches and keeps."""

import os
import signal
import sys
import threading

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris

from layerlab._checkpoint import Checkpoint, Stopped
from layerlab.callbacks import Callbacks, LogToJSONL
from layerlab.errors import ParameterError
from layerlab.models import FeedforwardClassifier, FeedforwardEnsemble
from layerlab.solvers import AdamW

X, Y = load_iris(return_X_y=True)


def ensemble(n=3, n_threads=2, **options):
    base = FeedforwardClassifier((4,), solver=AdamW(batch_size=30), max_iter=6, **options)
    return FeedforwardEnsemble(base, n, n_threads=n_threads, random_state=0)


def thetas(fitted):
    return [member.theta_.tobytes() for member in fitted.members_]


class OfMembers:
    """A callback that cannot be copied, and gives each member one of its own."""

    def __init__(self):
        self.lock, self.told = threading.Lock(), {}

    def __call__(self, _):
        raise AssertionError("this is not a member's")

    def of_member(self, number):
        def told(iteration):
            with self.lock:
                self.told.setdefault(number, []).append(iteration.n_iter)

        return told


def test_each_member_has_a_callback_of_its_own():
    callback = OfMembers()
    ensemble(callback=callback).fit(X, Y)
    assert callback.told == {i: [1, 2, 3, 4, 5, 6] for i in range(3)}


class Counting:
    def __init__(self):
        self.n = 0

    def __call__(self, _):
        self.n += 1


def test_a_plain_callback_is_copied_for_each_member():
    callback = Counting()
    fitted = ensemble(callback=callback).fit(X, Y)
    assert callback.n == 0
    assert [member.callback.n for member in fitted.members_] == [6, 6, 6]


def test_each_member_has_a_log_of_its_own(tmp_path):
    counting = Counting()
    ensemble(callback=Callbacks([LogToJSONL(tmp_path / "fit.jsonl"), counting])).fit(X, Y)
    assert sorted(os.listdir(tmp_path)) == [f"fit-member-{i}.jsonl" for i in (1, 2, 3)]
    for path in tmp_path.iterdir():
        assert len(path.read_text().splitlines()) == 6
    assert counting.n == 0


def test_every_member_watches_the_validation_rows():
    fitted = ensemble().fit(X[::2], Y[::2], X_val=X[1::2], y_val=Y[1::2])
    for member in fitted.members_:
        assert len(member.validation_scores_) == 6
        assert member.validation_scores_[-1] == member.score(X[1::2], Y[1::2])
    assert thetas(fitted) == thetas(ensemble().fit(X[::2], Y[::2]))


def test_members_can_be_cloned_after_they_kept_their_state(tmp_path):
    fitted = ensemble(checkpoint=tmp_path / "kept").fit(X, Y)
    assert sorted(os.listdir(tmp_path / "kept")) == ["member-1", "member-2", "member-3"]
    for i, member in enumerate(fitted.members_, start=1):
        assert clone(member).checkpoint == Checkpoint(tmp_path / "kept" / f"member-{i}")
    assert thetas(fitted) == thetas(ensemble().fit(X, Y))


def test_its_own_way_to_stop_stops_every_member(tmp_path):
    asked = []

    def stop():
        asked.append(True)
        return len(asked) > 4

    with pytest.raises(Stopped):
        ensemble(checkpoint=Checkpoint(tmp_path / "kept", 0, stop=stop)).fit(X, Y)
    assert len(asked) > 4
    fitted = ensemble(checkpoint=Checkpoint(tmp_path / "kept", 0)).fit(X, Y)
    assert thetas(fitted) == thetas(ensemble().fit(X, Y))


def test_a_state_that_no_call_could_go_on_from_is_not_begun(tmp_path):
    model = ensemble(checkpoint=tmp_path / "kept").set_params(random_state=None)
    with pytest.raises(ParameterError, match="checkpoint needs random_state to be an integer"):
        model.fit(X, Y)
    assert not (tmp_path / "kept").exists()


class Broken(Exception):
    pass


class BreaksOff:
    """Fails in one member's third epoch, while the others go on."""

    def of_member(self, number):
        def told(iteration):
            if number == 1 and iteration.n_iter == 3:
                raise Broken

        return told

    def __call__(self, _):
        raise AssertionError


def test_when_one_fails_the_others_stop_and_are_not_taken_for_done(tmp_path):
    kept = Checkpoint(tmp_path / "kept", 0)
    with pytest.raises(Broken):
        ensemble(checkpoint=kept, callback=BreaksOff(), n_threads=3).fit(X, Y)
    fitted = ensemble(checkpoint=kept).fit(X, Y)
    assert thetas(fitted) == thetas(ensemble().fit(X, Y))
    assert [member.n_iter_ for member in fitted.members_] == [6, 6, 6]


def test_without_kept_state_the_others_stop_too():
    callback = BreaksOff()
    with pytest.raises(Broken):
        ensemble(callback=callback, n_threads=3).fit(X, Y)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["INT", "TERM"])
def test_a_signal_stops_all_members_after_a_step_and_their_state_is_saved(number, tmp_path):
    kept = Checkpoint(tmp_path / "kept", 3600)
    before = signal.getsignal(number)

    class Signals:
        def of_member(self, i):
            def told(iteration):
                if iteration.n_iter == 2 and i == 0:
                    os.kill(os.getpid(), number)
                if iteration.n_iter == 2:
                    threading.Event().wait(0.5)  # the main thread looks ten times a second

            return told

        def __call__(self, _):
            raise AssertionError

    with pytest.raises(KeyboardInterrupt if number == signal.SIGINT else SystemExit):
        ensemble(checkpoint=kept, callback=Signals(), n_threads=3).fit(X, Y)
    assert signal.getsignal(number) == before
    assert len(list((tmp_path / "kept").glob("member-*/step-*"))) == 3
    told = OfMembers()
    fitted = ensemble(checkpoint=kept, callback=told).fit(X, Y)
    assert thetas(fitted) == thetas(ensemble().fit(X, Y))
    assert all(epochs[0] == 3 for epochs in told.told.values())


def test_the_mean_is_of_the_members():
    fitted = ensemble().fit(X, Y)
    mean = np.mean([member.predict_proba(X) for member in fitted.members_], axis=0)
    assert np.allclose(fitted.predict_proba(X), mean, rtol=1e-12)
