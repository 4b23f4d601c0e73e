"""What a gradient check found: a row a tensor, a verdict, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["GradientCheck", "GradientVerdict", "TensorCheck"]

# Differences that would miss an error of this share of the gradient prove nothing.
VISIBLE_SHARE = 0.1

COLUMNS = ("layer", "tensor", "components", "compared", "excluded", "relative norm", "verdict")
REMEDY = (
    "An error in backpropagation is carried down to every layer below it, so look first at the "
    "highest layer that is wrong. To rule the differences out, repeat with a smaller and a larger "
    "step (step=1e-6, step=1e-4) and with inputs scaled to about 1: a gradient that is wrong "
    "stays wrong."
)


class GradientVerdict(Enum):
    """What the differences say about one tensor's gradient."""

    OK = "ok"
    WRONG = "WRONG"
    TINY = "too small to tell"
    SKIPPED = "nothing compared"


@dataclass(frozen=True)
class TensorCheck:
    """The gradient of one tensor beside differences of the cost.

    Attributes
    ----------
    layer : int
        Counted from 0, as in ``coefs_``.
    tensor : str
        "W" or "b"; "theta" where the check knew of no layers.
    size : int
        Components of the tensor.
    compared : int
        Components that were compared.
    excluded : int
        Components that were drawn, but whose step takes a pre-activation over
        a kink, where differences measure something else.
    gradient_norm : float
        max(‖a‖, ‖n‖) over the components compared, a being the gradient
        and n the differences.
    difference_norm : float
        ‖a − n‖.
    noise : float
        How much of ``difference_norm`` the rounding of the cost may account for.
    tolerance : float
        Largest relative norm that passes.
    """

    layer: int
    tensor: str
    size: int
    compared: int
    excluded: int
    gradient_norm: float
    difference_norm: float
    noise: float
    tolerance: float

    @property
    def relative_norm(self) -> float:
        """‖a − n‖ / max(‖a‖, ‖n‖); 0 where both are zero."""
        return self.difference_norm / self.gradient_norm if self.gradient_norm else 0.0

    @property
    def verdict(self) -> GradientVerdict:
        """Whether gradient and differences agree.

        A gradient that is all but zero has differences made of rounding alone:
        their relative norm is then large and means nothing. So rounding is
        allowed for, and where it hides the gradient the verdict says so.
        """
        if not self.compared:
            return GradientVerdict.SKIPPED
        allowed = self.tolerance * self.gradient_norm
        if not self.difference_norm <= allowed + self.noise:  # also where it is not a number
            return GradientVerdict.WRONG
        hidden = self.noise > VISIBLE_SHARE * self.gradient_norm
        if hidden and self.difference_norm > allowed:
            return GradientVerdict.TINY
        return GradientVerdict.OK


@dataclass(frozen=True)
class GradientCheck:
    """What `check_gradient` found; ``print`` it for a table with the verdict.

    Attributes
    ----------
    tensors : tuple of TensorCheck
    cost : float
        The cost at the weights checked, penalty included.
    step : float
        Of the differences.
    """

    tensors: tuple[TensorCheck, ...]
    cost: float
    step: float

    @property
    def ok(self) -> bool:
        """Whether something was compared and nothing was found wrong."""
        return any(t.compared for t in self.tensors) and not self.wrong

    @property
    def wrong(self) -> tuple[TensorCheck, ...]:
        """The tensors whose gradient is wrong."""
        return tuple(t for t in self.tensors if t.verdict is GradientVerdict.WRONG)

    @property
    def relative_norm(self) -> float:
        """The largest relative norm of those that mean something."""
        telling = (GradientVerdict.OK, GradientVerdict.WRONG)
        return max((t.relative_norm for t in self.tensors if t.verdict in telling), default=0.0)

    @property
    def excluded_share(self) -> float:
        """Share of the components drawn that lay too near a kink to be compared."""
        excluded = sum(t.excluded for t in self.tensors)
        return excluded / max(1, excluded + sum(t.compared for t in self.tensors))

    def __str__(self) -> str:
        return "\n".join([self._summary(), "", *self._table(), *self._advice()])

    def _summary(self) -> str:
        numbers = (
            f"cost {self.cost:.6g}, step {self.step:g}, largest relative norm "
            f"{self.relative_norm:.1e}, tolerance {self.tensors[0].tolerance:g}"
        )
        if self.ok:
            return f"Gradient check: ok. The gradient belongs to the cost ({numbers})."
        if not self.wrong:
            return f"Gradient check: nothing could be compared ({numbers})."
        names = ", ".join(f"layer {t.layer} {t.tensor}" for t in self.wrong)
        return f"Gradient check: WRONG in {names} ({numbers})."

    def _table(self) -> list[str]:
        rows = [COLUMNS, *map(_cells, self.tensors)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return ["  ".join(map(str.rjust, row, widths)) for row in rows]

    def _advice(self) -> list[str]:
        verdicts = {t.verdict for t in self.tensors}
        advice = []
        if GradientVerdict.WRONG in verdicts:
            advice.append(REMEDY)
        if GradientVerdict.TINY in verdicts:
            advice.append(
                "Too small to tell: this gradient is lost in the rounding of the cost. That is no "
                "fault; check at other weights, such as those an unfitted estimator starts from."
            )
        if GradientVerdict.SKIPPED in verdicts:
            advice.append(
                "Nothing compared: every component drawn lies within a step of a kink. Take a "
                "smaller step, more components, or other weights."
            )
        return ["", *advice] if advice else []


def _cells(check: TensorCheck) -> tuple[str, ...]:
    return (
        str(check.layer),
        check.tensor,
        str(check.size),
        str(check.compared),
        str(check.excluded),
        f"{check.relative_norm:.1e}" if check.compared else "-",
        check.verdict.value,
    )
