"""What every test shares."""

import os
import signal

import pytest
from hypothesis import settings

# Tests leave the user's cache of decoded images alone; those about it name a folder.
os.environ["LAYERLAB_CACHE"] = "off"

# A shared two-core machine pauses at will; a slow example is not a failing one.
settings.register_profile("layerlab", deadline=None, print_blob=True)
settings.load_profile("layerlab")


@pytest.fixture(autouse=True)
def _signals_are_handled_as_before():
    """Put back what Ctrl-C and SIGTERM do: the command line, run in this process, changes it."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)
