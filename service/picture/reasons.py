"""Which reasons a person is shown: for each root and side the strongest for and against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from service.clinical.anatomy import RootSide
from service.clinical.answer import Assessment, Weight
from service.clinical.certainty import Interval, intervals
from service.clinical.findings import Presence
from service.clinical.model import Model

ROUNDING = 1e-6
"""Log ratios below this are rounding, not a reason."""

LIKELY = 0.05
"""From this probability on, a root is shown with its reasons."""

MOST_ROOTS = 4
RECORDED = frozenset({"finding", "imaging", "rival"})
"""Kinds of lines that stand for something that was recorded; the others are arithmetic."""


class Reason(NamedTuple):
    """One line of the ledger in few words, with its log ratio for one root against none.

    ``line`` is ``None`` for the rest that is not shown one by one.
    """

    words: str
    ratio: float
    line: Weight | None

    @property
    def recorded(self) -> bool:
        """Whether something that was found or seen stands behind it."""
        return self.line is not None and self.line.kind in RECORDED


class Row(NamedTuple):
    """One root and side, or none (``at`` is ``None``): how likely, how sure, and why.

    ``told`` says whether its reasons are shown; they are empty otherwise, the strongest first.
    """

    at: RootSide | None
    probability: float
    interval: Interval
    named: bool
    told: bool
    towards: tuple[Reason, ...] = ()
    against: tuple[Reason, ...] = ()

    @property
    def name(self) -> str:
        """Whom the row is about, such as ``left L5``."""
        return str(self.at) if self.at else "no compressed root"


def rows(assessment: Assessment, model: Model, *, most: int) -> tuple[Row, ...]:
    """List every root and side, and none, the likeliest first.

    Roots that are named, in contention or likely come with at most ``most`` reasons each way; what
    is left over is added up in one more.
    """
    found = assessment.localisation
    around = intervals(assessment, model)
    told = _told(assessment)
    words = {id(line): said(line, assessment, model) for line in found.ledger}
    listed = []
    for at, p in found.probabilities:
        row = Row(at, p, around[at], at in found.named, at in told)
        if row.told:
            reasons = _reasons(found.ledger, at, words)
            row = row._replace(
                towards=_strongest([r for r in reasons if r.ratio > 0], most),
                against=_strongest([r for r in reasons if r.ratio < 0], most),
            )
        listed.append(row)
    none = Row(None, found.none, around[None], named=False, told=found.none >= LIKELY)
    listed.sort(key=lambda row: not row.told)
    place = sum(_before(row, none) for row in listed)
    return (*listed[:place], none, *listed[place:])


def _before(row: Row, other: Row) -> bool:
    if row.told is other.told:
        return row.probability >= other.probability
    return row.told


def _told(assessment: Assessment) -> frozenset[RootSide]:
    found = assessment.localisation
    wanted = [at for at, p in found.probabilities if at in found.candidates or p >= LIKELY]
    first = [at for at, _ in found.probabilities[:1]]
    return frozenset([*found.named, *(wanted or first)[: max(MOST_ROOTS, len(found.named))]])


def _reasons(ledger: Iterable[Weight], at: RootSide, words: Mapping[int, str]) -> list[Reason]:
    reasons = [Reason(words[id(line)], line.for_root(at), line) for line in ledger]
    moving = [reason for reason in reasons if abs(reason.ratio) > ROUNDING]
    return sorted(moving, key=lambda reason: -abs(reason.ratio))


def _strongest(reasons: list[Reason], most: int) -> tuple[Reason, ...]:
    rest = reasons[most:]
    if len(rest) <= 1:
        return tuple(reasons)
    together = Reason(f"{len(rest)} weaker ones together", sum(r.ratio for r in rest), None)
    return (*reasons[:most], together)


def said(line: Weight, assessment: Assessment, model: Model) -> str:
    """What a line of the ledger stands for, in few words and without its ratio."""
    if line.kind == "finding" and line.id in model.findings:
        return _finding(line, model)
    if line.kind == "overlap":
        where = f" on the {line.side}" if line.side else ""
        return f"What findings of {group_name(line.group)}{where} share counts once"
    if line.kind == "rival":
        labels = {id_: label for id_, label, _ in assessment.rivals}
        return f"Signs of another cause: {labels.get(line.id, line.id)}"
    if line.kind == "cap":
        return f"Ceiling: {line.sentence[0].lower()}{line.sentence[1:].rstrip('.')}"
    return line.sentence.partition(" (x")[0].rstrip(".")


def _finding(line: Weight, model: Model) -> str:
    known = model.findings[line.id]
    where = f", {line.side}" if line.side else ""
    answer = "found" if line.presence is Presence.PRESENT else "not found"
    grade = _grade(line)
    scale = "MRC " if known.kind == "strength" else ""
    return f"{known.label}{where}: {answer}{f' ({scale}{grade})' if grade else ''}"


def _grade(line: Weight) -> str:
    """The grade as the ledger words it after the answer: ``: present, 3; speaks ...``."""
    _, _, rest = line.sentence.partition(f": {line.presence}")
    return rest.partition(";")[0].strip(", ")


def group_name(group: str) -> str:
    """The name of a group in words: ``motor L5``."""
    words = group.replace("_", " ").split()
    return " ".join(word.upper() if word[1:].isdigit() else word for word in words)
