"""Deformed images against SciPy and by hand, on every path that computes them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from layerlab._compiled import KERNEL
from layerlab._counter import row_words
from layerlab.data.deformation import DEFORMATIONS, FLIPS, Deformation, enlarge, warp
from layerlab.data.deformation import compiled as compiled_path
from layerlab.data.deformation.draws import draw, inverse_maps
from layerlab.data.deformation.fields import (
    blur_factors,
    blur_matrix,
    elastic_field,
    raw_field,
)
from layerlab.data.deformation.sampling import displacements, sample
from layerlab.errors import DataError, ParameterError

TARGETS = () if KERNEL is None else KERNEL.TARGETS
EVERYTHING = Deformation(
    rotation=40, scale=0.4, shear=0.5, shift=2, elastic=6, elastic_blur=1.3,
    noise=0.1, erase=0.5, erase_area=0.3, contrast=0.4, flip="both",
)  # fmt: skip


def choose(monkeypatch, path):
    if path == "numpy":
        monkeypatch.setattr(compiled_path, "KERNEL", None)
    else:
        monkeypatch.setattr(compiled_path, "kernel_target", lambda: path)


@pytest.fixture(params=["numpy", *TARGETS])
def path(request, monkeypatch):
    choose(monkeypatch, request.param)
    return request.param


def noisy(n, shape, seed=0):
    return np.random.default_rng(seed).uniform(0, 1, (n, int(np.prod(shape))))


def deformed(X, deformation, shape, seed=1, key=2, rows=None, **options):
    numbers = np.arange(len(X)) if rows is None else rows
    return warp(X, deformation, shape, seed, key, numbers, **options)


# Moving


def by_map(images, maps):
    """Return images of shape (n, h, w) moved by maps alone."""
    height, width = images.shape[1:]
    moves = displacements(np.broadcast_to(maps, (len(images), 2, 3)), height, width)
    return sample(images[..., None].astype(np.float32), *moves)[..., 0]


@pytest.mark.parametrize("down", [-9, -3, 0, 2, 5])
@pytest.mark.parametrize("right", [-2, 0, 1, 8])
def test_whole_pixels_are_a_roll_with_background(down, right):
    images = noisy(3, (5, 7)).astype(np.float32).reshape(3, 5, 7)
    expected = np.zeros_like(images)
    for r in range(5):
        for c in range(7):
            if 0 <= r - down < 5 and 0 <= c - right < 7:
                expected[:, r, c] = images[:, r - down, c - right]
    np.testing.assert_array_equal(by_map(images, [[1, 0, -down], [0, 1, -right]]), expected)


@pytest.mark.parametrize("shape", [(8, 8), (7, 12), (28, 28)])
@pytest.mark.parametrize("degrees", [-90, -12, 5, 31, 180])
def test_a_turn_is_scipys(shape, degrees):
    images = noisy(2, shape).reshape(2, *shape)
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    matrix, centre = np.array([[c, s], [-s, c]]), (np.array(shape) - 1) / 2
    ours = by_map(images, np.column_stack([matrix, [0, 0]]))
    for moved, image in zip(ours, images, strict=True):
        expected = ndimage.affine_transform(
            image, matrix, centre - matrix @ centre, order=1, mode="grid-constant"
        )
        np.testing.assert_allclose(moved, expected, atol=2e-5 if degrees == 180 else 5e-6)


@pytest.mark.parametrize("degrees", [90.0, 30.0])
def test_a_positive_turn_is_counterclockwise(degrees):
    bar = np.zeros((1, 9, 9))
    bar[0, 4, 5:] = 1  # from the centre to the right
    u = np.full((15, 1), 0.5)
    u[0] = 1.0  # the whole of the rotation
    moved = by_map(bar, inverse_maps(u, Deformation(rotation=degrees)))[0]
    r, c = ndimage.center_of_mass(moved)
    np.testing.assert_allclose(np.arctan2(4 - r, c - 4), np.deg2rad(degrees), atol=0.02)


def expected_moves(own, words, height, width):
    """Return where SciPy is to look, from what was drawn."""
    drawn = draw(words, own, height, width)
    grid = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"))
    centre = np.array([height - 1, width - 1])[:, None, None] / 2
    down, right = raw_field(words, height, width)
    for map_, *fields in zip(drawn.maps, down, right, strict=True):
        field = [own.elastic * smooth(f, own.elastic_blur) for f in fields]
        at = np.tensordot(map_[:, :2], grid - centre, 1) + map_[:, 2, None, None] + centre
        yield at + field


def smooth(field, blur):
    return ndimage.gaussian_filter(field.astype(float), blur, mode="constant", truncate=12)


@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (5, 11), (12, 9, 3), (1, 6), (40, 33)])
@pytest.mark.parametrize("name", ["digits", "all of them"])
def test_warp_is_scipys_sampling_of_what_was_drawn(path, shape, name):
    chosen = DEFORMATIONS.get(name, Deformation(**MOVES))
    height, width = shape[:2]
    X, words = noisy(6, shape), row_words(1, 2, np.arange(6))
    ours = deformed(X, chosen, shape).reshape(6, height, width, -1)
    images = X.reshape(ours.shape)
    places = expected_moves(chosen.in_pixels(shape), words, height, width)
    for image, moved, at in zip(images, ours, places, strict=True):
        for k in range(image.shape[2]):
            expected = ndimage.map_coordinates(image[..., k], at, order=1, mode="grid-constant")
            np.testing.assert_allclose(moved[..., k], expected, atol=2e-5)


MOVES = {
    name: value
    for name, value in EVERYTHING.to_dict().items()
    if name in ("rotation", "scale", "shear", "shift", "elastic", "elastic_blur", "flip")
}


@pytest.mark.parametrize("flip", FLIPS[1:])
def test_flips_mirror_half_of_the_images_exactly(path, flip):
    X = noisy(600, (5, 8)).astype(np.float32)
    images = X.reshape(-1, 5, 8)
    ways = {
        "horizontal": [images, images[:, :, ::-1]],
        "vertical": [images, images[:, ::-1]],
        "both": [images, images[:, :, ::-1], images[:, ::-1], images[:, ::-1, ::-1]],
    }[flip]
    ours = deformed(X, Deformation(flip=flip), (5, 8)).reshape(images.shape)
    same = np.array([(ours == way).all(axis=(1, 2)) for way in ways])
    assert (same.sum(axis=0) == 1).all()
    share = 1 / len(ways)
    assert np.abs(same.mean(axis=1) - share).max() < 5 * np.sqrt(share * (1 - share) / 600)


# The field


@pytest.mark.parametrize(("blur", "factor"), [(1.5, 3), (4, 34), (0.7, 1), (0, 2)])
@pytest.mark.parametrize("shape", [(8, 8), (29, 29), (6, 13)])
def test_the_field_is_scipys_blur_of_uniform_numbers(shape, blur, factor):
    words = row_words(0, 0, np.arange(4))
    for bent, raw in zip(
        elastic_field(words, *shape, factor, blur), raw_field(words, *shape), strict=True
    ):
        assert np.abs(raw).max() < 1
        expected = [factor * (smooth(f, blur) if blur else f) for f in raw]
        np.testing.assert_allclose(bent, expected, atol=factor * 2e-6)


def test_the_raw_field_is_uniform_and_its_parts_are_independent():
    down, right = (f.ravel() for f in raw_field(row_words(3, 5, np.arange(50)), 28, 28))
    for part in (down, right):
        assert stats.kstest(part, stats.uniform(-1, 2).cdf).pvalue > 0.001
    assert abs(np.corrcoef(down, right)[0, 1]) < 5 / np.sqrt(len(down))


@pytest.mark.parametrize(("side", "blur"), [(28, 5.25), (28, 1.0), (8, 1.5), (64, 12), (1, 2)])
def test_the_factors_of_the_blur_make_the_blur(side, blur):
    first, second = blur_factors(side, blur)
    np.testing.assert_allclose(second @ first, blur_matrix(side, blur), atol=1e-6)


def test_a_wide_blur_is_of_a_low_rank():
    assert len(blur_factors(28, 5.25)[0]) < 15
    assert len(blur_factors(8, 1.5)[0]) == 8


def displacement(side, elastic, blur):
    words = row_words(0, 0, np.arange(1500))
    return np.std(elastic_field(words, side, side, elastic, blur)) / side


def test_digits_bend_alike_on_any_size_and_nearly_as_simards():
    eight, large = (DEFORMATIONS["digits"].in_pixels((side, side)) for side in (8, 28))
    small = displacement(8, eight.elastic, eight.elastic_blur)
    assert displacement(28, large.elastic, large.elastic_blur) == pytest.approx(small, rel=0.02)
    assert displacement(29, 34, 4) == pytest.approx(small, rel=0.25)


def test_displacements_have_the_stated_size_far_from_the_border():
    field = elastic_field(row_words(0, 0, np.arange(800)), 33, 33, 34.0, 4.0)[0]
    assert field[:, 16, 16].std() == pytest.approx(34 / (4 * np.sqrt(12 * np.pi)), rel=0.1)


# What is drawn


def maps(**options):
    return draw(row_words(7, 8, np.arange(4000)), Deformation(**options), 8, 8).maps


def is_uniform(values, low, high):
    assert low <= values.min() < low + 0.01 * (high - low)
    assert high - 0.01 * (high - low) < values.max() <= high
    return stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue > 0.001


def test_rotation_is_uniform_within_its_bounds():
    turned = maps(rotation=12)
    degrees = np.rad2deg(np.arctan2(turned[:, 0, 1], turned[:, 0, 0]))
    assert is_uniform(degrees, -12, 12)
    np.testing.assert_allclose(np.linalg.det(turned[:, :, :2]), 1)


def test_scales_are_uniform_and_of_their_own():
    scaled = 1 / np.diagonal(maps(scale=0.12)[:, :, :2], axis1=1, axis2=2)
    assert is_uniform(scaled[:, 0], 0.88, 1.12)
    assert is_uniform(scaled[:, 1], 0.88, 1.12)
    assert abs(np.corrcoef(scaled.T)[0, 1]) < 0.08


def test_shear_moves_rows_sideways():
    sheared = maps(shear=0.15)
    assert is_uniform(sheared[:, 1, 0], -0.15, 0.15)
    np.testing.assert_array_equal(sheared[:, 0], np.broadcast_to([1, 0, 0], (4000, 3)))


def test_shifts_are_uniform_and_of_their_own():
    shifted = -maps(shift=0.7)[:, :, 2]
    assert is_uniform(shifted[:, 0], -0.7, 0.7)
    assert is_uniform(shifted[:, 1], -0.7, 0.7)
    assert abs(np.corrcoef(shifted.T)[0, 1]) < 0.08


def test_a_map_undoes_shift_turn_shear_and_scale_in_this_order():
    one = draw(row_words(7, 8, np.arange(1)), EVERYTHING, 8, 8).maps[0]
    alone = {
        name: draw(row_words(7, 8, np.arange(1)), Deformation(**{name: value}), 8, 8).maps[0]
        for name, value in MOVES.items()
        if name not in ("elastic", "elastic_blur")
    }
    square = {name: np.vstack([part, [0, 0, 1]]) for name, part in alone.items()}
    product = np.eye(3)
    for name in ("flip", "scale", "shear", "rotation", "shift"):
        product = product @ square[name]
    np.testing.assert_allclose(one, product[:2], atol=1e-12)


# Values


def test_contrast_multiplies_the_distance_from_the_background(path):
    X = np.full((3000, 4), 1.0) * [0.2, 0.7, 1.2, -0.8]
    ours = deformed(X, Deformation(contrast=0.3), (2, 2), background=0.2, out_dtype=np.float64)
    factors = (ours[:, 1] - 0.2) / 0.5
    assert is_uniform(factors, 0.7, 1.3)
    np.testing.assert_allclose(ours, 0.2 + (X - 0.2) * factors[:, None], atol=1e-6)


def test_noise_is_normal_with_a_share_of_the_range(path):
    ours = deformed(np.zeros((400, 48)), Deformation(noise=0.05), (4, 4, 3), value_range=(0, 255))
    scaled = ours.ravel() / (0.05 * 255)
    assert stats.kstest(scaled, stats.norm.cdf).pvalue > 0.001
    assert np.abs(np.corrcoef(ours[:, :6].T) - np.eye(6)).max() < 0.25


def test_one_rectangle_of_the_stated_area_becomes_background(path):
    shape, chosen = (20, 30), Deformation(erase=1.0, erase_area=0.25)
    gone = deformed(np.ones((4000, 600)), chosen, shape, background=0.5) == 0.5
    gone = gone.reshape(-1, *shape)
    tall, wide = gone.any(axis=2).sum(axis=1), gone.any(axis=1).sum(axis=1)
    area = gone.sum(axis=(1, 2))
    np.testing.assert_array_equal(area, tall * wide)  # a filled rectangle
    # Half a pixel of rounding on either side.
    assert (area >= 0.0625 * 600 - (tall + wide) / 2 - 1).all()
    assert (area <= 0.25 * 600 + (tall + wide) / 2 + 1).all()
    assert (area > 0.2 * 600).mean() == pytest.approx(0.05 / 0.1875, abs=0.08)
    covered = gone.mean(axis=0)
    assert covered.min() > 0  # anywhere
    assert covered.max() < 0.4


def test_rectangles_come_as_often_as_stated(path):
    gone = deformed(np.ones((2000, 64)), Deformation(erase=0.3), (8, 8)).min(axis=1) == 0
    assert gone.mean() == pytest.approx(0.3, abs=0.05)


def test_all_may_be_erased(path):
    chosen = Deformation(erase=1.0, erase_area=1.0)
    ours = deformed(np.ones((500, 12)), chosen, (3, 4))
    assert ours.min() == 0


def test_what_comes_in_is_the_background(path):
    chosen = Deformation(shift=30.0)
    ours = deformed(np.full((200, 64), 5.0), chosen, (8, 8), background=7.0)
    assert ((ours >= 5) & (ours <= 7)).all()
    assert (ours == 7).all(axis=1).any()
    by_range = deformed(np.full((200, 64), 5.0), chosen, (8, 8), value_range=(3, 9))
    assert by_range.min() == 3


# Of what a row depends on


def test_nothing_leaves_rows_as_they_are(path):
    X = noisy(5, (8, 8)) * 1e9
    same = deformed(X, Deformation(), (8, 8), out_dtype=np.float64)
    np.testing.assert_array_equal(same, X)
    assert deformed(X, Deformation(), (8, 8)).dtype == np.float32


def test_a_row_depends_on_seed_key_and_its_number_alone(path):
    X, rows = noisy(150, (9, 8)), np.arange(150) * 7 + 3
    whole = deformed(X, EVERYTHING, (9, 8), rows=rows)
    mixed = np.random.default_rng(0).permutation(150)
    np.testing.assert_array_equal(
        deformed(X[mixed], EVERYTHING, (9, 8), rows=rows[mixed]), whole[mixed]
    )
    for part in (slice(0, 1), slice(1, 33), slice(100, 150)):
        np.testing.assert_array_equal(
            deformed(X[part], EVERYTHING, (9, 8), rows=rows[part]), whole[part]
        )
    for other in ({"seed": 5}, {"key": 5}, {"rows": rows + 1}):
        changed = deformed(X, EVERYTHING, (9, 8), **{"rows": rows, **other})
        assert (changed != whole).any(axis=1).all()


def test_splitting_does_not_matter_where_numpy_takes_blocks(monkeypatch):
    choose(monkeypatch, "numpy")
    X = noisy(300, (28, 28))
    whole = deformed(X, EVERYTHING, (28, 28))
    for part in (slice(0, 50), slice(50, 300)):
        rows = np.arange(300)[part]
        np.testing.assert_array_equal(
            deformed(X[part], EVERYTHING, (28, 28), rows=rows), whole[part]
        )


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_leave_no_trace(path, threads):
    X = noisy(333, (12, 12))
    many = deformed(X, EVERYTHING, (12, 12), n_threads=threads)
    np.testing.assert_array_equal(many, deformed(X, EVERYTHING, (12, 12)))


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, ">u2", np.uint16, np.int64, "<f2"])
def test_any_type_gives_what_its_values_give(path, dtype):
    X = (noisy(4, (6, 6)) * 100).astype(dtype)
    expected = deformed(X.astype(np.float64), EVERYTHING, (6, 6), value_range=(0, 100))
    ours = deformed(X, EVERYTHING, (6, 6), value_range=(0, 100))
    np.testing.assert_array_equal(ours, expected)


def test_any_layout_in_memory(path):
    X = noisy(40, (6, 6))
    expected = deformed(X, EVERYTHING, (6, 6))
    wide = np.zeros((40, 80))
    wide[:, ::2][:, :36] = X
    fixed = X.copy()
    fixed.flags.writeable = False
    for same in (np.asfortranarray(X), wide[:, ::2][:, :36], fixed):
        np.testing.assert_array_equal(deformed(same, EVERYTHING, (6, 6)), expected)


def test_a_large_background_costs_no_digits_in_double(path):
    X, chosen = noisy(20, (8, 8)), Deformation(rotation=30, elastic=2)
    plain = deformed(X, chosen, (8, 8), background=0.0, out_dtype=np.float64)
    lifted = deformed(X + 1e9, chosen, (8, 8), background=1e9, out_dtype=np.float64)
    np.testing.assert_allclose(lifted - 1e9, plain, atol=1e-6)


def test_no_rows_and_one(path):
    assert deformed(noisy(0, (8, 8)), EVERYTHING, (8, 8)).shape == (0, 64)
    assert deformed(noisy(1, (1, 1)), EVERYTHING, (1, 1)).shape == (1, 1)


# The compiled module against NumPy


@st.composite
def deformations(draw):
    share = st.floats(0, 0.9)
    return Deformation(
        rotation=draw(st.sampled_from([0, 12, 180])),
        scale=draw(share),
        shear=draw(share),
        shift=draw(st.sampled_from([0, 0.7, 50])),
        elastic=draw(st.sampled_from([0, 3, 34])),
        elastic_blur=draw(st.sampled_from([0, 0.3, 1.5, 6])),
        noise=draw(st.sampled_from([0, 0.2])),
        erase=draw(share),
        erase_area=draw(share),
        contrast=draw(share),
        flip=draw(st.sampled_from(FLIPS)),
        width=draw(st.sampled_from([None, 8.0])),
    )


@pytest.mark.skipif(KERNEL is None, reason="there is no compiled module")
@given(
    deformations(),
    st.tuples(st.integers(1, 20), st.integers(1, 40), st.integers(1, 4)),
    st.sampled_from([np.uint8, np.uint16, np.float32, np.float64]),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from(TARGETS or [""]),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_compiled_path_is_numpys(chosen, shape, dtype, out_dtype, target):
    X = (noisy(3, shape) * 200).astype(dtype)
    options = {"value_range": (0, 200), "background": 20.0, "out_dtype": out_dtype}
    ways = []
    for way in ("numpy", target):
        with pytest.MonkeyPatch.context() as patch:
            choose(patch, way)
            ways.append(deformed(X, chosen, shape, **options))
    assert ways[0].dtype == ways[1].dtype == out_dtype
    # Places far away, and those a scale of nearly nothing gives, have fewer digits.
    side = max(shape) / (1 - chosen.scale) + chosen.shift + chosen.elastic
    np.testing.assert_allclose(ways[0], ways[1], atol=200 * max(1e-5, 1e-6 * side))


@pytest.mark.skipif(KERNEL is None, reason="there is no compiled module")
@pytest.mark.parametrize(
    "wrong",
    [
        {"X": np.zeros((3, 63))},
        {"X": np.zeros((3, 64), np.int64)},
        {"X": np.zeros((3, 64), ">f8")},
        {"words": np.zeros(2, np.uint64)},
        {"words": np.zeros(3, np.float64)},
        {"sizes": np.zeros(9)},
        {"out": np.zeros((2, 64), np.float32)},
        {"out": np.zeros((3, 64), np.int32)},
        {"shape": (8, 8, 1, 0, 0)},
        {"shape": (0, 8, 1, 0, 1)},
        {"shape": (1 << 40, 1 << 40, 1, 0, 1)},
        {"rank": 9},
        {"factor": np.zeros((8, 8), np.float32)},
        {"factor": np.zeros((7, 16), np.float32)},
        {"target": "none"},
    ],
    ids=str,
)
def test_the_module_refuses_what_does_not_fit(wrong):
    square = np.zeros((8, 16), np.float32)
    sizes = np.zeros(10)
    sizes[4] = 1.0
    given = {
        "X": np.zeros((3, 64)), "words": np.zeros(3, np.uint64), "sizes": sizes,
        "shape": (8, 8, 1, 0, 1), "factor": square, "rank": 8,
        "out": np.zeros((3, 64), np.float32), "target": TARGETS[0], **wrong,
    }  # fmt: skip
    factors = (square, square, given["factor"], square, 8, given["rank"])
    with pytest.raises(ValueError, match=r"must|no such"):
        KERNEL.warp(
            given["X"], given["words"], given["sizes"], given["shape"], factors,
            given["out"], given["target"],
        )  # fmt: skip


def test_shapes_that_do_not_agree_are_refused():
    with pytest.raises(DataError, match="8×8 pixels need rows of 64 values"):
        deformed(np.zeros((2, 63)), EVERYTHING, (8, 8))
    with pytest.raises(DataError, match="2 images, but row numbers of shape"):
        deformed(np.zeros((2, 64)), EVERYTHING, (8, 8), rows=np.arange(3))
    with pytest.raises(ParameterError, match="n_threads"):
        deformed(np.zeros((2, 64)), EVERYTHING, (8, 8), n_threads=0)


# Enlarging


def test_copies_stand_behind_the_rows(path):
    X, y = noisy(5, (8, 8)).astype(np.float32), np.array(list("abcde"))
    rows, targets = enlarge(X, y, "digits", 2, (8, 8), seed=3)
    np.testing.assert_array_equal(rows[:5], X)
    assert targets.tolist() == list("abcde" * 3)
    for k in (1, 2):
        expected = warp(X, DEFORMATIONS["digits"], (8, 8), 3, k, np.arange(5))
        np.testing.assert_array_equal(rows[5 * k : 5 * k + 5], expected)


def test_targets_of_many_outputs_and_no_copies():
    Y = np.eye(3)
    _, targets = enlarge(np.ones((3, 4)), Y, "none", 1, (2, 2))
    np.testing.assert_array_equal(targets, np.vstack([Y, Y]))
    assert len(enlarge(np.ones((3, 4)), Y, "none", 0, (2, 2))[0]) == 3
    with pytest.raises(ParameterError, match="copies"):
        enlarge(np.ones((3, 4)), Y, "none", -1, (2, 2))
