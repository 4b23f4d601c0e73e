"""A process that holds one piece of work and times it when asked; `race` starts and asks it.

It is started with the numbers of its cores, and takes to them before anything
that looks for cores is imported. Each line on its input is a request in JSON,
each on its output an answer.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from statistics import median
from time import perf_counter
from typing import Any

__all__ = ["Server", "plain"]

Work = Callable[[], Any]

FEWEST_CALLS = 3


class Server:
    """Makes work, and times it."""

    def __init__(self) -> None:
        self.work: Work | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            if "make" in request:
                return self.make(request["make"], request["arguments"])
            return self.time(request["seconds"])
        except ModuleNotFoundError as absent:
            return {"missing": f"{absent.name} is not installed"}
        except Exception:
            return {"error": traceback.format_exc()}

    def make(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Make the work that ``"module:function"`` returns; the last is forgotten first."""
        self.work = None
        module, _, function = name.partition(":")
        self.work = getattr(import_module(module), function)(**arguments)
        return {}

    def time(self, seconds: float) -> dict[str, Any]:
        """Return the median time of the calls that fill ``seconds``, or that of one longer call.

        The first of several is left out: the caches have been others' before it.
        """
        value, first = self.call()
        times: list[float] = []
        while first < seconds and (sum(times) < seconds or len(times) < FEWEST_CALLS):
            value, taken = self.call()
            times.append(taken)
        return {"seconds": median(times or [first]), "calls": len(times or [first]), "value": value}

    def call(self) -> tuple[Any, float]:
        if self.work is None:
            raise RuntimeError("nothing has been made to be timed")
        began = perf_counter()
        value = self.work()
        return value, perf_counter() - began


def serve(cores: list[int]) -> None:
    """Answer until the input ends; what libraries print goes to stderr."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    server = Server()
    for line in sys.stdin:
        answer = server.answer(json.loads(line))
        print(json.dumps(answer, default=plain), file=answers, flush=True)


def plain(array: Any) -> Any:
    """Return an array, NumPy's or a peer's, as JSON can hold it."""
    return array.tolist()


if __name__ == "__main__":
    serve([int(core) for core in sys.argv[1].split(",")])
