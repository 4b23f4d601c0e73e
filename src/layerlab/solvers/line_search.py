"""The line search of Hager and Zhang, with the approximate Wolfe conditions.

Near a minimum, differences of costs drown in rounding long before slopes do,
so the usual Wolfe test stalls at about the square root of machine precision.
The approximate conditions compare slopes instead and work to full precision.

References
----------
W. W. Hager, H. Zhang (2005), "A new conjugate gradient method with guaranteed
descent and an efficient line search", SIAM J. Optim. 16(1), section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, sqrt
from typing import NamedTuple

from layerlab._typing import Vector
from layerlab.solvers.counted import CountedObjective
from layerlab.solvers.solution import Point
from layerlab.solvers.vectors import moved

__all__ = [
    "Line",
    "LinePoint",
    "WolfeConditions",
    "hager_zhang_search",
    "interpolated_step",
    "polyak_step",
]

# Hager & Zhang's bracket must shrink by this factor a round (γ), and grows by this one (ρ).
SHRINK, GROW = 0.66, 5.0
MAX_EVALUATIONS = 40
MAX_INTERPOLATIONS = 10


@dataclass(frozen=True)
class WolfeConditions:
    """When a step is good enough.

    Attributes
    ----------
    decrease : float
        δ: the share of the initial slope by which the cost must fall.
    curvature : float
        σ: the share of the initial slope that may be left.
    precision : float
        ε: the rise of the cost, relative to it, that counts as rounding.
    """

    decrease: float = 0.1
    curvature: float = 0.9
    precision: float = 1e-6


class LinePoint(NamedTuple):
    """A point on a line: step, slope along it, and theta with cost and gradient there."""

    step: float
    slope: float
    point: Point

    @property
    def cost(self) -> float:
        """The cost there."""
        return self.point.cost


class Line:
    """The cost along a direction from a point.

    Parameters
    ----------
    objective : CountedObjective
    start : Point
    direction : ndarray of shape (n_weights,)

    Attributes
    ----------
    start : LinePoint
        Step 0.
    best : LinePoint
        The lowest of the points evaluated so far.
    """

    def __init__(self, objective: CountedObjective, start: Point, direction: Vector) -> None:
        self._objective = objective
        self._direction = direction
        self.start = LinePoint(0.0, float(direction.dot(start.gradient)), start)
        self.best = self.start
        self.evaluations = 0

    def at(self, step: float) -> LinePoint:
        """Evaluate cost and gradient; a cost that is not finite counts as infinite."""
        self.evaluations += 1
        point = self._objective.at(self._theta(step))
        if not point.finite:
            return LinePoint(step, inf, Point(point.theta, inf, point.gradient))
        found = LinePoint(step, float(self._direction.dot(point.gradient)), point)
        if found.cost < self.best.cost:
            self.best = found
        return found

    def cost(self, step: float) -> float:
        """Evaluate the cost alone; not finite counts as infinite."""
        cost = self._objective.cost(self._theta(step))
        return cost if isfinite(cost) else inf

    def _theta(self, step: float) -> Vector:
        return moved(self.start.point.theta, self._direction, step)


def polyak_step(line: Line) -> float:
    """Return the step at which a linear cost would be 0, the least a network's cost can be.

    Polyak (1987), Introduction to Optimization, sec. 5.3. Where the cost is
    not positive that says nothing, and the step is one of length one.
    """
    if line.start.cost > 0:
        return line.start.cost / -line.start.slope
    return 1 / sqrt(-line.start.slope)


def interpolated_step(line: Line, step: float, precision: float = 1e-6) -> float:
    """Return a step near the minimum along the line, from costs alone.

    A parabola through the cost and slope at 0 and the cost at ``step`` gives
    the next guess, until it asks for no more than a factor ten: Hager & Zhang
    (2005), "QuadStep", repeated. Each try costs a third of a gradient, and a
    step this close seldom needs a second gradient.
    """
    f, slope = line.start.cost, line.start.slope
    for _ in range(MAX_INTERPOLATIONS):
        cost = line.cost(step)
        if max(abs(cost - f), -slope * step) <= precision * abs(
            f
        ):  # rounding: nothing to be learnt
            return step
        bend = cost - f - slope * step
        wanted = -slope * step / (2 * bend) * step if bend > 0 else inf
        if step / 10 <= wanted <= step * 10:
            return wanted
        step = min(max(wanted, step / 100), step * 10)
    return step


def hager_zhang_search(
    line: Line, step: float, conditions: WolfeConditions | None = None
) -> LinePoint | None:
    """Return a point that fulfils the Wolfe or the approximate Wolfe conditions.

    Parameters
    ----------
    line : Line
        Its direction must be one of descent.
    step : float
        Where to look first.
    conditions : WolfeConditions

    Returns
    -------
    found : LinePoint or None
        Where no step fulfils them within 40 evaluations, the lowest point met;
        None where none is lower than the start.
    """
    search = _Search(line, conditions or WolfeConditions())
    found = search.run(step)
    if found is None and line.best is not line.start:
        return line.best
    return found


class _Search:
    """One run of the algorithm; the names L0–L3, B0–B3, U0–U3, S1–S4 are the paper's."""

    def __init__(self, line: Line, conditions: WolfeConditions) -> None:
        self.line, self.conditions = line, conditions
        self.ceiling = line.start.cost + conditions.precision * abs(line.start.cost)

    def run(self, step: float) -> LinePoint | None:
        c = self.at(step)
        if self.accepts(c):
            return c
        bracket = self.bracket(c)
        while bracket is not None:  # L1–L3
            accepted = self.accepted(bracket)
            if accepted is not None or self.exhausted(bracket):
                return accepted
            bracket = self.narrow(*bracket)
        return None

    def narrow(self, a: LinePoint, b: LinePoint) -> tuple[LinePoint, LinePoint] | None:
        """L1–L2: a double secant step, and a bisection where that shrank the bracket too little."""
        bracket = self.double_secant(a, b)
        if bracket is None or self.accepted(bracket) is not None:
            return bracket
        if _width(bracket) <= SHRINK * (b.step - a.step):
            return bracket
        return self.update(*bracket, (bracket[0].step + bracket[1].step) / 2)

    def accepted(self, bracket: tuple[LinePoint, LinePoint]) -> LinePoint | None:
        return next((p for p in bracket if self.accepts(p)), None)

    def at(self, step: float) -> LinePoint:
        return self.line.at(step)

    def accepts(self, c: LinePoint) -> bool:
        """Wolfe (T1) or approximate Wolfe (T2): eqs. 4.1 and 4.2."""
        slope, delta = self.line.start.slope, self.conditions.decrease
        if c.step <= 0 or c.slope < self.conditions.curvature * slope:
            return False
        wolfe = c.cost - self.line.start.cost <= delta * c.step * slope
        return wolfe or (c.cost <= self.ceiling and c.slope <= (2 * delta - 1) * slope)

    def exhausted(self, bracket: tuple[LinePoint, LinePoint]) -> bool:
        a, b = bracket
        return (
            self.line.evaluations >= MAX_EVALUATIONS or not a.step < (a.step + b.step) / 2 < b.step
        )

    def bracket(self, c: LinePoint) -> tuple[LinePoint, LinePoint] | None:
        """B0–B3: go outwards until the slope turns or the cost rises."""
        low = self.line.start
        while self.line.evaluations < MAX_EVALUATIONS:
            if c.cost > self.ceiling:
                return self.bisect(low, c)
            if c.slope >= 0:
                return low, c
            if self.accepts(c):
                return low, c
            low, c = c, self.at(self.outwards(low, c))
        return None

    def outwards(self, low: LinePoint, c: LinePoint) -> float:
        """Return where the slope would vanish by secant, at most five-fold."""
        wanted = _secant(low, c) if c.slope > low.slope else inf
        return min(max(wanted, 1.1 * c.step), GROW * c.step)

    def update(self, a: LinePoint, b: LinePoint, step: float) -> tuple[LinePoint, LinePoint] | None:
        """U0–U3: put a new step into the bracket."""
        if not a.step < step < b.step:
            return a, b
        c = self.at(step)
        if c.cost > self.ceiling:
            return self.bisect(a, c)
        return (a, c) if c.slope >= 0 else (c, b)

    def bisect(self, a: LinePoint, b: LinePoint) -> tuple[LinePoint, LinePoint] | None:
        """U3: between a falling low point and a high one, find where the slope turns."""
        while self.line.evaluations < MAX_EVALUATIONS:
            c = self.at((a.step + b.step) / 2)
            if c.cost > self.ceiling:
                b = c
            elif c.slope >= 0 or self.accepts(c):
                return a, c
            else:
                a = c
            if not a.step < (a.step + b.step) / 2 < b.step:
                return None
        return None

    def double_secant(self, a: LinePoint, b: LinePoint) -> tuple[LinePoint, LinePoint] | None:
        """S1–S4: a secant step, and a second one from the side that moved."""
        bracket = self.update(a, b, c := _secant(a, b))
        if bracket is None or self.accepted(bracket) is not None:
            return bracket
        new_a, new_b = bracket
        if c == new_b.step and new_b is not b:
            return self.update(new_a, new_b, _secant(b, new_b))
        if c == new_a.step and new_a is not a:
            return self.update(new_a, new_b, _secant(a, new_a))
        return bracket


def _secant(a: LinePoint, b: LinePoint) -> float:
    """Return where the slope vanishes if it is linear between two points."""
    if b.slope == a.slope or not isfinite(b.slope):
        return (a.step + b.step) / 2
    return (a.step * b.slope - b.step * a.slope) / (b.slope - a.slope)


def _width(bracket: tuple[LinePoint, LinePoint]) -> float:
    return bracket[1].step - bracket[0].step
