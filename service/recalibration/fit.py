"""The two numbers that a site fits: how far findings count, and how often no root is compressed.

Both enter the log odds linearly, so the likelihood has one peak and Newton's steps find it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import exp, log
from operator import mul
from typing import NamedTuple

from service.clinical.anatomy import RootSide
from service.recalibration.sample import Outcome, Roots, Sample

LEAST, MOST = 0.3, 1.5
"""The bounds of a fitted temper."""

SPREAD = 0.3
"""Standard deviation of the normal penalty that draws the temper towards one."""

SHIFT_SPREAD = 3.0
"""That of the penalty on the log odds of none: weak, so that no share runs away to 0 or 1."""

_STEPS = 50
_CLOSE = 1e-9


class Fit(NamedTuple):
    """A temper, and a share of people with no compressed root."""

    temper: float
    none: float


class _Slope(NamedTuple):
    """The penalised log likelihood at a point, its gradient and its (negative) curvature."""

    value: float
    along: tuple[float, float]
    bend: tuple[float, float, float]


def logit(chance: float) -> float:
    """The log odds of a chance that is neither 0 nor 1."""
    return log(chance / (1 - chance))


def in_use(sample: Sample) -> Fit:
    """What the knowledge says so far."""
    return Fit(sample.temper, sample.none)


def fit(sample: Sample, outcomes: Sequence[Outcome]) -> Fit:
    """The likeliest temper, within bounds and drawn towards one, and share of none."""
    temper, shift = _climb(outcomes, 1.0, free=True)
    if not LEAST <= temper <= MOST:
        temper, shift = _climb(outcomes, min(max(temper, LEAST), MOST), free=False)
    return Fit(temper, 1 / (1 + exp(-shift - logit(sample.none))))


def log_likelihood(sample: Sample, outcomes: Sequence[Outcome], found: Fit) -> float:
    """The log likelihood of the truths, without penalties and before any ceiling."""
    shift = logit(found.none) - logit(sample.none)
    return sum(_moments(o, found.temper, shift)[0] for o in outcomes)


def chances(sample: Sample, outcome: Outcome, found: Fit) -> list[float]:
    """The chance of each class, as the service would give it: drawn back under the ceiling."""
    shift = logit(found.none) - logit(sample.none)
    free = _softmax(_odds(outcome.fixed, outcome.examined, found.temper, shift))
    prior = _shifted(outcome.prior, shift)
    kept = 1.0
    for places in _holding(sample.classes).values():
        after = sum([free[i] for i in places])
        if after > sample.ceiling:
            before = sum([prior[i] for i in places])
            kept = min(kept, (sample.ceiling - before) / (after - before))
    return (
        free if kept == 1 else [kept * p + (1 - kept) * q for p, q in zip(free, prior, strict=True)]
    )


def answers(sample: Sample, believed: Sequence[float]) -> list[tuple[RootSide | None, float]]:
    """The chance of none (first, as ``None``) and of each root and side."""
    roots = [
        (at, sum([believed[i] for i in places])) for at, places in _holding(sample.classes).items()
    ]
    return [(None, believed[0]), *roots]


@lru_cache(maxsize=4)
def _holding(classes: tuple[Roots, ...]) -> dict[RootSide, tuple[int, ...]]:
    every = sorted(frozenset().union(*classes))
    return {at: tuple(i for i, roots in enumerate(classes) if at in roots) for at in every}


@lru_cache(maxsize=1024)
def _shifted(prior: tuple[float, ...], shift: float) -> list[float]:
    return _softmax(_odds(tuple(map(log, prior)), prior, 0.0, shift))


def _odds(
    fixed: Sequence[float], examined: Sequence[float], temper: float, shift: float
) -> list[float]:
    odds = [f + temper * e for f, e in zip(fixed, examined, strict=True)]
    odds[0] += shift
    return odds


def _softmax(odds: Sequence[float]) -> list[float]:
    top = max(odds)
    raw = [exp(x - top) for x in odds]
    total = sum(raw)
    return [p / total for p in raw]


def _moments(outcome: Outcome, temper: float, shift: float) -> tuple[float, float, float, float]:
    """Log likelihood of one truth; mean and mean square of what examination adds; chance of none."""
    odds = _odds(outcome.fixed, outcome.examined, temper, shift)
    top = max(odds)
    raw = [exp(x - top) for x in odds]
    total = sum(raw)
    pulled = list(map(mul, raw, outcome.examined))
    square = sum(map(mul, pulled, outcome.examined)) / total
    right = sum([share * (odds[i] - top) for i, share in outcome.right]) - log(total)
    return right, sum(pulled) / total, square, raw[0] / total


def _slope(outcomes: Sequence[Outcome], temper: float, shift: float) -> _Slope:
    tight, loose = 1 / SPREAD**2, 1 / SHIFT_SPREAD**2
    value = -((temper - 1) ** 2 * tight + shift**2 * loose) / 2
    to_temper, to_shift = -(temper - 1) * tight, -shift * loose
    of_temper, of_shift, of_both = tight, loose, 0.0
    for outcome in outcomes:
        right, mean, square, none = _moments(outcome, temper, shift)
        value += right
        to_temper += sum([s * outcome.examined[i] for i, s in outcome.right]) - mean
        to_shift += (not outcome.truth) - none
        of_temper += square - mean * mean
        of_shift += none * (1 - none)
        of_both -= mean * none
    return _Slope(value, (to_temper, to_shift), (of_temper, of_both, of_shift))


def _climb(outcomes: Sequence[Outcome], temper: float, *, free: bool) -> tuple[float, float]:
    """Newton's steps to the peak, halved where one overshoots; ``free`` lets the temper move."""
    shift, here = 0.0, _slope(outcomes, temper, 0.0)
    for _ in range(_STEPS):
        by_temper, by_shift = _step(here, free=free)
        if abs(by_temper) + abs(by_shift) < _CLOSE:
            break
        there = _slope(outcomes, temper + by_temper, shift + by_shift)
        while there.value < here.value and abs(by_temper) + abs(by_shift) > _CLOSE:
            by_temper, by_shift = by_temper / 2, by_shift / 2
            there = _slope(outcomes, temper + by_temper, shift + by_shift)
        temper, shift, here = temper + by_temper, shift + by_shift, there
    return temper, shift


def _step(here: _Slope, *, free: bool) -> tuple[float, float]:
    (to_temper, to_shift), (of_temper, of_both, of_shift) = here.along, here.bend
    if not free:
        return 0.0, to_shift / of_shift
    size = of_temper * of_shift - of_both * of_both
    return (
        (of_shift * to_temper - of_both * to_shift) / size,
        (of_temper * to_shift - of_both * to_temper) / size,
    )
