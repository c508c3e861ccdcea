"""The posterior over root sets of both sides, exactly: prior, examination, imaging, ceiling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from math import exp, log, prod
from operator import itemgetter, mul
from typing import NamedTuple

from service.clinical.anatomy import RootSide, Side
from service.clinical.evidence import OTHER_SIDE, Overlap, Vector, Weighed, of_painful_leg, together
from service.clinical.model import MODEL_ROOTS, Model, RivalPattern
from service.clinical.root_sets import HYPOTHESES, PAIRS, ROOT_SIDES, UNION, on_side

Chances = Sequence[float]
"""One probability for each of PAIRS; the first is that of no compressed root."""

Sums = Mapping[Side | None, list[float]]
"""Log ratios added up, in the order of a :data:`Vector`."""

ROOTS_OF = tuple(
    on_side(HYPOTHESES[i], Side.LEFT) | on_side(HYPOTHESES[j], Side.RIGHT) for i, j in PAIRS
)
_HOLDING = {
    at: itemgetter(*[n for n, roots in enumerate(ROOTS_OF) if at in roots]) for at in ROOT_SIDES
}
_SETS_WITH = {
    root: tuple(i for i, roots in enumerate(HYPOTHESES) if root in roots) for root in MODEL_ROOTS
}
_ALONE = {at: ROOTS_OF.index(frozenset({at})) for at in ROOT_SIDES}
_LEFT = itemgetter(*[i if i or not j else OTHER_SIDE for i, j in PAIRS])
_RIGHT = itemgetter(*[j if j or not i else OTHER_SIDE for i, j in PAIRS])
_EITHER = itemgetter(*UNION)


class Prior(NamedTuple):
    """What is believed before anything was found."""

    chances: Chances
    marginals: Mapping[RootSide, float]
    odds: tuple[tuple[RootSide, float], ...]


class Belief(NamedTuple):
    """The answer in numbers: the chance of each of PAIRS and of each root and side.

    ``free`` are the chances before a ceiling drew them back; where none did, the very same.
    """

    chances: Chances
    marginals: Mapping[RootSide, float]
    free: Chances


@lru_cache(maxsize=128)
def prior_of(model: Model, population: str, band: int) -> Prior:
    """P(hypothesis) before any finding: none, one side, or both."""
    none = _chance_of_none(model, population)
    one = _one_side(model, band)
    both = model.priors.both_sides
    chances = tuple(
        (1 - none) * both * one[i] * one[j]
        if i and j
        else (1 - none) * (1 - both) * one[i or j] / 2
        if i or j
        else none
        for i, j in PAIRS
    )
    return Prior(chances, marginals_of(chances), tuple(odds_of(chances).items()))


def _chance_of_none(model: Model, population: str) -> float:
    if population:
        return model.populations[population].none
    mixture = model.populations.values()
    return sum(p.weight * p.none for p in mixture) / sum(p.weight for p in mixture)


def _one_side(model: Model, band: int) -> dict[int, float]:
    """P(set of roots | this side is compressed), for the sets that are hypotheses."""
    priors = model.priors
    roots = priors.all_ages if band < 0 else priors.roots_by_age[band][1]
    sizes = {1: 1 - priors.two_roots, 2: priors.two_roots}
    raw = {i: prod(roots[r] for r in held) for i, held in enumerate(HYPOTHESES) if held}
    totals = {n: sum(p for i, p in raw.items() if len(HYPOTHESES[i]) == n) for n in sizes}
    return {i: sizes[len(HYPOTHESES[i])] * p / totals[len(HYPOTHESES[i])] for i, p in raw.items()}


def sums_of(
    weighed: Iterable[Weighed], shared: Iterable[Overlap], leg: Side | None, model: Model
) -> Sums:
    """Add up the log ratios of each side, and of what has no side."""
    by_side: dict[Side | None, list[Vector]] = {}
    for finding, _, (vector, _, _) in weighed:
        by_side.setdefault(finding.side, []).append(vector)
    for overlap in shared:
        by_side[overlap.side].append(overlap.vector)
    if leg is not None:
        here, there = of_painful_leg(model)
        by_side.setdefault(leg, []).append(here)
        by_side.setdefault(leg.other, []).append(there)
    return {side: list(map(sum, zip(*vs, strict=True))) for side, vs in by_side.items()}


def weighed_in(prior: Chances, sums: Sums, rivals: Iterable[RivalPattern]) -> Chances:
    """Weigh the examination into the prior; not yet adding up to one."""
    chances = prior
    for side, pick in ((Side.LEFT, _LEFT), (Side.RIGHT, _RIGHT), (None, _EITHER)):
        if logs := sums.get(side):
            chances = list(map(mul, chances, pick(list(map(exp, logs)))))
    against = prod([rival.lr_none for rival in rivals])
    return [chances[0] * against, *chances[1:]]


def with_image(chances: Chances, image: Mapping[RootSide, float]) -> Chances:
    """Weigh in what imaging says of each root, as a log ratio; not yet adding up to one."""
    for side, pick in ((Side.LEFT, _LEFT), (Side.RIGHT, _RIGHT)):
        factors = [1.0] * (OTHER_SIDE + 1)
        for at, weight in image.items():
            if at.side is side:
                times = exp(weight)
                for i in _SETS_WITH[at.root]:
                    factors[i] *= times
        chances = list(map(mul, chances, pick(factors)))
    return chances


def belief_of(chances: Chances, prior: Prior, ceiling: float) -> Belief:
    """Make chances add up to one, and draw them back to the prior until none is over the ceiling."""
    total = sum(chances)
    free = [p / total for p in chances]
    marginals = marginals_of(free)
    kept = 1.0
    for at, after in marginals.items():
        if after > ceiling:
            before = prior.marginals[at]
            kept = min(kept, (ceiling - before) / (after - before))
    if kept == 1.0:
        return Belief(free, marginals, free)
    lost = 1 - kept
    held = [kept * p + lost * q for p, q in zip(free, prior.chances, strict=True)]
    drawn = {at: kept * p + lost * prior.marginals[at] for at, p in marginals.items()}
    return Belief(held, drawn, free)


def marginals_of(chances: Chances) -> dict[RootSide, float]:
    """P(compressed) of each root and side, whatever else is."""
    return {at: sum(holding(chances)) for at, holding in _HOLDING.items()}


def odds_of(chances: Chances) -> dict[RootSide, float]:
    """Log odds of each root alone against none."""
    return {at: log(chances[alone] / chances[0]) for at, alone in _ALONE.items()}


def without(
    sums: Sums,
    weighed: Iterable[Weighed],
    shared: Iterable[Overlap],
    gone: AbstractSet[tuple[str, Side | None]],
    model: Model,
) -> Sums:
    """Take findings out of the sums, by id and side, and what they shared with others of their group."""
    parts = [(w.finding.side, w.meaning.vector) for w in weighed if _key(w) in gone]
    back: list[tuple[Side | None, Vector]] = []
    for _, side, answers, vector in shared:
        left = tuple([each for each in answers if (each[0], side) not in gone])
        if len(left) < len(answers):
            parts.append((side, vector))
            if len(left) > 1:
                back.append((side, together(model, left, side is not None)))
    less = dict(sums)
    for sign, moved in ((-1.0, parts), (1.0, back)):
        for side, moving in moved:
            less[side] = [x + sign * y for x, y in zip(less[side], moving, strict=True)]
    return less


def _key(weighed: Weighed) -> tuple[str, Side | None]:
    return weighed.model.id, weighed.finding.side
