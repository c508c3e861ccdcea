"""The resources of one person: newest version each, by type, with what every reader needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from service.clinical.findings import IssueKind, ReadingIssue, Source
from service.errors import InvalidInput, NotUnderstood
from service.fhir.bundles import Entry, bad_entry, decoded, entry_of, normal
from service.fhir.coded import IDENTIFIER_BASE
from service.fhir.moments import latest, moment
from service.fhir.shapes import NOTHING, Head, Observation, Times

T = TypeVar("T")

SUBJECT_TYPES = frozenset(
    {
        "Observation",
        "DiagnosticReport",
        "ImagingStudy",
        "Condition",
        "AllergyIntolerance",
        "MedicationRequest",
        "MedicationStatement",
        "Procedure",
        "ServiceRequest",
        "BodyStructure",
        "QuestionnaireResponse",
    }
)
"""The types that are read and that say whom they are about."""

READ_TYPES = SUBJECT_TYPES | {"Patient", "Medication"}

NAMELESS = "#"
"""What stands in our own name for a resource that has neither id nor fullUrl."""

OBSERVATION = msgspec.json.Decoder(Observation)
_HEAD = msgspec.json.Decoder(Head)
_TIMES = msgspec.json.Decoder(Times)
_REFERENCE = attrgetter("reference")
_OURS = IDENTIFIER_BASE.encode()
OUR_IDS = "lasegue-"
"""What the ids of everything that this service writes begin with."""


@dataclass(slots=True, eq=False)
class Resource:
    """One raw resource of the person."""

    reference: str
    type: str
    raw: bytes
    head: Head | Observation
    decoded_by: dict[int, Any] = field(default_factory=dict, repr=False)

    @property
    def updated(self) -> datetime | None:
        """When the server says it changed last."""
        return moment(self.head.meta.last_updated) if self.head.meta else None

    @property
    def version(self) -> str | None:
        """The server's version of it."""
        version = self.head.meta.version_id if self.head.meta else None
        return None if version is None else str(version)

    @property
    def subject(self) -> str:
        """Whom it is about, as it was written."""
        pointed = self.head.subject or self.head.patient
        return (pointed.reference if pointed else None) or ""

    @property
    def modified(self) -> bool:
        """Whether it carries a modifier, which nobody may ignore and we do not understand."""
        return bool(self.head.modifier_extension or self.head.implicit_rules)

    @property
    def time(self) -> datetime | None:
        """The latest time it carries, apart from the server's own."""
        try:
            times = decoded(_TIMES, self.raw)
        except InvalidInput:
            return None
        periods = [p for p in (times.effective_period, times.performed_period) if p]
        texts = [
            *(times.effective_date_time, times.effective_instant, times.issued, times.started),
            *(times.authored_on, times.recorded_date),
            *(times.performed_date_time, times.occurrence_date_time),
            *(end for p in periods for end in (p.start, p.end)),
        ]
        return latest(*map(moment, texts))

    @property
    def ours(self) -> bool:
        """Whether this service wrote it: our own answers are never evidence."""
        if (self.head.id or "").startswith(OUR_IDS):
            return True
        return self.head.identifier is not NOTHING and _OURS in bytes(self.head.identifier)

    def source(self, recorded: datetime | None = None, author: str | None = None) -> Source:
        """Where a fact of this resource comes from."""
        return Source(self.literal, self.version, recorded or self.updated, author)

    @property
    def literal(self) -> str:
        """The reference as others may use it; empty for a resource that came without a name."""
        return "" if NAMELESS in self.reference else self.reference

    def read(self, decoder: msgspec.json.Decoder[T]) -> T:
        """Decode it, once for each decoder; raises InvalidInput with the element that is wrong."""
        found: T | None = self.decoded_by.get(id(decoder))
        if found is None:
            found = self.decoded_by[id(decoder)] = decoded(decoder, self.raw, self.type)
        return found


@dataclass(slots=True)
class Gathered:
    """What there is of one person, in the order of the references, and what was left out and why."""

    patient: str
    by_type: Mapping[str, list[Resource]]
    issues: list[ReadingIssue]
    aliases: Mapping[str, str] = field(default_factory=dict)
    resolved_as: dict[str, str] = field(default_factory=dict, repr=False)

    def of(self, *types: str) -> Iterable[Resource]:
        """The resources of these types, in the order of their references."""
        if len(types) == 1:
            return self.by_type.get(types[0], ())
        listed = [resource for kind in types for resource in self.by_type.get(kind, ())]
        return sorted(listed, key=_REFERENCE)

    @property
    def latest(self) -> datetime | None:
        """The latest time that the resources carry, else when the server changed one last."""
        everything = [r for listed in self.by_type.values() for r in listed]
        return latest(*(r.time for r in everything)) or latest(*(r.updated for r in everything))

    def resolved(self, reference: str | None) -> str:
        """The reference under which the thing pointed at is known here."""
        text = reference or ""
        known = self.resolved_as.get(text)
        if known is None:
            known = self.resolved_as[text] = self.aliases.get(text) or normal(text)
        return known

    def report(self, kind: IssueKind, reference: str, sentence: str, expression: str = "") -> None:
        """Note something that was not used."""
        literal = "" if NAMELESS in reference else reference
        self.issues.append(ReadingIssue(kind, literal, sentence, expression))

    def report_wrong(self, resource: Resource, error: InvalidInput) -> None:
        """Note a resource with an element that is wrong."""
        sentence = f"This {resource.type} was left out: {error}."
        self.report(IssueKind.NOT_UNDERSTOOD, resource.reference, sentence, error.expression)


def gather(resources: Iterable[bytes | Entry], patient: str | None) -> Gathered:
    """Sort out whose resources these are.

    Raises NotUnderstood when it cannot be told whom they are about.
    """
    issues: list[ReadingIssue] = []
    entries = list(_entries(resources, issues))
    aliases = {e.full_url: e.reference for e in entries if e.full_url and e.resource}
    newest = _newest(entries, issues)
    everyone = Gathered("", {}, issues, aliases)
    chosen = _patient(newest, everyone, patient)
    by_type: dict[str, list[Resource]] = defaultdict(list)
    for resource in newest:
        if _belongs(resource, chosen, everyone):
            by_type[resource.type].append(resource)
    for listed in by_type.values():
        listed.sort(key=_REFERENCE)
    return Gathered(chosen, by_type, issues, aliases, everyone.resolved_as)


def _entries(resources: Iterable[bytes | Entry], issues: list[ReadingIssue]) -> Iterable[Entry]:
    for number, resource in enumerate(resources):
        if isinstance(resource, Entry):
            yield resource
            continue
        try:
            yield entry_of(resource)
        except InvalidInput as error:
            issues.append(bad_entry(f"Bundle.entry[{number}]", str(error)))


def _newest(entries: Iterable[Entry], issues: list[ReadingIssue]) -> list[Resource]:
    """The newest version of each resource; what was deleted last is not there."""
    newest: dict[str, Resource] = {}
    deleted: set[str] = set()
    for number, entry in enumerate(entries):
        if not entry.resource:
            if entry.method.upper() == "DELETE" and entry.reference not in newest:
                deleted.add(entry.reference)
            continue
        if entry.type not in READ_TYPES:
            continue
        named = entry.id or entry.full_url
        reference = entry.reference if named else f"{entry.type}{NAMELESS}{number:06}"
        try:
            resource = _resource(reference, entry)
        except InvalidInput as error:
            issues.append(bad_entry(error.expression, str(error)))
            continue
        if reference not in newest or _age(resource) >= _age(newest[reference]):
            newest[reference] = resource
    return [resource for name, resource in newest.items() if name not in deleted]


def _resource(reference: str, entry: Entry) -> Resource:
    """A resource with its head; an Observation, of which there are many, is decoded as a whole."""
    if entry.type != "Observation":
        return _with_head(reference, entry)
    try:
        whole = OBSERVATION.decode(entry.resource)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _with_head(reference, entry)
    return Resource(reference, entry.type, entry.resource, whole, {id(OBSERVATION): whole})


def _with_head(reference: str, entry: Entry) -> Resource:
    head = decoded(_HEAD, entry.resource, entry.type)
    return Resource(reference, entry.type, entry.resource, head)


def _age(resource: Resource) -> tuple[int, float]:
    version, updated = resource.version or "", resource.updated
    return (int(version) if version.isdecimal() else -1, updated.timestamp() if updated else 0.0)


def _patient(resources: list[Resource], everyone: Gathered, named: str | None) -> str:
    if named:
        bare = "/" not in named and ":" not in named
        return everyone.resolved(f"Patient/{named}" if bare else named)
    patients = {r.reference for r in resources if r.type == "Patient"}
    if len(patients) > 1:
        raise NotUnderstood("there are several patients and none was named", expression="Patient")
    said = {r.subject for r in resources if r.type in SUBJECT_TYPES}
    subjects = {everyone.resolved(subject) for subject in said if subject}
    candidates = patients or {s for s in subjects if s.startswith(("Patient/", "urn:"))}
    if len(candidates) != 1:
        why = "is about several patients" if candidates else "does not say whom it is about"
        raise NotUnderstood(f"this {why}", expression="subject")
    return candidates.pop()


def _belongs(resource: Resource, patient: str, everyone: Gathered) -> bool:
    if resource.type == "Patient":
        if resource.reference != patient:
            _leave_out(resource, everyone)
        return resource.reference == patient
    if resource.type not in SUBJECT_TYPES:
        return True
    if everyone.resolved(resource.subject) == patient:
        return True
    _leave_out(resource, everyone)
    return False


def _leave_out(resource: Resource, everyone: Gathered) -> None:
    why = (
        "is about another person"
        if resource.subject or resource.type == "Patient"
        else ("does not say whom it is about")
    )
    sentence = f"This {resource.type} was left out: it {why}."
    element = "subject" if resource.type != "Patient" else "id"
    everyone.report(
        IssueKind.OTHER_PATIENT, resource.reference, sentence, f"{resource.type}.{element}"
    )
