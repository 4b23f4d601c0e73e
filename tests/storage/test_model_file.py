"""The model file: same bytes for the same model, and nothing wrong is ever loaded."""

import hashlib
import json
import pickle
import struct
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from layerlab.data import Deformation
from layerlab.errors import ModelFileError
from layerlab.network import ACTIVATIONS, OUTPUTS
from layerlab.storage import (
    ModelRecord,
    StoredModel,
    read_record,
    record_from_bytes,
    record_to_bytes,
    write_record,
)
from layerlab.storage.model_header import KEYS, OPTIONAL
from layerlab.storage.stored_views import MOST_VIEWS, StoredViews

DOCS = Path(__file__).parents[2] / "docs" / "model-file.md"


def make(seed=0, dtype=np.float32, hidden=(3,), classes=("a", "ö"), n_in=4, **more):
    """Return a record with random weights, and its references."""
    rng = np.random.default_rng(seed)
    widths = (n_in, *hidden, len(classes))
    n_weights = sum((a + 1) * b for a, b in pairwise(widths))
    record = ModelRecord(
        widths=widths,
        activations=("tanh",) * len(hidden),
        output="softmax",
        theta=rng.normal(size=n_weights).astype(dtype),
        shift=rng.normal(size=n_in),
        scale=rng.random(n_in).astype(dtype),
        classes=list(classes),
        **more,
    )
    outputs = rng.dirichlet(np.ones(len(classes)), size=2)
    return record, rng.integers(0, 17, (2, n_in)), outputs.astype(dtype)


def equal(a, b):
    """Say whether two stored models hold the same, bit for bit."""
    left, right = a.record, b.record
    plain = ("widths", "activations", "output", "feature_names", "image_shape", "value_range")
    arrays = ("theta", "shift", "scale", "classes")
    return (
        all(getattr(left, key) == getattr(right, key) for key in (*plain, "alpha", "name"))
        and all(bits(getattr(left, key)) == bits(getattr(right, key)) for key in arrays)
        and bits(a.reference_inputs) == bits(b.reference_inputs)
        and bits(a.reference_outputs) == bits(b.reference_outputs)
    )


def bits(array):
    return array.dtype, array.shape, array.tobytes()


DATA = record_to_bytes(*make(image_shape=(2, 2), value_range=(0, 16), alpha=0.5, name="x"))
STORED = record_from_bytes(DATA, "m")
# Its SHA-256 when the header had no optional key but image_options.
BEFORE = "5a01e5a3580d1f08fd5cd5c28d92948db003c04e42c277ac4f54eff797dccac4"


# --- A file written by hand, after docs/model-file.md alone ---

FIELDS = {
    "activations": ["relu"],
    "alpha": 0.25,
    "class_type": "int",
    "classes": [3, 8],
    "feature_names": None,
    "format_version": 1,
    "image_shape": [1, 2],
    "name": "by hand",
    "output": "sigmoid",
    "value_range": [0.0, 255.0],
    "widths": [2, 1, 2],
}
TENSORS = {
    "W0": ((2, 1), [1, 2]),
    "b0": ((1,), [3]),
    "W1": ((1, 2), [4, 5]),
    "b1": ((2,), [6, 7]),
    "shift": ((2,), [8, 9]),
    "scale": ((2,), [10, 11]),
    "reference_inputs": ((1, 2), [12, 13]),
    "reference_outputs": ((1, 2), [0.25, 0.75]),
}


def canonical(value):
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=True
    ).encode("utf-8", "surrogatepass")


def by_hand(fields=FIELDS, tensors=TENSORS, checksum=None, types=()):
    """Return a model file made with struct, json and hashlib; all float64 but for ``types``."""
    words = {"float64": "F64", "float32": "F32"}
    kinds = {name: dict(types).get(name, "float64") for name in tensors}
    packed = {
        name: struct.pack(f"<{len(values)}{'d' if kinds[name] == 'float64' else 'f'}", *values)
        for name, (_, values) in tensors.items()
    }
    digest = hashlib.sha256(canonical(fields))
    for name in sorted(tensors):
        digest.update(canonical([name, kinds[name], list(tensors[name][0])]) + packed[name])
    full = {**fields, "checksum": checksum or digest.hexdigest()}
    header = {"__metadata__": {"layerlab": json.dumps(full, sort_keys=True)}}
    body = b""
    for name in sorted(tensors, key=lambda name: (kinds[name] != "float64", name)):
        offsets = [len(body), len(body) + len(packed[name])]
        header[name] = {
            "dtype": words[kinds[name]],
            "shape": list(tensors[name][0]),
            "data_offsets": offsets,
        }
        body += packed[name]
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def test_file_written_by_hand_is_read():
    stored = record_from_bytes(by_hand(), "hand")
    record = stored.record
    assert record.theta.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert record.shift.tolist() == [8, 9]
    assert record.scale.tolist() == [10, 11]
    assert record.classes.tolist() == [3, 8]
    assert (record.widths, record.activations, record.output) == ((2, 1, 2), ("relu",), "sigmoid")
    assert (record.image_shape, record.value_range) == ((1, 2), (0.0, 255.0))
    assert (record.alpha, record.name) == (0.25, "by hand")
    assert stored.reference_outputs.tolist() == [[0.25, 0.75]]


def test_file_written_by_hand_has_our_checksum():
    stored = record_from_bytes(by_hand(), "hand")
    data = record_to_bytes(stored.record, stored.reference_inputs, stored.reference_outputs)
    assert equal(record_from_bytes(data, "ours"), stored)


def test_optional_keys_are_read_and_written_as_they_came():
    for said in ({"layer_norm": True}, {"multilabel": True}, {"views": VIEWS}):
        stored = record_from_bytes(changed(**said), "hand")
        data = record_to_bytes(stored.record, stored.reference_inputs, stored.reference_outputs)
        again = record_from_bytes(data, "ours").record
        assert (again.layer_norm, again.multilabel) == ("layer_norm" in said, "multilabel" in said)
        assert again.views == stored.record.views
    assert (again.views.n, again.views.deformation) == (4, Deformation(shift=0.5))


def test_a_file_without_optional_keys_is_as_it_was_before_there_were_any():
    assert hashlib.sha256(DATA).hexdigest() == BEFORE


def test_means_over_views_may_differ_by_single_precision():
    record, inputs, outputs = make(
        dtype=np.float64, views=StoredViews.from_dict(VIEWS | {"image_shape": [2, 2]})
    )
    stored = StoredModel(record, inputs.astype(float), outputs)
    assert stored.agrees_with(outputs + 0.9e-4)
    assert not stored.agrees_with(outputs + 1.1e-4)


def test_the_documentation_names_every_key_and_choice():
    text = DOCS.read_text(encoding="utf-8")
    for word in (*KEYS, *ACTIVATIONS, *OUTPUTS, *TENSORS):
        assert f"`{word}`" in text
    table = text.split("## The header")[1].split("## The tensors")[0]
    documented = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert documented == KEYS.keys() | OPTIONAL.keys()
    for word in VIEWS:
        assert f"`{word}`" in table
    assert f"from 2 to {MOST_VIEWS}:" in table


# --- Round trips ---


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([np.float32, np.float64]),
    st.lists(st.integers(1, 5), max_size=3),
    st.one_of(
        st.lists(st.text("abc07é ", min_size=1), unique=True, min_size=2, max_size=4),
        st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, min_size=2, max_size=4),
        st.just((False, True)),
        st.just((0.5, 1.0)),
    ),
)
def test_round_trip(seed, dtype, hidden, classes):
    record, inputs, outputs = make(seed, dtype, hidden, classes)
    data = record_to_bytes(record, inputs, outputs)
    stored = record_from_bytes(data, "m")
    assert equal(stored, StoredModel(record, inputs.astype(np.float64), outputs))
    assert stored.record.classes.dtype == record.classes.dtype
    assert record_to_bytes(stored.record, stored.reference_inputs, outputs) == data


def test_strided_arrays_are_stored_as_they_read():
    record, inputs, outputs = make()
    for theta in (np.repeat(record.theta, 2)[::2], record.theta.astype(">f4")[::1]):
        strided = ModelRecord(**{**vars(record), "theta": theta})
        data = record_to_bytes(
            strided, np.asfortranarray(inputs), np.repeat(outputs, 2, axis=1)[:, ::2]
        )
        assert data == record_to_bytes(record, inputs, outputs)


def test_same_bytes_in_another_process():
    program = (
        "import runpy, sys, hashlib;"
        "m = runpy.run_path(sys.argv[1]);"
        "print(hashlib.sha256(m['DATA']).hexdigest())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, __file__], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == hashlib.sha256(DATA).hexdigest()


def test_file_round_trip(tmp_path):
    parts = make()
    write_record(tmp_path / "m.layerlab", *parts)
    assert (tmp_path / "m.layerlab").read_bytes() == record_to_bytes(*parts)
    assert equal(
        read_record(tmp_path / "m.layerlab"), record_from_bytes(record_to_bytes(*parts), "")
    )
    assert [path.name for path in tmp_path.iterdir()] == ["m.layerlab"]


def test_answers_are_compared_with_the_stored_ones():
    answers = STORED.reference_outputs
    assert STORED.agrees_with(answers)
    assert STORED.agrees_with(answers + 0.9e-4)
    assert not STORED.agrees_with(answers + 1.1e-4)
    assert not STORED.agrees_with(answers[:1])
    assert not STORED.agrees_with(answers * np.nan)
    record, inputs, outputs = make(dtype=np.float64)
    double = StoredModel(record, inputs.astype(float), outputs)
    assert not double.agrees_with(outputs + 1e-8)


# --- Damage ---


@given(st.integers(0, len(DATA) - 1))
@example(0)
@example(8)
@example(len(DATA) - 1)
def test_a_file_cut_short_is_refused(length):
    with pytest.raises(ModelFileError):
        record_from_bytes(DATA[:length], "m")


def read(data):
    """Return the stored model and None, or None and the line of the refusal."""
    try:
        return record_from_bytes(data, "m"), None
    except ModelFileError as error:
        return None, str(error)


def read_right_or_refused(data):
    stored, line = read(data)
    if line is None:
        assert equal(stored, STORED)
    else:
        assert line.startswith("m ")
        assert "\n" not in line
        assert len(line) < 400


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_means_nothing(place, mask):
    data = bytearray(DATA)
    data[place] ^= mask
    read_right_or_refused(bytes(data))


@given(st.integers(0, len(DATA)), st.binary(min_size=1, max_size=9), st.integers(0, 9))
def test_bytes_put_in_or_taken_out_are_refused_or_mean_nothing(place, extra, gone):
    read_right_or_refused(DATA[:place] + extra + DATA[place + gone :])


def test_every_flipped_bit_of_the_tensors_is_found():
    start = 8 + struct.unpack("<Q", DATA[:8])[0]
    for place in range(start, len(DATA)):
        data = bytearray(DATA)
        data[place] ^= 1
        with pytest.raises(ModelFileError, match="checksum"):
            record_from_bytes(bytes(data), "m")


# --- Files made to mislead: each with a right checksum ---


def changed(**fields):
    return by_hand({**FIELDS, **fields})


def without(name):
    return {key: value for key, value in TENSORS.items() if key != name}


class Trap:
    """Pickled, it would make a file when loaded."""

    def __reduce__(self):
        return Path.touch, (Path("trap"),)


# What a header says of views, for the two values of a row as an image of 1 × 2.
VIEWS = {
    "background": 0.0,
    "deformation": {"shift": 0.5},
    "image_shape": [1, 2],
    "n": 4,
    "value_range": [0.0, 255.0],
}


def views(**said):
    return changed(views={**VIEWS, **said})


MISLEADING = {
    "layer norm false": (changed(layer_norm=False), "layer_norm is not of the right type: False"),
    "layer norm a number": (changed(layer_norm=1), "layer_norm is not of the right type"),
    "several labels false": (changed(multilabel=False), "multilabel is not of the right type"),
    "several labels null": (changed(multilabel=None), "multilabel is not of the right type"),
    "several labels of softmax": (
        changed(multilabel=True, output="softmax"),
        "several labels a row, and its output is not sigmoid",
    ),
    "views a list": (changed(views=[4]), "views is not of the right type"),
    "views null": (changed(views=None), "views is not of the right type"),
    "views empty": (changed(views={}), "have not the keys background, deformation"),
    "views of more keys": (views(hook="os.system"), "have not the keys"),
    "views without end": (views(n=10**12), "from 2 to 1024: 1000000000000"),
    "views one": (views(n=1), "from 2 to 1024: 1"),
    "views true": (views(n=True), "from 2 to 1024: True"),
    "views a half": (views(n=2.5), "from 2 to 1024: 2.5"),
    "views of another shape": (views(image_shape=[2, 2]), "views are not of its images"),
    "views of no shape": (views(image_shape=[]), "views are not of its images"),
    "views of a shape in text": (views(image_shape="12"), "no list as image_shape"),
    "views of a nested shape": (views(image_shape=[[1], 2]), "views are not of its images"),
    "views of a range turned round": (views(value_range=[1, 0]), "no value_range"),
    "views of half a range": (views(value_range=[0]), "no value_range"),
    "views of a range in text": (views(value_range=["0", "1"]), "no value_range"),
    "views on no ground": (views(background=None), "and background"),
    "views on a true ground": (views(background=True), "and background"),
    "views not deformed": (views(deformation={}), "not deformed at all"),
    "views deformed by a list": (views(deformation=[]), "no deformation"),
    "views deformed by a hook": (views(deformation={"hook": 1}), "what is not ours: 'hook'"),
    "views deformed too far": (views(deformation={"shift": 1e9}), "what is not ours: The 'shift'"),
    "views deformed by text": (views(deformation={"rotation": "1"}), "what is not ours"),
    "views flipped by a list": (views(deformation={"flip": [1]}), "what is not ours"),
    "views too far in pixels": (
        views(image_shape=[2, 1], deformation={"shift": 1e4, "width": 0.5}),
        "what is not ours: The 'width'",
    ),
    "pickle": (pickle.dumps(Trap()), "does not begin as"),
    "no version": (by_hand({}), "does not say its format version"),
    "version 0": (changed(format_version=0), "does not say its format version"),
    "version true": (changed(format_version=True), "does not say its format version"),
    "header a list": (by_hand(dict.fromkeys("a")), "does not say its format version"),
    "wrong checksum": (by_hand(checksum="0" * 64), "checksum"),
    "key missing": (
        by_hand({key: value for key, value in FIELDS.items() if key != "alpha"}),
        "lacks the key 'alpha'",
    ),
    "key unknown": (changed(hook="os.system"), "unknown key 'hook'"),
    "widths text": (changed(widths="212"), "widths is not of the right type"),
    "widths of floats": (changed(widths=[2.0, 1, 2]), "widths is not of the right type"),
    "widths of truth": (changed(widths=[2, True, 2]), "widths is not of the right type"),
    "widths empty": (changed(widths=[], activations=[]), "tensors are not those"),
    "widths of one": (changed(widths=[2], activations=[]), "tensors are not those"),
    "widths huge": (changed(widths=[2, 10**19, 2]), "shape"),
    "widths negative": (changed(widths=[2, -1, 2]), "shape"),
    "widths longer": (changed(widths=[2, 1, 1, 2]), "tensors are not those"),
    "widths swapped": (changed(widths=[1, 2, 1]), "shape"),
    "activation unknown": (changed(activations=["os.system"]), "activation 'os.system'"),
    "activation a number": (changed(activations=[1]), "activations is not of the right type"),
    "activations too many": (changed(activations=["relu"] * 2), "2 activations"),
    "output unknown": (changed(output="linear"), "output 'linear'"),
    "classes mixed": (changed(classes=[3, "8"]), "all str, int, bool or float"),
    "classes nested": (changed(classes=[[3], [8]]), "classes is not of the right type"),
    "classes too few": (changed(classes=[3]), "classes has the shape"),
    "classes twice": (changed(classes=[3, 3]), "not distinct"),
    "classes beyond 64 bits": (changed(classes=[3, 2**63]), "64 bits"),
    "class type wrong": (changed(class_type="str"), "class_type"),
    "class half a character": (changed(classes=["a", "\ud800"], class_type="str"), "UTF-8"),
    "feature names too few": (changed(feature_names=["a"]), "names 1 features of 2"),
    "image shape wrong": (changed(image_shape=[2, 2]), "image_shape"),
    "value range wrong": (changed(value_range=[1.0, 0.0]), "value_range"),
    "alpha negative": (changed(alpha=-0.5), "alpha"),
    "alpha infinite": (changed(alpha=float("inf")), "JSON"),
    "alpha text": (changed(alpha="0"), "alpha is not of the right type"),
    "name null": (changed(name=None), "name is not of the right type"),
    "tensor missing": (by_hand(tensors=without("b1")), "tensors are not those"),
    "tensor unknown": (by_hand(tensors={**TENSORS, "W2": ((1,), [0])}), "tensors are not those"),
    "weights of another shape": (
        by_hand(tensors={**TENSORS, "W0": ((1, 2), [1, 2])}),
        "does not have the shape",
    ),
    "weights of two types": (by_hand(types=[("W0", "float32")]), "not all of one type"),
    "weights not finite": (by_hand(tensors={**TENSORS, "b0": ((1,), [np.nan])}), "theta holds"),
    "shift of another shape": (by_hand(tensors={**TENSORS, "shift": ((1,), [8])}), "shift has"),
    "no reference": (
        by_hand(
            tensors={
                **TENSORS,
                "reference_inputs": ((0, 2), []),
                "reference_outputs": ((0, 2), []),
            }
        ),
        "reference rows",
    ),
    "reference of another shape": (
        by_hand(tensors={**TENSORS, "reference_inputs": ((2,), [1, 2])}),
        "reference rows",
    ),
}


@pytest.mark.parametrize(("data", "reason"), MISLEADING.values(), ids=MISLEADING)
def test_misleading_files_are_refused_in_one_line(data, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelFileError, match=reason) as caught:
        record_from_bytes(data, "some.layerlab")
    message = str(caught.value)
    assert message.startswith("some.layerlab is no layerlab model or is damaged: ")
    assert message.endswith("Take a fresh copy of it, or save the model again.")
    assert "\n" not in message
    assert len(message) < 400
    assert list(tmp_path.iterdir()) == []


def test_a_newer_format_is_said_clearly():
    data = by_hand({"format_version": 2, "layers": []})
    with pytest.raises(ModelFileError) as caught:
        record_from_bytes(data, "some.layerlab")
    assert str(caught.value) == (
        "some.layerlab was written by a newer layerlab: it has format 2, and this one reads "
        "format 1. Update layerlab to read it."
    )


# --- Files and what goes in ---


def test_missing_file_names_its_neighbours(tmp_path):
    (tmp_path / "model.layerlab").write_bytes(DATA)
    with pytest.raises(ModelFileError, match=r"There is no model file .*'model.layerlab'"):
        read_record(tmp_path / "modle.layerlab")
    with pytest.raises(ModelFileError, match="There is no model file"):
        read_record(tmp_path / "no" / "model.layerlab")


def test_a_folder_is_no_model_file(tmp_path):
    with pytest.raises(ModelFileError, match="is no file"):
        read_record(tmp_path)


def test_error_names_the_file(tmp_path):
    path = tmp_path / "model.layerlab"
    path.write_bytes(DATA[:100])
    with pytest.raises(ModelFileError) as caught:
        read_record(path)
    assert str(caught.value).startswith(f"{path} is no layerlab model or is damaged: ")


def test_saving_to_a_missing_folder_is_one_line(tmp_path):
    with pytest.raises(ModelFileError, match=r"cannot be saved to .*: No such file"):
        write_record(tmp_path / "no" / "m.layerlab", *make())


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        (np.zeros((2, 3)), np.zeros((2, 2))),
        (np.zeros((2, 4)), np.zeros((2, 3))),
        (np.zeros((2, 4)), np.zeros((1, 2))),
        (np.zeros((0, 4)), np.zeros((0, 2))),
        (np.zeros(4), np.zeros(2)),
        (np.float64(0), np.float64(0)),
        (np.full((1, 4), np.nan), np.zeros((1, 2))),
        (np.zeros((1, 4), np.float16), np.zeros((1, 2))),
    ],
)
def test_references_that_do_not_fit_are_refused(inputs, outputs, tmp_path):
    with pytest.raises(ModelFileError, match="Nothing was written"):
        write_record(tmp_path / "m.layerlab", make()[0], inputs, outputs)
    assert list(tmp_path.iterdir()) == []
