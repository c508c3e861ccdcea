"""How sure the certainty is: an interval around each probability, from what stands behind the model.

A probability of a finding was counted in people, or judged as if it had been. How many people it is
worth follows from the grade of its evidence. What that leaves open is carried by the delta method,
on the logit scale, to the probability of each root and side: near the middle the log of p varies by
(1-p)/(np), and half a person more on either side keeps the rare from looking unknowable. Overlap and
ceiling add nothing.

Nothing here is needed to answer; it is worked out when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import exp, log, sqrt
from operator import mul
from statistics import NormalDist
from typing import NamedTuple

from service.clinical.anatomy import Root, RootSide
from service.clinical.answer import Assessment, Weight
from service.clinical.findings import Presence
from service.clinical.model import MODEL_ROOTS, Combination, Model
from service.clinical.root_sets import chance_given

LEVEL = 0.9
"""The share of the uncertainty that an interval holds."""

_REACH = NormalDist().inv_cdf((1 + LEVEL) / 2)
_STEP = 1e-5

Sets = Sequence[frozenset[RootSide]]
Effect = list[float]
"""What one standard deviation of one uncertain number does to the log weight of each set of roots."""


class Interval(NamedTuple):
    """Where a probability may lie, given what is known of the numbers it was made from."""

    low: float
    high: float


def intervals(assessment: Assessment, model: Model) -> Mapping[RootSide | None, Interval]:
    """Give the interval of every root and side, and under ``None`` that of no compressed root.

    An interval holds the probability it belongs to, and does not pass the ceiling of a root.
    """
    found = assessment.localisation
    sets = [roots for roots, _ in found.hypotheses]
    chances = [p for _, p in found.hypotheses]
    effects = list(_effects(assessment, sets, model))
    ceiling = model.combination.ceiling
    around: dict[RootSide | None, Interval] = {}
    for at, p in found.probabilities:
        pulls = _pulls([at in roots for roots in sets], chances)
        low, high = _around(p, _spread(pulls, effects))
        around[at] = Interval(low, max(p, min(high, ceiling)))
    pulls = _pulls([not roots for roots in sets], chances)
    around[None] = _around(found.none, _spread(pulls, effects))
    return around


def _pulls(holding: Sequence[bool], chances: Sequence[float]) -> list[float]:
    """How far the log odds of some hypotheses follow the log weight of each of all."""
    inside = sum(p for p, held in zip(chances, holding, strict=True) if held)
    outside = sum(chances) - inside
    if inside <= 0 or outside <= 0:
        return [0.0] * len(chances)
    return [p / inside if held else -p / outside for p, held in zip(chances, holding, strict=True)]


def _spread(pulls: Sequence[float], effects: Iterable[Effect]) -> float:
    return sqrt(sum(sum(map(mul, pulls, effect)) ** 2 for effect in effects))


def _around(p: float, spread: float) -> Interval:
    if not 0 < p < 1:
        return Interval(p, p)
    middle, reach = log(p / (1 - p)), _REACH * spread
    low, high = (1 / (1 + exp(-x)) for x in (middle - reach, middle + reach))
    return Interval(min(low, p), max(high, p))


def _effects(assessment: Assessment, sets: Sets, model: Model) -> Iterator[Effect]:
    """Everything that is uncertain, each by itself."""
    yield _of_population(assessment.population, sets, model)
    for line in assessment.localisation.ledger:
        if line.kind == "finding":
            yield from _of_finding(line, sets, model)
        elif line.kind == "imaging":
            spread = _of_ratio(line.grade, model.combination)
            held = dict(line.towards)
            yield [spread * len(held.keys() & roots) for roots in sets]
        elif line.kind == "rival":
            spread = _of_ratio(line.grade, model.combination)
            yield [spread if roots else 0.0 for roots in sets]
        elif line.kind == "prior":
            yield from _of_roots(line, sets, model)


def _count(grade: str, combination: Combination) -> float:
    """How many people evidence of this grade is worth; without a grade it is low."""
    return {
        "high": combination.count_high,
        "moderate": combination.count_moderate,
    }.get(grade, combination.count_low)


def _doubt(p: float, count: float) -> float:
    """Spread of the log odds of a probability that so many people stand for."""
    yes, no = count * p + 0.5, count * (1 - p) + 0.5
    return sqrt(1 / yes + 1 / no)


def _of_ratio(grade: str, combination: Combination) -> float:
    """Spread of the log of a ratio whose two shares are not stated, as if each were one half."""
    return sqrt(2 / _count(grade, combination))


def _of_population(population: str, sets: Sets, model: Model) -> Effect:
    """How often there is no compressed root; more open while it is not said among whom."""
    named = [model.populations[population]] if population else list(model.populations.values())
    total = sum(p.weight for p in named)
    logits = [(p.weight / total, log(p.none / (1 - p.none))) for p in named]
    mean = sum(share * x for share, x in logits)
    between = sum(share * (x - mean) ** 2 for share, x in logits)
    none = sum(p.weight / total * p.none for p in named)
    spread = sqrt(between + _doubt(none, model.combination.count_prior) ** 2)
    return [0.0 if roots else spread for roots in sets]


def _of_roots(line: Weight, sets: Sets, model: Model) -> Iterator[Effect]:
    """How common each root is among the compressed ones."""
    odds = {at: exp(weight) for at, weight in line.towards}
    total = sum(odds.values())
    for root in MODEL_ROOTS if total else ():
        share = sum(x for at, x in odds.items() if at.root is root) / total
        if 0 < share < 1:
            spread = (1 - share) * _doubt(share, model.combination.count_prior)
            yield [spread * sum(at.root is root for at in roots) for roots in sets]


def _of_finding(line: Weight, sets: Sets, model: Model) -> Iterator[Effect]:
    """How often the finding is there under each state, one effect a state."""
    known, combination = model.findings.get(line.id), model.combination
    if known is None or known.given is None:
        return
    low, high = combination.floor, combination.roof
    given = {state: min(max(p, low), high) for state, p in known.given.items()}
    count = _count(known.grade, combination)
    seen = [_as_seen(roots, line) for roots in sets]
    for state, p in given.items():
        step = _STEP * p * (1 - p)
        less, more = {**given, state: p - step}, {**given, state: p + step}
        times = combination.temper * _doubt(p, count) / (2 * _STEP)
        moved = {
            case: _said(case, more, line, combination) - _said(case, less, line, combination)
            for case in set(seen)
        }
        yield [times * moved[case] for case in seen]


_Case = tuple[frozenset[Root], bool]
"""The roots a finding may come from, and whether only the other leg is ill."""


def _as_seen(roots: frozenset[RootSide], line: Weight) -> _Case:
    here = frozenset(at.root for at in roots if line.side in (at.side, None))
    return here, bool(roots and not here)


def _said(case: _Case, given: dict[str, float], line: Weight, combination: Combination) -> float:
    """Log probability of the answer that was recorded."""
    roots, elsewhere = case
    chance = chance_given(roots, given)
    if elsewhere:
        chance *= combination.unaffected_leg
    return log(chance if line.presence is Presence.PRESENT else 1 - chance)
