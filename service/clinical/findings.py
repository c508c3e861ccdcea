"""What was found, what was seen and what is known of the person: the input of the core."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from service.clinical.anatomy import Side
from service.clinical.imaging import ImagingFact


class Presence(StrEnum):
    """What the examiner said. Unknown is not absent: it moves nothing."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Source:
    """The resource and version a fact was read from."""

    reference: str
    version: str | None = None
    recorded: datetime | None = None
    author: str | None = None
    preliminary: bool = False

    @property
    def versioned(self) -> str:
        """``Observation/1/_history/2`` where the version is known, else ``Observation/1``."""
        return f"{self.reference}/_history/{self.version}" if self.version else self.reference


@dataclass(frozen=True, slots=True)
class Finding:
    """One examination item on one side.

    ``id`` is the kebab-case id of the vocabulary. ``side`` is ``None`` for findings that have no
    side or whose side was not stated. ``value`` is the MRC grade (0 to 5), the reflex grade
    (0 to 4), degrees, or the measure in the unit that the vocabulary gives; ``None`` if not graded.
    """

    id: str
    presence: Presence
    source: Source
    side: Side | None = None
    value: float | None = None
    recorded_after_imaging: bool = False


class IssueKind(StrEnum):
    """Why something that arrived was not used."""

    NOT_UNDERSTOOD = "not-understood"
    CONFLICT = "conflict"
    REFUSED = "refused"
    NOT_READ = "not-read"
    OTHER_PATIENT = "other-patient"


@dataclass(frozen=True, slots=True)
class ReadingIssue:
    """Something that was not used, and why, in a sentence without patient data."""

    kind: IssueKind
    reference: str
    sentence: str
    expression: str = ""


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine the person takes or is proposed to take; ``drug_class`` is a word of the context table."""

    drug_class: str
    status: str
    source: Source
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Treatment:
    """Care already given: ``kind`` is a word of the context table, such as ``physiotherapy``."""

    kind: str
    source: Source
    on: date | None = None
    successful: bool | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """A laboratory or other value: ``kind`` is a word of the context table, such as ``egfr``."""

    kind: str
    value: float
    unit: str
    source: Source


@dataclass(frozen=True, slots=True)
class Order:
    """A draft order under judgement, in the words it was written in and as it was understood.

    ``kind`` is one of imaging, injection, surgery, physiotherapy, referral, electrodiagnosis,
    orthosis; ``root``, ``side``, ``level`` and ``foramen`` are what the order names, if anything.
    """

    kind: str
    source: Source
    roots: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()
    levels: tuple[str, ...] = ()
    foramina: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of the person. ``None`` and absence from a set both mean not known."""

    reference: str
    age: int | None = None
    sex: str | None = None
    pregnant: bool | None = None
    conditions: tuple[tuple[str, Source], ...] = ()
    allergies: tuple[tuple[str, Source], ...] = ()
    medicines: tuple[Medicine, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    onset: date | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """An imaging study of the lumbar spine and whether its report was read.

    ``numbering`` is one of ``stated`` (the report says how vertebrae were counted), ``doubtful``
    (transitional anatomy or four or six lumbar-type vertebrae) and ``unstated``. ``serious`` are
    kinds of disease that must not wait, such as ``infection``, that its report states or suspects.
    ``variants`` are ``lumbarised-s1``, ``sacralised-l5`` and ``conjoined-roots`` where it states
    them. ``clear`` means that it says of the whole lumbar spine that nothing is compressed.
    """

    source: Source
    modality: str
    started: datetime | None = None
    report: Source | None = None
    numbering: str = "unstated"
    serious: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    clear: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known of one person at one time, ready to be thought about."""

    person: Person
    as_of: datetime
    findings: tuple[Finding, ...] = ()
    imaging: tuple[ImagingFact, ...] = ()
    studies: tuple[Study, ...] = ()
    orders: tuple[Order, ...] = ()
    issues: tuple[ReadingIssue, ...] = field(default=())
