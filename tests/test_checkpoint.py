"""Checkpoints: what a file holds, which one is taken, what is refused, and a full disk."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pprint import pformat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import layerlab._checkpoint.folder as folder_module
import layerlab._checkpoint.kept_run as kept_run_module
from layerlab._callbacks import Iteration
from layerlab._checkpoint import Checkpoint, described, fingerprint
from layerlab._checkpoint.plain import decode, encode
from layerlab._checkpoint.record import Record, from_bytes, to_bytes
from layerlab._files import canonical_json, parse_json
from layerlab.errors import (
    CheckpointError,
    CheckpointWarning,
    DataError,
    ModelFileError,
    ParameterError,
)
from layerlab.solvers import SGD, Cosine

CONTEXT = {"solver": {"class": "Adam", "rate": 0.1}, "max_iter": 5, "data": {"X": "ab12"}}


def state(value=1.0):
    return {"theta": np.full(3, value), "n": 7}


def iteration(n_iter, cost, theta=(1.0, 2.0)):
    return Iteration(n_iter, np.array(theta), cost, 0.1, n_iter, float(n_iter))


def begun(path, steps, *, keep=2, context=CONTEXT):
    """A run of which some steps are kept."""
    run = Checkpoint(path, every=0, keep=keep).begin(context)
    for i in range(steps):
        assert run.step(lambda i=i: state(float(i + 1))) is False
    return run


def names(path):
    return sorted(os.listdir(path))


def step_name(step):
    return f"step-{step:012d}.checkpoint"


# --- Plain data ---

BITS = st.floats(allow_nan=False) | st.just(float("inf")) | st.just(-0.0)
LEAVES = st.none() | st.booleans() | st.integers(-(2**130), 2**130) | BITS | st.text(max_size=5)
KEYS = st.text(max_size=5).filter(lambda key: "/" not in key and key != "$")
TREES = st.recursive(
    LEAVES, lambda t: st.lists(t, max_size=4) | st.dictionaries(KEYS, t, max_size=4), max_leaves=12
)


@given(TREES)
def test_plain_data_comes_back(tree):
    text, tensors = encode(tree)
    again = decode(parse_json(canonical_json(text)), tensors)
    assert again == tree
    assert pformat(again) == pformat(tree)  # -0.0 and 0.0, True and 1 are equal; their texts not


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "i4", "i8", "f4", "f8"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3)])
def test_arrays_come_back(dtype, shape):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    back = from_bytes(to_bytes(Record(1, False, {}, {"a": [{"b": array}]}))).state["a"][0]["b"]
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert back.tobytes() == array.tobytes()


def test_turned_arrays_come_back_as_they_read():
    array = np.arange(6.0).reshape(2, 3).T
    back = from_bytes(to_bytes(Record(1, False, {}, {"a": array}))).state["a"]
    np.testing.assert_array_equal(back, array)


def test_numbers_that_are_not_finite_come_back():
    values = [float("nan"), float("inf"), float("-inf"), -0.0, 5e-324]
    tree = {"list": values, "each": dict(zip("abcde", values, strict=True))}
    back = from_bytes(to_bytes(Record(1, False, {}, tree))).state
    assert list(map(repr, back["list"])) == list(map(repr, values))
    assert list(map(repr, back["each"].values())) == list(map(repr, values))


def test_a_generators_state_comes_back():
    generator = np.random.default_rng(3)
    packed = {"generator": generator.bit_generator.state}
    expected = generator.random(3)
    again = np.random.default_rng()
    back = from_bytes(to_bytes(Record(1, False, {}, packed))).state["generator"]
    again.bit_generator.state = back
    np.testing.assert_array_equal(again.random(3), expected)


@pytest.mark.parametrize("value", [{"a": object()}, {"a/b": 1}, {"$": 1}, {1: 2}, {"a": {2j}}])
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(TypeError):
        encode(value)


# --- One file ---


def test_any_flipped_byte_or_cut_is_found():
    data = to_bytes(Record(3, False, CONTEXT, state()))
    for at in range(len(data)):
        with pytest.raises(ModelFileError):
            from_bytes(data[:at] + bytes([data[at] ^ 0x21]) + data[at + 1 :])
    for length in range(len(data)):
        with pytest.raises(ModelFileError):
            from_bytes(data[:length])


def test_the_same_record_gives_the_same_bytes():
    first, second = (to_bytes(Record(3, True, CONTEXT, state())) for _ in range(2))
    assert first == second


# --- The folder ---


def test_the_last_are_kept(tmp_path):
    begun(tmp_path, 5, keep=2)
    assert names(tmp_path) == [step_name(4), step_name(5)]
    begun(tmp_path, 1, keep=3)
    assert names(tmp_path) == [step_name(5), step_name(6)]  # what was gone is not needed


def test_the_end_stands_beside_them(tmp_path):
    run = begun(tmp_path, 3, keep=1)
    run.finish({"theta": np.ones(2)})
    assert names(tmp_path) == [step_name(3), step_name(4)]
    again = Checkpoint(tmp_path).begin(CONTEXT)
    assert again.end["theta"].tolist() == [1, 1]


def test_it_goes_on_from_the_newest(tmp_path):
    begun(tmp_path, 3)
    run = Checkpoint(tmp_path).begin(CONTEXT)
    assert run.end is None
    assert run.saved()["theta"].tolist() == [3, 3, 3]
    assert Checkpoint(tmp_path / "new").begin(CONTEXT).saved() is None


def test_a_damaged_one_is_skipped_with_a_warning_and_later_removed(tmp_path):
    begun(tmp_path, 4)
    (tmp_path / step_name(4)).write_bytes(b"torn")
    with pytest.warns(CheckpointWarning, match=r"step-000000000004.checkpoint is damaged"):
        run = Checkpoint(tmp_path, every=0).begin(CONTEXT)
    assert run.saved()["theta"].tolist() == [3, 3, 3]
    for value in (4.0, 5.0):
        run.step(lambda value=value: state(value))
    assert names(tmp_path) == [step_name(4), step_name(5)]
    assert Checkpoint(tmp_path).begin(CONTEXT).saved()["theta"].tolist() == [5, 5, 5]


def test_none_that_can_be_read_is_an_error_with_a_remedy(tmp_path):
    begun(tmp_path, 2)
    for name in names(tmp_path):
        (tmp_path / name).write_bytes(b"")
    with (
        pytest.warns(CheckpointWarning),
        pytest.raises(CheckpointError, match=r"None of the 2 files .* Remove the folder, or name"),
    ):
        Checkpoint(tmp_path).begin(CONTEXT)
    assert len(names(tmp_path)) == 2


def test_a_later_format_is_not_taken_for_damage(tmp_path, monkeypatch):
    begun(tmp_path, 1)
    monkeypatch.setattr("layerlab._checkpoint.record.FORMAT_VERSION", 2)
    begun(tmp_path, 1)
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match=r"format 2, this layerlab reads 1. Install a newer"):
        Checkpoint(tmp_path).begin(CONTEXT)


def test_what_a_kill_left_behind_is_removed_and_nothing_else(tmp_path):
    (tmp_path / f".layerlab-{'0' * 16}.tmp").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine")
    begun(tmp_path, 3)
    assert names(tmp_path) == ["notes.txt", step_name(2), step_name(3)]


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match=r"cannot be kept in .*file: .*Name a folder"):
        Checkpoint(tmp_path / "file").begin(CONTEXT)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"folder": 3}, "folder"),
        ({"folder": ""}, "folder"),
        ({"every": -1}, "every"),
        ({"every": "1"}, "every"),
        ({"keep": 0}, "keep"),
    ],
)
def test_arguments_are_checked(arguments, name):
    with pytest.raises(ParameterError, match=f"'{name}' parameter"):
        Checkpoint(**{"folder": "here", **arguments})


# --- When ---


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand; writing takes ``writing`` of its seconds."""

    class Clock:
        now, writing = 100.0, 0.0

    def write(path, data):
        Clock.now += Clock.writing
        path.write_bytes(data)

    monkeypatch.setattr(kept_run_module, "monotonic", lambda: Clock.now)
    monkeypatch.setattr(folder_module, "write_atomically", write)
    return Clock


def kept_at(run, clock, seconds):
    """Step every second, and return the seconds at which the state was asked for."""
    asked, began = [], clock.now
    while clock.now - began < seconds:
        clock.now += 0.4
        due = clock.now - began
        run.step(lambda due=due: (asked.append(round(due, 3)), state())[1])
    return asked


def test_every_so_many_seconds(tmp_path, clock):
    run = Checkpoint(tmp_path, every=2.0).begin(CONTEXT)
    assert kept_at(run, clock, 8.2) == [2.0, 4.0, 6.0, 8.0]


def test_less_often_where_writing_takes_long(tmp_path, clock):
    clock.writing = 0.1
    run = Checkpoint(tmp_path, every=2.0).begin(CONTEXT)
    first, second, third = kept_at(run, clock, 23)
    assert first == 2.0
    assert second - first >= 10.0  # a hundred times as long as it took
    assert third - second >= 10.0


def test_after_a_slow_step_the_state_is_held_in_case_the_next_is_broken_off(tmp_path):
    run = Checkpoint(tmp_path).begin(CONTEXT)
    run._last -= 1.0
    run.step(lambda: state(5.0))
    assert names(tmp_path) == []
    run.save_held()
    assert Checkpoint(tmp_path).begin(CONTEXT).saved()["theta"].tolist() == [5, 5, 5]


def test_after_a_quick_step_nothing_is_asked_for(tmp_path):
    run = Checkpoint(tmp_path).begin(CONTEXT)
    run.step(lambda: pytest.fail("the state was asked for"))
    run.save_held()
    assert names(tmp_path) == []


# --- The best ---


def test_the_best_weights_are_kept_apart(tmp_path):
    run = Checkpoint(tmp_path, every=0).begin(CONTEXT)
    for n, cost in enumerate([5.0, 2.0, 3.0, float("nan"), 4.0], 1):
        run.told(iteration(n, cost, (n, -n)))
        run.step(state)
    best = from_bytes((tmp_path / "best.checkpoint").read_bytes())
    assert best.state["theta"].tolist() == [2, -2]
    assert (best.state["score"], best.state["n_iter"]) == (2.0, 2)
    assert names(tmp_path) == ["best.checkpoint", step_name(4), step_name(5)]


def test_a_resumed_run_knows_the_best(tmp_path):
    run = Checkpoint(tmp_path, every=0).begin(CONTEXT)
    run.told(iteration(1, 2.0))
    run.step(state)
    again = Checkpoint(tmp_path, every=0).begin(CONTEXT)
    again.told(iteration(2, 3.0))
    again.step(state)
    assert from_bytes((tmp_path / "best.checkpoint").read_bytes()).state["n_iter"] == 1
    again.told(iteration(3, 1.0))
    again.step(state)
    assert from_bytes((tmp_path / "best.checkpoint").read_bytes()).state["n_iter"] == 3


def test_a_callbacks_score_goes_before_the_cost(tmp_path):
    class Watch:
        def __call__(self, iteration):
            self.score = -float(iteration.n_iter == 2)

    run = Checkpoint(tmp_path, every=0).begin(CONTEXT, Watch())
    for n in (1, 2, 3):
        run.told(iteration(n, 10.0 - n))
        run.step(state)
    assert from_bytes((tmp_path / "best.checkpoint").read_bytes()).state["n_iter"] == 2


def test_a_damaged_best_is_begun_anew(tmp_path):
    run = Checkpoint(tmp_path, every=0).begin(CONTEXT)
    run.told(iteration(1, 2.0))
    run.step(state)
    (tmp_path / "best.checkpoint").write_bytes(b"torn")
    with pytest.warns(CheckpointWarning, match="best"):
        again = Checkpoint(tmp_path, every=0).begin(CONTEXT)
    again.told(iteration(2, 3.0))
    again.step(state)
    assert from_bytes((tmp_path / "best.checkpoint").read_bytes()).state["n_iter"] == 2


# --- Context ---


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({"max_iter": 6}, ParameterError, "settings: 'max_iter' was 5 and is now 6. "),
        (
            {"solver": {"class": "Adam", "rate": 0.2}},
            ParameterError,
            "'solver.rate' was 0.1 and is now 0.2",
        ),
        (
            {"solver": {"class": "SGD", "speed": 0.1}},
            ParameterError,
            "'solver.class' was 'Adam' and is now 'SGD', 'solver.rate' was 0.1 and is now not set, "
            "'solver.speed' was not set and is now 0.1",
        ),
        ({"data": {"X": "cd"}}, DataError, "other data: 'data.X' was 'ab12' and is now 'cd'. "),
        ({"data": {"X": "cd"}, "max_iter": 6}, DataError, "other data: 'data.X' was"),
        ({"more": None}, ParameterError, "'more' was not set and is now None"),
        ({"max_iter": True}, ParameterError, "'max_iter' was 5 and is now True"),
    ],
)
def test_a_changed_context_is_refused_by_name(change, error, told, tmp_path):
    begun(tmp_path, 1)
    with pytest.raises(error) as refused:
        Checkpoint(tmp_path).begin(CONTEXT | change)
    assert told in str(refused.value)
    assert "to begin anew name another folder, or remove this one" in str(refused.value)
    assert names(tmp_path) == [step_name(1)]


def test_an_equal_context_is_not(tmp_path):
    context = {"sizes": (3, 4), "n": 1, "nan": float("nan"), "floats": [0.5, 1.5], "empty": {}}
    begun(tmp_path, 1, context=context)
    same = {"sizes": [3, 4], "n": np.float64(1), "nan": np.nan, "floats": (0.5, 1.5), "empty": {}}
    assert Checkpoint(tmp_path).begin(same).saved() is not None


def test_long_values_are_cut_short_and_many_differences_counted(tmp_path):
    begun(tmp_path, 1, context={f"k{i}": "a" * 500 for i in range(9)})
    with pytest.raises(ParameterError, match="and 4 more") as refused:
        Checkpoint(tmp_path).begin({f"k{i}": "b" * 500 for i in range(9)})
    assert len(str(refused.value)) < 1000


def test_settings_are_described_by_class_and_parameters():
    @dataclass
    class Options:
        dropout: tuple[float, ...] = (0.1,)

    found = described({"solver": SGD(schedule=Cosine(0.1)), "options": Options(), "of": len})
    assert found["solver"]["class"] == "SGD"
    assert found["solver"]["schedule"] == {"class": "Cosine", "final": 0.1}
    assert found["options"] == {"class": "Options", "dropout": [0.1]}
    assert found["of"] == "len"
    assert described(np.float32(0.5)) == 0.5
    assert described(np.ones(3)) == fingerprint(np.ones(3))


def test_a_fingerprint_is_of_type_shape_and_values(tmp_path, monkeypatch):
    a = np.arange(12.0).reshape(3, 4)
    known = fingerprint(a)
    assert fingerprint(np.asfortranarray(a)) == known
    monkeypatch.setattr("layerlab._checkpoint.context.CHUNK", 1)
    assert fingerprint(a) == known
    np.save(tmp_path / "a.npy", a)
    assert fingerprint(np.load(tmp_path / "a.npy", mmap_mode="r")) == known
    others = [a.reshape(4, 3), a.astype("f4"), a + 1, a[::-1], np.array(1.0), np.empty((0, 4))]
    assert len({known, *map(fingerprint, others)}) == 7
    assert fingerprint(None) is None


# --- A full disk ---


def test_a_full_disk_lets_the_run_go_on(tmp_path, monkeypatch):
    run = begun(tmp_path, 2)

    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder_module, "write_atomically", full)
    with pytest.warns(CheckpointWarning, match=r"No space left on device. The fit goes on"):
        run.step(state)
    run.step(state)
    run.step(state)  # warned of once: here a warning is an error
    assert names(tmp_path) == [step_name(1), step_name(2)]
    monkeypatch.undo()
    run.step(lambda: state(9.0))
    assert names(tmp_path) == [step_name(2), step_name(6)]
    assert Checkpoint(tmp_path).begin(CONTEXT).saved()["theta"].tolist() == [9, 9, 9]


LIMITED = """
import os, resource, sys, warnings
import numpy as np
from layerlab._checkpoint import Checkpoint
run = Checkpoint(sys.argv[1], every=0).begin({})
run.step(lambda: {"theta": np.zeros(10)})
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    run.step(lambda: {"theta": np.zeros(10_000)})
    run.step(lambda: {"theta": np.zeros(10_000)})
print(len(told), told[0].category.__name__, told[0].message)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_a_file_that_the_system_refuses_leaves_the_last_good_one(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.startswith("1 CheckpointWarning The state could not be kept in")
    assert names(tmp_path) == [step_name(1)]
    assert Checkpoint(tmp_path).begin({}).saved()["theta"].tolist() == [0.0] * 10


# --- States that are not finite ---


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_state_that_is_not_finite_is_not_kept(bad, tmp_path):
    run = begun(tmp_path, 1)
    run.step(lambda: {"within": [{"theta": np.array([0, bad])}], "costs_met": [np.inf]})
    assert names(tmp_path) == [step_name(1)]


def test_costs_that_were_met_may_be_infinite(tmp_path):
    run = begun(tmp_path, 0)
    run.step(lambda: {**state(), "costs_met": [1.0, np.inf]})
    assert Checkpoint(tmp_path).begin(CONTEXT).saved()["costs_met"] == [1.0, np.inf]


# --- Told once ---


def test_iterations_that_are_done_again_are_not_told_again(tmp_path):
    class Counts:
        def __init__(self):
            self.told = []

        def __call__(self, iteration):
            self.told.append(iteration.n_iter)

        def pack(self):
            return {"told": list(self.told)}

        def unpack(self, packed):
            self.told = packed["told"]

    run = Checkpoint(tmp_path, every=0).begin(CONTEXT, Counts())
    for n in (1, 2, 3):
        run.told(iteration(n, 1.0))
    run.step(state)
    again = Counts()
    resumed = Checkpoint(tmp_path).begin(CONTEXT, again)
    assert again.told == [1, 2, 3]
    for n in (1, 2, 3, 4):
        resumed.told(iteration(n, 1.0))
    assert again.told == [1, 2, 3, 4]
