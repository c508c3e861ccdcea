"""The one public function of this room: the text of a report in, its facts out."""

from __future__ import annotations

from dataclasses import dataclass

from service.clinical.imaging import ImagingFact, Kind
from service.reports import whole
from service.reports.clauses import DROPPED, sentences_of
from service.reports.grammar import Unread, read_sentence
from service.reports.marks import marks_of
from service.reports.merge import merged
from service.reports.negation import denied_in
from service.reports.phrases import Phrases
from service.reports.placing import Carry
from service.reports.source import Source, source_of
from service.reports.statement import Statement
from service.reports.times import PRIOR
from service.reports.whole import Marked

LONGEST_TEXT = 24_000
FRONT = 400


@dataclass(frozen=True, slots=True)
class Reading:
    """What a report says.

    ``modality`` is a DICOM code where the text names the study. ``numbering`` is ``stated``,
    ``doubtful`` or ``unstated``. ``not_understood`` are places in the original text with a reason.
    ``serious`` are kinds of disease that must not wait, such as ``infection``, where the report
    states or suspects one. ``variants`` are words such as ``lumbarised-s1``; ``clear`` means that it
    says of the whole lumbar spine that nothing is compressed.
    """

    facts: tuple[ImagingFact, ...]
    modality: str | None
    numbering: str
    not_understood: tuple[tuple[int, int, str], ...]
    serious: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    clear: bool = False


def read_report(
    text: str,
    phrases: Phrases,
    *,
    content_type: str = "text/plain",
    reference: str = "",
    version: str | None = None,
) -> Reading:
    """Read a report as plain text or markup; never raises, whatever the text is.

    ``reference`` and ``version`` name the resource it came in, for its facts to repeat.
    """
    source = source_of(text, content_type)
    marked = [
        (s, marks_of(s.text, phrases)) for s in sentences_of(source.text[:LONGEST_TEXT], phrases)
    ]
    facts, corrections, unread = _facts(marked)
    if len(source.text) > LONGEST_TEXT:
        unread.append((LONGEST_TEXT, len(source.text), "text too long to be read to its end"))
    kept, clashing = merged(facts, corrections)
    unread += [(*fact.span, "stated in two ways") for fact in clashing]
    return Reading(
        tuple([ImagingFact(*_at_source(fact, source), reference, version) for fact in kept]),
        _modality(source.text[:FRONT], marked, phrases),
        whole.numbering(marked),
        tuple((*source.span(start, end), why) for start, end, why in unread),
        _serious(marked),
        whole.variants(marked),
        whole.is_clear(kept, marked),
    )


def _at_source(fact: Statement, source: Source) -> Statement:
    return fact._replace(span=source.span(*fact.span)) if source.starts else fact


def _facts(marked: list[Marked]) -> tuple[list[Statement], list[Statement], list[Unread]]:
    facts: list[Statement] = []
    corrections: list[Statement] = []
    unread: list[Unread] = []
    carry, section = Carry(), ""
    for sentence, marks in marked:
        if sentence.section in DROPPED:
            continue
        if sentence.section != section:
            carry = Carry(operated=carry.operated)
            section = sentence.section
        read, missed = read_sentence(sentence, marks, carry)
        if section == "history":
            facts += _past(read)
        else:
            (corrections if section == "addendum" else facts).extend(read)
            unread += missed
    return facts, corrections, unread


def _past(facts: list[Statement]) -> list[Statement]:
    """History states operations and what they were for; nothing in it is seen today."""
    if not any(fact.kind is Kind.SURGERY for fact in facts):
        return []
    return [
        fact if fact.kind is Kind.SURGERY else fact._replace(time=PRIOR)
        for fact in facts
        if fact.present
    ]


def _serious(marked: list[Marked]) -> tuple[str, ...]:
    """What must not wait, where the report says it of today and does not deny it."""
    found: dict[str, None] = {}
    for sentence, marks in marked:
        named = [mark for mark in marks if "serious" in mark.tags]
        if not named or sentence.section in (*DROPPED, "history"):
            continue
        kinds = [mark.get("serious") for mark in marks]
        past = any(mark.tags.get("time") in whole.OVER for mark in marks)
        for kind, denied in zip(kinds, denied_in(marks, frozenset()), strict=True):
            if kind and not denied and not past:
                found[kind] = None
    return tuple(found)


def _modality(front: str, marked: list[Marked], phrases: Phrases) -> str | None:
    """The modality named first; a header that was left out is looked at last."""
    for sentence, marks in marked:
        if sentence.start > FRONT:
            break
        if sentence.section not in ("comparison", "history", "closing"):
            for mark in marks:
                if "modality" in mark.tags:
                    return mark.tags["modality"]
    return next((m.get("modality") for m in marks_of(front, phrases) if "modality" in m.tags), None)
