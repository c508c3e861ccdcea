"""Imaging studies of the lumbar spine, the report that is read of each, and what it says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from service.clinical.findings import IssueKind, Source, Study
from service.clinical.imaging import ImagingFact, Kind
from service.clinical.model import Codes
from service.fhir import intake, linking
from service.fhir.gathered import Gathered, Resource
from service.fhir.linking import RANKS, Performed, Reported
from service.fhir.moments import moment

_NAMED = frozenset({"entered-in-error", "cancelled", "registered", "partial", "unknown"})
_SHOWS = {"MR": 3, "CT": 2, "XR": 1}
"""What may take the place of an older study: one that shows at least as much."""
PRIOR = "resolved_or_prior"


class Read(Protocol):
    """What a reader of report wording hands back."""

    @property
    def facts(self) -> Iterable[ImagingFact]:
        """What the report says, each with its span."""

    @property
    def numbering(self) -> str:
        """How sure the count of the vertebrae is."""

    @property
    def serious(self) -> tuple[str, ...]:
        """Kinds of disease that must not wait."""

    @property
    def variants(self) -> tuple[str, ...]:
        """Variants of anatomy that move the roots."""

    @property
    def clear(self) -> bool:
        """Whether it says of the whole lumbar spine that nothing is compressed."""

    @property
    def modality(self) -> str | None:
        """The modality that the text names."""

    @property
    def not_understood(self) -> Iterable[tuple[int, int, str]]:
        """Places in the text that were not understood, each with a reason."""


Reader = Callable[[intake.ReportText, Resource], Read]
"""From a text and the resource it came in to the reading of a report."""


@dataclass(frozen=True, slots=True)
class Imaging:
    """The studies and the facts of their reports, the oldest first, and when the first was reported."""

    studies: tuple[Study, ...] = ()
    facts: tuple[ImagingFact, ...] = ()
    first_reported: datetime | None = None


Seen = tuple[Study, tuple[ImagingFact, ...]]


def read_imaging(gathered: Gathered, codes: Codes, read: Reader) -> Imaging:
    """Every lumbar study with what its report says; what could not be read is reported.

    What an older study showed is prior once a later one that shows as much has been read.
    """
    performed = list(linking.performed_studies(gathered, codes))
    groups: dict[str, list[Reported]] = defaultdict(list)
    for reported in linking.reports(gathered, codes, performed):
        if linking.is_lumbar(reported, codes):
            groups[linking.group(reported, performed, gathered)].append(reported)
    found: list[Seen] = []
    for study in performed:
        reports = groups.pop(study.resource.reference, [])
        if reports or study.lumbar:
            found.append(_read(_of_study(study), _chosen(reports, gathered), gathered, read))
    for _, reports in sorted(groups.items()):
        chosen = _chosen(reports, gathered)
        if chosen:
            found.append(_read(_of_report(chosen), chosen, gathered, read))
    found.sort(key=lambda seen: _age(seen[0]))
    issued = [s.report.recorded for s, _ in found if s.report and s.report.recorded]
    facts = [f for n, seen in enumerate(found) for f in _in_time(seen, found[n + 1 :])]
    return Imaging(tuple(s for s, _ in found), tuple(facts), min(issued, default=None))


def _in_time(seen: Seen, later: Iterable[Seen]) -> Iterable[ImagingFact]:
    """The facts of a study, as prior where a later one was read that shows at least as much."""
    study, facts = seen
    shows = _SHOWS.get(study.modality, 0)
    newer = (s for s, _ in later if s.report and _age(s)[0] > _age(study)[0])
    if not _age(study)[0] or not any(_SHOWS.get(s.modality, 0) >= shows for s in newer):
        return facts
    return (f if f.kind is Kind.SURGERY else replace(f, time=PRIOR) for f in facts)


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


def _of_report(reported: Reported) -> Study:
    """A study that is known by its report alone."""
    source = reported.resource.source(reported.effective)
    return Study(source, reported.modality, reported.effective)


def _read(study: Study, reported: Reported | None, gathered: Gathered, read: Reader) -> Seen:
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
    reading = read(taken.text, resource)
    _say_what_is_doubtful(taken.text, reading, resource, gathered)
    source = _source(reported, gathered)
    modality = study.modality or reading.modality or ""
    study = replace(
        study,
        report=source,
        numbering=reading.numbering,
        modality=modality,
        serious=reading.serious,
        variants=reading.variants,
        clear=reading.clear,
    )
    return study, tuple(reading.facts)


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


def _age(study: Study) -> tuple[float, str]:
    when = study.started or (study.report.recorded if study.report else None)
    return (when.timestamp() if when else 0.0, study.source.reference)
