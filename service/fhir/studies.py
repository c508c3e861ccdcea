"""Imaging studies of the lumbar spine, the report that is read of each, and what it says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec

from service.clinical.findings import IssueKind, Source, Study
from service.clinical.imaging import ImagingFact
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
_NAMED = frozenset({"entered-in-error", "cancelled", "registered", "partial", "unknown"})
_NOT_IMAGING = frozenset({"LAB", "CH", "HM", "MB", "MCB", "CP", "SP", "PAT", "GE", "VR", "SR"})


class Read(Protocol):
    """What a reader of report wording hands back."""

    @property
    def facts(self) -> Iterable[ImagingFact]:
        """What the report says, each with its span."""

    @property
    def numbering(self) -> str:
        """How sure the count of the vertebrae is."""

    @property
    def modality(self) -> str | None:
        """The modality that the text names."""

    @property
    def not_understood(self) -> Iterable[tuple[int, int, str]]:
        """Places in the text that were not understood, each with a reason."""


Reader = Callable[[str, str], Read]
"""From text and media type to the reading of a report."""


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
    studies: tuple[Performed, ...]

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


@dataclass(frozen=True, slots=True)
class Imaging:
    """The studies and the facts of their reports, the oldest first, and when the first was reported."""

    studies: tuple[Study, ...] = ()
    facts: tuple[ImagingFact, ...] = ()
    first_reported: datetime | None = None


def read_imaging(gathered: Gathered, codes: Codes, read: Reader) -> Imaging:
    """Every lumbar study with what its report says; what could not be read is reported."""
    performed = list(_performed(gathered, codes))
    groups: dict[str, list[Reported]] = defaultdict(list)
    for reported in _reported(gathered, performed):
        if _is_lumbar(reported, codes):
            groups[_group(reported, gathered)].append(reported)
    found: list[tuple[Study, tuple[ImagingFact, ...]]] = []
    for study in performed:
        reports = groups.pop(study.resource.reference, [])
        if reports or study.lumbar:
            chosen = _chosen(reports, gathered)
            found.append(_read(_of_study(study), chosen, gathered, read))
    for _, reports in sorted(groups.items()):
        chosen = _chosen(reports, gathered)
        if chosen:
            found.append(_read(_of_report(chosen, codes), chosen, gathered, read))
    found.sort(key=lambda pair: _age(pair[0]))
    issued = [s.report.recorded for s, _ in found if s.report and s.report.recorded]
    facts = tuple(fact for _, facts in found for fact in facts)
    return Imaging(tuple(s for s, _ in found), facts, min(issued, default=None))


def _performed(gathered: Gathered, codes: Codes) -> Iterator[Performed]:
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


def _reported(gathered: Gathered, performed: list[Performed]) -> Iterator[Reported]:
    for resource in gathered.of("DiagnosticReport"):
        report = _decoded(resource, _REPORT, gathered)
        if report is not None:
            yield Reported(resource, report, tuple(_linked(report, performed, gathered)))


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


def _is_lumbar(reported: Reported, codes: Codes) -> bool:
    """Whether a report is of the lumbar spine: by its code, its studies, or its title."""
    report = reported.shape
    said = regions.is_lumbar(words(report.code), codings(report.code), codes)
    if said is not None:
        return said
    linked = {study.lumbar for study in reported.studies}
    if linked - {None}:
        return True in linked
    categories = report.category
    if bare_codes(categories) & _NOT_IMAGING:
        return False
    chosen = intake.choose(report).text
    return chosen is not None and regions.title_is_lumbar(chosen.text)


def _group(reported: Reported, gathered: Gathered) -> str:
    """What makes two reports versions of one: the study, the order, the time, else nothing."""
    if reported.studies:
        lumbar = [study for study in reported.studies if study.lumbar] or reported.studies
        return lumbar[0].resource.reference
    orders = sorted(_targets(gathered, reported.shape.based_on))
    effective = reported.effective
    return (
        orders[0]
        if orders
        else effective.isoformat()
        if effective
        else (reported.resource.reference)
    )


def _chosen(reports: list[Reported], gathered: Gathered) -> Reported | None:
    """The one report of a study that is read; those that must not count are reported."""
    usable: list[Reported] = []
    for reported in reports:
        status = reported.shape.status or ""
        if status in RANKS and not reported.resource.modified:
            usable.append(reported)
            continue
        why = f"is {status}" if status in _NAMED else "is not known"
        sentence, where = f"This DiagnosticReport was not read: its status {why}.", "status"
        if status in RANKS:
            sentence = "This DiagnosticReport carries a modifier that is not understood."
            where = "modifierExtension"
        reference = reported.resource.reference
        gathered.report(IssueKind.REFUSED, reference, sentence, f"DiagnosticReport.{where}")
    return max(usable, key=lambda each: each.rank, default=None)


def _of_study(study: Performed) -> Study:
    started = moment(study.shape.started)
    return Study(study.resource.source(started), study.modality, started)


def _of_report(reported: Reported, codes: Codes) -> Study:
    """A study that is known by its report alone."""
    report = reported.shape
    modality = regions.modality(words(report.code), codings(report.code), codes)
    return Study(reported.resource.source(reported.effective), modality, reported.effective)


def _read(
    study: Study, reported: Reported | None, gathered: Gathered, read: Reader
) -> tuple[Study, tuple[ImagingFact, ...]]:
    if reported is None:
        return study, ()
    resource = reported.resource
    taken = intake.choose(reported.shape)
    for failed in taken.not_read:
        sentence = f"A part of this DiagnosticReport was not read: {failed.why}."
        where = f"DiagnosticReport.{failed.element}"
        gathered.report(IssueKind.NOT_READ, resource.reference, sentence, where)
    if taken.text is None:
        if not taken.not_read:
            sentence = "This DiagnosticReport holds no text that can be read."
            gathered.report(IssueKind.NOT_READ, resource.reference, sentence, "DiagnosticReport")
        return study, ()
    reading = read(taken.text.text, taken.text.content_type)
    _say_what_is_doubtful(taken.text, reading, resource, gathered)
    source = _source(reported, gathered)
    facts = tuple(
        replace(fact, reference=resource.reference, version=resource.version)
        for fact in reading.facts
    )
    modality = study.modality or reading.modality or ""
    return replace(study, report=source, numbering=reading.numbering, modality=modality), facts


def _say_what_is_doubtful(
    text: intake.ReportText, reading: Read, resource: Resource, gathered: Gathered
) -> None:
    where = f"DiagnosticReport.{text.element}"
    if text.generated:
        sentence = "The text read is a generated narrative, not the radiologist's own wording."
        gathered.report(IssueKind.NOT_UNDERSTOOD, resource.reference, sentence, where)
    missed = tuple(reading.not_understood)
    if missed:
        why = ", ".join(sorted({reason for _, _, reason in missed}))
        sentence = f"Statements of this DiagnosticReport not understood: {len(missed)} ({why})."
        gathered.report(IssueKind.NOT_UNDERSTOOD, resource.reference, sentence, where)


def _source(reported: Reported, gathered: Gathered) -> Source:
    report = reported.shape
    writers = (*(report.results_interpreter or ()), *(report.performer or ()))
    author = next((gathered.resolved(w.reference) for w in writers if w.reference), None)
    source = reported.resource.source(reported.issued, author)
    return replace(source, preliminary=report.status == "preliminary")


def _decoded(resource: Resource, decoder: msgspec.json.Decoder[T], gathered: Gathered) -> T | None:
    try:
        return resource.read(decoder)
    except InvalidInput as error:
        sentence = f"The {resource.type} was left out: {error}."
        where = error.expression
        gathered.report(IssueKind.NOT_UNDERSTOOD, resource.reference, sentence, where)
        return None


def _age(study: Study) -> tuple[float, str]:
    when = study.started or (study.report.recorded if study.report else None)
    return (when.timestamp() if when else 0.0, study.source.reference)
