from layerlab.data.checks.balance import check_balance


def test_even_classes_are_nothing_to_tell(part, noise):
    assert not list(check_balance(part(noise(40, 2))))


def test_one_class_is_an_error(part, noise):
    (found,) = check_balance(part(noise(4, 2), ["u", "v", "u", "u"], numbers=[0, 2, 3]))
    assert (found.level, found.kind, found.count) == ("error", "one-class", 3)
    assert "label" in found.advice


def test_small_classes_are_named(part, noise):
    labels = ["a"] * 20 + ["b"] * 20 + ["c"] * 3
    (found,) = check_balance(part(noise(43, 2), labels, numbers=range(42)))
    assert (found.level, found.kind, found.count) == ("warning", "small-class", 1)
    assert found.detail == "'c': 2 rows"


def test_uneven_classes(part, noise):
    (found,) = check_balance(part(noise(430, 2), [0] * 400 + [1] * 30))
    assert (found.level, found.kind) == ("note", "uneven-classes")
    assert "30 to 400 rows" in found.title
    assert "93.0 %" in found.detail
