"""The one public function of this room: the text of a report in, its facts out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from service.clinical.imaging import ImagingFact, Kind
from service.reports.clauses import DROPPED, Sentence, sentences_of
from service.reports.grammar import Unread, read_sentence
from service.reports.marks import marks_of
from service.reports.merge import merged
from service.reports.phrases import Phrases
from service.reports.placing import Carry
from service.reports.source import Source, source_of
from service.reports.times import PRIOR

LONGEST_TEXT = 60_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What a report says.

    ``modality`` is a DICOM code where the text names the study. ``numbering`` is ``stated``,
    ``doubtful`` or ``unstated``. ``not_understood`` are places in the original text with a reason.
    """

    facts: tuple[ImagingFact, ...]
    modality: str | None
    numbering: str
    not_understood: tuple[tuple[int, int, str], ...]


def read_report(text: str, phrases: Phrases, *, content_type: str = "text/plain") -> Reading:
    """Read a report as plain text or markup; never raises, whatever the text is."""
    source = source_of(text, content_type)
    sentences = tuple(sentences_of(source.text[:LONGEST_TEXT], phrases))
    facts, corrections, unread = _facts(sentences, phrases)
    if len(source.text) > LONGEST_TEXT:
        unread.append((LONGEST_TEXT, len(source.text), "text too long to be read to its end"))
    kept, clashing = merged(facts, corrections)
    unread += [(*(fact.span or (0, 0)), "stated in two ways") for fact in clashing]
    modality, numbering = _frame(source.text[:LONGEST_TEXT], sentences, phrases)
    return Reading(
        tuple(replace(fact, span=source.span(*(fact.span or (0, 0)))) for fact in kept),
        modality,
        numbering,
        tuple((*source.span(start, end), why) for start, end, why in unread),
    )


def _facts(
    sentences: Iterable[Sentence], phrases: Phrases
) -> tuple[list[ImagingFact], list[ImagingFact], list[Unread]]:
    facts: list[ImagingFact] = []
    corrections: list[ImagingFact] = []
    unread: list[Unread] = []
    carry, section = Carry(), ""
    for sentence in sentences:
        if sentence.section in DROPPED:
            continue
        if sentence.section != section:
            carry = Carry(operated=carry.operated)
            section = sentence.section
        read, missed = read_sentence(sentence, phrases, carry)
        if section == "history":
            facts += _past(read)
        else:
            (corrections if section == "addendum" else facts).extend(read)
            unread += missed
    return facts, corrections, unread


def _past(facts: list[ImagingFact]) -> list[ImagingFact]:
    """History states operations and what they were for; nothing in it is seen today."""
    if not any(fact.kind is Kind.SURGERY for fact in facts):
        return []
    return [
        fact if fact.kind is Kind.SURGERY else replace(fact, time=PRIOR)
        for fact in facts
        if fact.present
    ]


def _frame(text: str, sentences: Iterable[Sentence], phrases: Phrases) -> tuple[str | None, str]:
    """The modality named first, and what the text says of its counting of vertebrae."""
    modality, numbering = None, "unstated"
    head = marks_of(text[:400], phrases)
    modality = next((mark.get("modality") for mark in head if mark.has("modality")), None)
    for sentence in sentences:
        for mark in marks_of(sentence.text, phrases):
            said = mark.get("numbering")
            if said == "doubtful" or "L6" in (mark.name, *"-".join(mark.discs).split("-")):
                return modality, "doubtful"
            if said == "stated":
                numbering = "stated"
    return modality, numbering
