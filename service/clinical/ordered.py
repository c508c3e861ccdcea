"""Draft orders against the answer: whether side, root, level and foramen reach what was localised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple

from service.clinical.anatomy import (
    DiscLevel,
    Root,
    RootSide,
    Side,
    exiting_root,
    foramen_of,
    places_of,
    roots_at,
    traversing_root,
)
from service.clinical.answer import Discordance
from service.clinical.disagreement import AND, disagree
from service.clinical.findings import Order
from service.clinical.image_grades import PLACED, zones_of
from service.clinical.imaging import ImagingFact
from service.clinical.lesions import current, seen_roots
from service.clinical.model import Model
from service.clinical.root_sets import modelled

AIMED = ("injection", "surgery")
"""Kinds of order that are aimed at one root."""

_DISCS = {disc.value: disc for disc in DiscLevel}
_ROOTS = {root.value: root for root in Root}


class _Part(NamedTuple):
    """One part of an order: what it names, what it may name for these roots, and how many at most."""

    kind: str
    roots: Sequence[RootSide]
    named: Sequence[str]
    expected: Sequence[str]
    most: float = inf


def against(
    order: Order,
    aim: Sequence[RootSide],
    facts: Sequence[ImagingFact],
    model: Model,
    word: str = AND,
) -> Iterator[Discordance]:
    """Give every way in which an aimed order misses ``aim``, the roots it should reach.

    Only what the order names is compared; an empty ``aim`` holds nothing against it. ``word`` joins
    the roots of the aim in the sentence.
    """
    if order.kind not in AIMED or not aim:
        return
    for part in _parts(order, aim, facts, model):
        if not set(part.named) <= set(part.expected) or len(part.named) > part.most:
            yield disagree(
                part.kind,
                model,
                part.roots,
                order=part.named,
                expected=part.expected,
                sources=(order.source,),
                word=word,
            )


def _parts(
    order: Order, aim: Sequence[RootSide], facts: Sequence[ImagingFact], model: Model
) -> Iterator[_Part]:
    here = [at for at in aim if at.side in order.sides] or aim
    meant = {at: _meant(at, facts) for at in here}
    there = [at for at in here if not meant[at].isdisjoint(order.roots)] or here
    foramina = [foramen_of(root) for at in there for root in sorted(meant[at])]
    levels, most = foramina, len(foramina)
    if order.kind == "surgery":
        levels, most = _operated(there, facts, model)
    yield _Part("order-side", aim, order.sides, [at.side for at in aim])
    yield _Part("order-root", here, order.roots, [r for at in here for r in sorted(meant[at])])
    yield _Part("order-level", there, order.levels, levels, most)
    yield _Part("order-foramen", there, order.foramina, foramina)


def reached(order: Order, sides: Sequence[Side]) -> tuple[RootSide, ...]:
    """List the modelled roots that an aimed order would reach; ``sides`` where it names none."""
    if order.kind not in AIMED:
        return ()
    roots = [_ROOTS[name] for name in order.roots if name in _ROOTS]
    if not roots:
        discs = [_DISCS[name] for name in (*order.foramina, *order.levels) if name in _DISCS]
        roots = [exiting_root(disc) for disc in discs]
        if order.kind == "surgery" and not order.foramina:
            roots += [traversing_root(disc) for disc in discs]
    known = [root for named in roots if (root := modelled(named))]
    return tuple(sorted({RootSide(root, side) for root in known for side in order.sides or sides}))


def _meant(at: RootSide, facts: Sequence[ImagingFact]) -> frozenset[Root]:
    """Give the root, and the upper roots that it stands for where imaging shows one of them."""
    shown = (root for fact in current(facts) if fact.present for root in _shown(fact, at))
    return frozenset((at.root, *(root for root in shown if modelled(root) is at.root)))


def _shown(fact: ImagingFact, at: RootSide) -> tuple[Root, ...]:
    if fact.side not in (at.side, None):
        return ()
    if fact.root:
        return (fact.root,)
    level, zones = fact.disc, zones_of(fact) if fact.kind in PLACED else fact.zones
    return tuple(root for zone in zones if level for root in roots_at(level, zone, fact.migration))


def _operated(
    aim: Sequence[RootSide], facts: Sequence[ImagingFact], model: Model
) -> tuple[list[str], int]:
    """Give the levels at which an operation reaches the roots, and how many may be ordered.

    They are those of the lesions seen on the roots; without any, those that the roots pass, one each.
    """
    by_level: dict[str, list[ImagingFact]] = {}
    for fact in current(facts):
        if fact.level and "-" in fact.level:
            by_level.setdefault(fact.level, []).append(fact)
    shown = [
        (seen.grade, level)
        for level, there in by_level.items()
        for seen in seen_roots(there, model.imaging)
        if seen.root in aim
    ]
    for least in (model.imaging.lesion_grade, model.imaging.grade_of_contact):
        if levels := [level for grade, level in shown if grade >= least]:
            return levels, len(levels)
    return [level.value for at in aim for level, _ in places_of(at.root)], len(aim)
