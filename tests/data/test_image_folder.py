import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from layerlab.data.image_file import is_image, read_image_files
from layerlab.data.image_folder import read_image_folder
from layerlab.data.image_options import ImageOptions
from layerlab.errors import DataError, DataWarning

AS_IT_IS = ImageOptions()


def save(path, value, size=(4, 3)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(size, value, np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path):
    for label in ("10", "9"):
        for i in (10, 9, 1):
            save(tmp_path / label / f"i{i}.png", 10 * int(label) + i)
    return tmp_path


def test_rows_are_ordered_by_class_and_name_with_whole_numbers_as_labels(folder):
    raw = read_image_folder(str(folder), AS_IT_IS)
    assert raw.y.tolist() == [9, 9, 9, 10, 10, 10]
    assert raw.rows[:, 0, 0].tolist() == [91, 99, 100, 101, 109, 110]
    assert (raw.value_range, raw.test, raw.groups) == ((0, 255), None, None)
    assert raw.notes[0] == "Images: 4×3, grey, 8 bits."


def test_the_test_part_comes_along(folder):
    save(folder / "test" / "9" / "t.png", 5)
    save(folder / "test" / "10" / "t.png", 6)
    with pytest.warns(DataWarning, match="'test' beside the class folders"):
        raw = read_image_folder(str(folder), AS_IT_IS)
    assert len(raw.rows) == 6
    assert raw.test.y.tolist() == [9, 10]
    assert raw.test.rows[:, 0, 0].tolist() == [5, 6]


def test_a_flat_folder_with_a_table(folder):
    (folder / "9" / "labels.csv").write_text(
        "file,class,who\ni1.png,a,x\ni9.png,b,x\ni10.png,a,y\n"
    )
    raw = read_image_folder(str(folder / "9"), AS_IT_IS, groups="who")
    assert raw.y.tolist() == ["a", "b", "a"]
    assert raw.groups.tolist() == ["x", "x", "y"]
    assert raw.label_name == "class"


def test_two_tables_are_one_too_many(folder):
    for name in ("a.csv", "b.csv"):
        (folder / "9" / name).write_text("i1.png,a\n")
    with pytest.raises(DataError, match=r"tables 'a.csv' and 'b.csv' stand beside the images"):
        read_image_folder(str(folder / "9"), AS_IT_IS)


def test_a_flat_folder_without_a_table_has_no_labels(folder):
    raw = read_image_folder(str(folder / "9"), AS_IT_IS)
    assert raw.y is None
    assert len(raw.rows) == 3


def test_one_bad_image_of_many_is_left_out_with_its_label(tmp_path):
    for i in range(120):
        save(tmp_path / str(i % 2) / f"{i}.png", i)
    (tmp_path / "1" / "3.png").write_bytes(b"nothing")
    with pytest.warns(DataWarning, match=r"1 of 120 images cannot be read .* 1/3.png: this is"):
        raw = read_image_folder(str(tmp_path), AS_IT_IS)
    assert raw.y.tolist() == [0] * 60 + [1] * 59
    assert raw.rows[:, 0, 0].tolist() == [*range(0, 120, 2), 1, *range(5, 120, 2)]
    assert any("1 of 120 images" in note for note in raw.notes)


def test_files_given_one_by_one_keep_their_order_and_must_be_good(folder):
    paths = [str(folder / "9" / "i10.png"), str(folder / "10" / "i1.png")]
    raw = read_image_files(paths, AS_IT_IS)
    assert raw.rows[:, 0, 0].tolist() == [100, 101]
    assert raw.y is None
    (folder / "bad").write_bytes(b"nothing")
    many = [*paths * 100, str(folder / "bad")]
    with pytest.raises(DataError, match="bad: this is no image"):
        read_image_files(many, AS_IT_IS)
    with pytest.raises(DataError, match="the file cannot be read"):
        read_image_files([str(folder / "none.png")], AS_IT_IS)


def test_images_are_told_by_content(folder):
    assert is_image((folder / "9" / "i1.png").read_bytes()[:64])
    assert not is_image(b"0,1,2\n")


def test_links_to_images_and_folders_are_followed_but_not_round(folder):
    try:
        os.symlink(folder / "9", folder / "11", target_is_directory=True)
        os.symlink(folder, folder / "9" / "round", target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    with pytest.warns(DataWarning, match="9/round/"):
        raw = read_image_folder(str(folder), AS_IT_IS)
    assert raw.y.tolist() == [9] * 3 + [10] * 3 + [11] * 3


def test_gujarati_digits():
    data = os.environ.get("LAYERLAB_DATA")
    if not data:
        pytest.skip("LAYERLAB_DATA names no folder of data sets")
    with pytest.warns(DataWarning) as said:
        raw = read_image_folder(str(Path(data) / "gujarati-digits"), AS_IT_IS)
    assert raw.rows.shape == (1000, 28, 28)
    assert raw.test.rows.shape == (100, 28, 28)
    assert np.unique(raw.y, return_counts=True)[1].tolist() == [100] * 10
    assert ["'test'" in str(one.message) for one in said] == [True, False]
    assert "data.csv" in str(said[1].message)
    assert "Polarity: dark on light, by the images' borders." in raw.notes
