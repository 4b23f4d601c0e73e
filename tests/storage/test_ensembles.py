"""Model files that hold several networks."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits, load_iris

from layerlab._files import canonical_json, pack_tensors, unpack_tensors
from layerlab.errors import ModelFileError
from layerlab.models import FeedforwardClassifier, FeedforwardEnsemble
from layerlab.storage import (
    StoredModel,
    load_model,
    model_file,
    models,
    read_record,
    record_from_bytes,
    save_model,
)

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])


def fitted(n=3, vary="scaling", X=X, y=Y, **options):
    options = {"max_iter": 20, "tol": 1.0, **options}
    base = FeedforwardClassifier((5,), **options)
    return FeedforwardEnsemble(base, n, vary=vary, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Return the bytes of an ensemble's file."""
    path = tmp_path_factory.mktemp("e") / "m"
    save_model(fitted(), path, name="iris", value_range=(0, 9))
    return path.read_bytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_loaded_ensemble_answers_with_the_same_bits(tmp_path, dtype):
    ensemble = fitted(y=NAMES[Y], dtype=dtype)
    maps = [tuple(member.input_map_.scale) for member in ensemble.members_]
    assert len(set(maps)) == 2  # each member's own map must travel with it
    save_model(ensemble, tmp_path / "m", name="iris", value_range=(0, 9))
    loaded = load_model(tmp_path / "m")
    assert isinstance(loaded, FeedforwardEnsemble)
    assert loaded.predict_proba(X).tobytes() == ensemble.predict_proba(X).tobytes()
    assert (loaded.predict(X) == ensemble.predict(X)).all()
    for a, b in zip(loaded.members_, ensemble.members_, strict=True):
        assert a.predict_proba(X).tobytes() == b.predict_proba(X).tobytes()
        assert a.theta_.dtype == dtype
    assert (loaded.data_name_, loaded.value_range_) == ("iris", (0.0, 9.0))
    save_model(loaded, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()


def test_views_are_averaged_by_a_loaded_ensemble_too(tmp_path):
    D, d = load_digits(return_X_y=True)
    ensemble = fitted(
        2, "seed", D[:200], d[:200], augment="digits", image_shape=(8, 8), views=3, solver="adamw"
    )
    save_model(ensemble, tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    assert loaded.predict_proba(D).tobytes() == ensemble.predict_proba(D).tobytes()
    assert [member.views for member in loaded.members_] == [3, 3]


def test_an_ensemble_of_one_is_stored_as_its_network(tmp_path):
    ensemble = fitted(1, "seed")
    save_model(ensemble, tmp_path / "one")
    save_model(ensemble.members_[0], tmp_path / "network")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "network").read_bytes()
    assert isinstance(load_model(tmp_path / "one"), FeedforwardClassifier)


def test_a_single_network_s_file_says_nothing_of_members(tmp_path):
    save_model(fitted().members_[0], tmp_path / "m")
    assert b"member" not in (tmp_path / "m").read_bytes()


def test_tensors_are_named_as_documented(data):
    tensors, text = unpack_tensors(data)
    of_each = {"W0", "b0", "W1", "b1", "shift", "scale"}
    named = {f"{at}{name}" for at in ("", "member2.", "member3.") for name in of_each}
    assert tensors.keys() == named | {"reference_inputs", "reference_outputs"}
    assert json.loads(text)["members"] == 3


def test_networks_that_are_not_alike_are_refused_and_nothing_is_written(tmp_path):
    ensemble = fitted(2)
    ensemble.take([ensemble.members_[0], FeedforwardClassifier((4,), max_iter=3, tol=1).fit(X, Y)])
    with pytest.raises(ModelFileError, match="network 2 differs from the first in widths"):
        save_model(ensemble, tmp_path / "m")
    other_type = fitted(1, "seed", dtype="float32").members_[0]
    ensemble.take([ensemble.members_[0], other_type])
    with pytest.raises(ModelFileError, match="not all of one type"):
        save_model(ensemble, tmp_path / "m")
    assert not list(tmp_path.iterdir())


def signed(header, tensors):
    """Return a file whose checksum is right, whatever it says."""
    header = {key: value for key, value in header.items() if key != "checksum"}
    header["checksum"] = model_file._checksum(header, tensors)
    return pack_tensors(tensors, canonical_json(header))


@pytest.mark.parametrize("members", [-1, 0, 1, 2, 4, 10**12, 3.0, True, "3", None])
def test_a_header_that_counts_wrongly_is_refused(data, members):
    tensors, text = unpack_tensors(data)
    with pytest.raises(ModelFileError, match=r"members|tensors are not those"):
        record_from_bytes(signed({**json.loads(text), "members": members}, tensors), "f")


def test_one_network_s_tensors_with_a_count_of_one_are_refused(data):
    tensors, text = unpack_tensors(data)
    first = {name: array for name, array in tensors.items() if "." not in name}
    header = {key: value for key, value in json.loads(text).items() if key != "members"}
    assert record_from_bytes(signed(header, first), "f").record.n_members == 1
    with pytest.raises(ModelFileError, match="tensors are not those"):
        record_from_bytes(signed({**header, "members": 1}, first), "f")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop("member2.W0"), "tensors are not those"),
        (lambda t: t.update({"member4.W0": t.pop("member3.W0")}), "tensors are not those"),
        (lambda t: t.update({"member2.shift": np.zeros(3)}), "shift has the shape"),
        (lambda t: t.update({"member2.W0": np.zeros((5, 4))}), "does not have the shape"),
        (lambda t: t.update({"member3.b0": np.zeros(5, np.float32)}), "not all of one type"),
        (lambda t: t.update({"member3.b0": np.full(5, np.nan)}), "NaN"),
    ],
)
def test_tensors_that_do_not_belong_together_are_refused(data, change, said):
    tensors, text = unpack_tensors(data)
    tensors = dict(tensors)
    change(tensors)
    with pytest.raises(ModelFileError, match=said):
        record_from_bytes(signed(json.loads(text), tensors), "f")


def test_an_ensemble_that_answers_otherwise_is_refused(tmp_path, monkeypatch):
    save_model(fitted(), tmp_path / "m")
    stored = read_record(tmp_path / "m")
    # Of members that are exchanged the mean is the same; of one that is another it is not.
    first = StoredModel(
        models.apart(stored.record)[0], stored.reference_inputs, stored.reference_outputs
    )
    monkeypatch.setattr(models, "read_record", lambda _: first)
    with pytest.raises(ModelFileError, match="reference rows"):
        load_model(tmp_path / "m")


@given(st.data())
def test_a_damaged_file_is_refused(data, draw):
    cut = draw.draw(st.booleans())
    at = draw.draw(st.integers(0, len(data) - 1))
    mask = draw.draw(st.integers(1, 255))
    damaged = data[:at] if cut else data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]
    with pytest.raises(ModelFileError):
        record_from_bytes(damaged, "f")
