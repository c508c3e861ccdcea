"""What this service can do and the words it knows, as FHIR: ``/fhir/metadata`` and its companions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from service.clinical.coding import PROJECT_BASE
from service.clinical.model import FindingModel, Model
from service.knowledge.report import value_of
from service.web import openapi
from service.web.answers import MEDIA_TYPE, encoded, fhir

Resource = dict[str, Any]


def blueprint(model: Model, *, url: str, version: str, since: datetime) -> Any:
    """The doors that describe the others. ``since`` is when this instance began."""
    made = Blueprint("conformance", __name__, description="What this service can do and knows")
    resources: tuple[tuple[str, str, Callable[[], Resource], str], ...] = (
        ("/fhir/metadata", "metadata", lambda: capability(url, version, since), "capabilities"),
        ("/fhir/CodeSystem/finding", "finding", lambda: vocabulary(model), "vocabulary"),
        ("/fhir/OperationDefinition/assess", "operation", operation, "operation $assess"),
    )
    for rule, name, build, words in resources:
        view = _view(name, encoded(build()), f"Give the {words} of this service.")
        openapi.route(made, rule, view, ["GET"], openapi.resource(build()["resourceType"]))
    return made


def _view(name: str, body: bytes, words: str) -> Callable[[], Response]:
    def view() -> Response:
        return fhir(body)

    view.__name__ = name
    view.__doc__ = words
    return view


def capability(url: str, version: str, since: datetime) -> Resource:
    """The CapabilityStatement of this instance."""
    reads = [{"code": "read"}]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": since.isoformat(timespec="seconds"),
        "kind": "instance",
        "software": {"name": "Lasegue", "version": version},
        "implementation": {
            "description": "Localises the compressed lumbosacral nerve root from FHIR resources",
            "url": f"{url}/fhir",
        },
        "fhirVersion": "4.0.1",
        "format": [MEDIA_TYPE, "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Bundles of source resources are remembered, then assessed. "
                f"Subscriptions of other servers notify {url}/notifications/{{peer}}.",
                "resource": [
                    {"type": "CodeSystem", "interaction": reads},
                    {"type": "OperationDefinition", "interaction": reads},
                ],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
                "operation": [{"name": "assess", "definition": operation()["url"]}],
            }
        ],
    }


def vocabulary(model: Model) -> Resource:
    """Every finding as a concept, with the value it takes as properties."""
    return {
        "resourceType": "CodeSystem",
        "id": "finding",
        "url": f"{PROJECT_BASE}/CodeSystem/finding",
        "version": model.edition,
        "name": "LasegueFinding",
        "title": "Findings of history and examination",
        "status": "active",
        "description": "Every finding that can be said, and the value that each one takes.",
        "caseSensitive": True,
        "content": "complete",
        "count": len(named(model)),
        "property": [
            {"code": "kind", "description": "The kind of value", "type": "code"},
            {"code": "takes", "description": "The values it is stated with", "type": "string"},
            {"code": "unit", "description": "The unit of a measure", "type": "string"},
            {"code": "sided", "description": "Whether it has a side", "type": "boolean"},
            {"code": "sameAs", "description": "Another name of this finding", "type": "code"},
        ],
        "concept": [_concept(name, finding) for name, finding in named(model)],
    }


def named(model: Model) -> list[tuple[str, FindingModel]]:
    """Every code that can be said with the finding it means, in the order of the codes."""
    names = {n: f for f in model.findings.values() for n in (f.id, *f.aliases)}
    return sorted(names.items(), key=lambda row: row[0])


def _concept(name: str, finding: FindingModel) -> Mapping[str, Any]:
    properties: list[Mapping[str, Any]] = [
        {"code": "kind", "valueCode": finding.kind},
        {"code": "takes", "valueString": value_of(finding)},
        {"code": "sided", "valueBoolean": finding.sided},
    ]
    if finding.unit:
        properties.append({"code": "unit", "valueString": finding.unit})
    if name != finding.id:
        properties.append({"code": "sameAs", "valueCode": finding.id})
    return {"code": name, "display": finding.label, "property": properties}


def operation() -> Resource:
    """The definition of ``$assess``."""
    return {
        "resourceType": "OperationDefinition",
        "id": "assess",
        "url": f"{PROJECT_BASE}/OperationDefinition/assess",
        "name": "Assess",
        "title": "Assess a person with sciatica",
        "status": "active",
        "kind": "operation",
        "description": "Takes the resources of one person and answers with the write-back Bundle. "
        "Nothing is stored and nothing is sent.",
        "affectsState": False,
        "code": "assess",
        "system": True,
        "type": False,
        "instance": False,
        "parameter": [
            _parameter(
                "resource", "in", "Resource", "The resources of one person", least=1, most="*"
            ),
            _parameter("profile", "in", "string", "The pathway profile"),
            _parameter("population", "in", "string", "The population whose base rates hold"),
            _parameter("asOf", "in", "dateTime", "The time to which dates refer"),
            _parameter("fhirVersion", "in", "string", "The FHIR version to write"),
            _parameter("return", "out", "Bundle", "The write-back Bundle", least=1),
        ],
    }


def _parameter(
    name: str, use: str, kind: str, words: str, *, least: int = 0, most: str = "1"
) -> Resource:
    found = {"name": name, "use": use, "min": least, "max": most, "documentation": words}
    return {**found, "type": kind}
