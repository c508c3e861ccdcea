"""How the doors are described in ``/openapi.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.web.answers import MEDIA_TYPE
from service.web.ports import View

Docs = Mapping[str, Any]


def _problem(sentence: str) -> dict[str, Any]:
    return {"description": sentence, "content": _fhir("OperationOutcome")}


def _fhir(kind: str) -> dict[str, Any]:
    example = {"resourceType": kind}
    return {MEDIA_TYPE: {"schema": {"type": "object"}, "example": example}}


def _body(kind: str, sentence: str, *, required: bool = True) -> dict[str, Any]:
    return {"required": required, "description": sentence, "content": _fhir(kind)}


def query(name: str, sentence: str) -> dict[str, Any]:
    """A query parameter of type string."""
    return {"name": name, "in": "query", "description": sentence, "schema": {"type": "string"}}


_INPUT = {
    "400": _problem("Not JSON, not UTF-8, no FHIR, or nested too deep"),
    "401": _problem("The secret or token is missing or another one"),
    "413": _problem("Larger than max_body_bytes"),
    "415": _problem("Declared to be something other than JSON"),
}
_STORE = _problem("Nothing durable can be written now; repeat after Retry-After seconds")
_IMPOSSIBLE = _problem("Understood, but it cannot be acted on")
_LOCAL = _problem("No api_token is set and the caller is on another machine")

NOTIFICATION: Docs = {
    "requestBody": _body("Bundle", "A notification, a resource, or nothing", required=False),
    "responses": {
        "200": {"description": "Durable, or of no interest", "content": _fhir("Bundle")},
        **_INPUT,
        "404": _problem("No peer of this name is configured"),
        "503": _STORE,
    },
}
BUNDLE_IN: Docs = {
    "requestBody": _body("Bundle", "A transaction, batch or collection of source resources"),
    "responses": {
        "200": {"description": "A response for each entry", "content": _fhir("Bundle")},
        **_INPUT,
        "403": _LOCAL,
        "422": _IMPOSSIBLE,
        "503": _STORE,
    },
    "security": [{"token": []}],
}
ASSESS: Docs = {
    "requestBody": _body("Bundle", "A Bundle, or Parameters with one or more `resource`"),
    "parameters": [
        query("profile", "The pathway profile, such as `default`"),
        query("population", "The population whose base rates hold"),
        query("asOf", "The time to which dates refer, as a FHIR date or dateTime"),
        query("fhirVersion", "The FHIR version to write, such as `4.0` or `5.0`"),
    ],
    "responses": {
        "200": {"description": "The write-back Bundle", "content": _fhir("Bundle")},
        **_INPUT,
        "403": _LOCAL,
        "422": _IMPOSSIBLE,
    },
    "security": [{"token": []}],
}


def resource(kind: str) -> Docs:
    """A read that answers with one kind of resource."""
    return {"responses": {"200": {"description": kind, "content": _fhir(kind)}}}


def answer(kind: str, media_type: str, **others: str) -> Docs:
    """An answer that is not FHIR; ``others`` are sentences by ``status_503`` and the like."""
    content = {media_type: {"schema": {"type": "object" if "json" in media_type else "string"}}}
    found: dict[str, Any] = {"200": {"description": kind, "content": content}}
    for status, sentence in others.items():
        found[status.removeprefix("status_")] = {"description": sentence, "content": content}
    return {"responses": found}


def route(made: Any, rule: str, view: View, methods: list[str], docs: Docs) -> None:
    """Add a view to a blueprint of flask-smorest, with its description."""
    made.route(rule, methods=methods)(made.doc(**docs)(view))
