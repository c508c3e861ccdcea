"""Which ImagingStudy and which DiagnosticReport are of the lumbar spine, and which belong together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from service.clinical.findings import IssueKind
from service.clinical.model import Codes
from service.errors import InvalidInput
from service.fhir import intake, regions, shapes
from service.fhir.coded import codes as bare_codes
from service.fhir.coded import codings, concept_of, words
from service.fhir.gathered import Gathered, Resource
from service.fhir.moments import moment

T = TypeVar("T")

_STUDY = msgspec.json.Decoder(shapes.ImagingStudy)
_REPORT = msgspec.json.Decoder(shapes.DiagnosticReport)

RANKS = {"preliminary": 0, "final": 1, "amended": 1, "corrected": 1, "appended": 1}
"""The statuses in which a report is read; the higher rank wins."""
LATEST = timedelta(days=30)
"""How long after a study a report without a link may still be its own."""
_NOT_IMAGING = frozenset({"LAB", "CH", "HM", "MB", "MCB", "CP", "SP", "PAT", "GE", "VR", "SR"})


@dataclass(frozen=True, slots=True)
class Performed:
    """One ImagingStudy, its modality, and whether it is of the lumbar spine (``None``: not said)."""

    resource: Resource
    shape: shapes.ImagingStudy
    modality: str
    lumbar: bool | None


@dataclass(frozen=True, slots=True)
class Reported:
    """One DiagnosticReport and the studies it belongs to."""

    resource: Resource
    shape: shapes.DiagnosticReport
    modality: str
    studies: tuple[Performed, ...] = ()

    @property
    def effective(self) -> datetime | None:
        """When the study was made, as the report says."""
        period = self.shape.effective_period
        return moment(self.shape.effective_date_time or (period.start if period else None))

    @property
    def issued(self) -> datetime | None:
        """When it was reported."""
        return moment(self.shape.issued) or self.effective or self.resource.updated

    @property
    def rank(self) -> tuple[int, float, str]:
        """A final or corrected report goes before a preliminary one, then the newest wins."""
        stamp = self.issued.timestamp() if self.issued else 0.0
        return (RANKS[self.shape.status or ""], stamp, self.resource.reference)


def performed_studies(gathered: Gathered, codes: Codes) -> Iterator[Performed]:
    """Every ImagingStudy that counts; the others are reported."""
    for resource in gathered.of("ImagingStudy"):
        study = _decoded(resource, _STUDY, gathered)
        if study is None:
            continue
        if study.status in ("entered-in-error", "cancelled"):
            sentence = f"This ImagingStudy was left out: its status is {study.status}."
            where = "ImagingStudy.status"
            gathered.report(IssueKind.REFUSED, resource.reference, sentence, where)
            continue
        series = study.series or ()
        concepts = [*(study.procedure_code or ()), *map(concept_of, study.procedure or ())]
        concepts += [concept_of(s.body_site) for s in series]
        texts = [study.description or "", *(s.description or "" for s in series), *words(*concepts)]
        lumbar = regions.is_lumbar(texts, codings(*concepts), codes)
        seen = [concept_of(m) for m in (*(study.modality or ()), *(s.modality for s in series))]
        modality = regions.modality(texts, codings(*seen, *concepts), codes)
        yield Performed(resource, study, modality, lumbar)


def reports(gathered: Gathered, codes: Codes, performed: list[Performed]) -> Iterator[Reported]:
    """Every DiagnosticReport with the studies that it points at, or shares an order or number with."""
    for resource in gathered.of("DiagnosticReport"):
        report = _decoded(resource, _REPORT, gathered)
        if report is not None:
            modality = regions.modality(words(report.code), codings(report.code), codes)
            linked = tuple(_linked(report, performed, gathered))
            yield Reported(resource, report, modality, linked)


def _linked(
    report: shapes.DiagnosticReport, performed: list[Performed], gathered: Gathered
) -> Iterator[Performed]:
    pointers = [report.imaging_study, report.study, report.part_of, report.based_on]
    pointed = _targets(gathered, *pointers)
    orders = _targets(gathered, report.based_on)
    accessions = _identifiers(report.identifier)
    for study in performed:
        same_order = orders & _targets(gathered, study.shape.based_on)
        same_number = accessions & _identifiers(study.shape.identifier)
        if study.resource.reference in pointed or same_order or same_number:
            yield study


def _targets(gathered: Gathered, *lists: list[shapes.Reference] | None) -> set[str]:
    return {gathered.resolved(r.reference) for listed in lists for r in listed or () if r.reference}


def _identifiers(listed: list[shapes.Identifier] | None) -> set[tuple[str, str]]:
    return {(i.system or "", i.value) for i in listed or () if i.value}


def is_lumbar(reported: Reported, codes: Codes) -> bool:
    """Whether a report is of the lumbar spine: by its code, its studies, or its title."""
    report = reported.shape
    if bare_codes(report.category) & _NOT_IMAGING:
        return False
    said = regions.is_lumbar(words(report.code), codings(report.code), codes)
    if said is not None:
        return said
    linked = {study.lumbar for study in reported.studies}
    if linked - {None}:
        return True in linked
    chosen = intake.choose(report).text
    return chosen is not None and regions.title_is_lumbar(chosen.text)


def group(reported: Reported, performed: list[Performed], gathered: Gathered) -> str:
    """What makes two reports versions of one: the study, the order, the time, else nothing."""
    report = reported.shape
    lumbar = [study for study in reported.studies if study.lumbar] or list(reported.studies)
    pointed = sorted(_targets(gathered, report.imaging_study, report.study))
    alone = [] if lumbar or pointed else [s for s in performed if _may_belong(reported, s)]
    if lumbar or len(alone) == 1:
        return (lumbar or alone)[0].resource.reference
    orders = sorted(_targets(gathered, report.based_on))
    effective = [reported.effective.isoformat()] if reported.effective else []
    return next(iter((*pointed, *orders, *effective)), reported.resource.reference)


def _may_belong(reported: Reported, study: Performed) -> bool:
    """Whether a report without any link can only be that of this lumbar study."""
    made, issued = moment(study.shape.started), reported.issued
    fits = {reported.modality, study.modality} - {""}
    if not study.lumbar or len(fits) > 1 or made is None or issued is None:
        return False
    return made.date() <= issued.date() <= (made + LATEST).date()


def _decoded(resource: Resource, decoder: msgspec.json.Decoder[T], gathered: Gathered) -> T | None:
    try:
        return resource.read(decoder)
    except InvalidInput as error:
        gathered.report_wrong(resource, error)
        return None
