import json
from typing import Any

import pytest

from service.errors import InvalidInput
from service.fhir.capability import parse
from service.fhir.client import FhirClient
from tests.fhir_server import FhirServer


def statement(*rest: Any, **elements: Any) -> bytes:
    body = {"resourceType": "CapabilityStatement", "rest": list(rest), **elements}
    return json.dumps(body).encode()


@pytest.mark.server
def test_a_real_server_tells_what_it_can_do(fhir_server: FhirServer) -> None:
    found = FhirClient(fhir_server.peer()).capability()
    assert found.fhir_version == "4.0.1"
    assert found.transaction
    assert found.supports("Condition", "update")
    assert found.update_create("Condition")
    assert found.conditional_create("CarePlan")
    assert found.searchable("Observation", "patient")


def test_what_a_server_does_not_say_it_cannot_do() -> None:
    found = parse(statement({"mode": "server", "resource": [{"type": "Condition"}]}))
    assert not found.transaction
    assert not found.supports("Condition", "read")
    assert not found.supports("CarePlan", "read")
    assert not found.update_create("Condition")
    assert not found.conditional_create("Condition")


def test_what_a_client_part_says_is_not_what_the_server_does() -> None:
    theirs = {"mode": "client", "interaction": [{"code": "transaction"}]}
    assert not parse(statement(theirs)).transaction


def test_broken_parts_cost_only_themselves() -> None:
    broken = {"resource": [7, {"type": "Task", "interaction": ["read", {"code": "create"}]}]}
    found = parse(statement(broken, None, software=[]))
    assert found.supports("Task", "create")
    assert not found.supports("Task", "read")


@pytest.mark.parametrize("body", [b"<html/>", b"[]", b'{"resourceType":"OperationOutcome"}'])
def test_anything_else_is_no_statement(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse(body)
