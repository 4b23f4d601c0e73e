from layerlab import engine, models, network


def test_public_names_are_sorted_and_there():
    for room in (engine, models, network):
        assert (
            sorted(room.__all__, key=lambda n: (not n.isupper(), n[0].islower(), n)) == room.__all__
        )
        assert all(hasattr(room, name) for name in room.__all__)
