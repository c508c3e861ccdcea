"""The code sets that FHIR R4 requires where this service writes, and the narrower ones of its own.

``fhir.resources`` checks the shape of a resource but not its required codes, hence this table. An
element is named by its path; a path that ends in a CodeableConcept means the codes of its codings.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


def _codes(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PRIORITIES = _codes("routine urgent asap stat")
_REQUEST = _codes("draft active on-hold revoked completed entered-in-error unknown")
_OBSERVATION = _codes(
    "registered preliminary final amended corrected cancelled entered-in-error unknown"
)
_NARRATIVE = _codes("generated extensions additional empty")

REQUIRED: Mapping[str, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "CarePlan": {
            "status": _REQUEST,
            "intent": _codes("proposal plan order option"),
            "activity.detail.status": _codes(
                "not-started scheduled in-progress on-hold completed cancelled stopped "
                "unknown entered-in-error"
            ),
            "activity.detail.kind": _codes(
                "Appointment CommunicationRequest DeviceRequest MedicationRequest "
                "NutritionOrder Task ServiceRequest VisionPrescription"
            ),
        },
        "ClinicalImpression": {
            "status": _codes("in-progress completed entered-in-error"),
        },
        "Condition": {
            "clinicalStatus": _codes("active recurrence relapse inactive remission resolved"),
            "verificationStatus": _codes(
                "unconfirmed provisional differential confirmed refuted entered-in-error"
            ),
        },
        "DetectedIssue": {
            "status": _OBSERVATION,
            "severity": _codes("high moderate low"),
        },
        "DocumentReference": {
            "status": _codes("current superseded entered-in-error"),
        },
        "Flag": {"status": _codes("active inactive entered-in-error")},
        "Goal": {
            "lifecycleStatus": _codes(
                "proposed planned accepted active on-hold completed cancelled "
                "entered-in-error rejected"
            ),
            "target.detailQuantity.comparator": _codes("< <= >= >"),
        },
        "GuidanceResponse": {
            "status": _codes(
                "success data-requested data-required in-progress failure entered-in-error"
            ),
        },
        "Observation": {"status": _OBSERVATION},
        "Provenance": {
            "entity.role": _codes("derivation revision quotation source removal"),
        },
        "RiskAssessment": {"status": _OBSERVATION},
        "ServiceRequest": {
            "status": _REQUEST,
            "intent": _codes(
                "proposal plan directive order original-order reflex-order filler-order "
                "instance-order option"
            ),
            "priority": _PRIORITIES,
        },
        "Task": {
            "status": _codes(
                "draft requested received accepted rejected ready cancelled in-progress "
                "on-hold failed completed entered-in-error"
            ),
            "intent": _codes(
                "unknown proposal plan order original-order reflex-order filler-order "
                "instance-order option"
            ),
            "priority": _PRIORITIES,
        },
    }
)
"""FHIR R4's required value sets, by resource type and path."""

EVERYWHERE: Mapping[str, frozenset[str]] = MappingProxyType({"text.status": _NARRATIVE})

OURS: Mapping[str, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "CarePlan": {
            "status": _codes("draft revoked entered-in-error"),
            "intent": _codes("proposal"),
        },
        "Condition": {
            "verificationStatus": _codes("provisional differential entered-in-error"),
        },
        "ServiceRequest": {
            "status": _codes("draft revoked entered-in-error"),
            "intent": _codes("proposal"),
        },
        "Task": {"intent": _codes("proposal")},
    }
)
"""What this service may say of its own: a draft and a proposal, never confirmed, never an order."""
