import signal
import subprocess
import sys

import pytest

from layerlab.cli.interrupts import Terminated, raise_interrupts

# Sends this process a signal when a module is about to be imported.
CUT_SHORT = """
import os, signal, sys
from layerlab.cli import main

class Cut:
    def find_spec(name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.{number})

sys.meta_path.insert(0, Cut)
sys.argv[1:] = ["explore", "nowhere.csv"]
main()
"""


@pytest.fixture
def handlers():
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("module", ["layerlab.cli.app", "numpy", "matplotlib"])
@pytest.mark.parametrize(
    ("number", "code", "said"),
    [("SIGINT", 130, "Interrupted.\n"), ("SIGTERM", 143, "Terminated.\n")],
)
def test_while_modules_are_imported_it_is_one_line_too(tmp_path, module, number, code, said):
    done = subprocess.run(
        [sys.executable, "-c", CUT_SHORT.format(module=module, number=number)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_in_a_run_they_raise(handlers, number, error):
    raise_interrupts()
    with pytest.raises(error):
        signal.raise_signal(number)


def test_what_is_ignored_stays_ignored(handlers):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise_interrupts()
    signal.raise_signal(signal.SIGTERM)
