import pytest

from layerlab.data.columns import Roles, assign_roles
from layerlab.errors import DataError


def roles(names, label=None, group=None, **options):
    return assign_roles(names, label, group, "here", **options)


@pytest.mark.parametrize("name", ["label", "class", "target", "y", "Label", " TARGET ", "Y"])
def test_usual_names_in_any_case(name):
    assert roles(["a", name, "b"]) == Roles(1, None, (0, 2))


def test_y_gives_way_to_a_clearer_name():
    assert roles(["x", "y", "class"]) == Roles(2, None, (0, 1))


@pytest.mark.parametrize(
    ("label", "position"), [("b", 1), (1, 1), ("1", 1), (-1, 2), ("-1", 2), (0, 0)]
)
def test_label_by_name_or_position(label, position):
    assert roles(["a", "b", "label"], label).label == position


def test_a_name_comes_before_a_position():
    assert roles(["2", "1", "0"], 0).label == 2
    assert roles(["2", "1", "0"], "2").label == 0


def test_groups_are_no_feature():
    assert roles(["who", "a", "y"], group="who") == Roles(2, 0, (1,))


def test_default_is_used_where_nothing_is_named():
    assert roles(["a", "b"], default=-1).label == 1
    assert roles(["a", "b"], 0, default=-1).label == 0


@pytest.mark.parametrize(
    ("names", "options", "said"),
    [
        (
            ["a", "labels"],
            {},
            "no column is named label, class, target or y.*Did you mean 'labels'",
        ),
        (["a", "b"], {}, r"label= \(--label on the command line\); the columns are 'a', 'b'"),
        (["a", "species"], {"label": "speceis"}, "no column 'speceis'.*Did you mean 'species'"),
        (["a", "b"], {"label": 2}, "no column 2 .*0 to 1"),
        (["a", "b"], {"label": -3}, "no column -3"),
        (["a", "writer", "y"], {"group": "writr"}, "for the groups.*'writer'"),
        (["a", "label", "target"], {}, "both 'label' and 'target' could hold"),
        (["label", "Label"], {}, "could hold the labels"),
        (["a", "y"], {"group": "y"}, "both the labels and the groups"),
        (["y"], {}, "no column is left"),
        ([f"c{j}" for j in range(40)], {}, r"'c10', …, 'c39' \(40 in all\)"),
    ],
)
def test_refusals_name_what_is_there(names, options, said):
    with pytest.raises(DataError, match=f"^here: .*{said}") as refusal:
        roles(names, **options)
    assert "\n" not in str(refusal.value)
