"""What to ask a server for, to know all of one person that an assessment reads."""

from __future__ import annotations

OBSERVATION_CATEGORIES = ("exam", "imaging", "laboratory", "survey")
"""For servers that refuse a search of Observations without a category."""

TYPES = (
    "DiagnosticReport",
    "ImagingStudy",
    "Condition",
    "AllergyIntolerance",
    "MedicationRequest",
    "MedicationStatement",
    "Procedure",
    "ServiceRequest",
    "BodyStructure",
)
PAGE = 100


def plan(patient: str) -> tuple[str, ...]:
    """The searches for one patient (``Patient/1``), with plain parameters that every server knows."""
    return tuple(_search(kind, patient) for kind in ("Observation", *TYPES))


def plan_by_category(patient: str) -> tuple[str, ...]:
    """The same for servers that want a category with Observations; those without one are missed."""
    observations = (
        f"{_search('Observation', patient)}&category={category}"
        for category in OBSERVATION_CATEGORIES
    )
    return (*observations, *(_search(kind, patient) for kind in TYPES))


def person(patient: str) -> str:
    """The read of the patient itself."""
    return patient


def _search(kind: str, patient: str) -> str:
    return f"{kind}?patient={patient}&_count={PAGE}"
