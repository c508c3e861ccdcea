"""Observations of an examination as findings with presence, side, grade and source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from service.clinical.anatomy import Side
from service.clinical.coding import Coding
from service.clinical.findings import Finding, IssueKind, Presence, Source
from service.clinical.model import CodedFinding, Model
from service.errors import InvalidInput
from service.fhir import shapes
from service.fhir.answers import AnswerReader
from service.fhir.bundles import decoded
from service.fhir.coded import Meaning, Unusable, codes, meaning, meanings
from service.fhir.gathered import OBSERVATION, Gathered, Resource
from service.fhir.moments import moment
from service.fhir.sides import STRUCTURE, SideReader
from service.fhir.stated import stated

USED = frozenset({"final", "amended", "corrected", "appended", "preliminary"})
NOT_YET = "registered"
_EXAMINED = frozenset({"exam", "imaging"})
_CONTRADICTION = frozenset({Presence.PRESENT, Presence.ABSENT})
_MODIFIED = "It carries a modifier that is not understood."

_HEAD = msgspec.json.Decoder(shapes.Head)


@dataclass(frozen=True, slots=True)
class ExaminationReader:
    """Reads Observations with the vocabulary, the site's codes and the body structures at hand.

    ``reported`` is when the first imaging report was issued, if any.
    """

    model: Model
    site_codes: Mapping[Coding, CodedFinding]
    sides: SideReader
    reported: datetime | None = None


@dataclass(slots=True)
class _One:
    """One Observation with all that is needed to read it."""

    reader: ExaminationReader
    resource: Resource
    observation: shapes.Observation
    gathered: Gathered

    def findings(self) -> Iterable[Finding]:
        """The findings of the Observation and its components; what fails is reported."""
        observation, reader = self.observation, self.reader
        try:
            own = meaning(observation.code, reader.model, reader.site_codes)
        except Unusable as refusal:
            self.refuse(refusal, self.resource.type)
            return ()
        if own is not None or observation.component:
            return self.all_answered(own)
        if not observation.has_member:
            self.unknown(self.resource.type, observation)
        return ()

    def all_answered(self, own: Meaning | None) -> Iterator[Finding]:
        """The findings of every answer; ``own`` is what the Observation's own code means."""
        source: Source | None = None
        after = False
        for place, answer, said in self.answers(own):
            if source is None:
                examined, reported = effective(self.observation), self.reader.reported
                source = _source(self.resource, self.observation, self.gathered, examined)
                after = bool(examined and reported and examined > reported)
            try:
                yield from self.answered(answer, said, source, after)
            except Unusable as refusal:
                self.refuse(refusal, place)

    def answers(self, own: Meaning | None) -> Iterator[tuple[str, shapes.Answer, Meaning]]:
        """Each answer with its place and what its code means."""
        components = self.observation.component or ()
        for number, component in enumerate(components):
            place = f"{self.resource.type}.component[{number}]"
            said = self.component(component, own, place)
            if said is not None:
                yield place, component, said
        if own is not None and (not components or _has_value(self.observation)):
            yield self.resource.type, self.observation, own

    def component(
        self, component: shapes.Answer, panel: Meaning | None, place: str
    ) -> Meaning | None:
        """A component's own code, or the panel's finding where the component's code is a side."""
        try:
            said = meaning(component.code, self.reader.model, self.reader.site_codes)
        except Unusable as refusal:
            self.refuse(refusal, place)
            return None
        if said is None and panel is not None:
            return panel._replace(sides=()) if self.names_a_side(component) else None
        if said is None:
            self.unknown(place, component)
        return said

    def names_a_side(self, component: shapes.Answer) -> bool:
        """Whether a component's code is a side and nothing else, such as a complaint on a side."""
        is_more = meanings(self.reader.model.codes.context, component.code)
        return not is_more and bool(self.reader.sides.of_concept(component.code))

    def answered(
        self, answer: shapes.Answer, said: Meaning, source: Source, after: bool
    ) -> list[Finding]:
        """The finding of one answer, twice when it is on both sides."""
        if answer.modifier_extension:
            raise Unusable(_MODIFIED, "modifierExtension", IssueKind.REFUSED)
        known = self.reader.model.findings[said.finding]
        presence, value = Presence.UNKNOWN, None
        if self.observation.status != NOT_YET:
            presence, value = AnswerReader(known, said, self.reader.model.codes).reply(answer)
        sides: tuple[Side | None, ...] = (None,)
        if known.sided:
            sides = self.reader.sides.sides(self.observation, answer, said.sides)
        return [Finding(said.finding, presence, source, side, value, after) for side in sides]

    def refuse(self, refusal: Unusable, place: str) -> None:
        """Report why something was not used."""
        where = ".".join(part for part in (place, refusal.expression) if part)
        self.gathered.report(refusal.kind, self.resource.reference, refusal.sentence, where)

    def unknown(self, place: str, answer: shapes.Answer) -> None:
        """Report an unknown code where one may be missed: in an examination, or without category."""
        if not _of_examination(self.observation):
            return
        if not meanings(self.reader.model.codes.context, answer.code):
            self.refuse(Unusable("Its code is not known here.", "code"), place)


def read_examination(gathered: Gathered, reader: ExaminationReader) -> tuple[Finding, ...]:
    """Every finding of the examination, the oldest first; contradictions are reported and dropped."""
    found: list[Finding] = []
    for resource in gathered.of("Observation"):
        try:
            observation = resource.read(OBSERVATION)
            _must_count(resource, observation, gathered)
        except Unusable as refusal:
            if _matters(observation, reader):
                where = f"Observation.{refusal.expression}"
                gathered.report(refusal.kind, resource.reference, refusal.sentence, where)
        except InvalidInput as error:
            gathered.report_wrong(resource, error)
        else:
            own = with_contained(reader, observation)
            found += _One(own, resource, observation, gathered).findings()
    for resource, observation in stated(gathered):
        if _said(observation, reader):
            found += _One(reader, resource, observation, gathered).findings()
    return tuple(sorted(_consistent(found, gathered), key=oldest_first))


def _said(answer: shapes.Answer, reader: ExaminationReader) -> bool:
    """Whether a code names a finding, however it contradicts itself."""
    try:
        return meaning(answer.code, reader.model, reader.site_codes) is not None
    except Unusable:
        return True


def _matters(observation: shapes.Observation, reader: ExaminationReader) -> bool:
    """Whether it is worth a word that an Observation is left out."""
    answers = (observation, *(observation.component or ()))
    return _of_examination(observation) or any(_said(answer, reader) for answer in answers)


def _of_examination(observation: shapes.Observation) -> bool:
    categories = codes(observation.category)
    return not categories or not _EXAMINED.isdisjoint(categories)


def _must_count(resource: Resource, observation: shapes.Observation, gathered: Gathered) -> None:
    """Raise Unusable when the Observation as a whole must not be used."""
    status = observation.status or ""
    if status not in USED and status != NOT_YET:
        named = status if status in ("entered-in-error", "cancelled", "unknown") else "not known"
        raise Unusable(f"Its status is {named}.", "status", IssueKind.REFUSED)
    if resource.modified:
        raise Unusable(_MODIFIED, "modifierExtension", IssueKind.REFUSED)
    focus = observation.focus or ()
    if focus and {gathered.resolved(f.reference) for f in focus} - {gathered.patient}:
        raise Unusable("It is about something else.", "focus", IssueKind.OTHER_PATIENT)


def effective(observation: shapes.Observation) -> datetime | None:
    """When the person was examined, else when it was written down."""
    period = observation.effective_period
    return (
        moment(observation.effective_date_time)
        or moment(observation.effective_instant)
        or (period and (moment(period.end) or moment(period.start)))
        or moment(observation.issued)
    )


def _source(
    resource: Resource,
    observation: shapes.Observation,
    gathered: Gathered,
    examined: datetime | None,
) -> Source:
    performers = [p.reference for p in observation.performer or () if p.reference]
    author = gathered.resolved(performers[0]) if performers else None
    source = resource.source(examined, author)
    return replace(source, preliminary=True) if observation.status == "preliminary" else source


def with_contained(reader: ExaminationReader, observation: shapes.Observation) -> ExaminationReader:
    """The reader with the body structures that the Observation itself contains."""
    if not observation.contained:
        return reader
    own: dict[str, shapes.BodyStructure] = {}
    for raw in observation.contained:
        with suppress(InvalidInput):
            if decoded(_HEAD, raw).resource_type == "BodyStructure":
                structure = decoded(STRUCTURE, raw)
                own[f"#{structure.id}"] = structure
    if not own:
        return reader
    sides = replace(reader.sides, structures={**reader.sides.structures, **own})
    return replace(reader, sides=sides)


def _has_value(answer: shapes.Answer) -> bool:
    values = (
        answer.value_codeable_concept,
        answer.value_boolean,
        answer.value_integer,
        answer.value_string,
        answer.value_quantity,
        answer.data_absent_reason,
    )
    return any(value is not None for value in values)


def _consistent(found: Iterable[Finding], gathered: Gathered) -> Iterator[Finding]:
    """Findings without those that are both present and absent at one time and place."""
    groups: dict[tuple[object, ...], list[Finding]] = defaultdict(list)
    for finding in found:
        groups[finding.id, finding.side, finding.source.recorded].append(finding)
    for group in groups.values():
        if len(group) > 1 and {finding.presence for finding in group} >= _CONTRADICTION:
            sentence = "The same finding was recorded as present and as absent at the same time."
            for reference in sorted({finding.source.reference for finding in group}):
                gathered.report(IssueKind.CONFLICT, reference, sentence, "Observation.value")
            continue
        yield from group


def oldest_first(finding: Finding) -> tuple[bool, float, str, str, str]:
    """What findings are ordered by: their time, and what tells those of one time apart."""
    recorded = finding.source.recorded
    return (
        recorded is not None,
        recorded.timestamp() if recorded else 0.0,
        finding.id,
        finding.side or "",
        finding.source.versioned,
    )
