"""What is denied and what is doubted: how far each cue reaches over the marks of a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from service.reports.marks import Mark

_NEW = frozenset(("cut", "severity", "colon", "negation"))
"""What opens something new, so that a list does not go on behind it."""


def denied_in(marks: Sequence[Mark], heads: frozenset[int]) -> list[bool]:
    """For each mark whether a denial reaches it; ``heads`` are the marks that state findings."""
    return _reached(marks, heads, "negation")


def doubted_in(marks: Sequence[Mark], heads: frozenset[int]) -> list[bool]:
    """For each mark whether a hedge reaches it."""
    return _reached(marks, heads, "hedge")


def _reached(marks: Sequence[Mark], heads: frozenset[int], cue: str) -> list[bool]:
    reached = [False] * len(marks)
    if not [mark for mark in marks if cue in mark.tags]:
        return reached
    listed = _list_ahead(marks)
    active = passed = False
    for at, mark in enumerate(marks):
        if mark.tags.get(cue) == "pre":
            active, passed = True, False
        elif active and _ends(marks, at, passed, listed[at], cue):
            active = False
        elif active and (at in heads or mark.has("other", "object")):
            passed = True
        reached[at] = active
    for at, mark in enumerate(marks):
        if mark.tags.get(cue) == "post" and not _hedged(marks, at, cue):
            _reach_back(marks, at, reached)
    return reached


def _hedged(marks: Sequence[Mark], at: int, cue: str) -> bool:
    """``suspected impingement, not definitely shown`` doubts, and denies nothing."""
    return cue == "negation" and any(
        m.tags.get("hedge") == "pre" for m in marks[max(0, at - 24) : at]
    )


def _ends(marks: Sequence[Mark], at: int, passed: bool, listed: bool, cue: str) -> bool:
    """Whether the scope of a cue ends at a mark; nothing ends it before it has met a finding."""
    mark = marks[at]
    if "colon" in mark.tags:
        return passed
    if not passed:
        return mark.tags.get("cut") == "but" and cue == "hedge"
    if mark.has("cut", "negation"):
        return mark.tags.get("cut") != "reason" or cue == "negation"
    if mark.tags.get("join") == "comma":
        return not listed
    if "severity" in mark.tags:
        return not _joined_by_or(marks, at)
    return bool(mark.discs) and at + 1 < len(marks) and marks[at + 1].has("kind", "severity")


def _joined_by_or(marks: Sequence[Mark], at: int) -> bool:
    return at > 0 and marks[at - 1].tags.get("join") == "or"


def _list_ahead(marks: Sequence[Mark]) -> list[bool]:
    """For each mark whether an "or" follows before anything that states something new."""
    ahead = [False] * len(marks)
    seen = False
    for at in range(len(marks) - 1, -1, -1):
        mark = marks[at]
        ahead[at] = seen
        if mark.tags.get("join") == "or":
            seen = True
        elif not _NEW.isdisjoint(mark.tags):
            seen = False
    return ahead


def _reach_back(marks: Sequence[Mark], at: int, reached: list[bool]) -> None:
    """Let a cue that stands behind reach back to where its clause began."""
    crossed = False
    for i in range(at, max(-1, at - 24), -1):
        mark = marks[i]
        if i < at and mark.has("cut", "colon") and mark.tags.get("cut") not in ("which",):
            break
        if i < at and mark.tags.get("cut") == "which" and crossed:
            break
        if mark.tags.get("join") == "comma" and crossed and not _listed(marks, i, at):
            break
        crossed = crossed or mark.has("kind", "change", "slip", "stenosis", "operation")
        reached[i] = True


def _listed(marks: Sequence[Mark], comma: int, at: int) -> bool:
    return any(mark.tags.get("join") == "or" for mark in marks[comma:at])
