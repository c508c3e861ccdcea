"""Variants of a finding: one for each side, grade and root that its sentence gives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from service.clinical.anatomy import Role, Root, Side
from service.clinical.imaging import Kind
from service.reports.heads import Head
from service.reports.levels import USUAL
from service.reports.marks import Mark
from service.reports.roots import Mention, RootName
from service.reports.slots import Grade, Region, grades_of

PAIRED = (Kind.LATERAL_RECESS_STENOSIS, Kind.FORAMINAL_STENOSIS, Kind.FACET_ARTHROPATHY)
_SIDELESS = (Kind.CANAL_STENOSIS, Kind.SPONDYLOLISTHESIS, Kind.STENOSIS_UNSPECIFIED)
_GRADELESS = (Kind.NERVE_ROOT, Kind.SPONDYLOLISTHESIS, Kind.SURGERY, Kind.EPIDURAL_SCAR)
_NOTHING = Grade()
_DENIED = ("none", "normal")
_ROOTS = {root.value: root for root in Root}
_SIDES: dict[str, tuple[Side | None, ...]] = {
    "both": (Side.LEFT, Side.RIGHT),
    "left": (Side.LEFT,),
    "right": (Side.RIGHT,),
    "": (None,),
}


class Variant(NamedTuple):
    """What differs between the facts of one head.

    ``level`` is set where the grade came with a level of its own; ``present`` where a list says
    "none", or "mild left" before a denial; ``name`` is a root as written, when it is none of the usual ones.
    """

    side: Side | None = None
    severity: str | None = None
    level: str | None = None
    present: bool | None = None
    root: Root | None = None
    role: Role | None = None
    name: str = ""


def graded(
    n: int, heads: Sequence[Head], regions: Sequence[Region], usual: tuple[str, ...]
) -> tuple[list[Variant], str]:
    """The variants of head ``n`` by side, grade and level; and its side, when it has only one."""
    head, (affirmed, region) = heads[n], _affirmed(regions[n])
    grades = grades_of(region, head.kind in PAIRED)
    if head.group >= 0:
        shared = _shared(n, heads, regions)
        grades = tuple(_filled(grade, shared) for grade in grades)
    sides = {grade.side for grade in grades}
    variants = [v for level, grade in _placed(grades, usual) for v in _sided(head, grade, level)]
    for grade in grades_of(affirmed, False) if affirmed.before else ():
        variants += [v._replace(present=True) for v in _sided(head, grade, None)]
    return variants, sides.pop() if len(sides) == 1 else ""


def rooted(mention: Mention, head: Head, region: Region, subject: str) -> Iterator[Variant]:
    """The variants of a relation by root and side; ``subject`` is the side of what meets the root."""
    following = region.within[mention.last + 1 - head.first :] + region.behind
    behind = _side_behind(following)
    role_behind = next((mark.get("role") for mark in following if "role" in mark.tags), "")
    for root in mention.roots:
        side = root.side or behind or _inherited(mention, subject)
        role = root.role or role_behind
        for each in _SIDES[side]:
            yield _of_root(root, each, Role(role) if role else None)


def _placed(
    grades: tuple[Grade, ...], usual: tuple[str, ...]
) -> Iterator[tuple[str | None, Grade]]:
    """Grades with their own levels, when the sentence gives several; else without."""
    placed = [grade.discs for grade in grades if grade.discs]
    named = {disc for discs in placed for disc in discs}
    if not placed or (len(named) == len(placed[0]) and len(grades) == 1):
        yield from ((None, grade) for grade in grades)
        return
    for n, grade in enumerate(grades):
        for level in _levels_of(grade, n, grades, named, placed[0] or usual):
            yield level, grade


def _levels_of(
    grade: Grade, n: int, grades: tuple[Grade, ...], named: set[str], first: tuple[str, ...]
) -> tuple[str, ...]:
    """The levels of one grade of a list; later, more exact ones take theirs from the first."""
    if grade.discs:
        exact = {
            disc
            for later in grades[n + 1 :]
            if later.severity and later.discs != grade.discs
            for disc in later.discs
        }
        return tuple(disc for disc in grade.discs if disc not in exact)
    denied = grade.severity in _DENIED
    if grade.rest == "otherwise" and not denied:
        graded = {disc for other in grades if other.severity for disc in other.discs}
        return tuple(disc for disc in first if disc not in graded)
    if grade.rest == "elsewhere" or (grade.rest and denied):
        return tuple(disc for disc in USUAL if disc not in named)
    return first if n == 0 else ()


def _shared(n: int, heads: Sequence[Head], regions: Sequence[Region]) -> Grade:
    """What heads of one predicate share: an earlier grade or side, or one after the last of them."""
    head, shared = heads[n], _NOTHING
    mates = [i for i, mate in enumerate(heads) if mate.group == head.group]
    for i in mates:
        earlier = heads[i].first < head.first
        if i != n and (earlier or i == mates[-1]):
            part = regions[i] if earlier else Region(behind=regions[i].behind)
            grade = grades_of(part, True)[0]
            shared = Grade(grade.side or shared.side, grade.severity or shared.severity)
    return shared


def _filled(grade: Grade, shared: Grade) -> Grade:
    if (grade.side or not shared.side) and (grade.severity or not shared.severity):
        return grade
    return grade._replace(
        side=grade.side or shared.side, severity=grade.severity or shared.severity
    )


def _sided(head: Head, grade: Grade, level: str | None) -> Iterator[Variant]:
    """One variant for each side; "none" in a list is a denial."""
    denied = grade.severity in _DENIED
    severity = None if denied or head.kind in _GRADELESS else grade.severity or None
    side = "" if head.kind in _SIDELESS else grade.side
    if not side and head.plural and head.kind in PAIRED:
        side = "both"
    for each in _SIDES[side]:
        yield Variant(each, severity, level, False if denied else None)


def _affirmed(region: Region) -> tuple[Region, Region]:
    """``mild left and no right stenosis``: what stands before the denial, and the rest."""
    before = region.before
    cue = next((i for i, m in enumerate(before) if m.tags.get("negation") == "pre"), 0)
    said = before[: cue - 1] if cue and "join" in before[cue - 1].tags else ()
    if not (any("side" in m.tags for m in said) and any("severity" in m.tags for m in said)):
        return Region(), region
    return Region(said), region._replace(before=before[cue:])


def _side_behind(following: Sequence[Mark]) -> str:
    """``on the left`` or ``bilaterally`` behind the root."""
    lean = False
    for mark in following:
        if "side" in mark.tags and (lean or mark.tags.get("side") == "both"):
            return mark.get("side")
        lean = "lean" in mark.tags
    return ""


def _inherited(mention: Mention, subject: str) -> str:
    """The side of what meets the root, or both for a plural."""
    if mention.plural:
        return "both"
    return subject if subject != "both" else ""


def _of_root(root: RootName, side: Side | None, role: Role | None) -> Variant:
    known = _ROOTS.get(root.name)
    return Variant(side, root=known, role=role, name="" if known else root.name)
