"""Deformations as values: checked, written and read, named, and brought to a size."""

import json

import numpy as np
import pytest

from layerlab.data.deformation import DEFORMATIONS, FLIPS, Deformation, deformation_named
from layerlab.errors import ParameterError

SHARE = ("scale", "erase", "erase_area", "contrast")


def test_nothing_happens_by_default():
    assert not Deformation().changes
    assert not DEFORMATIONS["none"].changes


@pytest.mark.parametrize("name", sorted(DEFORMATIONS))
def test_every_preset_survives_json(name):
    preset = DEFORMATIONS[name]
    assert Deformation.from_dict(json.loads(json.dumps(preset.to_dict()))) == preset
    assert deformation_named(name) is preset


def test_missing_keys_have_their_default():
    assert Deformation.from_dict({"rotation": 5}) == Deformation(rotation=5.0)


def test_an_unknown_key_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match=r"'rotatoin' is no option .*rotation"):
        Deformation.from_dict({"rotatoin": 5})


def test_a_deformation_is_its_own_name_and_none_is_none():
    own = Deformation(rotation=1)
    assert deformation_named(own) is own
    assert deformation_named(None) == Deformation()


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match=r"'augment' parameter must be one of .*'digits'"):
        deformation_named("digit")


@pytest.mark.parametrize("name", [name for name in Deformation().to_dict() if name != "flip"])
@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf, "1", True])
def test_numbers_out_of_range_are_refused(name, value):
    with pytest.raises(ParameterError, match=f"'{name}' parameter must be a number in the range"):
        Deformation(**{name: value})


@pytest.mark.parametrize("name", SHARE)
def test_shares_end_at_one(name):
    with pytest.raises(ParameterError, match=f"'{name}'"):
        Deformation(**{name: 1.01})


def test_a_scale_of_one_would_leave_nothing():
    with pytest.raises(ParameterError, match=r"\[0.0, 1.0\)"):
        Deformation(scale=1.0)


def test_an_unknown_flip_is_refused():
    with pytest.raises(ParameterError, match="'horizontal'"):
        Deformation(flip="horizontally")


@pytest.mark.parametrize(
    "options",
    [{name: 0.5} for name in ("rotation", "scale", "shear", "shift", "elastic")]
    + [{"flip": flip} for flip in FLIPS[1:]],
    ids=str,
)
def test_what_moves(options):
    assert Deformation(**options).moves
    assert Deformation(**options).changes


@pytest.mark.parametrize("options", [{"noise": 0.5}, {"contrast": 0.5}, {"erase": 0.5}], ids=str)
def test_what_changes_without_moving(options):
    assert not Deformation(**options).moves
    assert Deformation(**options).changes


def test_nothing_to_erase_is_no_change():
    assert not Deformation(erase=0.5, erase_area=0.0).changes


def test_digits_on_eight_pixels_are_the_trial():
    assert DEFORMATIONS["digits"].in_pixels((8, 8)).to_dict() == {
        **Deformation().to_dict(),
        "rotation": 12.0,
        "scale": 0.12,
        "shear": 0.15,
        "shift": 0.7,
        "elastic": 3.0,
        "elastic_blur": 1.5,
    }


def test_lengths_grow_with_the_shorter_side():
    wide = DEFORMATIONS["digits"].in_pixels((28, 40, 3))
    assert wide.shift == pytest.approx(0.7 * 3.5)
    assert wide.elastic_blur == pytest.approx(1.5 * 3.5)
    assert wide.elastic == pytest.approx(3 * 3.5**2)
    assert wide.rotation == 12
    assert wide.in_pixels((8, 8)) is wide


def test_without_a_width_lengths_are_pixels_of_any_image():
    own = Deformation(shift=2, elastic=34, elastic_blur=4)
    assert own.in_pixels((50, 60)) is own
