"""What a report says of the spine as a whole: how it was counted, its variants, whether it is clear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.clinical.imaging import Kind, Relation
from service.reports.clauses import DROPPED, Sentence
from service.reports.marks import Mark
from service.reports.negation import denied_in
from service.reports.placing import EVERYWHERE
from service.reports.statement import Statement
from service.reports.times import PRIOR

Marked = tuple[Sentence, tuple[Mark, ...]]

OVER = frozenset(("resolved", "prior", "earlier"))
"""Words of time that say that something is not of today."""
_MILD = frozenset((Relation.PROXIMITY, Relation.CONTACT, Relation.ENCASE))
_PRESSING = frozenset((Kind.EXTRUSION, Kind.SEQUESTRATION, Kind.SYNOVIAL_CYST))
_TIGHT = frozenset(("severe", "moderate-severe"))
_LESIONS = frozenset(
    (
        *(Kind.PROTRUSION, Kind.HERNIATION, Kind.NERVE_ROOT, Kind.SPONDYLOLISTHESIS),
        *(Kind.CANAL_STENOSIS, Kind.LATERAL_RECESS_STENOSIS, Kind.FORAMINAL_STENOSIS),
        Kind.STENOSIS_UNSPECIFIED,
        *_PRESSING,
    )
)
_STATING = ("variant", "numbering", "kind", "change", "stenosis", "slip")


def numbering(marked: Sequence[Marked]) -> str:
    """What the text says of its counting of vertebrae; a doubt outweighs a statement."""
    said = {mark.tags["numbering"] for mark in _affirmed(marked, "numbering")}
    if "doubtful" in said or any(_sixth(m) for _, marks in marked for m in marks):
        return "doubtful"
    return "stated" if "stated" in said else "unstated"


def variants(marked: Sequence[Marked]) -> tuple[str, ...]:
    """The variants of anatomy that the text states, each once."""
    return tuple(dict.fromkeys([m.tags["variant"] for m in _affirmed(marked, "variant")]))


def is_clear(facts: Sequence[Statement], marked: Sequence[Marked]) -> bool:
    """Whether the text says without a level that nothing is compressed, and states nothing that presses."""
    today = [f for f in facts if f.time != PRIOR]
    if any(_presses(fact) for fact in today):
        return False
    if any(_denies_all(fact) for fact in today):
        return True
    said = {mark.tags["whole"] for mark in _said_of_whole(marked)}
    lesions = any(fact.present and fact.kind in _LESIONS for fact in today)
    return "compressive" in said or ("normal" in said and not lesions)


def _sixth(mark: Mark) -> bool:
    return mark.name == "L6" or "L6" in " ".join(mark.discs)


def _affirmed(marked: Sequence[Marked], tag: str) -> Iterator[Mark]:
    """The marks with a tag that no denial reaches."""
    for _, marks in marked:
        if [mark for mark in marks if tag in mark.tags]:
            for mark, denied in zip(marks, _denied(marks), strict=True):
                if tag in mark.tags and not denied:
                    yield mark


def _denied(marks: Sequence[Mark]) -> list[bool]:
    return denied_in(marks, frozenset([i for i, mark in enumerate(marks) if mark.has(*_STATING)]))


def _presses(fact: Statement) -> bool:
    if not fact.present:
        return False
    if fact.kind is Kind.NERVE_ROOT:
        return fact.relation not in _MILD
    return fact.kind in _PRESSING or fact.severity in _TIGHT


def _denies_all(fact: Statement) -> bool:
    return (
        fact.kind is Kind.NERVE_ROOT
        and not fact.present
        and fact.level in {None, EVERYWHERE}
        and (fact.root, fact.role, fact.side) == (None, None, None)
    )


def _said_of_whole(marked: Sequence[Marked]) -> Iterator[Mark]:
    """Words of the whole spine, of today: that it is normal, or has nothing that presses."""
    for sentence, marks in marked:
        named = [mark for mark in marks if "whole" in mark.tags]
        if not named or sentence.section in (*DROPPED, "history"):
            continue
        past = any(mark.tags.get("time") in OVER for mark in marks)
        placed = any(mark.discs for mark in marks)
        if past or placed:
            continue
        for mark, denied in zip(marks, _denied(marks), strict=True):
            if denied is (mark.get("whole") == "compressive") and "whole" in mark.tags:
                yield mark
