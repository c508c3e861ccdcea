"""The door for notifications: who may knock, what is refused, and what is remembered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.jobs.event import EventKind
from tests.web.conftest import LIMIT, SECRET, ListInbox

FHIR = "application/fhir+json"
OBSERVATION = {
    "resourceType": "Observation",
    "id": "77",
    "meta": {"versionId": "3"},
    "status": "final",
    "subject": {"reference": "Patient/1"},
    "code": {"text": "Lasègue"},
}


def knock(
    client: FlaskClient,
    path: str = "ward",
    body: Any = b"",
    *,
    method: str = "POST",
    kind: str | None = FHIR,
    **headers: str,
) -> TestResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"X-Lasegue-Secret": SECRET} | {n.replace("_", "-"): v for n, v in headers.items()}
    return client.open(
        f"/notifications/{path}", method=method, data=raw, content_type=kind, headers=named
    )


def refusal(answer: TestResponse, status: int) -> str:
    assert answer.status_code == status
    assert answer.mimetype == FHIR
    assert answer.json["resourceType"] == "OperationOutcome"
    issue = answer.json["issue"][0]
    assert issue["severity"] == "error"
    text = issue.get("diagnostics") or issue["details"]["text"]
    assert isinstance(text, str)
    return f"{issue['code']}: {text}"


def test_a_resource_is_durable_before_a_tiny_bundle_answers(
    client: FlaskClient, inbox: ListInbox
) -> None:
    answer = knock(client, "ward/Observation/77", OBSERVATION, method="PUT", If_Match='"3"')
    assert (answer.status_code, answer.mimetype) == (200, FHIR)
    assert answer.json == {"resourceType": "Bundle", "type": "transaction-response"}
    (event,) = inbox.events
    assert (event.peer, event.kind, event.focus) == (
        "ward",
        EventKind.RESOURCE,
        ("Observation/77",),
    )
    assert event.patient == "Patient/1"


def test_a_notification_that_comes_twice_is_remembered_once(
    client: FlaskClient, inbox: ListInbox
) -> None:
    for _ in range(2):
        assert knock(client, "ward/Observation/77", OBSERVATION, method="PUT").status_code == 200
    assert len(inbox.events) == 1


def test_an_empty_post_needs_no_type_and_is_an_event_without_focus(
    client: FlaskClient, inbox: ListInbox
) -> None:
    assert knock(client, "ward", b"", kind=None).status_code == 200
    assert [event.kind for event in inbox.events] == [EventKind.EMPTY]


def test_a_deletion_is_remembered_as_one(client: FlaskClient, inbox: ListInbox) -> None:
    assert knock(client, "ward/Observation/77", method="DELETE", kind=None).status_code == 200
    (event,) = inbox.events
    assert (event.kind, event.focus) == (EventKind.DELETE, ("Observation/77",))


def test_a_header_can_say_that_the_resource_was_deleted(
    client: FlaskClient, inbox: ListInbox
) -> None:
    deleted = knock(client, "ward", b"{}", X_Medplum_Deleted_Resource="Observation/77")
    assert deleted.status_code == 200
    (event,) = inbox.events
    assert (event.kind, event.focus) == (EventKind.DELETE, ("Observation/77",))


def test_a_well_formed_event_of_no_interest_is_answered_like_any_other(client: FlaskClient) -> None:
    answer = knock(client, "ward", {"resourceType": "Basic", "id": "1"})
    assert answer.status_code == 200


def test_an_unknown_peer_is_not_found(client: FlaskClient, inbox: ListInbox) -> None:
    assert refusal(knock(client, "nobody", OBSERVATION), 404).startswith("not-found")
    assert inbox.events == []


@pytest.mark.parametrize("given", ["", "another", SECRET + "x", SECRET[:-1], "gr\xfc\xdfe"])
def test_a_wrong_secret_is_refused_before_the_body_is_read(
    client: FlaskClient, inbox: ListInbox, given: str
) -> None:
    answer = knock(client, "ward", b"this is not JSON", X_Lasegue_Secret=given)
    said = refusal(answer, 401)
    assert said.startswith("security")
    assert SECRET not in said
    assert inbox.events == []


def test_the_old_secret_is_good_while_it_is_rotated_out(client: FlaskClient) -> None:
    answer = knock(client, "ward", OBSERVATION, X_Lasegue_Secret="the old secret")
    assert answer.status_code == 200


def test_a_peer_without_secrets_takes_notifications_from_anyone(client: FlaskClient) -> None:
    assert knock(client, "open", OBSERVATION, X_Lasegue_Secret="").status_code == 200


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("application/fhir+xml", b"<Observation/>", "XML"),
        ("text/plain", b"hello", "JSON"),
        ("application/octet-stream", b"\x00", "JSON"),
    ],
)
def test_a_body_that_is_declared_to_be_something_else_is_of_the_wrong_type(
    client: FlaskClient, kind: str, body: bytes, said: str
) -> None:
    assert said in refusal(knock(client, "ward", body, kind=kind), 415)


@pytest.mark.parametrize("kind", [FHIR, "application/json", "application/json+fhir", None])
def test_every_name_of_json_is_taken(client: FlaskClient, kind: str | None) -> None:
    assert knock(client, "ward", OBSERVATION, kind=kind).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"not json",
        b'{"resourceType": "Obs\xff"}',
        b'{"resourceType":"Bundle","a":' + b"[" * 2000 + b"]" * 2000 + b"}",
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
    ],
    ids=["cut short", "no JSON", "no UTF-8", "deep arrays", "deep objects"],
)
def test_what_is_no_json_is_refused_without_being_quoted(
    client: FlaskClient, inbox: ListInbox, body: bytes
) -> None:
    refusal(knock(client, "ward", body), 400)
    assert inbox.events == []


def test_a_body_over_the_limit_is_refused_by_size(client: FlaskClient) -> None:
    body = OBSERVATION | {"note": [{"text": "x" * LIMIT}]}
    assert refusal(knock(client, "ward", body), 413).startswith("too-long")


def test_only_a_store_that_cannot_write_makes_the_sender_wait(
    client: FlaskClient, inbox: ListInbox
) -> None:
    inbox.broken = True
    answer = knock(client, "ward", OBSERVATION)
    refusal(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0


def test_another_method_is_refused_with_those_that_there_are(client: FlaskClient) -> None:
    answer = knock(client, "ward", method="PATCH")
    refusal(answer, 405)
    assert "PUT" in answer.headers["Allow"]


def test_a_path_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    refusal(client.post("/notifications"), 404)
    refusal(client.post("/notifications/ward/Observation/77/more"), 404)


FIXTURES = Path(__file__).parents[2] / "fixtures" / "notifications"
TOLD = sorted(FIXTURES.glob("*.json"))
REFUSED = sorted((FIXTURES / "refused").glob("*.json"))


@pytest.mark.parametrize("file", TOLD, ids=lambda file: file.stem)
def test_whatever_a_sender_makes_of_the_profile_is_answered_alike(
    client: FlaskClient, file: Path
) -> None:
    answer = knock(client, "ward", file.read_bytes())
    assert (answer.status_code, answer.mimetype) == (200, FHIR)
    assert answer.json["type"] == "transaction-response"


@pytest.mark.parametrize("file", REFUSED, ids=lambda file: file.stem)
def test_what_is_no_notification_is_refused(
    client: FlaskClient, inbox: ListInbox, file: Path
) -> None:
    refusal(knock(client, "ward", file.read_bytes()), 400)
    assert inbox.events == []


@pytest.mark.parametrize("name", ["handshake", "heartbeat", "r4b-handshake", "not-of-interest"])
def test_what_leads_to_nothing_is_counted_and_not_remembered(
    client: FlaskClient, inbox: ListInbox, name: str
) -> None:
    knock(client, "ward", (FIXTURES / f"{name}.json").read_bytes())
    assert inbox.events == []
    assert "lasegue_notifications_without_event_total{" in client.get("/metrics").text
