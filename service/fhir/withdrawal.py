"""How a resource of ours is taken back: the status that its type allows, and nothing else changed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_CONDITION_STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"

WITHDRAWN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "CarePlan": ("status", "revoked"),
        "ClinicalImpression": ("status", "entered-in-error"),
        "DetectedIssue": ("status", "cancelled"),
        "DocumentReference": ("status", "superseded"),
        "Flag": ("status", "inactive"),
        "Goal": ("lifecycleStatus", "cancelled"),
        "GuidanceResponse": ("status", "entered-in-error"),
        "Observation": ("status", "cancelled"),
        "RiskAssessment": ("status", "cancelled"),
        "ServiceRequest": ("status", "revoked"),
        "Task": ("status", "cancelled"),
    }
)
"""The element of each type that says so, and its code. Each code is of the type's required set."""


def withdraw(resource: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same resource, taken back; ``None`` for a type that cannot be, such as Provenance.

    A Condition in error has no clinical status (con-5); its identifier and evidence stay.
    """
    if resource.get("resourceType") == "Condition":
        kept = {k: v for k, v in resource.items() if k != "clinicalStatus"}
        coding = {"system": _CONDITION_STATUS, "code": "entered-in-error"}
        return {**kept, "verificationStatus": {"coding": [coding]}}
    element, code = WITHDRAWN.get(str(resource.get("resourceType")), ("", ""))
    return {**resource, element: code} if element else None
