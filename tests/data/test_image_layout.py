import pytest

from layerlab.data.image_layout import find_layout, natural
from layerlab.errors import DataError


def names(*folders, images=("a.png", "b.png"), around=""):
    return [f"{around}{folder}/{image}" for folder in folders for image in images]


def classes(layout):
    return sorted({name for _, name in layout.images})


def test_names_are_sorted_as_people_count():
    found = sorted(["a10", "a2", "b1", "a02", "a", "10", "9"], key=natural)
    assert found == ["9", "10", "a", "a02", "a2", "a10", "b1"]


def test_sub_folders_are_classes_in_order():
    layout = find_layout(["10/x.png", "9/i10.png", "9/i9.png"], "d")
    assert layout.images == (("9/i9.png", "9"), ("9/i10.png", "9"), ("10/x.png", "10"))
    assert (layout.test, layout.warnings, layout.flat) == ((), (), False)


def test_folders_around_are_seen_through():
    layout = find_layout([*names("cat", "dog", around="in/side/"), "LICENSE", "README.md"], "d")
    assert classes(layout) == ["cat", "dog"]
    assert layout.images[0] == ("in/side/cat/a.png", "cat")
    assert not layout.warnings


@pytest.mark.parametrize("test", ["test", "Test", "t10k", "testing"])
def test_a_test_folder_beside_the_classes_is_the_test_part(test):
    layout = find_layout(names("0", "1", f"{test}/0", f"{test}/1"), "d")
    assert classes(layout) == ["0", "1"]
    assert [name for name, _ in layout.test] == [f"{test}/{i}/{j}.png" for i in "01" for j in "ab"]
    assert f"{test!r} beside the class folders" in layout.warnings[0]
    assert "--test none" in layout.warnings[0]


def test_training_and_test_folders_side_by_side_need_no_warning():
    layout = find_layout(names("training/0", "training/1", "testing/0", "testing/1"), "d")
    assert classes(layout) == ["0", "1"]
    assert (len(layout.images), len(layout.test)) == (4, 4)
    assert layout.notes == (
        "'training' is the training part and 'testing' the test part, by the folders' names.",
    )
    assert not layout.warnings


def test_validation_is_left_out_with_what_to_do():
    layout = find_layout(names("train/0", "train/1", "val/0", "val/1"), "d")
    assert (len(layout.images), len(layout.test)) == (4, 0)
    assert "'val' is left out" in layout.warnings[0]
    assert "--test d/val" in layout.warnings[0]


def test_a_test_folder_without_classes_is_left_out():
    layout = find_layout(names("0", "1", "test"), "d")
    assert classes(layout) == ["0", "1"]
    assert not layout.test
    assert "left out: test/." in layout.warnings[0]


def test_train_and_test_alone_are_no_classes():
    with pytest.raises(
        DataError, match=r"cannot be told which folders are the classes: test, train"
    ):
        find_layout(names("train", "test"), "d")


def test_a_class_may_be_called_train():
    assert classes(find_layout(names("car", "train"), "d")) == ["car", "train"]


def test_what_is_left_out_is_named():
    layout = find_layout(
        [
            *names("0", "1"),
            "2/",
            "data.csv",
            "loose.png",
            "0/Thumbs.db",
            "1/Thumbs.db",
            ".DS_Store",
            "1/notes.txt",
            "docs/a.txt",
            "0/deeper/c.png",
            "__MACOSX/0/a.png",
            ".git/config",
        ],
        "d",
    )
    assert classes(layout) == ["0", "1"]
    empty, left, hidden = layout.warnings
    assert "without images are left out: 2." in empty
    for name in ("data.csv", "loose.png", "docs/", "0/deeper/", "1/notes.txt"):
        assert name in left
    for name in ("Thumbs.db (2 times)", ".DS_Store", "__MACOSX", ".git"):
        assert name in hidden


def test_any_name_may_be_an_image_but_documents():
    layout = find_layout(["0/a", "0/b.dat", "0/c.PNG", "0/d.svg", "0/e.txt", "0/README"], "d")
    assert [name for name, _ in layout.images] == ["0/a", "0/b.dat", "0/c.PNG", "0/d.svg"]


def test_a_flat_folder_has_its_tables():
    for around in ("", "in/", "in/side/"):
        images = [f"{around}b.png", f"{around}a.png"]
        layout = find_layout([*images, f"{around}labels.csv", "x.txt"], "d")
        assert layout.flat
        assert layout.images == ((f"{around}a.png", ""), (f"{around}b.png", ""))
        assert layout.tables == (f"{around}labels.csv",)


def test_a_table_may_stand_beside_the_folder_of_images():
    layout = find_layout(["d/images/a.png", "d/images/b.png", "d/labels.csv"], "d")
    assert layout.flat
    assert layout.tables == ("d/labels.csv",)
    assert find_layout(["d/images/a.png"], "d").images == (("d/images/a.png", "images"),)


@pytest.mark.parametrize("given", [[], ["a.txt"], ["0/", "1/"], [".x/a.png"]])
def test_no_images_are_said(given):
    with pytest.raises(DataError, match="d: there are no images"):
        find_layout(given, "d")


def test_two_places_that_could_be_meant_are_named():
    with pytest.raises(DataError, match=r"d: it cannot be told .* one, two hold images"):
        find_layout(names("one/0", "one/1", "two/0", "two/1"), "d")
