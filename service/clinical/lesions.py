"""From imaging facts to roots: which root each lesion can press on, and how strongly it is seen to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from service.clinical.anatomy import (
    BOTH,
    Role,
    Root,
    RootSide,
    Side,
    Zone,
    exiting_root,
    roots_of_slip,
    traversing_root,
)
from service.clinical.answer import Lesion
from service.clinical.findings import Source
from service.clinical.image_grades import (
    PLACED,
    STENOSES,
    placed_grade,
    stated_grade,
    zones_of,
)
from service.clinical.image_places import EXITING, LATERAL, PASSES, PRESSED, UNITS
from service.clinical.imaging import ImagingFact, Kind
from service.clinical.model import ImagingModel
from service.clinical.root_sets import modelled

_SLIP, _WORN = Kind.SPONDYLOLISTHESIS, "degenerative"

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

EVERYWHERE = ("", "all", None)
"""Levels of a denial that is about every level."""


class Seen(NamedTuple):
    """One root on one side as imaging shows it: grade 0 (free) to 3 (compressed), from one fact.

    ``lateral`` says that it is seen in or beyond the foramen. ``denial`` is the fact that says
    otherwise, with the grade ``denied_as`` that it leaves open: reports then disagree.
    """

    root: RootSide
    grade: float
    fact: ImagingFact
    lateral: bool = False
    denial: ImagingFact | None = None
    denied_as: float = 0.0


def current(facts: Iterable[ImagingFact]) -> tuple[ImagingFact, ...]:
    """Keep the facts about the study at hand; what has resolved says nothing about today."""
    return tuple([f for f in facts if f.time != "resolved_or_prior"])


def seen_roots(facts: Iterable[ImagingFact], model: ImagingModel) -> tuple[Seen, ...]:
    """Say for each root and side that imaging speaks of the strongest statement about it.

    A statement about a root itself goes before one inferred from a level and a zone at the same
    level and side. A root counts as free only where it is said of the root, or of both the places
    it passes. Where one statement denies what another one says, both are kept.
    """
    facts = current(facts)
    said = [f for f in facts if f.kind is Kind.NERVE_ROOT]
    found = [s for f in said for s in _stated(f, model)]
    roots = {s.root for s in found}
    spoken = {(s.fact.level, s.root.side) for s in found}
    for fact in facts:
        if fact.kind in PLACED:
            if fact.present:
                found += [
                    s
                    for s in _inferred(fact, model)
                    if s.root in roots or (fact.level, s.root.side) not in spoken
                ]
        elif fact.kind is _SLIP:
            found += [s for s in _slipped(fact, model) if s.root not in roots]
    found += _cleared(facts)
    strongest: dict[RootSide, Seen] = {}
    for seen in found:
        held = strongest.get(seen.root)
        if held is None or (seen.grade, seen.lateral) > (held.grade, held.lateral):
            strongest[seen.root] = seen
    denials = [f for f in said if not f.present or f.probability is not None]
    if denials:
        denials = [f for f in denials if stated_grade(f, model) < model.grade_of_contact]
        strongest = {at: _opposed(held, denials, found, model) for at, held in strongest.items()}
    return tuple([strongest[root] for root in sorted(strongest)])


def _stated(fact: ImagingFact, model: ImagingModel) -> list[Seen]:
    named = fact.root or _by_role(fact)
    if named is None:
        return []
    grade = stated_grade(fact, model)
    lateral = fact.role is Role.EXITING or EXITING.get(fact.level) is named
    return [Seen(at, grade, fact, lateral) for at in UNITS[named, fact.side]]


def _by_role(fact: ImagingFact) -> Root | None:
    if fact.disc is None or fact.role is None:
        return None
    return exiting_root(fact.disc) if fact.role is Role.EXITING else traversing_root(fact.disc)


def _opposed(
    held: Seen, denials: Sequence[ImagingFact], found: Iterable[Seen], model: ImagingModel
) -> Seen:
    """Add the denial that stands against a root seen compressed: of the same words, or by another report.

    A report that denies one word of a root and states another is at one with itself.
    """
    if held.grade < model.lesion_grade:
        return held
    for fact in denials:
        if not _is_about(fact, held):
            continue
        if fact.reference == held.fact.reference:
            against = fact.root is not None and fact.relation is held.fact.relation
        else:
            against = not any(
                s.root == held.root
                and s.grade >= model.grade_of_contact
                and s.fact.reference == fact.reference
                for s in found
            )
        if against:
            return held._replace(denial=fact, denied_as=stated_grade(fact, model))
    return held


def _is_about(fact: ImagingFact, held: Seen) -> bool:
    """Whether a denial speaks of this root where it was seen: by name, or of every root there."""
    named = fact.root or _by_role(fact)
    return (
        (named is None or modelled(named) is held.root.root)
        and fact.side in (None, held.root.side)
        and (fact.level in EVERYWHERE or fact.level == held.fact.level)
    )


def _inferred(fact: ImagingFact, model: ImagingModel) -> list[Seen]:
    seen: list[Seen] = []
    for zone in zones_of(fact):
        grade = placed_grade(fact, zone, model)
        lateral = zone in LATERAL
        for units in PRESSED.get((fact.level, zone, fact.migration, fact.side), ()):
            seen += [Seen(at, grade, fact, lateral) for at in units]
            grade = min(grade, model.grade_of_contact)
    return seen


def _slipped(fact: ImagingFact, model: ImagingModel) -> list[Seen]:
    """The root that a slip meets first, where it is said what kind of slip it is."""
    isthmic = fact.detail.startswith("isthmic")
    if not fact.present or fact.disc is None or not (isthmic or fact.detail.startswith(_WORN)):
        return []
    grade = placed_grade(fact, Zone.SUBARTICULAR, model)
    first, *_ = roots_of_slip(fact.disc, isthmic=isthmic)
    return [Seen(at, grade, fact, isthmic) for at in UNITS[first, fact.side]]


def _cleared(facts: Iterable[ImagingFact]) -> list[Seen]:
    """Find the roots whose recess and foramen are both said to be clear on one side."""
    clear: dict[tuple[str, Kind, Side], ImagingFact] = {
        (fact.level or "", fact.kind, side): fact
        for fact in facts
        if not fact.present and fact.kind in STENOSES
        for side in ((fact.side,) if fact.side else BOTH)
    }
    found: list[Seen] = []
    for root, recess, foramen in PASSES if clear else ():
        for side in BOTH:
            passed = clear.get((recess, Kind.LATERAL_RECESS_STENOSIS, side))
            if passed and (foramen, Kind.FORAMINAL_STENOSIS, side) in clear:
                found.append(Seen(RootSide(root, side), 0.0, passed))
    return found


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
    return fact.side is not None or Zone.CENTRAL in zones_of(fact)


def _lesion(seen: Seen, facts: Iterable[ImagingFact]) -> Lesion:
    fact = seen.fact
    cause = fact if fact.kind in CAUSES else _cause_of(seen, facts)
    zones = zones_of(cause) if cause and cause.kind in PLACED else ()
    return Lesion(
        root=seen.root,
        cause=CAUSES[cause.kind] if cause else "unspecified",
        level=fact.disc or (cause.disc if cause else None),
        zone=zones[0] if zones else _zone_of_role(fact),
        grade=seen.grade,
        certain=not fact.possible and seen.denial is None,
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
