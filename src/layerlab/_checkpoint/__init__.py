"""A fit's state on disk: when it is written, what a file holds, and how a run goes on from it."""

from layerlab._checkpoint.checkpoint import Checkpoint
from layerlab._checkpoint.context import described, fingerprint
from layerlab._checkpoint.kept_run import KeptRun
from layerlab._checkpoint.signals import NotedSignals, Stopped

__all__ = [
    "Checkpoint",
    "KeptRun",
    "NotedSignals",
    "Stopped",
    "described",
    "fingerprint",
]
