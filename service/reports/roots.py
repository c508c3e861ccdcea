"""Roots: which are named, on which side, in which role, and what meets them how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from service.reports.marks import Mark

MEETING = frozenset(("meets", "met", "meeting", "spared"))
_LEADING = frozenset(("side", "role"))
FAR = 14
NEAR = 9


class RootName(NamedTuple):
    """One root as named; an empty name is a root that the text leaves unnamed."""

    name: str = ""
    side: str = ""
    role: str = ""


class Mention(NamedTuple):
    """The words that name one or several roots, from mark ``first`` to mark ``last``."""

    first: int
    last: int
    roots: tuple[RootName, ...]
    plural: bool = False
    definite: bool = False


class Meeting(NamedTuple):
    """A relation word at mark ``at`` with the roots that it meets, the nearest mention first."""

    at: int
    relation: str
    mentions: Sequence[Mention] = ()
    spared: bool = False


def mentions_in(marks: Sequence[Mark], sentence: str) -> tuple[Mention, ...]:
    """Every mention of roots, with or without the word root."""
    found: list[Mention] = []
    for at, mark in enumerate(marks):
        rooted = "root" in mark.tags
        if not (rooted or mark.name) or (found and at <= found[-1].last):
            continue
        floor = found[-1].last if found else -1
        if rooted:
            _add(found, _worded(marks, at, sentence, floor), marks)
        elif _bare_root(marks, at):
            last = _run(marks, at)
            first = _back(marks, at - 1, floor)
            if not any("root" in m.tags for m in marks[last + 1 : last + 2]):
                _add(found, Mention(first, last, _names(marks, first, last)), marks)
    return tuple(found)


def _add(found: list[Mention], mention: Mention, marks: Sequence[Mark]) -> None:
    """Take two mentions that only "and" parts as one: ``the exiting L4 and traversing L5 roots``."""
    last = found[-1] if found else None
    if not last or mention.first != last.last + 2 or marks[last.last + 1].tags.get("join") != "and":
        found.append(mention)
        return
    side = last.roots[-1].side
    roots = tuple(RootName(r.name, r.side or side, r.role) for r in mention.roots if r.name)
    plural = last.plural or mention.plural
    found[-1] = Mention(last.first, mention.last, last.roots + roots, plural, last.definite)


def meetings_in(marks: Sequence[Mark], mentions: Sequence[Mention]) -> tuple[Meeting, ...]:
    """Every relation word that meets a root of this sentence, or none that could be found."""
    found = []
    inside = {i for mention in mentions for i in range(mention.first, mention.last + 1)}
    for at, mark in enumerate(marks):
        tags = mark.tags
        if MEETING.isdisjoint(tags):
            continue
        relation = tags.get("meets") or tags.get("met") or tags.get("meeting")
        spared = "spared" in tags
        if (relation or spared) and at not in inside:
            mentions_met = _object(marks, at, mentions, spared)
            found.append(Meeting(at, relation or "compress", mentions_met, spared))
    return tuple(found)


def _worded(marks: Sequence[Mark], at: int, sentence: str, floor: int) -> Mention:
    """The mention around the word root: ``left L5 nerve root``, ``root of L5``, ``nerve root L5``."""
    first = _back(marks, at - 1, floor)
    last = at
    while last + 1 < len(marks) and "root" in marks[last + 1].tags:
        last += 1
    if not any(m.name for m in marks[first:at]):
        last = _after(marks, last)
    names = _names(marks, first, last)
    before = sentence[max(0, marks[first].start - 4) : marks[first].start].lower()
    plural = marks[at].tags.get("root") == "many" or any(n.side == "both" for n in names)
    return Mention(first, last, names or (RootName(),), plural, before == "the ")


def _after(marks: Sequence[Mark], last: int) -> int:
    """Names behind the word root, when they stand close: ``root of the left L5``."""
    at = last + 1
    while at < len(marks) and at <= last + 2 and marks[at].has("side", "role"):
        at += 1
    if at < len(marks) and marks[at].name and marks[at].start - marks[at - 1].end < NEAR:
        return _run(marks, at)
    return last


def _run(marks: Sequence[Mark], at: int) -> int:
    """The last of a run of names joined by "and"."""
    last = at
    while last + 2 < len(marks) and "join" in marks[last + 1].tags and marks[last + 2].name:
        last += 2
    return last


def _back(marks: Sequence[Mark], at: int, floor: int) -> int:
    """The first mark of the names, sides and roles that lead up to ``at``."""
    first = at + 1
    while at > floor:
        mark = marks[at]
        listed = mark.discs and first == at + 2 and marks[at + 2].name
        if mark.name or listed or not _LEADING.isdisjoint(mark.tags):
            first = at
        elif not ("join" in mark.tags and first == at + 1 and _joins(marks, at)):
            break
        at -= 1
    return first


def _joins(marks: Sequence[Mark], at: int) -> bool:
    """Whether a join links two names, two roles or two sides."""
    if at == 0 or at + 1 >= len(marks):
        return False
    left, right = marks[at - 1], marks[at + 1]
    if left.name:
        return True
    if left.discs:
        return bool(right.name)
    return ("role" in left.tags and "role" in right.tags) or (
        "side" in left.tags and "side" in right.tags
    )


def _bare_root(marks: Sequence[Mark], at: int) -> bool:
    """Whether a bare name is a root: a role or a relation leads up to it."""
    if not marks[at].name or at == 0:
        return False
    first = _back(marks, at - 1, -1)
    if any("role" in m.tags for m in marks[first:at]):
        return True
    leader = marks[first - 1] if first else None
    return bool(leader and leader.has("meets", "meeting"))


def _names(marks: Sequence[Mark], first: int, last: int) -> tuple[RootName, ...]:
    """The roots named between two marks; a side or role holds until the next one."""
    names: list[RootName] = []
    side = role = ""
    for mark in marks[first : last + 1]:
        side, role = mark.tags.get("side", side), mark.tags.get("role", role)
        if mark.name or mark.discs:
            names += [RootName(name, side, role) for name in _called(mark)]
    if not names and (side or role):
        return (RootName("", side, role),)
    return tuple(names)


def _called(mark: Mark) -> Iterator[str]:
    if mark.name:
        yield mark.name
    for disc in mark.discs:
        yield from disc.split("-")


def _object(
    marks: Sequence[Mark], at: int, mentions: Sequence[Mention], spared: bool
) -> list[Mention]:
    """The mentions that a relation word meets."""
    before = [m for m in mentions if m.last < at]
    after = [m for m in mentions if m.first > at]
    mark = marks[at]
    if spared or ("meeting" in mark.tags and before and before[-1].last == at - 1):
        return before[-1:]
    backward = _reachable_back(marks, at, before)
    pressed = "meeting" in mark.tags and at > 0 and "object" in marks[at - 1].tags
    forward = [] if pressed else _reachable(marks, at, after)
    if "met" in mark.tags and "meets" not in mark.tags and backward:
        return backward
    return forward or backward


def _reachable(marks: Sequence[Mark], at: int, after: Sequence[Mention]) -> list[Mention]:
    """The next mention, and those joined to it, unless something else comes first."""
    if not after or after[0].first - at > FAR:
        return []
    between = marks[at + 1 : after[0].first]
    if any(_bars(mark) for mark in between):
        return []
    passed = any(_new_clause(mark) and _passed_object(marks, at, mark) for mark in between)
    found = [] if passed else [after[0]]
    for last, following in pairwise(after):
        gap = marks[last.last + 1 : following.first]
        if not found or not gap or not all(m.has("join", "role", "side") for m in gap):
            break
        if any(root.name for root in following.roots):
            found.append(following)
    return found


def _bars(mark: Mark) -> bool:
    """What a relation word never reaches across: another finding, or a clause of its own."""
    if mark.has("kind", "stenosis", "colon", "operation", "slip"):
        return True
    if "cut" in mark.tags and mark.tags.get("cut") not in ("but", "with"):
        return True
    return "change" in mark.tags and not mark.has("meets", "met", "meeting")


def _new_clause(mark: Mark) -> bool:
    """What ends the reach of a verb that has met the sac or a space already."""
    return mark.tags.get("join") == "comma" or mark.has("meets", "met", "cut", "negation", "change")


def _passed_object(marks: Sequence[Mark], at: int, comma: Mark) -> bool:
    return any(
        m.has("object", "space", "spaces") and m.start < comma.start for m in marks[at + 1 :]
    )


def _reachable_back(marks: Sequence[Mark], at: int, before: Sequence[Mention]) -> list[Mention]:
    """The last mention, unless another finding or subject stands between."""
    if not before or at - before[-1].last > FAR:
        return []
    for mark in marks[before[-1].last + 1 : at]:
        if mark.has("kind", "stenosis", "operation", "slip", "object"):
            return []
    return [before[-1]]
