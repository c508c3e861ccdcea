"""One write-back in the making: what every resource of it shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from service.clinical.answer import Assessment
from service.clinical.findings import Case, Source
from service.clinical.model import Model, Rule
from service.fhir.canonical import AI_ASSERTED, DRAFT_TAG, Json
from service.fhir.elements import reference_to, timestamp
from service.fhir.identity import Identity, identity
from service.fhir.narrative import narrative
from service.fhir.pruning import pruned, shared

_META = shared(security=[AI_ASSERTED], tag=[DRAFT_TAG])


@dataclass(frozen=True, slots=True)
class Written:
    """One finished resource and who it is."""

    identity: Identity
    resource: Json

    @property
    def entry(self) -> Json:
        """The transaction entry that writes it."""
        return {
            "fullUrl": self.identity.full_url,
            "resource": self.resource,
            "request": self.identity.request,
        }


@dataclass(frozen=True)
class Draft:
    """The answer to be written, for whom and of which episode.

    ``event`` is the key of the event that led here, ``software`` the version of this service; both
    may be empty.
    """

    assessment: Assessment
    case: Case
    model: Model
    episode: str = "1"
    event: str = ""
    software: str = ""

    @cached_property
    def when(self) -> str:
        """The moment the assessment is of, as FHIR writes it."""
        return timestamp(self.assessment.as_of)

    @cached_property
    def subject(self) -> Json:
        """The reference to the patient."""
        return reference_to(self.assessment.patient)

    @cached_property
    def stopped(self) -> bool:
        """Whether a red flag is met that comes before any localisation."""
        return any(f.stops and f.status == "met" for f in self.assessment.flags)

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Every resource and version that was read, each once, in the order of their names."""
        person, case = self.case.person, self.case
        read: list[Source | None] = [
            person.source,
            *(f.source for f in case.findings),
            *(Source(i.reference, i.version) for i in case.imaging),
            *(s for study in case.studies for s in (study.source, study.report)),
            *(order.source for order in case.orders),
            *(source for _, source in (*person.conditions, *person.allergies)),
            *(medicine.source for medicine in person.medicines),
            *(treatment.source for treatment in person.treatments),
            *(measured.source for measured in person.measurements),
        ]
        named = {s.versioned: s for s in read if s is not None and s.reference}
        return tuple(named[name] for name in sorted(named))

    @cached_property
    def read(self) -> list[Json]:
        """References to :attr:`sources`, in their order."""
        return [reference_to(source.versioned) for source in self.sources]

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """The rules of the knowledge by their id."""
        return rules_of(self.model)

    def identity(self, resource_type: str, *role: str) -> Identity:
        """The identity of one of this write-back's resources."""
        return identity(resource_type, self.assessment.patient, self.episode, *role)

    def write(self, who: Identity, body: Json, title: str, lines: Iterable[str] = ()) -> Written:
        """Finish a resource: type, id, labels, narrative and identifier are put around its body."""
        resource: Json = {
            "resourceType": who.resource_type,
            "id": who.id,
            "meta": _META,
            "text": narrative(title, lines),
        }
        if who.resource_type != "Provenance":
            resource["identifier"] = who.identifiers
        return Written(who, {**resource, **pruned(body)})


def titled(model: Model, finding: str) -> str:
    """The label of a finding, or its id where the vocabulary does not know it."""
    known = model.findings.get(finding)
    return known.label if known else finding.replace("-", " ")


@lru_cache(maxsize=8)
def rules_of(model: Model) -> Mapping[str, Rule]:
    """The rules of an edition by their id."""
    return {rule.id: rule for rule in model.rules}
