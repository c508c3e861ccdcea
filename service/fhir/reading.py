"""From FHIR resources to a :class:`Case`: here FHIR ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType

from service.clinical.coding import Coding
from service.clinical.findings import Case, Finding, IssueKind, Presence
from service.clinical.model import CodedFinding, Model
from service.errors import NotUnderstood
from service.fhir.bundles import Entry
from service.fhir.complaint import with_complaint
from service.fhir.context import read_person
from service.fhir.examination import ExaminationReader, read_examination
from service.fhir.gathered import Gathered, gather
from service.fhir.requested import read_orders
from service.fhir.sides import SideReader, body_structures
from service.fhir.studies import Reader, read_imaging
from service.reports import Phrases, read_report

MRI_BEFORE = "mri-done-before-examination"
_NOBODY: Mapping[Coding, CodedFinding] = MappingProxyType({})


def to_case(
    resources: Iterable[bytes | Entry],
    model: Model,
    *,
    patient: str | None = None,
    as_of: datetime | None = None,
    phrases: Phrases,
    site_codes: Mapping[Coding, CodedFinding] = _NOBODY,
) -> Case:
    """Everything these resources say of one person.

    ``patient`` is needed when they are about several. ``as_of`` is the latest time found in them
    when it is not given. What was not used is in ``Case.issues``; findings and studies are ordered
    by time, the oldest first. Raises NotUnderstood when it cannot be told whom they are about, or
    when.
    """
    gathered = gather(resources, patient)
    imaging = read_imaging(gathered, model.codes, _reader(phrases))
    sides = SideReader(model.codes, body_structures(gathered))
    reader = ExaminationReader(model, site_codes, sides, imaging.first_reported)
    examined = read_examination(gathered, reader)
    findings = after_imaging(with_complaint(examined, gathered, reader))
    as_of = as_of or gathered.latest
    if as_of is None:
        raise NotUnderstood("nothing here says when it was recorded", expression="Bundle.timestamp")
    _not_read(gathered)
    return Case(
        person=read_person(gathered, model.codes, as_of),
        as_of=as_of,
        findings=findings,
        imaging=imaging.facts,
        studies=imaging.studies,
        orders=read_orders(gathered, model.codes),
        issues=tuple(gathered.issues),
    )


def _reader(phrases: Phrases) -> Reader:
    return lambda text, resource: read_report(
        text.text,
        phrases,
        content_type=text.content_type,
        reference=resource.literal,
        version=resource.version,
    )


def after_imaging(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Mark the findings of an examination that says itself that the MRI was done before it."""
    said = [f for f in findings if f.id == MRI_BEFORE and f.presence is Presence.PRESENT]
    if not said:
        return findings
    days = {f.source.recorded.date() if f.source.recorded else None for f in said}
    return tuple(
        replace(f, recorded_after_imaging=True) if _since(f, days) else f for f in findings
    )


def _since(finding: Finding, days: Collection[date | None]) -> bool:
    recorded = finding.source.recorded
    return recorded is None or any(day is None or recorded.date() >= day for day in days)


def _not_read(gathered: Gathered) -> None:
    for resource in gathered.of("QuestionnaireResponse"):
        sentence = "Answers of questionnaires are not read; send them as Observations."
        gathered.report(IssueKind.NOT_READ, resource.reference, sentence, resource.type)
