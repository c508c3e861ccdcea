"""The few elements of foreign resources that are read; everything else is ignored.

R4 is the rule; R4B and R5 spellings are taken where they differ only in name or in a wrapper.
An element of a wrong type raises :class:`msgspec.ValidationError` with its path.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Raw, Struct, field

NOTHING = Raw()


def given(raw: Raw) -> bool:
    """Whether an element that is kept raw was there, and not null."""
    return raw is not NOTHING and bytes(raw) not in (b"", b"null")


class Shape(Struct, rename="camel", gc=False):
    """Base of all shapes: camelCase names, unknown elements ignored."""


class Coding(Shape):
    """One code."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class Quantity(Shape):
    """An amount with its unit."""

    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Reference(Shape):
    """A literal reference."""

    reference: str | None = None


class Extension(Shape):
    """An extension with the values that carry a side or a place."""

    url: str | None = None
    value_codeable_concept: Concept | None = None
    value_coding: Coding | None = None
    value_reference: Reference | None = None
    extension: list[Extension] | None = None


class Concept(Shape):
    """A CodeableConcept."""

    coding: list[Coding] | None = None
    text: str | None = None
    extension: list[Extension] | None = None


class Period(Shape):
    """A stretch of time."""

    start: str | None = None
    end: str | None = None


class Identifier(Shape):
    """A business identifier."""

    system: str | None = None
    value: str | None = None


class Meta(Shape):
    """Version and time of a resource."""

    version_id: str | int | None = None
    last_updated: str | None = None


class Narrative(Shape):
    """The text of a resource for people."""

    status: str | None = None
    div: str | None = None


class Name(Shape):
    """Type and id of a resource."""

    resource_type: str | None = None
    id: str | None = None


class Times(Shape):
    """Every time a resource may carry."""

    effective_date_time: str | None = None
    effective_period: Period | None = None
    effective_instant: str | None = None
    issued: str | None = None
    started: str | None = None
    authored_on: str | None = None
    recorded_date: str | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    occurrence_date_time: str | None = None


class Head(Shape):
    """What the resources that are read have in common."""

    resource_type: str | None = None
    id: str | None = None
    meta: Meta | None = None
    implicit_rules: str | None = None
    modifier_extension: list[Raw] | None = None
    subject: Reference | None = None
    patient: Reference | None = None
    identifier: Raw = NOTHING


class Answer(Shape):
    """What an Observation and its components share: a code and an answer to it."""

    code: Concept | None = None
    value_codeable_concept: Concept | None = None
    value_boolean: bool | None = None
    value_integer: float | None = None
    value_string: str | None = None
    value_quantity: Quantity | None = None
    value_date_time: Raw = NOTHING
    value_period: Raw = NOTHING
    value_range: Raw = NOTHING
    value_ratio: Raw = NOTHING
    value_time: Raw = NOTHING
    value_sampled_data: Raw = NOTHING
    value_attachment: Raw = NOTHING
    value_reference: Raw = NOTHING
    data_absent_reason: Concept | None = None
    interpretation: list[Concept] | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Raw] | None = None


class Observation(Answer):
    """An Observation, with what it has in common with others."""

    resource_type: str | None = None
    id: str | None = None
    meta: Meta | None = None
    implicit_rules: str | None = None
    subject: Reference | None = None
    patient: Reference | None = None
    identifier: Raw = NOTHING
    status: str | None = None
    category: list[Concept] | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    effective_instant: str | None = None
    issued: str | None = None
    performer: list[Reference] | None = None
    focus: list[Reference] | None = None
    body_site: Concept | None = None
    body_structure: Reference | None = None
    component: list[Answer] | None = None
    has_member: list[Reference] | None = None
    contained: list[Raw] | None = None


class IncludedStructure(Shape):
    """R5: one structure with its side."""

    structure: Concept | None = None
    laterality: Concept | None = None


class BodyStructure(Shape):
    """A body structure: R4 qualifies its location, R5 includes structures with a laterality."""

    id: str | None = None
    location: Concept | None = None
    location_qualifier: list[Concept] | None = None
    included_structure: list[IncludedStructure] | None = None


class Patient(Shape):
    """A person."""

    birth_date: str | None = None
    gender: str | None = None


class Series(Shape):
    """One series; modality and body site are a Coding in R4 and a concept in R5."""

    modality: dict[str, Any] | None = None
    body_site: dict[str, Any] | None = None
    description: str | None = None


class ImagingStudy(Shape):
    """An imaging study."""

    status: str | None = None
    identifier: list[Identifier] | None = None
    started: str | None = None
    description: str | None = None
    modality: list[dict[str, Any]] | None = None
    procedure_code: list[Concept] | None = None
    procedure: list[dict[str, Any]] | None = None
    based_on: list[Reference] | None = None
    series: list[Series] | None = None


class Attachment(Shape):
    """A document, in the resource or elsewhere."""

    content_type: str | None = None
    data: str | None = None
    url: str | None = None


class DiagnosticReport(Shape):
    """A report; the study is ``imagingStudy`` in R4 and ``study`` in R5."""

    status: str | None = None
    identifier: list[Identifier] | None = None
    category: list[Concept] | Concept | None = None
    code: Concept | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    issued: str | None = None
    based_on: list[Reference] | None = None
    part_of: list[Reference] | None = None
    imaging_study: list[Reference] | None = None
    study: list[Reference] | None = None
    performer: list[Reference] | None = None
    results_interpreter: list[Reference] | None = None
    conclusion: str | None = None
    presented_form: list[Attachment] | None = None
    text: Narrative | None = None


class CodeableReference(Shape):
    """R5: a concept or a reference to the thing itself."""

    concept: Concept | None = None
    reference: Reference | None = None


class Condition(Shape):
    """A condition."""

    clinical_status: Concept | None = None
    verification_status: Concept | None = None
    code: Concept | None = None
    onset_date_time: str | None = None
    onset_period: Period | None = None
    body_site: list[Concept] | None = None
    recorded_date: str | None = None
    extension: list[Extension] | None = None
    contained: list[Raw] | None = None


class Reaction(Shape):
    """One reaction, with the substance if it is narrower than the allergy's code."""

    substance: Concept | None = None


class AllergyIntolerance(Shape):
    """An allergy."""

    clinical_status: Concept | None = None
    verification_status: Concept | None = None
    code: Concept | None = None
    reaction: list[Reaction] | None = None
    recorded_date: str | None = None


class Medication(Shape):
    """MedicationRequest, MedicationStatement (R5: ``medication`` is a CodeableReference)."""

    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    medication_codeable_concept: Concept | None = None
    medication_reference: Reference | None = None
    medication: CodeableReference | None = None
    authored_on: str | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    contained: list[Raw] | None = None


class Drug(Shape):
    """A Medication resource."""

    id: str | None = None
    code: Concept | None = None


class Procedure(Shape):
    """A procedure; R5 says ``occurrence`` for R4's ``performed``."""

    status: str | None = None
    code: Concept | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    outcome: Concept | None = None


class Note(Shape):
    """An annotation."""

    text: str | None = None


class ServiceRequest(Shape):
    """An order; ``code`` is a concept in R4 and a CodeableReference in R5."""

    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    category: list[Concept] | None = None
    code: dict[str, Any] | None = None
    order_detail: list[dict[str, Any]] | None = None
    body_site: list[Concept] | None = None
    authored_on: str | None = None
    note: list[Note] | None = None


class Request(Shape):
    """What a Bundle entry asks for."""

    method: str | None = None
    url: str | None = None


class BundleEntry(Shape):
    """One entry; its resource stays raw."""

    full_url: str | None = None
    resource: Raw = NOTHING
    request: Request | None = field(default=None)


class Bundle(Shape):
    """A Bundle, or a lone resource: the envelope only."""

    resource_type: str | None = None
    type: str | None = None
    timestamp: str | None = None
    entry: list[Raw] | None = None
    parameter: list[Raw] | None = None


class WholeBundle(Shape):
    """A Bundle of which every entry has the right shape."""

    resource_type: Literal["Bundle"]
    type: str | None = None
    timestamp: str | None = None
    entry: list[BundleEntry] | None = None


class Parameter(Shape):
    """One parameter of an operation or of a subscription's status."""

    name: str | None = None
    resource: Raw = NOTHING
    value_string: str | None = None
    value_code: str | None = None
    value_uri: str | None = None
    value_canonical: str | None = None
    value_date: str | None = None
    value_date_time: str | None = None
    value_instant: str | None = None
    value_integer: int | None = None
    value_unsigned_int: int | None = None
    value_integer64: str | int | None = None
    value_reference: Reference | None = None
    part: list[Parameter] | None = None
