"""What is said of a place: "narrowing" of a foramen, "hypertrophy" of a facet, "patent" of a canal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from service.clinical.imaging import Kind
from service.reports.marks import Mark

REACH = 24
TOPIC = 6
NARROWED: Mapping[str, Kind] = MappingProxyType(
    {
        "canal": Kind.CANAL_STENOSIS,
        "recess": Kind.LATERAL_RECESS_STENOSIS,
        "foramen": Kind.FORAMINAL_STENOSIS,
    }
)
WORN: Mapping[str, Kind] = MappingProxyType(
    {"facet": Kind.FACET_ARTHROPATHY, "flavum": Kind.LIGAMENTUM_FLAVUM_THICKENING}
)
_TAKES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "narrow": frozenset((*NARROWED, "sac")),
        "compromise": frozenset(NARROWED),
        "grow": frozenset(WORN),
        "wear": frozenset(("facet",)),
        "thick": frozenset(WORN),
        "normal": frozenset((*NARROWED, "sac", *WORN)),
    }
)
_BETWEEN = ("side", "severity", "join", "lean", "greater", "size", "time", "hedge", "where", "zone")
_NAMED = frozenset(("space", "spaces", "joint", "object", "stands"))
_NOUNS = ("space", "spaces", "joint")


@dataclass(frozen=True, slots=True)
class Change:
    """A word at mark ``at`` that is said of the places at these marks, in the order of the text."""

    at: int
    places: tuple[int, ...]


def changes_in(marks: Sequence[Mark], rooted: set[int]) -> Iterator[Change]:
    """Every change with its places, read from left to right; ``rooted`` marks name roots."""
    taken: set[int] = set(rooted)
    for at, mark in enumerate(marks):
        if "change" not in mark.tags or at in rooted:
            continue
        if not (mark.has("met", "meeting") and at - 1 in rooted):
            places = [] if "governs" in mark.tags else _before(marks, at, taken)
            places = places or _after(marks, at, taken)
            taken.update(places)
            yield Change(at, tuple(sorted(places)))


def place_of(mark: Mark) -> str:
    """Which place a mark names, if it names one that a change can be said of."""
    tags = mark.tags
    if _NAMED.isdisjoint(tags):
        return ""
    named = tags.get("space") or tags.get("spaces") or tags.get("joint")
    if named:
        return named
    return "sac" if tags.get("object") == "sac" else tags.get("stands", "")


def _before(marks: Sequence[Mark], at: int, taken: set[int]) -> list[int]:
    """Walk back from the word over what may stand between it and its places."""
    takes = _TAKES[marks[at].get("change")]
    found: list[int] = []
    linked = True
    for i in range(at - 1, max(-1, at - REACH), -1):
        mark = marks[i]
        if i in taken:
            break
        if place_of(mark) in takes:
            if not linked and found[-1] != i + 1:
                break
            found.append(i)
            linked = False
        elif "join" in mark.tags:
            linked = _links(marks, i, at, found)
            if not linked:
                break
        elif not _may_stand(marks, i, bool(found)):
            break
    return found


def _links(marks: Sequence[Mark], i: int, at: int, found: list[int]) -> bool:
    """Whether a join still leads back to a place.

    "And" and "or" link places to each other; a comma does so in a list that they close, and also
    sets off what is said of the place before it.
    """
    kind = marks[i].get("join")
    if not found:
        return kind in ("comma", "close") or marks[i - 1 : i] == [] or _predicates(marks, i)
    if kind in ("and", "or"):
        return True
    listed = any(m.tags.get("join") in ("and", "or") for m in marks[i + 1 : found[0] + 1])
    return kind == "comma" and listed


def _predicates(marks: Sequence[Mark], i: int) -> bool:
    """``stenosed and narrowed``: a join of two words said of one place."""
    return i > 0 and marks[i - 1].has("change", "met")


def _may_stand(marks: Sequence[Mark], i: int, has_place: bool) -> bool:
    """Whether a mark may stand between a place and what is said of it."""
    mark = marks[i]
    if mark.discs or mark.name:
        return True
    if "colon" in mark.tags:
        return i <= TOPIC and not has_place
    if (
        mark.tags.get("negation") == "pre"
        or mark.tags.get("cut") == "which"
        or mark.has("met", "change")
    ):
        return not has_place
    return mark.has(*_BETWEEN) and not mark.has("kind", "cut")


def _after(marks: Sequence[Mark], at: int, taken: set[int]) -> list[int]:
    """Walk on from the word: ``narrowing of the canal and both foramina``."""
    takes = _TAKES[marks[at].get("change")]
    found: list[int] = []
    for i in range(at + 1, min(len(marks), at + REACH)):
        mark = marks[i]
        if i in taken:
            break
        if _noun(mark) and place_of(mark) in takes:
            if found and i + 1 < len(marks) and "change" in marks[i + 1].tags:
                break
            found.append(i)
        elif not _leads_on(marks, i, at, bool(found), takes):
            break
    return found


def _noun(mark: Mark) -> bool:
    return mark.has(*_NOUNS) or mark.tags.get("object") == "sac"


def _leads_on(
    marks: Sequence[Mark], i: int, at: int, has_place: bool, takes: frozenset[str]
) -> bool:
    """Whether a mark behind the word may stand before one of its places."""
    mark = marks[i]
    if mark.tags.get("join") == "comma":
        return _noun_follows(marks, i, takes)
    if "severity" in mark.tags:
        return not has_place and marks[at].tags.get("change") != "normal"
    if "lean" in mark.tags:
        return marks[at].tags.get("change") == "narrow"
    if mark.has("join", "side") or mark.discs:
        return True
    return not has_place and mark.has("zone", "other")


def _noun_follows(marks: Sequence[Mark], comma: int, takes: frozenset[str]) -> bool:
    for mark in marks[comma + 1 : comma + 5]:
        if mark.has(*_NOUNS):
            return place_of(mark) in takes
        if not mark.has("join", "side"):
            return False
    return False
