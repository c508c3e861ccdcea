"""Whether what was said came true as often as it was said: figures, intervals and bins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, log, sqrt
from random import Random
from typing import NamedTuple, TypeVar

T = TypeVar("T")

BINS = 10
RESAMPLES = 200
SEED = 20261122
LEVEL = 0.95

_RIDGE = 0.01
_STEPS = 25
_CLOSE = 1e-5
_SURE = 1 - 1e-9
_Z = 1.959964


class Told(NamedTuple):
    """One person: the log loss of the truth, the likeliest answer's chance, and whether it held."""

    loss: float
    said: float
    held: bool


class Bin(NamedTuple):
    """Answers given with about the same chance: its mean, how many held, and an interval of that."""

    said: float
    found: float
    low: float
    high: float
    people: int


class Figure(NamedTuple):
    """A figure with its bootstrap interval."""

    value: float
    low: float
    high: float


class Reliability(NamedTuple):
    """Log loss, calibration error, and slope and intercept of what was found on what was said."""

    loss: Figure
    error: Figure
    slope: Figure
    intercept: Figure
    bins: tuple[Bin, ...]


def reliability(told: Sequence[Told], seed: int = SEED) -> Reliability:
    """Measure; the same answers in the same order and the same seed give the same figures."""
    start = _line(told, (1.0, 0.0))
    whole = (_loss(told), calibration_error(told), *start)
    draws = resamples(
        told, lambda drawn: (_loss(drawn), calibration_error(drawn), *_line(drawn, start)), seed
    )
    loss, error, slope, intercept = (
        between(value, [draw[i] for draw in draws]) for i, value in enumerate(whole)
    )
    return Reliability(loss, error, slope, intercept, bins(told))


def change(before: Sequence[Told], after: Sequence[Told], seed: int = SEED) -> Figure:
    """By how much the log loss changed, person by person."""
    changes = [b.loss - a.loss for a, b in zip(before, after, strict=True)]
    means = resamples(changes, lambda drawn: (sum(drawn) / len(drawn),), seed)
    return between(sum(changes) / len(changes), [mean for (mean,) in means])


def resamples(
    of: Sequence[T], measure: Callable[[list[T]], tuple[float, ...]], seed: int
) -> list[tuple[float, ...]]:
    """Measure again and again on people drawn with replacement."""
    random = Random(seed)  # noqa: S311 - a bootstrap, not a secret
    return [measure(random.choices(of, k=len(of))) for _ in range(RESAMPLES)]


def between(value: float, draws: Sequence[float]) -> Figure:
    """A figure with the percentiles of its draws."""
    ranked, out = sorted(draws), (1 - LEVEL) / 2
    last = len(ranked) - 1
    return Figure(value, ranked[round(out * last)], ranked[round((1 - out) * last)])


def calibration_error(told: Sequence[Told]) -> float:
    """The mean distance between said and found over ten equal bins, weighed by their size."""
    return sum(b.people * abs(b.said - b.found) for b in bins(told)) / len(told)


def bins(told: Sequence[Told]) -> tuple[Bin, ...]:
    """The bins that hold anything, the lowest first."""
    by_place: dict[int, list[Told]] = {}
    for one in told:
        by_place.setdefault(min(int(one.said * BINS), BINS - 1), []).append(one)
    return tuple(_bin(by_place[place]) for place in sorted(by_place))


def _bin(told: Sequence[Told]) -> Bin:
    count, found = len(told), sum(t.held for t in told) / len(told)
    middle = (found + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = sqrt(found * (1 - found) / count + (_Z / (2 * count)) ** 2) * _Z / (1 + _Z**2 / count)
    said = sum(t.said for t in told) / count
    return Bin(said, found, max(middle - half, 0.0), min(middle + half, 1.0), count)


def _loss(told: Sequence[Told]) -> float:
    return sum(t.loss for t in told) / len(told)


def _line(told: Sequence[Told], start: tuple[float, float]) -> tuple[float, float]:
    """Slope and intercept of a logistic regression on the log odds said, barely drawn to 1 and 0."""
    points = [(log(said / (1 - said)), t.held) for t in told for said in [min(t.said, _SURE)]]
    slope, intercept = start
    for _ in range(_STEPS):
        by_slope, by_intercept = _newton(points, slope, intercept)
        slope, intercept = slope + _bounded(by_slope), intercept + _bounded(by_intercept)
        if abs(by_slope) + abs(by_intercept) < _CLOSE:
            break
    return slope, intercept


def _bounded(step: float) -> float:
    """No step so long that it runs away where answers nearly part by themselves."""
    return min(max(step, -1.0), 1.0)


def _newton(
    points: Sequence[tuple[float, bool]], slope: float, intercept: float
) -> tuple[float, float]:
    along, up = -_RIDGE * (slope - 1), -_RIDGE * intercept
    bend_along, bend_both, bend_up = _RIDGE, 0.0, _RIDGE
    for odds, held in points:
        p = 1 / (1 + exp(-intercept - slope * odds))
        off, weight = held - p, p * (1 - p)
        along, up = along + off * odds, up + off
        bend_along += weight * odds * odds
        bend_both += weight * odds
        bend_up += weight
    size = bend_along * bend_up - bend_both**2
    return (
        (bend_up * along - bend_both * up) / size,
        (bend_along * up - bend_both * along) / size,
    )
