"""Heads: the words of a sentence that state a finding, before anything is bound to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.clinical.imaging import Kind, Relation
from service.reports.changes import NARROWED, WORN, Change, changes_in, place_of
from service.reports.marks import Mark
from service.reports.roots import Meeting, Mention

_KINDS = {kind.value: kind for kind in Kind}
_AT_PLACES = frozenset((*NARROWED.values(), *WORN.values()))
_GRADES = frozenset(("severity", "none"))
_ALONE = frozenset(("kind", "slip", "operation", "stenosis", "arthropathy"))


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
    marks: Sequence[Mark],
    mentions: Sequence[Mention],
    meetings: Sequence[Meeting],
    said: frozenset[str],
) -> tuple[Head, ...]:
    """The heads of a sentence from left to right; ``said`` are the tags of its marks."""
    heads: list[Head] = []
    if "change" in said:
        rooted = {i for m in mentions for i in range(m.first, m.last + 1)}
        for change in changes_in(marks, rooted):
            heads += _changed(marks, change)
    if meetings:
        claimed = {at for head in heads for at in head.at}
        heads += _met(meetings, claimed)
    if not _ALONE.isdisjoint(said):
        heads = [*_alone(marks), *heads]
    if "colon" in said and not [head for head in heads if head.kind in _AT_PLACES]:
        heads += _topics(marks)
    if len(heads) > 1:
        heads.sort(key=_order)
    return tuple(heads)


def _order(head: Head) -> tuple[int, int]:
    return head.at[0], head.first


def _alone(marks: Sequence[Mark]) -> Iterator[Head]:
    """Findings that are one wording."""
    for at, mark in enumerate(marks):
        if _ALONE.isdisjoint(mark.tags):
            continue
        if "kind" in mark.tags:
            yield Head(_KINDS[mark.tags["kind"]], at, at, (at,), "named-finding")
        elif "slip" in mark.tags:
            yield Head(Kind.SPONDYLOLISTHESIS, at, at, (at,), "slip", mark.get("slip"))
        elif "operation" in mark.tags:
            yield Head(Kind.SURGERY, at, at, (at,), "operation", mark.get("operation"))
        elif "stenosis" in mark.tags:
            yield Head(NARROWED[mark.get("stenosis")], at, at, (at,), "abbreviation")
        elif "arthropathy" in mark.tags:
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


def _changed(marks: Sequence[Mark], change: Change) -> Iterator[Head]:
    """One head for each place of a change; a change without a place is only a stenosis somewhere."""
    at = change.at
    word = marks[at].get("change")
    if not change.places and word == "narrow":
        yield Head(Kind.STENOSIS_UNSPECIFIED, at, at, (at,), "stenosis-alone")
    for place in change.places:
        what = place_of(marks[place])
        first = at if place == change.places[0] and place > at else place
        last = at if place == change.places[-1] and place < at else place
        yield Head(
            NARROWED.get("canal" if what == "sac" else what) or WORN[what],
            first,
            last,
            (place, at),
            f"{what}-{word}",
            group=at,
            normal=word == "normal",
            plural="spaces" in marks[place].tags,
        )


def _topics(marks: Sequence[Mark]) -> Iterator[Head]:
    """``Foramina: mild at L3-4``: a place before a colon, with a grade or a denial after it."""
    colon = next((i for i, mark in enumerate(marks[:8]) if "colon" in mark.tags), None)
    if colon is None or all(_GRADES.isdisjoint(m.tags) for m in marks[colon:]):
        return
    for i in range(colon):
        what = place_of(marks[i])
        kind = NARROWED.get(what) or WORN.get(what)
        if kind and (i + 1 == colon or marks[i].has("space", "spaces", "joint")):
            plural = "spaces" in marks[i].tags
            yield Head(kind, i, colon, (colon,), f"{what}-topic", plural=plural, topic=True)
