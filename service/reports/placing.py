"""Which level a finding is at, and what is remembered from one sentence to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.reports.clauses import Sentence
from service.reports.heads import Head
from service.reports.marks import Mark
from service.reports.roots import Mention
from service.reports.slots import Region

EVERYWHERE = "all"
ELSEWHERE = "elsewhere"


@dataclass(slots=True)
class Carry:
    """What earlier sentences leave behind.

    ``discs`` hold until another level is named; those of a heading (``leading``) also over lines.
    ``fresh`` means that nothing was said of them yet. ``topic`` are the heads before a colon of
    this line; ``side`` is that of the last disc finding.
    """

    discs: tuple[str, ...] = ()
    leading: bool = False
    fresh: bool = False
    topic: tuple[Head, ...] = ()
    mention: Mention | None = None
    side: str = ""
    operated: tuple[str, ...] = ()
    listed: bool = field(default=False)

    def enter(self, sentence: Sentence) -> None:
        """Forget what does not hold in a new line, list item or paragraph."""
        if not sentence.new_line:
            return
        self.topic = ()
        closing = sentence.section in ("impression", "addendum")
        self.listed = self.listed or (closing and sentence.new_item)
        over = (closing and (sentence.new_item or not self.listed)) or not self.leading
        if over or (sentence.new_paragraph and not self.fresh):
            self.discs, self.leading, self.fresh = (), False, False
            self.mention, self.side = None, ""

    def leave(self, marks: Sequence[Mark], heads: Sequence[Head]) -> None:
        """Remember the levels of this sentence for the next one."""
        levels = [i for i, mark in enumerate(marks) if mark.discs]
        if not levels:
            self.fresh = self.fresh and not heads
            return
        leads = not heads or levels[0] < min([head.first for head in heads])
        last = marks[levels[-1]].discs
        if leads and _opens(marks, levels[0]):
            discs = marks[levels[0]].discs if len(levels) == 1 or heads else last
            self.discs, self.leading, self.fresh = discs, True, not heads
        elif len(last) == 1 and (heads or _only_other(marks)):
            self.discs, self.leading, self.fresh = last, False, False


def _only_other(marks: Sequence[Mark]) -> bool:
    """Whether a sentence states only what is not read, but does state it."""
    return any("other" in m.tags for m in marks) and not any("object" in m.tags for m in marks)


def _opens(marks: Sequence[Mark], level: int) -> bool:
    """Whether a level opens its sentence, with nothing stated before it."""
    return not any(m.has("object", "other", "colon") for m in marks[:level])


def discs_for(
    marks: Sequence[Mark], head: Head, region: Region, carry: Carry, denied: bool
) -> tuple[str, ...]:
    """The levels of a head: its own, those before it, those after it, those remembered."""
    around = region.marks
    body = next((m.name for m in around if m.name), "") if head.rule == "slip" else ""
    if body and not any(body in disc for disc in (*carry.discs, *_nearest(marks, head))):
        return (body,)
    own = [m.discs for m in around if m.discs]
    if own:
        return own[0] if len(own) == 1 or head.kind != "surgery" else _all(own)
    stated = _stated(marks, head, region, carry)
    if stated:
        return stated
    nearest = _nearest(marks, head)
    if nearest:
        return nearest
    if carry.discs:
        return carry.discs
    return (EVERYWHERE,) if denied else ()


def _all(own: list[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(disc for discs in own for disc in discs))


def _stated(marks: Sequence[Mark], head: Head, region: Region, carry: Carry) -> tuple[str, ...]:
    """Levels meant by "at any level", "elsewhere" and "the operated levels"."""
    where = {m.tags["where"] for m in region.marks if "where" in m.tags}
    for mark in marks[head.last + 1 :]:
        if mark.discs or "cut" in mark.tags:
            break
        where.add(mark.get("where"))
    if "operated" in where and carry.operated:
        return carry.operated
    if "elsewhere" in where or ("otherwise" in where and not carry.discs):
        return (ELSEWHERE,)
    return (EVERYWHERE,) if "all" in where else ()


def _nearest(marks: Sequence[Mark], head: Head) -> tuple[str, ...]:
    """The level last named before the head in this sentence, else the first one after it."""
    for mark in reversed(marks[: head.first]):
        if mark.discs:
            return mark.discs
    for mark in marks[head.last + 1 :]:
        if mark.discs:
            return mark.discs
    return ()
