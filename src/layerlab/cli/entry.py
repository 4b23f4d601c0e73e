"""Where the command line begins."""

from __future__ import annotations

import io
import sys

from layerlab.cli.interrupts import leave_at_once

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    leave_at_once()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What the encoding of a pipe cannot hold is written as an escape, not as half an answer.
        sys.stdout.reconfigure(errors="backslashreplace")
    from layerlab.cli.app import app

    app(prog_name="layerlab" if sys.argv[0].endswith("__main__.py") else None)
