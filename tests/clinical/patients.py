"""Short ways to say what was found and seen."""

from datetime import UTC, datetime, timedelta

from service.clinical.anatomy import Root, Side
from service.clinical.findings import Case, Finding, Person, Presence, Source, Study
from service.clinical.imaging import ImagingFact, Kind, Relation

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)

TEXTBOOK = {
    "L4": (
        "pain-distribution-medial-leg",
        "sensory-loss-medial-malleolus",
        "weakness-knee-extension",
        "reduced-patellar-reflex",
        "femoral-nerve-stretch-positive",
    ),
    "L5": (
        "pain-distribution-lateral-leg-dorsum-foot",
        "sensory-loss-dorsum-foot",
        "weakness-great-toe-extension",
        "weakness-hip-abduction",
        "straight-leg-raise-positive",
    ),
    "S1": (
        "pain-distribution-posterior-calf-lateral-foot",
        "sensory-loss-lateral-foot",
        "weakness-plantar-flexion",
        "reduced-achilles-reflex",
        "straight-leg-raise-positive",
    ),
}


def found(id_, side="left", *, present=True, hours=0, value=None):
    presence = {True: Presence.PRESENT, False: Presence.ABSENT, None: Presence.UNKNOWN}[present]
    source = Source(f"Observation/{id_}-{side}-{hours}", "1", NOON + timedelta(hours=hours))
    return Finding(id_, presence, source, Side(side) if side else None, value)


def textbook(root, side="left"):
    return tuple(found(id_, side) for id_ in TEXTBOOK[root])


def root_fact(root, relation="compress", side="left", level="L4-L5", **more):
    return ImagingFact(
        Kind.NERVE_ROOT,
        level,
        root=Root(root),
        relation=Relation(relation),
        side=Side(side),
        reference="DiagnosticReport/r",
        **more,
    )


def lesion(kind, level, side=None, **more):
    return ImagingFact(
        Kind(kind), level, side=Side(side) if side else None, reference="DiagnosticReport/r", **more
    )


def person(*findings, imaging=(), age=50, numbering="stated", orders=()):
    report = Source("DiagnosticReport/r", "1", NOON)
    studies = (Study(Source("ImagingStudy/s"), "MR", NOON, report, numbering),) if imaging else ()
    return Case(
        Person("Patient/p", age=age), NOON, tuple(findings), tuple(imaging), studies, tuple(orders)
    )
