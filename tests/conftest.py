"""What every test shares."""

import os

from hypothesis import settings

# Tests leave the user's cache of decoded images alone; those about it name a folder.
os.environ["LAYERLAB_CACHE"] = "off"

# A shared two-core machine pauses at will; a slow example is not a failing one.
settings.register_profile("layerlab", deadline=None, print_blob=True)
settings.load_profile("layerlab")
