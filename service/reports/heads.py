"""Heads: the words of a sentence that state a finding, before anything is bound to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from service.clinical.imaging import Kind, Relation
from service.reports.marks import Mark
from service.reports.roots import Meeting, Mention

REACH = 24
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
_AS_SPACE: Mapping[str, str] = MappingProxyType(
    {"central": "canal", "subarticular": "recess", "foraminal": "foramen"}
)
_TAKES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "narrow": frozenset(("canal", "recess", "foramen", "sac")),
        "compromise": frozenset(("canal", "recess", "foramen")),
        "grow": frozenset(WORN),
        "wear": frozenset(("facet",)),
        "thick": frozenset(WORN),
        "normal": frozenset(("canal", "recess", "foramen", "sac", *WORN)),
    }
)
_BETWEEN = ("side", "severity", "join", "lean", "greater", "size", "time", "hedge", "where", "zone")


@dataclass(slots=True)
class Head:
    """A finding between marks ``first`` and ``last``; ``at`` is where its denial is looked up.

    ``group`` is shared by heads that share one predicate. ``normal`` heads are denials in
    themselves. ``topic`` heads stand for the place before a colon.
    """

    kind: Kind
    first: int
    last: int
    at: tuple[int, ...]
    rule: str
    detail: str = ""
    group: int = -1
    normal: bool = False
    plural: bool = False
    topic: bool = False
    relation: Relation | None = None
    mentions: tuple[Mention, ...] = ()


def heads_in(
    marks: Sequence[Mark], mentions: Sequence[Mention], meetings: Sequence[Meeting]
) -> tuple[Head, ...]:
    """The heads of a sentence from left to right."""
    changes = _changes(marks, mentions)
    claimed = {at for head in changes for at in head.at}
    heads = [*_alone(marks), *changes, *_met(meetings, claimed)]
    if not any(head.kind in (*NARROWED.values(), *WORN.values()) for head in heads):
        heads += _topics(marks)
    return tuple(sorted(heads, key=lambda head: (head.at[0], head.first)))


def _alone(marks: Sequence[Mark]) -> Iterator[Head]:
    """Findings that are one wording."""
    for at, mark in enumerate(marks):
        if mark.has("kind"):
            yield Head(Kind(mark.get("kind")), at, at, (at,), "named-finding")
        elif mark.has("slip"):
            yield Head(Kind.SPONDYLOLISTHESIS, at, at, (at,), "slip", mark.get("slip"))
        elif mark.has("operation"):
            yield Head(Kind.SURGERY, at, at, (at,), "operation", mark.get("operation"))
        elif mark.has("stenosis"):
            yield Head(NARROWED[mark.get("stenosis")], at, at, (at,), "abbreviation")
        elif mark.has("arthropathy"):
            yield Head(WORN[mark.get("arthropathy")], at, at, (at,), "abbreviation")


def _met(meetings: Sequence[Meeting], claimed: set[int]) -> Iterator[Head]:
    for meeting in meetings:
        if meeting.mentions and meeting.at not in claimed:
            yield Head(
                Kind.NERVE_ROOT,
                min(meeting.at, *(m.first for m in meeting.mentions)),
                max(meeting.at, *(m.last for m in meeting.mentions)),
                (meeting.at,),
                "root-spared" if meeting.spared else "root-relation",
                normal=meeting.spared,
                relation=Relation(meeting.relation),
                mentions=tuple(meeting.mentions),
            )


def _changes(marks: Sequence[Mark], mentions: Sequence[Mention]) -> list[Head]:
    """Places with what is said of them: those that stand before the word, else those after it."""
    rooted = {i for m in mentions for i in range(m.first, m.last + 1)}
    words = [at for at, mark in enumerate(marks) if mark.has("change")]
    groups = {at: _places_before(marks, at, rooted) for at in words}
    taken = {place for group in groups.values() for place in group}
    found: list[Head] = []
    for at in words:
        group = groups[at] or _places_after(marks, at, rooted, taken)
        taken.update(group)
        if group:
            found += _group(marks, at, group)
        elif marks[at].get("change") == "narrow":
            found.append(Head(Kind.STENOSIS_UNSPECIFIED, at, at, (at,), "stenosis-alone"))
    return found


def _group(marks: Sequence[Mark], at: int, group: list[int]) -> Iterator[Head]:
    change = marks[at].get("change")
    for place in sorted(group):
        what = _place(marks[place])
        first, last = place, place
        if place == max(group) and place < at:
            last = at
        elif place == min(group) and place > at:
            first = at
        yield Head(
            NARROWED.get("canal" if what == "sac" else what) or WORN[what],
            first,
            last,
            (place, at),
            f"{what}-{change}",
            group=at,
            normal=change == "normal",
            plural=marks[place].has("spaces"),
        )


def _place(mark: Mark) -> str:
    """Which place a mark names, if it names one that a change can be said of."""
    named = mark.get("space") or mark.get("spaces") or mark.get("joint")
    if named:
        return named
    return "sac" if mark.get("object") == "sac" else _AS_SPACE.get(mark.get("zone"), "")


def _places_before(marks: Sequence[Mark], at: int, rooted: set[int]) -> list[int]:
    """Walk back from the word over what may stand between it and its places."""
    takes = _TAKES[marks[at].get("change")]
    found: list[int] = []
    joined = False
    for i in range(at - 1, max(-1, at - REACH), -1):
        mark = marks[i]
        if i in rooted:
            break
        if _place(mark) in takes:
            if found and not (joined or mark.has("zone") or _apposed(marks, i, found[-1])):
                break
            if found and marks[i + 1].get("join") == "close":
                break
            found.append(i)
            joined = False
        elif mark.has("join"):
            joined = joined or mark.get("join") != "comma" or _list_goes_on(marks, i, found)
            if mark.get("join") == "comma" and found and not joined:
                break
        elif not _may_stand(marks, i, bool(found)):
            break
    return found


def _apposed(marks: Sequence[Mark], place: int, later: int) -> bool:
    return later == place + 1


def _list_goes_on(marks: Sequence[Mark], comma: int, found: list[int]) -> bool:
    """A comma lists places only when the list was closed by "and" or "or" further on."""
    if not found:
        return False
    return any(m.get("join") in ("and", "or") for m in marks[comma + 1 : max(found) + 1])


def _may_stand(marks: Sequence[Mark], i: int, has_place: bool) -> bool:
    """Whether a mark may stand between a place and what is said of it."""
    mark = marks[i]
    if mark.discs or mark.name:
        return True
    if mark.has("colon"):
        return i <= 6 and not has_place
    if mark.get("negation") == "pre" or mark.get("cut") == "which":
        return not has_place
    return mark.has(*_BETWEEN) and not mark.has("kind", "cut")


def _places_after(marks: Sequence[Mark], at: int, rooted: set[int], taken: set[int]) -> list[int]:
    """Walk on from the word: ``narrowing of the canal and both foramina``."""
    takes = _TAKES[marks[at].get("change")]
    found: list[int] = []
    for i in range(at + 1, min(len(marks), at + REACH)):
        mark = marks[i]
        if i in rooted or i in taken:
            break
        noun = mark.has("space", "spaces", "joint") or mark.get("object") == "sac"
        if noun and _place(mark) in takes:
            found.append(i)
        elif mark.has("zone") and not found and i + 1 < len(marks) and marks[i + 1].has("zone"):
            continue
        elif mark.get("join") == "comma" and not _noun_follows(marks, i, takes):
            break
        elif mark.has("lean") and marks[at].get("change") == "compromise":
            break
        elif not (mark.has("join", "side", "lean", "severity") or mark.get("zone") == "central"):
            break
    return found


def _noun_follows(marks: Sequence[Mark], comma: int, takes: frozenset[str]) -> bool:
    for mark in marks[comma + 1 : comma + 5]:
        if mark.has("space", "spaces", "joint"):
            return _place(mark) in takes
        if not mark.has("join", "side"):
            return False
    return False


def _topics(marks: Sequence[Mark]) -> Iterator[Head]:
    """``Foramina: mild at L3-4``: a place before a colon, with a grade or a denial after it."""
    colon = next((i for i, mark in enumerate(marks[:8]) if mark.has("colon")), None)
    if colon is None or not any(m.has("severity", "none") for m in marks[colon:]):
        return
    for i in range(colon):
        what = _place(marks[i])
        if what and what != "sac" and not marks[i].has("zone") or (what and i + 1 == colon):
            if what in NARROWED or what in WORN:
                yield Head(
                    NARROWED.get(what) or WORN[what],
                    i,
                    colon,
                    (colon,),
                    f"{what}-topic",
                    plural=marks[i].has("spaces"),
                    topic=True,
                )
