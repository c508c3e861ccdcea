"""Numbers as people read them."""

from __future__ import annotations

from math import exp, floor, log10

from service.clinical.certainty import Interval

TIMES = "\N{MULTIPLICATION SIGN}"
_TINY, _SMALL, _LARGE = 0.0001, 0.1, 100.0
_PERCENT = 0.01


def chance(p: float, around: Interval) -> str:
    """A probability and its interval: ``88 % (74 to 95 %)``."""
    low, high = around
    return f"{_percent(p)} % ({_percent(low)} to {_percent(high)} %)"


def _percent(p: float) -> str:
    return f"{100 * p:.1f}" if p < _PERCENT else f"{100 * p:.0f}"


def factor(ratio: float, sign: str = "x") -> str:
    """A log ratio as a factor on the odds: ``x7.2``, ``x0.15``, ``x0.003``, ``x2900``."""
    times = exp(ratio)
    if times < _TINY:
        return f"<{sign}{_TINY:.4f}"
    if times < _SMALL:
        return f"{sign}{times:.2g}"
    if times >= _LARGE:
        return f"{sign}{round(times, 1 - floor(log10(times))):.0f}"
    return f"{sign}{times:.2f}" if times < 1 else f"{sign}{times:.1f}"
