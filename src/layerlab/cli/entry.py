"""Where the command line begins."""

from __future__ import annotations

import sys

from layerlab.cli.interrupts import leave_at_once

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    leave_at_once()
    from layerlab.cli.app import app

    app(prog_name="layerlab" if sys.argv[0].endswith("__main__.py") else None)
