"""The side of the complaint: diagnoses such as sciatica on the left say which leg hurts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from service.clinical.anatomy import Side
from service.clinical.findings import Finding, Presence
from service.clinical.model import Codes
from service.errors import InvalidInput
from service.fhir import shapes
from service.fhir.coded import Unusable, codes, codings, meanings, words
from service.fhir.context import COMPLAINT, NEVER, OVER
from service.fhir.examination import ExaminationReader, oldest_first, with_contained
from service.fhir.gathered import Gathered, Resource
from service.fhir.moments import moment
from service.fhir.stated import CONDITION
from service.reports.levels import places_in

LEG_PAIN = "leg-pain-nrs"
OF_A_LEG = "sciatica"
"""The complaint that is of a leg by its code; of others it must be said where they are."""

_UNTIMED = float("-inf")


def with_complaint(
    findings: tuple[Finding, ...], gathered: Gathered, reader: ExaminationReader
) -> tuple[Finding, ...]:
    """The findings with the leg pain that active complaints of others state, the oldest first.

    Pain that was recorded on that leg says more, and so does a later record that it does not hurt:
    beside them a complaint adds nothing. Sides that contradict each other are reported.
    """
    known = reader.model.findings.get(LEG_PAIN)
    if known is None or not known.sided:
        return findings
    said = [found for found in _stated(gathered, reader) if not _outdone(found, findings)]
    return tuple(sorted((*findings, *said), key=oldest_first)) if said else findings


def _stated(gathered: Gathered, reader: ExaminationReader) -> Iterator[Finding]:
    """Leg pain on each side that a Condition names; one of this service is never evidence."""
    for resource in gathered.of("Condition"):
        if resource.ours or resource.modified:
            continue
        with suppress(InvalidInput):
            condition = resource.read(CONDITION)
            if not _counts(condition, reader.model.codes):
                continue
            try:
                sides = _sides(condition, reader)
            except Unusable as refusal:
                where = f"Condition.{refusal.expression}"
                gathered.report(refusal.kind, resource.reference, refusal.sentence, where)
            else:
                yield from _findings(resource, condition, sides, reader)


def _counts(condition: shapes.Condition, known: Codes) -> bool:
    """Whether it is an active complaint of the leg."""
    said = meanings(known.context, condition.code)
    complaints = {word for area, word in said if area == COMPLAINT}
    if not complaints or codes(condition.verification_status) & NEVER:
        return False
    if codes(condition.clinical_status) & OVER:
        return False
    return OF_A_LEG in complaints or _names_a_root(condition, known)


def _names_a_root(condition: shapes.Condition, known: Codes) -> bool:
    """Whether a root or disc that the leg is served from is named, in codes or in words."""
    concepts = (condition.code, *(condition.body_site or ()))
    given = codings(*concepts)
    if known.roots.first(given) or known.levels.first(given):
        return True
    places = (place for text in words(*concepts) for place in places_in(text))
    return any(name[0] in "LS" for place in places for name in (place.name, *place.discs) if name)


def _sides(condition: shapes.Condition, reader: ExaminationReader) -> set[Side]:
    """Every side that is named; several sites may be on different ones, each with the code."""
    found: set[Side | None] = set()
    for site in condition.body_site or (None,):
        observation = shapes.Observation(
            code=condition.code,
            body_site=site,
            extension=condition.extension,
            contained=condition.contained,
        )
        own = with_contained(reader, observation)
        found.update(own.sides.sides(observation, observation, ()))
    return {side for side in found if side is not None}


def _findings(
    resource: Resource,
    condition: shapes.Condition,
    sides: Iterable[Side],
    reader: ExaminationReader,
) -> Iterator[Finding]:
    source = resource.source(moment(condition.recorded_date))
    after = bool(source.recorded and reader.reported and source.recorded > reader.reported)
    for side in sorted(sides):
        found = Finding(LEG_PAIN, Presence.PRESENT, source, side)
        yield replace(found, recorded_after_imaging=True) if after else found


def _outdone(complaint: Finding, findings: Iterable[Finding]) -> bool:
    """Whether that leg's pain was recorded itself, or is said to be gone by then or later."""
    of_leg = (f for f in findings if (f.id, f.side) == (LEG_PAIN, complaint.side))
    return any(
        found.presence is Presence.PRESENT
        or (found.presence is Presence.ABSENT and _when(found) >= _when(complaint))
        for found in of_leg
    )


def _when(finding: Finding) -> float:
    recorded = finding.source.recorded
    return recorded.timestamp() if recorded else _UNTIMED
