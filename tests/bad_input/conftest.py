"""How a case of bad input is judged."""

import warnings

import pytest

from layerlab.errors import DataWarning, InputError

TRACES = ("Traceback", 'File "', "<class", "Error(")


@pytest.fixture
def judged():
    """Return a function that runs ``action()`` and says whether what happened was as expected.

    ``expected`` is "E" (one clear error), "W" (a warning, and it goes on) or "OK" (not a word);
    ``mentions`` are texts that the error or the warnings must hold. Returns what ``action`` did.
    """

    def judge(action, expected, mentions=()):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result, error = _done(action)
        said = [str(w.message) for w in caught if issubclass(w.category, DataWarning)]
        others = [str(w.message) for w in caught if not issubclass(w.category, DataWarning)]
        assert not others, f"warnings of others: {others}"
        found = "E" if error else "W" if said else "OK"
        text = "\n".join([error, *said])
        assert found == expected, f"expected {expected}, found {found}: {text}"
        assert not [trace for trace in TRACES if trace in text], text
        for mention in mentions:
            assert mention in text, f"{mention!r} is not in: {text}"
        return result

    return judge


def _done(action):
    try:
        return action(), ""
    except InputError as error:
        return None, str(error)
