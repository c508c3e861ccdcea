"""Draft orders against the answer: whether side, root, level and foramen reach what was localised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.clinical.anatomy import (
    DiscLevel,
    Root,
    RootSide,
    Side,
    crossing_level,
    exiting_root,
    foramen_of,
    roots_at,
    traversing_root,
)
from service.clinical.answer import Discordance
from service.clinical.disagreement import AND, disagree
from service.clinical.findings import Order
from service.clinical.imaging import ImagingFact
from service.clinical.lesions import current, seen_roots
from service.clinical.model import Model
from service.clinical.root_sets import modelled

AIMED = ("injection", "surgery")
"""Kinds of order that are aimed at one root."""

_DISCS = {disc.value: disc for disc in DiscLevel}
_ROOTS = {root.value: root for root in Root}


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
    source = (order.source,)
    if order.sides and not {at.side for at in aim}.issuperset(order.sides):
        yield disagree("order-side", model, aim, order=order.sides, sources=source, word=word)
    here = [at for at in aim if at.side in order.sides] or aim
    meant = {at: _meant(at, facts) for at in here}
    if order.roots and not {root for roots in meant.values() for root in roots}.issuperset(
        order.roots
    ):
        yield disagree("order-root", model, here, order=order.roots, sources=source, word=word)
    there = [at for at in here if not meant[at].isdisjoint(order.roots)] or here
    foramina = [foramen_of(root) for at in there for root in sorted(meant[at])]
    expected, most = foramina, len(foramina)
    if order.kind == "surgery":
        expected, most = _operated(there, facts, model)
    if order.levels and not (set(order.levels) <= set(expected) and len(order.levels) <= most):
        yield disagree(
            "order-level",
            model,
            there,
            order=order.levels,
            expected=expected,
            sources=source,
            word=word,
        )
    if order.foramina and not set(order.foramina) <= set(foramina):
        yield disagree(
            "order-foramen",
            model,
            there,
            order=order.foramina,
            expected=foramina,
            sources=source,
            word=word,
        )


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
    zones = fact.zones if fact.disc else ()
    return tuple(
        root for zone in zones if fact.disc for root in roots_at(fact.disc, zone, fact.migration)
    )


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
    passed = [
        level for at in aim for level in (crossing_level(at.root), _DISCS.get(foramen_of(at.root)))
    ]
    return [level.value for level in passed if level], len(aim)
