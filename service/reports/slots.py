"""What belongs to a head: the marks before and behind it, read as sides, grades, zones and levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from service.reports.heads import Head
from service.reports.marks import Mark

_GRADING = frozenset(("side", "severity", "none", "change"))
_REST = ("elsewhere", "otherwise")
_TAKERS = frozenset(("other", "object", "meets", "met", "meeting", "change"))


class Region(NamedTuple):
    """The marks that belong to a head: before it, within it and behind it."""

    before: tuple[Mark, ...] = ()
    within: tuple[Mark, ...] = ()
    behind: tuple[Mark, ...] = ()

    @property
    def marks(self) -> tuple[Mark, ...]:
        """All of them in the order of the text."""
        return self.before + self.within + self.behind


class Grade(NamedTuple):
    """One reading of side and severity, at levels where they were given with it.

    ``severity`` is a word of the severity table, or ``none`` or ``normal`` for a denial in a list.
    ``rest`` says that it holds for the levels not named otherwise.
    """

    side: str = ""
    severity: str = ""
    discs: tuple[str, ...] = ()
    rest: str = ""


def regions_of(marks: Sequence[Mark], heads: Sequence[Head], leading: bool) -> list[Region]:
    """The region of each head. ``leading``: this sentence puts levels before findings."""
    spans = sorted([*_spans_of(heads), *_bystanders(marks, heads)])
    starts = [0] * len(spans)
    stops = [len(marks)] * len(spans)
    end = -1
    for n, (first, last, _) in enumerate(spans):
        if n:
            cut = _split(marks, end + 1, first, leading) if first > end else first
            starts[n], stops[n - 1] = min(cut, first), cut
        end = max(end, last)
    regions: list[Region] = [Region()] * len(heads)
    for n, (first, last, owner) in enumerate(spans):
        if owner >= 0:
            regions[owner] = Region(
                tuple(marks[starts[n] : first]),
                tuple(marks[first : last + 1]),
                tuple(marks[last + 1 : max(stops[n], last + 1)]),
            )
    return regions


_Span = tuple[int, int, int]
"""The first and the last mark, and the number of the head; below zero for a bystander."""


def _spans_of(heads: Sequence[Head]) -> list[_Span]:
    return [(head.first, head.last, n) for n, head in enumerate(heads)]


def _bystanders(marks: Sequence[Mark], heads: Sequence[Head]) -> list[_Span]:
    """Marks that are no head but take the words beside them: what is not read, and idle verbs."""
    takers = [
        at
        for at, mark in enumerate(marks)
        if not _TAKERS.isdisjoint(mark.tags) and "migration" not in mark.tags
    ]
    if not takers:
        return []
    inside = {i for head in heads for i in range(head.first, head.last + 1)}
    return [(at, at, -1) for at in takers if at not in inside]


def grades_of(region: Region, worse_is_both: bool) -> tuple[Grade, ...]:
    """Sides and grades in the order read; with several levels, each level gets its own."""
    before = tuple([m for m in region.before if m.tags.get("change") != "normal"])
    marks = before + region.within + region.behind
    placed = [m for m in marks if m.discs]
    if len(placed) > 1 or (placed and any(m.tags.get("where") in _REST for m in marks)):
        return tuple(_spread(marks, worse_is_both))
    return tuple(_pairs(marks, worse_is_both))


def _split(marks: Sequence[Mark], start: int, end: int, leading: bool) -> int:
    """Where what stands between two heads stops belonging to the first one."""
    for i in range(start, end):
        if _hard(marks[i]) and "migration" not in marks[i + 1].tags:
            if "negation" in marks[i].tags:
                return _affirmed_start(marks, start, i, leading)
            return _with_level(marks, start, i) if leading else i
    soft = [i for i in range(start, end) if "join" in marks[i].tags]
    if not soft:
        return _unmarked(marks, start, end, leading)
    at = soft[-1]
    for i in reversed(soft[:-1]):
        if not _attaches_right(marks, i + 1, at):
            break
        at = i
    return _with_level(marks, start, at) if leading and at == start + 1 else at


def _affirmed_start(marks: Sequence[Mark], start: int, cue: int, leading: bool) -> int:
    """``, mild left and no right stenosis``: what is joined to a denial goes with it."""
    soft = [i for i in range(start, cue) if "join" in marks[i].tags]
    if (
        soft
        and soft[-1] == cue - 1
        and _attaches_right(marks, ([start - 1, *soft])[-2] + 1, cue - 1)
    ):
        return ([start, *soft])[-2]
    return _with_level(marks, start, cue) if leading else cue


def _hard(mark: Mark) -> bool:
    return mark.has("cut", "colon") or mark.tags.get("negation") == "pre"


def _with_level(marks: Sequence[Mark], start: int, cut: int) -> int:
    """A level right before the cut leads what follows, when levels lead in this sentence."""
    return cut - 1 if cut > start and marks[cut - 1].discs else cut


def _attaches_right(marks: Sequence[Mark], start: int, end: int) -> bool:
    """``moderate right and`` before ``mild left stenosis`` belongs to the stenosis."""
    part = marks[start:end]
    if not part or any(m.discs or m.has("lean", "none", "where") for m in part):
        return False
    sided = part[0].has("severity", "side") and any("side" in m.tags for m in part)
    if marks[end].tags.get("join") == "comma":
        goes_on = end + 1 < len(marks) and marks[end + 1].has("severity", "side")
        return sided and goes_on and any("severity" in m.tags for m in part)
    return sided and marks[end].tags.get("join") in ("and", "or")


def _unmarked(marks: Sequence[Mark], start: int, end: int, leading: bool) -> int:
    """No sign between two heads, as dictated: what leans back stays, a grade goes on."""
    at = start
    while at < end:
        mark = marks[at]
        following = marks[at + 1] if at + 1 < end else None
        if "lean" in mark.tags and following and "side" in following.tags:
            at += 2
        elif _trails(mark, following, leading):
            at += 1
        else:
            break
    return at


def _trails(mark: Mark, following: Mark | None, leading: bool) -> bool:
    """Whether a mark belongs to the head before it without a sign."""
    if (mark.discs and not leading) or mark.name or mark.has("migration", "where", "time", "lean"):
        return True
    return (
        mark.tags.get("side") == "both" and following is not None and "severity" in following.tags
    )


def _pairs(marks: Sequence[Mark], worse_is_both: bool) -> list[Grade]:
    """Read sides and grades in pairs: ``moderate right and mild left``."""
    found: list[Grade] = []
    side = severity = ""
    for new_side, new_severity, opens in _read(marks, worse_is_both):
        if (new_side and side) or (new_severity and severity) or (opens and side):
            found.append(Grade(side, severity))
            side = severity = ""
        side, severity = new_side or side, new_severity or severity
    found.append(Grade(side, severity))
    return found if len(found) == 1 else list(_settled(found))


def _read(marks: Sequence[Mark], worse_is_both: bool) -> list[tuple[str, str, bool]]:
    """Sides and grades one by one; a grade opens a pair when its side follows: ``mild on the left``."""
    found: list[tuple[str, str, bool]] = []
    for at, mark in enumerate(marks):
        tags = mark.tags
        if _GRADING.isdisjoint(tags):
            continue
        if "side" in tags:
            both = worse_is_both and at > 0 and marks[at - 1].tags.get("lean") == "worse"
            found.append(("both" if both else tags["side"], "", False))
        elif "change" not in tags or "severity" in tags or "none" in tags:
            found.append(("", tags.get("severity", "none"), _opens_pair(marks, at)))
        elif tags["change"] == "normal":
            found.append(("", "normal", _opens_pair(marks, at)))
    return found


def _opens_pair(marks: Sequence[Mark], at: int) -> bool:
    return at + 2 < len(marks) and "lean" in marks[at + 1].tags and "side" in marks[at + 2].tags


def _settled(found: list[Grade]) -> Iterator[Grade]:
    """Share a grade that was said once; drop what a more exact reading replaces."""
    graded = [g.severity for g in found if g.severity not in ("", "none", "normal")]
    last = ""
    sided = {g.side for g in found if g.side in ("left", "right")}
    for grade in found:
        severity = grade.severity or last or (graded[0] if len(set(graded)) == 1 else "")
        last = severity if severity not in ("none", "normal") else ""
        if not grade.side and sided and len(found) > 1:
            continue
        if grade.side == "both" and sided:
            for side in sorted({"left", "right"} - sided):
                yield Grade(side, severity)
            continue
        yield Grade(grade.side, severity)


def _spread(marks: Sequence[Mark], worse_is_both: bool) -> Iterator[Grade]:
    """Grades with their levels: ``moderate at L3-4, severe at L4-5, none elsewhere``."""
    side = ""
    for part in _parts(marks):
        discs = tuple(disc for m in part for disc in m.discs)
        rest = next((m.get("where") for m in part if "where" in m.tags), "")
        for grade in _pairs(part, worse_is_both):
            side = side or grade.side
            yield Grade(grade.side or side, grade.severity, discs, "" if discs else rest)


def _parts(marks: Sequence[Mark]) -> Iterator[list[Mark]]:
    """Cut at commas and joins, so that each part has one level or says "elsewhere"."""
    parts: list[list[Mark]] = [[]]
    for mark in marks:
        if (
            mark.has("join", "cut", "colon")
            and mark.tags.get("join") != "close"
            and _opens(parts[-1])
        ):
            parts.append([])
        parts[-1].append(mark)
    yield from _placed(parts)


def _opens(part: list[Mark]) -> bool:
    return any(m.discs or m.has("severity", "side", "none", "where") for m in part)


def _placed(parts: list[list[Mark]]) -> Iterator[list[Mark]]:
    """Hand a part without a level to its neighbour: the next one until a level was seen."""
    held: list[Mark] = []
    out: list[list[Mark]] = []
    for part in parts:
        placed = any(m.discs or m.tags.get("where") in _REST for m in part)
        if placed:
            out.append(held + part)
            held = []
        elif out:
            out[-1] += part
        else:
            held = held + part
    yield from out or [held]
