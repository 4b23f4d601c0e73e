import layerlab.data


def test_all_is_sorted_and_complete():
    names = layerlab.data.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert all(hasattr(layerlab.data, name) for name in names)
