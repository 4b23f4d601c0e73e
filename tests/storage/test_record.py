"""A record checks itself: parts that do not agree are refused in one line."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerlab.errors import ModelFileError
from layerlab.network import ACTIVATIONS, OUTPUTS
from layerlab.storage import ModelRecord
from layerlab.storage.record import class_names


def record(**changes):
    """Return the record of a 4-3-2 network, with some parts changed."""
    parts = {
        "widths": (4, 3, 2),
        "activations": ("tanh",),
        "output": "softmax",
        "theta": np.arange(23.0),
        "shift": np.zeros(4),
        "scale": np.ones(4),
        "classes": np.array(["a", "b"]),
        "feature_names": ("p", "q", "r", "s"),
        "image_shape": (2, 2),
        "value_range": (0.0, 16.0),
        "alpha": 1e-4,
        "name": "digits",
    }
    return ModelRecord(**{**parts, **changes})


def test_layers_are_theta_cut_one_behind_the_other():
    (W0, b0), (W1, b1) = record().layers
    assert W0.tolist() == np.arange(12).reshape(4, 3).tolist()
    assert b0.tolist() == [12, 13, 14]
    assert W1.tolist() == [[15, 16], [17, 18], [19, 20]]
    assert b1.tolist() == [21, 22]


def test_arrays_are_copies_and_read_only():
    theta = np.arange(23.0)
    made = record(theta=theta)
    theta[0] = 99
    assert made.theta[0] == 0
    for array in (made.theta, made.shift, made.scale, made.classes, made.layers[0][0]):
        assert not array.flags.writeable


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_can_be_stored(name):
    assert record(activations=(name,)).activations == (name,)


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_output_can_be_stored(name):
    assert record(output=name).output == name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    assert record(theta=np.arange(23, dtype=dtype)).theta.dtype == dtype


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"widths": (4,)}, "widths"),
        ({"widths": (4, 0, 2)}, "widths"),
        ({"widths": (4, 3.0, 2)}, "widths"),
        ({"activations": ()}, "0 activations for 1 hidden layers"),
        ({"activations": ("tanhh",)}, "activation 'tanhh', which is not one of"),
        ({"activations": (3,)}, "activation 3"),
        ({"output": "linear"}, "output 'linear', which is not one of softmax, sigmoid"),
        ({"theta": np.arange(22.0)}, r"theta has the shape \(22,\).* ask for \(23,\)"),
        ({"theta": np.arange(23.0).reshape(1, 23)}, "theta has the shape"),
        ({"theta": np.arange(23)}, "theta must be float32 or float64, not int64"),
        ({"theta": np.full(23, np.nan)}, "theta holds NaN"),
        ({"shift": np.zeros(3)}, "shift has the shape"),
        ({"scale": np.array([1, 2, np.inf, 3])}, "scale holds NaN or an infinity"),
        ({"classes": np.array(["a"])}, "classes has the shape"),
        ({"feature_names": ("p",)}, "names 1 features of 4"),
        ({"feature_names": ("p", "q", "r", 4)}, "UTF-8"),
        ({"feature_names": ("p", "q", "r", "\ud800")}, "UTF-8"),
        ({"image_shape": (2, 3)}, r"image_shape \(2, 3\) does not make 4 features"),
        ({"image_shape": (4,)}, "image_shape"),
        ({"image_shape": (-2, -2)}, "image_shape"),
        ({"value_range": (1.0, 0.0)}, "value_range"),
        ({"value_range": (0.0, np.nan)}, "value_range"),
        ({"alpha": -1.0}, "alpha is no number from 0 upwards"),
        ({"alpha": np.inf}, "alpha"),
        ({"name": None}, "UTF-8"),
    ],
)
def test_parts_that_do_not_agree_are_refused(changes, message):
    with pytest.raises(ModelFileError, match=message) as caught:
        record(**changes)
    assert "\n" not in str(caught.value)


def test_a_changed_record_is_checked_again():
    with pytest.raises(ModelFileError, match="alpha"):
        replace(record(), alpha=-1.0)


@pytest.mark.parametrize(
    ("names", "word", "dtype"),
    [
        (["b", "a"], "str", "<U1"),
        (np.array(["b", "a"], dtype=object), "str", "<U1"),
        (np.array([3, 7], dtype=np.uint8), "int", "int64"),
        ([-1, 2**63 - 1], "int", "int64"),
        (np.array([False, True]), "bool", "bool"),
        (np.array([0.5, 1.0], dtype=np.float32), "float", "float64"),
    ],
)
def test_class_names_keep_their_type(names, word, dtype):
    made = record(classes=names)
    assert made.class_type == word
    assert made.classes.dtype == dtype
    assert made.classes.tolist() == list(names)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), unique=True))
def test_any_text_can_be_a_class(names):
    if names:
        assert class_names(names).tolist() == names


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["a", "a"],
        ["1", 2],
        [True, 2],
        [1, 2.5],
        [None, "a"],
        [b"a", b"b"],
        [["a"], ["b"]],
        [2**63, 1],
        [0.0, float("nan")],
        [0.0, float("inf")],
        ["a\0", "b"],  # NumPy drops trailing zeros
        ["x" * 2**20, *map(str, range(2**10))],  # would take 4 GB
        np.array("a"),
        np.array([["a", "b"]]),
    ],
)
def test_other_classes_are_refused(names):
    with pytest.raises(ModelFileError, match="class"):
        class_names(names)
