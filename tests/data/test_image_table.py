import pytest

from layerlab.data.image_table import read_image_labels
from layerlab.errors import DataError

IMAGES = ["in/a.png", "in/b.png", "in/c.jpg"]


def labels(text, **how):
    return read_image_labels(text.encode(), IMAGES, "d/t.csv", **how)


@pytest.mark.parametrize(
    "text",
    [
        "file,label\na.png,cat\nb.png,dog\nc.jpg,cat\n",
        "label;file\ncat;in/a.png\ndog;in/b.png\ncat;in/c.jpg\n",
        "id,name\na,cat\nb,dog\nc,cat\n",
        "a.png,cat\nb.png,dog\nc.jpg,cat\n",
        "a.png,1,cat\nb.png,2,dog\nc.jpg,3,cat\n",
        "size,file,Class\n1,in\\a.png,cat\n2,in\\b.png,dog\n1,in\\c.jpg,cat\n",
        "\ufefffile,label\na.png,cat\na.png,cat\nb.png,dog\nc.jpg,cat\n",
    ],
)
def test_tables_in_many_forms(text):
    found = labels(text)
    assert found.classes == {"in/a.png": "cat", "in/b.png": "dog", "in/c.jpg": "cat"}
    assert (found.groups, found.warnings) == (None, ())


def test_columns_can_be_named():
    text = "file,kind,who\na.png,cat,x\nb.png,dog,y\nc.jpg,cat,x\n"
    found = labels(text, label="kind", groups="who")
    assert found.label_name == "kind"
    assert found.groups == {"in/a.png": "x", "in/b.png": "y", "in/c.jpg": "x"}
    assert labels(text, label=-2, groups="2") == found


def test_what_has_no_partner_is_said():
    found = labels("a.png,cat\nb.png,dog\n")
    assert found.warnings == ("the table of labels has no row for 1 images (in/c.jpg), left out.",)
    rows = "".join(f"{name},x\n" for name in ["a.png"] * 150 + ["gone.png"])
    assert "names 1 images (gone.png) that are not there" in labels(rows).warnings[1]


@pytest.mark.parametrize(
    ("text", "how", "message"),
    [
        ("x,1\ny,2\n", {}, "d/t.csv: no column names the images of its folder, such as 'in/a.png'"),
        ("a.png,1\nb.png\n", {}, "row 2: 1 cells, where row 1 has 2"),
        ("file,p,q\na.png,1,2\nb.png,1,2\n", {}, "--label NAME"),
        ("file,kind\na.png,1\n", {"label": "king"}, "Did you mean 'kind'?"),
        ("file,kind\na.png,1\n", {"groups": 7}, "no column 7"),
        ("a.png,1\nz.png,2\n", {}, "1 of 2 rows name images that are not in its folder"),
        ("a.png,1\nb.png,\n", {}, "row 2: 'in/b.png' has a blank label"),
        ("a.png,1\na.png,2\n", {}, "row 2: 'in/a.png' is '2' here and '1' before"),
    ],
)
def test_what_is_wrong_is_said(text, how, message):
    with pytest.raises(DataError) as error:
        labels(text, **how)
    assert str(error.value).startswith("d/t.csv")
    assert message in str(error.value)
