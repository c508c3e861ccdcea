"""The door for Bundles of source resources."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from service.jobs.event import EventKind
from tests.web.conftest import ListInbox, doors, some_settings
from tests.web.test_notifications import FHIR, OBSERVATION, refusal


def bundle(*resources: Any, kind: str = "collection") -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


@pytest.mark.parametrize("kind", ["transaction", "batch", "collection"])
def test_a_bundle_is_remembered_whole_and_answered_entry_by_entry(
    client: FlaskClient, inbox: ListInbox, kind: str
) -> None:
    answer = client.post("/fhir", json=bundle(OBSERVATION, OBSERVATION, kind=kind))
    assert (answer.status_code, answer.mimetype) == (200, FHIR)
    assert answer.json["type"] == "transaction-response"
    assert [e["response"]["status"] for e in answer.json["entry"]] == ["202 Accepted"] * 2
    (event,) = inbox.events
    assert (event.peer, event.kind) == ("ward", EventKind.BUNDLE)
    assert event.body is not None
    assert b"Observation" in event.body


def test_one_bad_entry_costs_that_entry_only(client: FlaskClient, inbox: ListInbox) -> None:
    answer = client.post("/fhir", json=bundle(OBSERVATION, {"id": "no type"}, OBSERVATION))
    first, second, third = answer.json["entry"]
    assert first["response"]["status"] == third["response"]["status"] == "202 Accepted"
    assert second["response"]["status"].startswith("422")
    assert second["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert len(inbox.events) == 1


def test_resources_of_several_patients_are_one_event(client: FlaskClient, inbox: ListInbox) -> None:
    other = OBSERVATION | {"id": "78", "subject": {"reference": "Patient/2"}}
    assert client.post("/fhir", json=bundle(OBSERVATION, other)).status_code == 200
    assert len(inbox.events) == 1


def test_the_same_bytes_are_the_same_event(client: FlaskClient, inbox: ListInbox) -> None:
    for _ in range(2):
        assert client.post("/fhir", json=bundle(OBSERVATION)).status_code == 200
    assert len(inbox.events) == 1


@pytest.mark.parametrize(
    "body",
    [
        bundle(OBSERVATION, kind="searchset"),
        bundle(OBSERVATION, kind="message"),
        OBSERVATION,
        bundle(),
        bundle({"id": "no type"}),
    ],
)
def test_what_cannot_be_assessed_is_refused_as_impossible(
    client: FlaskClient, inbox: ListInbox, body: Any
) -> None:
    refusal(client.post("/fhir", json=body), 422)
    assert inbox.events == []


def test_without_a_peer_to_write_to_a_bundle_is_refused(inbox: ListInbox) -> None:
    client = doors(inbox, some_settings(default_peer="")).test_client()
    assert "default_peer" in refusal(client.post("/fhir", json=bundle(OBSERVATION)), 422)


@pytest.mark.parametrize("body", [b"", b"[]", b"17", b"null", b'"text"', b"{}", b"\xff"])
def test_what_is_no_resource_is_refused(client: FlaskClient, body: bytes) -> None:
    refusal(client.post("/fhir", data=body, content_type=FHIR), 400)


def test_a_bundle_that_cannot_be_made_durable_may_be_sent_again(
    client: FlaskClient, inbox: ListInbox
) -> None:
    inbox.broken = True
    answer = client.post("/fhir", json=bundle(OBSERVATION))
    refusal(answer, 503)
    assert "Retry-After" in answer.headers


class TestWhoMayCall:
    def test_the_right_token_is_let_in(self, inbox: ListInbox) -> None:
        client = doors(inbox, some_settings(api_token="t0ken")).test_client()
        headers = {"Authorization": "Bearer t0ken"}
        assert client.post("/fhir", json=bundle(OBSERVATION), headers=headers).status_code == 200

    @pytest.mark.parametrize("given", ["", "Bearer", "Bearer other", "Basic t0ken", "t0ken"])
    @pytest.mark.parametrize("path", ["/fhir", "/fhir/$assess"])
    def test_another_token_is_refused_before_the_body_is_read(
        self, inbox: ListInbox, given: str, path: str
    ) -> None:
        client = doors(inbox, some_settings(api_token="t0ken")).test_client()
        answer = client.post(path, data=b"{", headers={"Authorization": given})
        refusal(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    @pytest.mark.parametrize("path", ["/fhir", "/fhir/$assess"])
    def test_without_a_token_only_this_machine_is_served(
        self, client: FlaskClient, path: str
    ) -> None:
        away = {"REMOTE_ADDR": "192.0.2.7"}
        answer = client.post(path, json=bundle(OBSERVATION), environ_base=away)
        assert "api_token" in refusal(answer, 403)
