"""From findings to weights: how far each recorded finding moves each set of roots.

A finding weighs what its likelihood ratio says. Findings of one group rise and fall together, so
each group brings one more weight: how much less, or more, its findings say together than one by
one. All constants come from the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from math import log
from statistics import NormalDist
from typing import NamedTuple

from service.clinical.anatomy import Side
from service.clinical.findings import Finding, Presence
from service.clinical.model import Combination, FindingModel, Model
from service.clinical.progression import latest
from service.clinical.root_sets import HYPOTHESES, SETS, chance_given

Vector = tuple[float, ...]
"""Log ratios against no compressed root. For a finding with a side: one for each of HYPOTHESES on
that side, and a last one for a compressed root on the other side only. Without: one for each of SETS."""

OTHER_SIDE = len(HYPOTHESES)
"""Where in the vector of a finding with a side the hypothesis "only the other side" stands."""

_NORMAL = NormalDist()


class Meaning(NamedTuple):
    """What one answer to one finding says: its weight, and how it pulls on others of its group.

    ``square`` is the square of ``pull``.
    """

    vector: Vector
    pull: Vector
    square: Vector


class Weighed(NamedTuple):
    """One recorded finding and what it says."""

    finding: Finding
    model: FindingModel
    meaning: Meaning


Answers = tuple[tuple[str, bool], ...]
"""Ids of findings and whether each is present, in order of id."""


class Overlap(NamedTuple):
    """What the findings of one group on one side say together, beyond what each says alone."""

    group: str
    side: Side | None
    answers: Answers
    vector: Vector


def newest(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Keep the newest known answer for each finding and side, in order of id and side."""
    known = latest(f for f in findings if f.presence is not Presence.UNKNOWN)
    return tuple(known[key] for key in sorted(known, key=lambda k: (k[0], k[1] or "")))


def weigh(findings: Iterable[Finding], model: Model) -> tuple[Weighed, ...]:
    """Weigh every finding that says something about the root; the rest is passed over.

    Tests of one leg that hurt in the other lose their side, which is written either way; of two
    sides the one that is present counts.
    """
    telling = _telling(model)
    weighed: list[Weighed] = []
    crossed: dict[str, Finding] = {}
    for finding in newest(findings):
        known = telling.get(finding.id)
        if known is None:
            continue
        present = finding.presence is Presence.PRESENT
        if not known.crossed:
            said = meaning(model, known.id, finding.side is not None, present)
            weighed.append(Weighed(finding, known, said))
        elif present or known.id not in crossed:
            crossed[known.id] = finding
    for id_, finding in crossed.items():
        unsided = replace(finding, side=None) if finding.side else finding
        said = meaning(model, id_, False, finding.presence is Presence.PRESENT)
        weighed.append(Weighed(unsided, telling[id_], said))
    return tuple(weighed)


@lru_cache(maxsize=8)
def _telling(model: Model) -> Mapping[str, FindingModel]:
    return {id_: known for id_, known in model.findings.items() if known.given is not None}


def painful_leg(
    findings: Iterable[Finding], weighed: Iterable[Weighed], model: Model
) -> Side | None:
    """Give the leg that hurts: with leg pain recorded, else the only one with anything recorded."""
    complaints = _complaints(model)
    told = latest(f for f in findings if f.id in complaints)
    legs = {f.side for f in told.values() if f.side and f.presence is Presence.PRESENT}
    legs = legs or {w.finding.side for w in weighed if w.finding.side}
    return legs.pop() if len(legs) == 1 else None


@lru_cache(maxsize=8)
def _complaints(model: Model) -> frozenset[str]:
    return frozenset(id_ for id_, known in model.findings.items() if known.complaint)


@lru_cache(maxsize=8)
def of_painful_leg(model: Model) -> tuple[Vector, Vector]:
    """What it says that one leg hurts: of that leg, and of the other.

    The leg that hurts is the side of the root, but for a small share. Without a compressed root, or
    with one on both sides, it is either leg.
    """
    combination, roots = model.combination, len(HYPOTHESES) - 1
    here = combination.temper * log(2 * (1 - combination.contralateral))
    there = combination.temper * log(2 * combination.contralateral)
    return (0.0, *[here] * roots, there + here), (0.0, *[-here] * roots, 0.0)


def overlaps(weighed: Iterable[Weighed], model: Model) -> tuple[Overlap, ...]:
    """Work out for each group of findings on one side what they say together."""
    groups: dict[tuple[str, Side | None], list[tuple[str, bool]]] = {}
    for finding, known, _ in weighed:
        answer = known.id, finding.presence is Presence.PRESENT
        groups.setdefault((known.group, finding.side), []).append(answer)
    found = []
    for (group, side), held in groups.items():
        if len(held) > 1:
            answers = tuple(held)
            vector = together(model, answers, side is not None)
            found.append(Overlap(group, side, answers, vector))
    return tuple(found)


@lru_cache(maxsize=8192)
def together(model: Model, answers: Answers, sided: bool) -> Vector:
    """Give what answers of one group say together beyond what each says alone.

    It is the second-order correction for a shared cause of strength ``correlation``.
    """
    combination = model.combination
    half, most = combination.correlation / 2, combination.overlap_limit
    least = 1 / most
    _, pulls, squares = zip(*[meaning(model, id_, sided, p) for id_, p in answers], strict=True)
    sums = zip(
        map(sum, zip(*pulls, strict=True)), map(sum, zip(*squares, strict=True)), strict=True
    )
    factors = [1 + half * (total * total - same) for total, same in sums]
    if max(factors) > most or min(factors) < least:
        factors = [min(max(factor, least), most) for factor in factors]
    temper, none = combination.temper, factors[0]
    return tuple([temper * log(factor / none) for factor in factors])


@lru_cache(maxsize=2048)
def meaning(model: Model, id_: str, sided: bool, present: bool) -> Meaning:
    """Give what a telling finding says when it is present, or absent, with a side or without."""
    given = model.findings[id_].given
    if given is None:
        raise KeyError(id_)
    chances = _chances(given, model.combination, sided=sided)
    limit = model.combination.pull_limit
    pulls = [_pull(p, limit) if present else -_pull(1 - p, limit) for p in chances]
    logs = [log(p if present else 1 - p) for p in chances]
    vector = tuple([model.combination.temper * (x - logs[0]) for x in logs])
    return Meaning(vector, tuple(pulls), tuple([x * x for x in pulls]))


def _chances(given: Mapping[str, float], combination: Combination, *, sided: bool) -> list[float]:
    """P(present) under each hypothesis that a vector speaks of."""
    low, high = combination.floor, combination.roof
    clipped = {state: min(max(p, low), high) for state, p in given.items()}
    chances = [chance_given(roots, clipped) for roots in (HYPOTHESES if sided else SETS)]
    return [*chances, combination.unaffected_leg * clipped["none"]] if sided else chances


def _pull(chance: float, limit: float) -> float:
    """How far an answer of this probability points to a shared cause being strong, bounded."""
    return min(_NORMAL.pdf(_NORMAL.inv_cdf(chance)) / chance, limit)
