"""From imaging facts to roots: which root each lesion can press on, and how strongly it is seen to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import exp, log
from typing import NamedTuple

from service.clinical.anatomy import (
    BOTH,
    Role,
    Root,
    RootSide,
    Side,
    Zone,
    crossing_level,
    exiting_root,
    roots_at,
    traversing_root,
)
from service.clinical.answer import Lesion
from service.clinical.findings import Source
from service.clinical.imaging import ImagingFact, Kind
from service.clinical.model import MODEL_ROOTS, ImagingModel
from service.clinical.root_sets import modelled

DISC_KINDS = frozenset(
    {Kind.PROTRUSION, Kind.EXTRUSION, Kind.SEQUESTRATION, Kind.HERNIATION, Kind.SYNOVIAL_CYST}
)
STENOSES = frozenset({Kind.FORAMINAL_STENOSIS, Kind.LATERAL_RECESS_STENOSIS, Kind.CANAL_STENOSIS})
PLACED = DISC_KINDS | STENOSES
"""Kinds whose level and zone say which root they can press on."""

CAUSES = {
    Kind.PROTRUSION: "disc",
    Kind.EXTRUSION: "disc",
    Kind.SEQUESTRATION: "disc",
    Kind.HERNIATION: "disc",
    Kind.BULGE: "disc",
    Kind.SYNOVIAL_CYST: "cyst",
    Kind.OSTEOPHYTE: "spur",
    Kind.SPONDYLOLISTHESIS: "slip",
    Kind.FORAMINAL_STENOSIS: "stenosis",
    Kind.LATERAL_RECESS_STENOSIS: "stenosis",
    Kind.CANAL_STENOSIS: "stenosis",
}


ROUNDING = 1e-12
"""A mixed ratio this near to one says nothing."""


class Seen(NamedTuple):
    """One root on one side as imaging shows it: grade 0 (free) to 3 (compressed), from one fact."""

    root: RootSide
    grade: float
    fact: ImagingFact


def current(facts: Iterable[ImagingFact]) -> tuple[ImagingFact, ...]:
    """Keep the facts about the study at hand; what has resolved says nothing about today."""
    return tuple(f for f in facts if f.time != "resolved_or_prior")


def seen_roots(facts: Iterable[ImagingFact], model: ImagingModel) -> tuple[Seen, ...]:
    """Say for each root and side that imaging speaks of the strongest statement about it.

    A statement about a root itself goes before one inferred from a level and a zone at the same
    level and side. A root counts as free only where it is said of the root, or of both the places
    it passes.
    """
    facts = current(facts)
    stated = [s for f in facts if f.kind is Kind.NERVE_ROOT for s in _stated(f, model)]
    spoken = {(s.fact.level, s.root.side) for s in stated}
    roots = {s.root for s in stated}
    inferred = [
        s
        for f in facts
        if f.present and f.kind in PLACED
        for s in _inferred(f, model)
        if (f.level, s.root.side) not in spoken or s.root in roots
    ]
    strongest: dict[RootSide, Seen] = {}
    for seen in [*stated, *inferred, *_cleared(facts)]:
        held = strongest.get(seen.root)
        if held is None or seen.grade > held.grade:
            strongest[seen.root] = seen
    return tuple(strongest[root] for root in sorted(strongest))


def _stated(fact: ImagingFact, model: ImagingModel) -> list[Seen]:
    named = fact.root or _by_role(fact)
    root = modelled(named) if named else None
    if root is None:
        return []
    grade = model.relation_grade.get(fact.relation or "", model.grade_of_contact)
    if not fact.present:
        grade = model.denied_grade if grade > model.grade_of_contact else 0.0
    return [Seen(RootSide(root, side), grade, fact) for side in _sides(fact)]


def _by_role(fact: ImagingFact) -> Root | None:
    if fact.disc is None or fact.role is None:
        return None
    return exiting_root(fact.disc) if fact.role is Role.EXITING else traversing_root(fact.disc)


def _inferred(fact: ImagingFact, model: ImagingModel) -> list[Seen]:
    if fact.disc is None:
        return []
    zones = _zones(fact)
    sides = _sides(fact)
    seen: list[Seen] = []
    for zone in zones:
        grade = _grade(fact, zone, model)
        first, *further = roots_at(fact.disc, zone, fact.migration)
        roots = [(first, grade), *((r, min(grade, model.grade_of_contact)) for r in further)]
        seen += [
            Seen(RootSide(root, side), grade, fact)
            for named, grade in roots
            for side in sides
            if (root := modelled(named))
        ]
    return seen


def _sides(fact: ImagingFact) -> tuple[Side, ...]:
    """A lesion whose side is not stated may be on either: it speaks for the root, not for a side."""
    return (fact.side,) if fact.side else BOTH


def _zones(fact: ImagingFact) -> tuple[Zone, ...]:
    match fact.kind:
        case Kind.FORAMINAL_STENOSIS:
            return (Zone.FORAMINAL,)
        case Kind.LATERAL_RECESS_STENOSIS:
            return (Zone.SUBARTICULAR,)
        case Kind.CANAL_STENOSIS:
            return (Zone.CENTRAL,)
    if Zone.CENTRAL in fact.zones and fact.side is not None and len(fact.zones) == 1:
        return (Zone.SUBARTICULAR,)
    return fact.zones or (Zone.SUBARTICULAR,)


def _grade(fact: ImagingFact, zone: Zone, model: ImagingModel) -> float:
    if fact.kind in STENOSES:
        grade = model.severity_grade.get(fact.severity or "", model.grade_of_contact)
    else:
        grade = model.kind_grade.get(fact.kind, model.grade_of_contact)
    if zone is Zone.CENTRAL and fact.kind is not Kind.CANAL_STENOSIS:
        return min(grade, model.grade_of_contact)
    return grade


def _cleared(facts: Iterable[ImagingFact]) -> list[Seen]:
    """Find the roots whose recess and foramen are both said to be clear on one side."""
    clear: dict[tuple[str, Kind, Side], ImagingFact] = {
        (fact.level or "", fact.kind, side): fact
        for fact in facts
        if not fact.present and fact.kind in STENOSES
        for side in ((fact.side,) if fact.side else BOTH)
    }
    found: list[Seen] = []
    if not clear:
        return found
    for root in MODEL_ROOTS:
        crossing = crossing_level(root)
        for side in BOTH:
            recess = clear.get((crossing or "", Kind.LATERAL_RECESS_STENOSIS, side))
            foramen = _foramen_fact(clear, root, side)
            if recess and foramen:
                found.append(Seen(RootSide(root, side), 0.0, recess))
    return found


def _foramen_fact(
    clear: Mapping[tuple[str, Kind, Side], ImagingFact], root: Root, side: Side
) -> ImagingFact | None:
    facts = (
        f for (_, kind, at), f in clear.items() if kind is Kind.FORAMINAL_STENOSIS and at is side
    )
    return next((f for f in facts if f.disc and exiting_root(f.disc) is root), None)


def ratio(seen: Seen, age: int | None, model: ImagingModel) -> float:
    """Log likelihood ratio that this root is the compressed one, discounted by age and by doubt."""
    below = min(int(seen.grade), len(model.grade_lr) - 2)
    part = seen.grade - below
    low, high = (log(model.grade_lr[below + step]) for step in (0, 1))
    weight = low + part * (high - low)
    if weight > 0:
        weight *= _discount(age, model)
    return weight * model.possible_discount if seen.fact.possible else weight


def _discount(age: int | None, model: ImagingModel) -> float:
    factors = [f for start, f in model.age_discount if age is not None and age >= start]
    return factors[-1] if factors else 1.0


def spread_by_numbering(
    ratios: Mapping[RootSide, float], model: ImagingModel
) -> dict[RootSide, float]:
    """Share each ratio with the neighbours when the count of vertebrae is in doubt."""
    shared: dict[RootSide, float] = {}
    for side in BOTH:
        chances = [exp(ratios.get(RootSide(root, side), 0.0)) for root in MODEL_ROOTS]
        for i, root in enumerate(MODEL_ROOTS):
            near = chances[max(i - 1, 0) : i] + chances[i + 1 : i + 2]
            keep = model.numbering_keep
            mixed = keep * chances[i] + (1 - keep) * sum(near) / len(near)
            if abs(mixed - 1) > ROUNDING:
                shared[RootSide(root, side)] = log(mixed)
    return shared


def as_lesions(
    seen: Iterable[Seen], facts: Iterable[ImagingFact], model: ImagingModel
) -> tuple[Lesion, ...]:
    """List the lesions that are seen to touch a root, with cause, level and zone; the strongest first."""
    facts = current(facts)
    touching = (s for s in seen if s.grade >= model.grade_of_contact and _is_placed(s.fact))
    found = [_lesion(s, facts) for s in touching]
    return tuple(sorted(found, key=lambda lesion: (-lesion.grade, lesion.root)))


def _is_placed(fact: ImagingFact) -> bool:
    """Whether it is known which side a lesion touches; one in the midline touches both."""
    return fact.side is not None or Zone.CENTRAL in _zones(fact)


def _lesion(seen: Seen, facts: Iterable[ImagingFact]) -> Lesion:
    fact = seen.fact
    cause = fact if fact.kind in CAUSES else _cause_of(seen, facts)
    zones = _zones(cause) if cause and cause.kind in PLACED else ()
    return Lesion(
        root=seen.root,
        cause=CAUSES[cause.kind] if cause else "unspecified",
        level=fact.disc or (cause.disc if cause else None),
        zone=zones[0] if zones else _zone_of_role(fact),
        grade=seen.grade,
        certain=not fact.possible,
        source=Source(fact.reference, fact.version),
    )


def _zone_of_role(fact: ImagingFact) -> Zone | None:
    if fact.role is None:
        return None
    return Zone.FORAMINAL if fact.role is Role.EXITING else Zone.SUBARTICULAR


_RANK = tuple(CAUSES)


def _cause_of(seen: Seen, facts: Iterable[ImagingFact]) -> ImagingFact | None:
    """Find the lesion at the same level and side that a statement about a root speaks of."""
    here = [
        f
        for f in facts
        if f.present
        and f.kind in CAUSES
        and f.level == seen.fact.level
        and f.side in (seen.root.side, None)
    ]
    return min(here, key=lambda f: (_RANK.index(f.kind), f.side is None), default=None)
