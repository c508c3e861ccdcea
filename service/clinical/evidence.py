"""From findings to weights: how far each recorded finding moves each set of roots.

Findings of one group overlap, so their log ratios are averaged and the group grows a little with
each further finding; every group is tempered. All constants come from the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from math import log
from typing import NamedTuple

from service.clinical.anatomy import Side
from service.clinical.findings import Finding, Presence
from service.clinical.model import Combination, FindingModel, Model
from service.clinical.progression import latest
from service.clinical.root_sets import SETS, chance_given

Vector = tuple[float, ...]
"""Log ratios against no compressed root: one for each of SETS on the finding's side, and a last one
for a compressed root on the other side only."""

OTHER_SIDE = len(SETS)
"""Where in a vector the hypothesis "only the other side" stands."""


class Weighed(NamedTuple):
    """One finding with its log ratios after grouping and tempering.

    ``size`` is how many findings of its group were recorded on its side, itself among them.
    """

    finding: Finding
    model: FindingModel
    size: int
    vector: Vector


def newest(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Keep the newest known answer for each finding and side, in order of id and side."""
    known = latest(f for f in findings if f.presence is not Presence.UNKNOWN)
    return tuple(known[key] for key in sorted(known, key=lambda k: (k[0], k[1] or "")))


def weigh(findings: Iterable[Finding], model: Model) -> tuple[Weighed, ...]:
    """Weigh every finding that says something about the root; the rest is passed over."""
    known = tables(model)
    telling = [
        (f, model.findings[f.id]) for f in uncrossed(newest(findings), model) if f.id in known
    ]
    groups: dict[tuple[str, Side | None], int] = {}
    for finding, meant in telling:
        key = (meant.group, finding.side)
        groups[key] = groups.get(key, 0) + 1
    weighed = []
    for finding, meant in telling:
        size = groups[meant.group, finding.side]
        vector = shared(model, finding.id, finding.presence is Presence.PRESENT, size)
        weighed.append(Weighed(finding, meant, size, vector))
    return tuple(weighed)


def uncrossed(findings: Iterable[Finding], model: Model) -> Iterator[Finding]:
    """Take the side off tests of one leg that hurt in the other, whose side is written either way.

    Of two sides the one that is present counts.
    """
    met: dict[str, Finding] = {}
    for finding in findings:
        known = model.findings.get(finding.id)
        if known is None or not known.crossed:
            yield finding
        elif finding.id not in met or finding.presence is Presence.PRESENT:
            met[finding.id] = replace(finding, side=None)
    yield from met.values()


@lru_cache(maxsize=4096)
def shared(model: Model, id_: str, present: bool, size: int) -> Vector:
    """Give a finding's log ratios as one of ``size`` findings of its group."""
    share = group_share(size, model.combination)
    return tuple([share * x for x in tables(model)[id_][present]])


def group_share(size: int, combination: Combination) -> float:
    """Give the share of its own log ratio that each of ``size`` findings of one group keeps."""
    growth = min(combination.group_limit, 1 + combination.group_growth * (size - 1))
    return combination.temper * growth / size


@lru_cache(maxsize=8)
def tables(model: Model) -> Mapping[str, tuple[Vector, Vector]]:
    """Work out, for each telling finding, the log ratios when absent and when present."""
    return {
        known.id: (
            _vector(known, known.given, model.combination, present=False),
            _vector(known, known.given, model.combination, present=True),
        )
        for known in model.findings.values()
        if known.given is not None
    }


def _vector(
    known: FindingModel, given: Mapping[str, float], combination: Combination, *, present: bool
) -> Vector:
    """Hold each P against the mean over the states, bound that ratio, and set it against none."""
    low, high = combination.floor, 1 - combination.floor
    clipped = {state: min(max(p, low), high) for state, p in given.items()}
    chances = [chance_given(roots, clipped) for roots in SETS]
    chances.append(combination.unaffected_leg * clipped["none"])
    mean = sum(clipped.values()) / len(clipped)
    if not present:
        chances, mean = [1 - p for p in chances], 1 - mean
    least, most = 1 / combination.lr_cap_negative, known.lr_cap
    bounded = [log(min(max(p / mean, least), most)) for p in chances]
    return tuple(x - bounded[0] for x in bounded)
