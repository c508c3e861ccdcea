"""What stands on the server for one patient after the write-back, in a few lines for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from service.fhir.canonical import BASE

STRONGEST = 3
_ROOT_SYSTEM = f"{BASE}/CodeSystem/nerve-root"
_ACTION_SYSTEM = f"{BASE}/CodeSystem/pathway-action"
_TYPES = ("Condition", "RiskAssessment", "ClinicalImpression", "CarePlan", "ServiceRequest")


@dataclass(frozen=True, slots=True)
class WriteBack:
    """Resources of one patient as the server holds them, by type."""

    base: str
    found: dict[str, list[dict[str, Any]]]

    @property
    def root(self) -> str:
        """The code of the likeliest root, such as ``l5-left``; empty when nothing was written."""
        best = self._predictions[:1]
        return best[0][0] if best else ""

    @property
    def probability(self) -> float:
        """The probability of that root."""
        return self._predictions[0][1] if self._predictions else 0.0

    @property
    def is_named(self) -> bool:
        """Whether a provisional Condition names that root."""
        wanted = f"radiculopathy-{self.root}"
        return any(
            coding.get("code") == wanted
            and condition["verificationStatus"]["coding"][0]["code"] == "provisional"
            for condition in self.found["Condition"]
            for coding in condition["code"].get("coding", ())
        )

    @property
    def _predictions(self) -> list[tuple[str, float]]:
        rows = [
            (coding["code"], prediction["probabilityDecimal"])
            for risk in self.found["RiskAssessment"]
            for prediction in risk["prediction"]
            for coding in prediction["outcome"]["coding"]
            if coding["system"] == _ROOT_SYSTEM
        ]
        return sorted(rows, key=lambda row: -row[1])

    def strongest(self) -> list[str]:
        """The findings that spoke most for the root, strongest first."""
        root, side = self.root.split("-")
        weight = re.compile(rf"{side} {root.upper()} ([+-]\d+\.\d+)")
        rows = [
            (float(match[1]), finding["itemCodeableConcept"]["text"])
            for impression in self.found["ClinicalImpression"]
            for finding in impression.get("finding", ())
            if (match := weight.search(finding.get("basis", "")))
        ]
        return [text for _, text in sorted(rows, key=lambda row: -row[0])[:STRONGEST]]

    def next_step(self) -> str:
        """The first step of the plan that somebody would order, else the first one proposed."""
        steps = [
            activity["detail"]
            for plan in self.found["CarePlan"]
            for activity in plan.get("activity", ())
            if not activity["detail"].get("doNotPerform")
        ]
        ordered = [step for step in steps if step.get("kind") == "ServiceRequest"]
        for step in (*ordered, *steps):
            code = next(c for c in step["code"]["coding"] if c["system"] == _ACTION_SYSTEM)
            sentence, _, _ = step["description"].partition(". ")
            return f"{code['code']}: {sentence.rstrip('.')}."
        return ""

    def urls(self) -> Iterator[str]:
        """Where each resource stands."""
        for type_, resources in self.found.items():
            for resource in resources:
                yield f"{self.base}/{type_}/{resource['id']}"


def read_back(base: str, patient: str, types: Sequence[str] = _TYPES) -> WriteBack:
    """Read what stands on the server for this patient."""
    return WriteBack(base, {type_: list(_ours(base, type_, patient)) for type_ in types})


def _ours(base: str, type_: str, patient: str) -> Iterator[dict[str, Any]]:
    query = {"subject": patient, "_count": "500"}
    with requests.get(f"{base}/{type_}", params=query, timeout=10) as answer:
        answer.raise_for_status()
        for entry in answer.json().get("entry", ()):
            resource = entry["resource"]
            is_theirs = resource.get("subject", {}).get("reference") == patient
            if is_theirs and resource["id"].startswith("lasegue-"):
                yield resource
