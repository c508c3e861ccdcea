"""Resources for the tests of reading: defaults in one place, differences by keyword."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from service.clinical.findings import Case, Finding, IssueKind
from service.clinical.model import Model
from service.fhir.bundles import split
from service.fhir.reading import to_case
from service.knowledge.files import load_model
from service.reports import Phrases, phrases_from

FINDING = "https://lasegue.example/fhir/CodeSystem/finding"
PRESENCE = "https://lasegue.example/fhir/CodeSystem/presence"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
DAY = "2026-11-01T10:00:00Z"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
LEFT = {"coding": [{"system": SNOMED, "code": "7771000"}]}
RIGHT = {"coding": [{"system": SNOMED, "code": "24028007"}]}


@lru_cache(maxsize=1)
def model() -> Model:
    """The knowledge that ships with the service."""
    return load_model()


@lru_cache(maxsize=1)
def phrases() -> Phrases:
    """The wording that ships with the service."""
    table = files("mappings").joinpath("reports", "phrases.toml").read_text("utf-8")
    return phrases_from(tomllib.loads(table))


def concept(system: str, code: str, **more: Any) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], **more}


def observation(code: str | dict[str, Any], /, **more: Any) -> dict[str, Any]:
    """An Observation of one finding; present on no stated side unless told otherwise."""
    made = {
        "resourceType": "Observation",
        "id": "1",
        "status": "final",
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": DAY,
        "code": concept(FINDING, code) if isinstance(code, str) else code,
        **more,
    }
    if not any(key.startswith(("value", "component", "dataAbsent", "interpret")) for key in more):
        made["valueBoolean"] = True
    return {key: value for key, value in made.items() if value is not None}


def patient(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "1",
        "gender": "female",
        "birthDate": "1975-03",
        **more,
    }


def bundle(*resources: dict[str, Any], **more: Any) -> bytes:
    entries = [r if "resource" in r else {"resource": r} for r in resources]
    return json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": entries, **more}
    ).encode()


def case_of(*resources: dict[str, Any], **asked: Any) -> Case:
    """The case that resources make, as of a fixed day."""
    return to_case(
        split(bundle(*resources), max_depth=100).entries,
        model(),
        **{"as_of": NOW, "phrases": phrases(), **asked},
    )


def only(case: Case) -> Finding:
    (found,) = case.findings
    return found


def reasons(case: Case) -> list[tuple[IssueKind, str]]:
    return [(issue.kind, issue.expression) for issue in case.issues]
