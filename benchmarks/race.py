"""Entrants timed in turn, so that what the machine does meanwhile happens to all of them alike.

Each lives in a process of its own, kept from the first round to the last, held
to its cores and asked for one time a round. Ratios are taken within a round.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from types import TracebackType
from typing import Any

from benchmarks.record import usable_cores

__all__ = ["Child", "Entrant", "Lap", "Runner", "race", "runners"]

ROOT = Path(__file__).parents[1]
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# Threads that a library keeps go on spinning for some milliseconds after its call has returned.
SETTLE = 0.03
PATIENCE = 20.0  # seconds for a process to end by itself


@dataclass(frozen=True)
class Entrant:
    """Who is timed, and how.

    Attributes
    ----------
    name : str
    work : callable
        A function of a module. In the child it is called with what describes the
        problem, with ``options`` and with ``threads``, and returns what is timed: a
        callable whose value, anything JSON can hold, is kept.
    cores : int or None
        How many it is held to. None: all there are.
    threads : int or None
        None: as many as it takes by itself.
    options : mapping
    environment : mapping of str to str
        Variables set for its process.
    ours : bool
        Whether others are compared with it.
    by : str
        Whose it is, where the name says more than that.
    """

    name: str
    work: Callable[..., Any]
    cores: int | None = 1
    threads: int | None = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    ours: bool = False
    by: str = ""

    @property
    def setting(self) -> str:
        """Cores and threads in words."""
        if self.threads is None:
            return "default" if self.cores is None else f"default on {_counted(self.cores, 'core')}"
        cores = "all cores" if self.cores is None else _counted(self.cores, "core")
        return f"{cores}, {_counted(self.threads, 'thread')}"


@dataclass(frozen=True)
class Lap:
    """One round of one entrant: the median time of its calls, how many, and the last's value."""

    seconds: float
    calls: int
    value: Any


class Child:
    """The process of one entrant.

    Attributes
    ----------
    missing : str or None
        Why there is nothing to time.
    """

    def __init__(self, entrant: Entrant) -> None:
        self.entrant = entrant
        self.missing: str | None = None
        self._problem: Mapping[str, Any] | None = None
        cores = usable_cores()[-(entrant.cores or len(usable_cores())) :]
        # Any: its type does not know that both pipes are there.
        self._process: Any = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.child", ",".join(map(str, cores))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            env=_environment(entrant),
        )

    def make(self, problem: Mapping[str, Any]) -> None:
        """Have it make its work for this problem, if that is not what it holds."""
        if self.missing or problem == self._problem:
            return
        work, options = self.entrant.work, self.entrant.options
        arguments = {**problem, **options, "threads": self.entrant.threads}
        answer = self._ask(make=f"{work.__module__}:{work.__qualname__}", arguments=arguments)
        self.missing, self._problem = answer.get("missing"), problem

    def time(self, seconds: float) -> Lap:
        """Let it work for that long, or for one call, and return what it took."""
        return Lap(**self._ask(seconds=seconds))

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._process.stdin.close()  # the end of its input is the end of its work
        self._process.stdout.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, **request: Any) -> dict[str, Any]:
        told = self._exchange(request)
        if "error" in told:
            raise RuntimeError(f"{self.entrant.name}: {told['error']}")
        return told

    def _exchange(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the process of {self.entrant.name} ended: {self._process.wait()}")
        told: dict[str, Any] = json.loads(answer)
        return told


@dataclass
class Runner:
    """An entrant with its process, and what became of it; no process where cores are too few."""

    entrant: Entrant
    child: Child | None
    missing: str | None = None
    laps: list[Lap] = field(default_factory=list)

    def lap(self, problem: Mapping[str, Any], seconds: float) -> Lap | None:
        """Return one time; None where it has none to give."""
        if self.child is None:
            return None
        self.child.make(problem)
        self.missing = self.child.missing
        return None if self.missing else self.child.time(seconds)


@contextmanager
def runners(entrants: Sequence[Entrant]) -> Iterator[list[Runner]]:
    """Start a process for each entrant, and end them after the block."""
    available = len(usable_cores())
    with ExitStack() as stack:
        yield [
            Runner(entrant, stack.enter_context(Child(entrant)))
            if (entrant.cores or 1) <= available
            else Runner(entrant, None, f"needs {entrant.cores} cores")
            for entrant in entrants
        ]


def race(
    line_up: Sequence[Runner],
    problems: Sequence[Mapping[str, Any]],
    seconds: float,
    warm: Mapping[str, Any] | None,
) -> list[Runner]:
    """Time every runner once a problem, in turn.

    Parameters
    ----------
    line_up : sequence of Runner
    problems : sequence of mapping
        One a round; equal ones are made once.
    seconds : float
        How long a runner's calls are repeated within its turn.
    warm : mapping or None
        The problem of a round before the first that is not counted, as what libraries do
        at a first call is nobody's; None: no such round.

    Returns
    -------
    run : list of Runner
        With a lap a round, or the reason why there is none.
    """
    run = [Runner(runner.entrant, runner.child, runner.missing) for runner in line_up]
    if warm is not None:
        _round(run, warm, seconds)
    for problem in problems:
        for runner, lap in zip(run, _round(run, problem, seconds), strict=True):
            runner.laps += [lap] if lap is not None else []
    return run


def _round(run: Sequence[Runner], problem: Mapping[str, Any], seconds: float) -> list[Lap | None]:
    laps = []
    for runner in run:
        laps.append(runner.lap(problem, seconds))
        if runner.entrant.cores != 1:
            sleep(SETTLE)
    return laps


def _environment(entrant: Entrant) -> dict[str, str]:
    """Return this process's own, its settings of threads replaced by the entrant's."""
    kept = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
    if entrant.threads is not None:
        kept |= dict.fromkeys(THREAD_VARIABLES, str(entrant.threads))
    folders = [folder for folder in kept.get("PYTHONPATH", "").split(os.pathsep) if folder]
    path = os.pathsep.join(os.path.abspath(folder) for folder in folders)  # it starts elsewhere
    return kept | {"PYTHONPATH": path} | dict(entrant.environment)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
