"""``python -m layerlab``."""

from layerlab.cli import main

main()
