"""What every test shares."""

from hypothesis import settings

# A shared two-core machine pauses at will; a slow example is not a failing one.
settings.register_profile("layerlab", deadline=None, print_blob=True)
settings.load_profile("layerlab")
