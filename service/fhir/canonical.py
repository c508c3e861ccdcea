"""The canonical addresses of what this service writes, each in one place.

The codes of HL7's own code systems here are FHIR's infrastructure; codes of medicine are knowledge.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from service.clinical.coding import PROJECT_BASE
from service.fhir.pruning import Shared, shared

BASE = PROJECT_BASE
HL7 = "http://terminology.hl7.org/CodeSystem"
DUE_TO = "http://hl7.org/fhir/StructureDefinition/condition-dueTo"
UCUM = "http://unitsofmeasure.org"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
PATHWAY = f"{BASE}/PlanDefinition/sciatica-pathway"
KNOWLEDGE = f"{BASE}/Library/knowledge"

Json = dict[str, Any]

AI_ASSERTED = shared(
    system=f"{HL7}/v3-ObservationValue",
    code="AIAST",
    display="Artificial Intelligence asserted",
)
DRAFT_TAG = shared(
    system=f"{BASE}/CodeSystem/lasegue",
    code="draft-by-lasegue",
    display="Draft by Lasegue, to be reviewed by a clinician",
)


def code_system(name: str) -> str:
    """The address of one of the project's own code systems, such as ``nerve-root``."""
    return f"{BASE}/CodeSystem/{name}"


def identifier_system(kind: str) -> str:
    """The system of the identifiers of one kind of output, such as ``radiculopathy``."""
    return f"{BASE}/identifier/{kind}"


def structure(name: str) -> str:
    """The address of one of the project's own extensions."""
    return f"{BASE}/StructureDefinition/{name}"


@lru_cache(maxsize=4096)
def own(system: str, code: str, display: str = "") -> Shared:
    """A coding of one of the project's own code systems; remembered, and read-only."""
    return shared(system=code_system(system), code=code, display=display)


@lru_cache(maxsize=64)
def hl7(system: str, code: str, display: str = "") -> Shared:
    """A coding of one of HL7's code systems; remembered, and read-only."""
    return shared(system=f"{HL7}/{system}", code=code, display=display)
