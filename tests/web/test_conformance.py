"""What the service says of itself, valid by the models of FHIR R4B."""

from __future__ import annotations

import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask.testing import FlaskClient

from tests.web.conftest import the_model
from tests.web.test_notifications import FHIR


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/fhir/metadata", "CapabilityStatement"),
        ("/fhir/CodeSystem/finding", "CodeSystem"),
        ("/fhir/OperationDefinition/assess", "OperationDefinition"),
    ],
)
def test_it_is_valid_fhir(client: FlaskClient, path: str, kind: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, FHIR)
    assert get_fhir_model_class(kind).model_validate_json(answer.data)


def test_the_capability_names_its_operation_and_what_it_takes(client: FlaskClient) -> None:
    (rest,) = client.get("/fhir/metadata").json["rest"]
    assert [o["name"] for o in rest["operation"]] == ["assess"]
    defined = client.get("/fhir/OperationDefinition/assess").json
    assert rest["operation"][0]["definition"] == defined["url"]
    assert {i["code"] for i in rest["interaction"]} == {"transaction", "batch"}


def test_every_finding_can_be_said_and_tells_its_value(client: FlaskClient) -> None:
    system = client.get("/fhir/CodeSystem/finding").json
    concepts = {c["code"]: c for c in system["concept"]}
    assert set(the_model().findings) <= set(concepts)
    assert system["count"] == len(concepts)
    for concept in concepts.values():
        assert {"kind", "takes", "sided"} <= {p["code"] for p in concept["property"]}


def test_another_name_of_a_finding_points_to_it(client: FlaskClient) -> None:
    concepts = {c["code"]: c for c in client.get("/fhir/CodeSystem/finding").json["concept"]}
    aliases = [(n, f.id) for f in the_model().findings.values() for n in f.aliases]
    for alias, finding in aliases:
        properties = {p["code"]: p for p in concepts[alias]["property"]}
        assert properties["sameAs"]["valueCode"] == finding
    assert aliases
