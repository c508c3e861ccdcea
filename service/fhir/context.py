"""What is known of the person beside the examination: conditions, allergies, medicines, care given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

import msgspec

from service.clinical.findings import (
    IssueKind,
    Measurement,
    Medicine,
    Person,
    Source,
    Treatment,
)
from service.clinical.model import Codes
from service.errors import InvalidInput
from service.fhir import shapes
from service.fhir.bundles import decoded
from service.fhir.coded import codes, meanings
from service.fhir.examination import USED, effective
from service.fhir.gathered import OBSERVATION, Gathered, Resource
from service.fhir.laboratory import in_unit
from service.fhir.moments import day, moment
from service.fhir.stated import CONDITION

T = TypeVar("T")

_PATIENT = msgspec.json.Decoder(shapes.Patient)
_ALLERGY = msgspec.json.Decoder(shapes.AllergyIntolerance)
_MEDICATION = msgspec.json.Decoder(shapes.Medication)
_DRUG = msgspec.json.Decoder(shapes.Drug)
_PROCEDURE = msgspec.json.Decoder(shapes.Procedure)

NEVER = frozenset({"entered-in-error", "refuted"})
OVER = frozenset({"inactive", "remission", "resolved"})
COMPLAINT = "complaint"
"""The area of what the person comes with."""
FORMER = "history-of-"
"""What is put before a condition's word when the condition is over."""


@dataclass(slots=True)
class _Known:
    conditions: list[tuple[str, Source]] = field(default_factory=list)
    allergies: list[tuple[str, Source]] = field(default_factory=list)
    medicines: list[Medicine] = field(default_factory=list)
    treatments: list[Treatment] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    onsets: list[tuple[datetime, date]] = field(default_factory=list)


def read_person(gathered: Gathered, known_codes: Codes, as_of: datetime) -> Person:
    """The person as far as the tables understand what is recorded; the rest is left out."""
    known = _Known()
    readers: tuple[tuple[tuple[str, ...], Callable[[Resource, _Reader], None]], ...] = (
        (("Condition",), _condition),
        (("AllergyIntolerance",), _allergy),
        (("MedicationRequest", "MedicationStatement"), _medicine),
        (("Procedure",), _treatment),
        (("Observation",), _measurement),
    )
    reader = _Reader(known_codes, gathered, known)
    for types, read in readers:
        for resource in gathered.of(*types):
            if not resource.ours:
                _guarded(read, resource, reader)
    return _person(reader, as_of)


@dataclass(slots=True)
class _Reader:
    codes: Codes
    gathered: Gathered
    known: _Known

    def words(self, area: str, *concepts: shapes.Concept | None) -> list[str]:
        """The words of one area that the codes mean."""
        known = meanings(self.codes.context, *concepts)
        return [word for found, word in known if found == area]


def _guarded(
    read: Callable[[Resource, _Reader], None], resource: Resource, reader: _Reader
) -> None:
    try:
        if resource.modified:
            sentence = f"This {resource.type} carries a modifier that is not understood."
            where = f"{resource.type}.modifierExtension"
            if resource.type != "Observation":
                reader.gathered.report(IssueKind.REFUSED, resource.reference, sentence, where)
            return
        read(resource, reader)
    except InvalidInput as error:
        if resource.type != "Observation":
            reader.gathered.report_wrong(resource, error)


def _person(reader: _Reader, as_of: datetime) -> Person:
    known, gathered = reader.known, reader.gathered
    patient, source = shapes.Patient(), None
    for resource in gathered.of("Patient"):
        source = resource.source()
        try:
            patient = resource.read(_PATIENT)
        except InvalidInput as error:
            sentence = f"The Patient was not read: {error}."
            gathered.report(
                IssueKind.NOT_UNDERSTOOD, resource.reference, sentence, error.expression
            )
    return Person(
        reference=gathered.patient,
        age=age(patient.birth_date, as_of),
        sex=patient.gender if patient.gender in ("male", "female", "other") else None,
        pregnant=None,
        conditions=tuple(known.conditions),
        allergies=tuple(known.allergies),
        medicines=tuple(known.medicines),
        treatments=tuple(known.treatments),
        measurements=tuple(known.measurements),
        onset=max(known.onsets)[1] if known.onsets else None,
        source=source,
    )


def age(birth_date: str | None, as_of: datetime) -> int | None:
    """Completed years at that time; ``None`` when the date is not known or lies ahead."""
    born, today = day(birth_date), as_of.date()
    if born is None or born > today:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _condition(resource: Resource, reader: _Reader) -> None:
    condition = resource.read(CONDITION)
    if codes(condition.verification_status) & NEVER:
        return
    over = bool(codes(condition.clinical_status) & OVER)
    recorded = moment(condition.recorded_date)
    source = resource.source(recorded)
    for word in reader.words("condition", condition.code):
        reader.known.conditions.append((f"{FORMER}{word}" if over else word, source))
    onset = day(condition.onset_date_time)
    if onset is None and condition.onset_period:
        onset = day(condition.onset_period.start)
    complaint = any(reader.words(COMPLAINT, condition.code))
    if complaint and onset and not over:
        begun = moment(onset.isoformat())
        reader.known.onsets += [(begun, onset)] if begun else []


def _allergy(resource: Resource, reader: _Reader) -> None:
    allergy = resource.read(_ALLERGY)
    status = codes(allergy.clinical_status) | codes(allergy.verification_status)
    if status & (NEVER | OVER):
        return
    substances = (reaction.substance for reaction in allergy.reaction or ())
    source = resource.source(moment(allergy.recorded_date))
    for word in dict.fromkeys(reader.words("allergy", allergy.code, *substances)):
        reader.known.allergies.append((word, source))


def _medicine(resource: Resource, reader: _Reader) -> None:
    medication = resource.read(_MEDICATION)
    if medication.status == "entered-in-error" or medication.do_not_perform:
        return
    period = medication.effective_period
    since = day(medication.effective_date_time or (period.start if period else None))
    since = since or day(medication.authored_on)
    proposed = medication.intent in ("proposal", "plan")
    status = (medication.intent if proposed else medication.status) or "unknown"
    source = resource.source(moment(medication.authored_on))
    concepts = _drugs(resource, medication, reader)
    for word in dict.fromkeys(reader.words("medicine", *concepts)):
        reader.known.medicines.append(Medicine(word, status, source, since))


def _drugs(
    resource: Resource, medication: shapes.Medication, reader: _Reader
) -> list[shapes.Concept | None]:
    """The drug's concepts: written here, contained, or in a Medication that came along."""
    modern = medication.medication
    concepts = [medication.medication_codeable_concept, modern.concept if modern else None]
    pointer = medication.medication_reference or (modern.reference if modern else None)
    pointed = (pointer.reference if pointer else None) or ""
    for raw in medication.contained or ():
        drug = decoded(_DRUG, raw, "Medication")
        concepts += [drug.code] if f"#{drug.id}" == pointed else []
    for other in reader.gathered.of("Medication"):
        if pointed and other.reference == reader.gathered.resolved(pointed):
            concepts.append(other.read(_DRUG).code)
    return concepts


def _treatment(resource: Resource, reader: _Reader) -> None:
    procedure = resource.read(_PROCEDURE)
    if procedure.status not in ("completed", "in-progress", "stopped"):
        return
    period = procedure.performed_period or procedure.occurrence_period
    on = day(procedure.performed_date_time or procedure.occurrence_date_time)
    on = on or (day(period.start) if period else None)
    outcome = next(iter(reader.words("outcome", procedure.outcome)), None)
    successful = None if outcome is None else outcome == "successful"
    source = resource.source(moment(on.isoformat()) if on else None)
    for word in dict.fromkeys(reader.words("treatment", procedure.code)):
        reader.known.treatments.append(Treatment(word, source, on, successful))
    for word in dict.fromkeys(reader.words("condition", procedure.code)):
        reader.known.conditions.append((word, source))


def _measurement(resource: Resource, reader: _Reader) -> None:
    """A laboratory value; also a condition that is recorded as an Observation's answer."""
    observation = resource.read(OBSERVATION)
    if observation.status not in USED or observation.data_absent_reason:
        return
    for answer in (observation, *(observation.component or ())):
        for area, word in meanings(reader.codes.context, answer.code):
            if area == "measurement":
                _value(word, answer, resource, observation, reader)
        if answer.value_codeable_concept is not None:
            for word in reader.words("condition", answer.value_codeable_concept):
                reader.known.conditions.append((word, resource.source(effective(observation))))


def _value(
    word: str,
    answer: shapes.Answer,
    resource: Resource,
    observation: shapes.Observation,
    reader: _Reader,
) -> None:
    """One value; a bound such as ``<15`` counts as the number it names."""
    quantity = answer.value_quantity
    if quantity is None or quantity.value is None or answer.data_absent_reason:
        return
    read = in_unit(word, quantity.value, quantity.code or quantity.unit or "")
    if read is None:
        sentence = "Its unit is not one in which this value is understood."
        where = "Observation.valueQuantity.unit"
        reader.gathered.report(IssueKind.NOT_UNDERSTOOD, resource.reference, sentence, where)
        return
    source = resource.source(effective(observation))
    reader.known.measurements.append(Measurement(word, *read, source))
