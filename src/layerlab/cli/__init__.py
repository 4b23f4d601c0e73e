"""The command line: parses, and calls `layerlab.api`; nothing heavy is imported before it must."""

from layerlab.cli.entry import main

__all__ = ["main"]
