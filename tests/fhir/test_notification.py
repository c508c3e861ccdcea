"""What Subscription senders say, each in its own dialect, and what becomes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import InvalidInput, LasegueError
from service.fhir.notification import Form, Notified, NotifiedKind, parse
from tests.fhir.made import observation

FOLDER = Path(__file__).parents[2] / "fixtures" / "notifications"
NOW = datetime(2026, 11, 22, 10, 0, 5, tzinfo=UTC)


def told(
    body: bytes | dict[str, Any], method: str = "POST", path: str = "", **more: Any
) -> Notified:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse(raw, **{"peer": "ward", "method": method, "path": path, "now": NOW, **more})


def sent(name: str, **more: Any) -> Notified:
    return told((FOLDER / f"{name}.json").read_bytes(), **more)


@pytest.mark.parametrize("name", ["handshake", "r4b-handshake"])
def test_a_handshake_asks_for_nothing(name: str) -> None:
    notified = sent(name)
    assert (notified.kind, notified.events) == (NotifiedKind.HANDSHAKE, ())
    assert notified.subscription == "Subscription/s1"


@pytest.mark.parametrize("name", ["heartbeat", "r5-heartbeat"])
def test_a_heartbeat_says_how_many_events_there_were(name: str) -> None:
    notified = sent(name)
    assert (notified.kind, notified.event_number) == (NotifiedKind.HEARTBEAT, 11)


@pytest.mark.parametrize("name", ["query-status", "not-of-interest"])
def test_what_is_no_event_for_us_is_ignored(name: str) -> None:
    assert sent(name).kind is NotifiedKind.IGNORED


@pytest.mark.parametrize(
    "name", ["id-only", "camel-case", "r5-id-only", "r4b-relative-numbers", "two-events"]
)
def test_an_id_only_event_names_what_changed_and_when(name: str) -> None:
    notified = sent(name)
    event = notified.events[0]
    assert notified.kind is NotifiedKind.EVENTS
    assert (event.kind, event.focus, event.resource) == (Form.RESOURCE, ("Observation/77",), None)
    assert event.occurred == datetime(2026, 11, 22, 10, 0, 1, tzinfo=UTC)
    assert event.patient is None


def test_every_event_of_a_notification_is_told() -> None:
    notified = sent("two-events")
    assert [e.focus for e in notified.events] == [("Observation/77",), ("DiagnosticReport/r9",)]
    assert notified.event_number == 13


@pytest.mark.parametrize("name", ["full-resource", "status-in-transaction"])
def test_a_full_resource_tells_its_patient_and_version(name: str) -> None:
    (event,) = sent(name).events
    assert (event.kind, event.focus, event.patient) == (
        Form.RESOURCE,
        ("Observation/77",),
        "Patient/1",
    )
    assert (event.version, event.identity) == ("3", "Observation/77/_history/3")


def test_an_empty_event_says_that_something_changed() -> None:
    (event,) = sent("empty").events
    assert (event.kind, event.focus) == (Form.EMPTY, ())


def test_a_deletion_inside_a_notification_is_one() -> None:
    (event,) = sent("deleted").events
    assert (event.kind, event.focus) == (Form.DELETE, ("Observation/77",))


def test_dates_for_instants_doubled_references_and_missing_requests_are_taken() -> None:
    (event,) = sent("value-date-without-request").events
    assert (event.focus, event.patient) == (("Patient/1",), "Patient/1")
    assert event.occurred == datetime(2026, 11, 22, tzinfo=UTC)


def test_a_payload_of_a_search_is_kept_whole() -> None:
    (event,) = sent("transaction-payload").events
    assert event.kind is Form.BUNDLE
    assert event.body == (FOLDER / "transaction-payload.json").read_bytes()


@pytest.mark.parametrize(("method", "path"), [("PUT", "Observation/77"), ("POST", "")])
def test_a_lone_resource_is_an_event_wherever_it_is_sent(method: str, path: str) -> None:
    (event,) = sent("lone-resource", method=method, path=path).events
    assert (event.kind, event.focus, event.patient) == (
        Form.RESOURCE,
        ("Observation/77",),
        "Patient/1",
    )
    assert event.occurred == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_an_empty_put_says_by_its_path_what_changed() -> None:
    (event,) = told(b"", "PUT", "Observation/77").events
    assert (event.kind, event.focus) == (Form.RESOURCE, ("Observation/77",))


def test_an_empty_post_says_only_that_something_changed() -> None:
    (event,) = told(b" \n").events
    assert (event.kind, event.focus, event.occurred) == (Form.EMPTY, (), NOW)


@pytest.mark.parametrize(
    "more", [{"method": "DELETE", "path": "Observation/77"}, {"deleted": "Observation/77"}]
)
def test_a_deletion_is_told_by_the_method_or_by_a_header(more: dict[str, Any]) -> None:
    (event,) = told(b"{}" if "deleted" in more else b"", **more).events
    assert (event.kind, event.focus) == (Form.DELETE, ("Observation/77",))


def test_two_deliveries_of_one_event_have_one_identity() -> None:
    later = {"now": NOW + timedelta(minutes=1)}
    for name in ("id-only", "full-resource", "lone-resource", "transaction-payload", "empty"):
        (first,), (again,) = sent(name).events, sent(name, **later).events
        assert first.identity == again.identity


def test_two_changes_that_look_alike_have_two_identities() -> None:
    bare = {"resourceType": "Observation", "id": "77", "status": "final"}
    for body, path in ((b"", "Observation/77"), (b"", ""), (bare, "Observation/77")):
        (first,) = told(body, "PUT", path).events
        (second,) = told(body, "PUT", path, now=NOW + timedelta(minutes=1)).events
        assert first.identity != second.identity


def test_a_resource_without_an_id_takes_that_of_the_path() -> None:
    (event,) = told(observation("fever", id=None), "PUT", "Observation/77").events
    assert event.focus == ("Observation/77",)


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Encounter", "id": "1"},
        {"resourceType": "Condition", "id": "lasegue-1f", "subject": {"reference": "Patient/1"}},
    ],
)
def test_types_we_never_read_and_what_we_wrote_ourselves_are_ignored(
    resource: dict[str, Any],
) -> None:
    assert told(resource).kind is NotifiedKind.IGNORED
    path = f"{resource['resourceType']}/{resource['id']}"
    assert told(b"", "PUT", path).kind is NotifiedKind.IGNORED
    assert told(b"", "DELETE", path).kind is NotifiedKind.IGNORED


def test_a_resource_that_is_wrong_in_itself_is_still_an_event() -> None:
    wrong = {**observation("fever"), "subject": "Patient/1"}
    (event,) = told(wrong).events
    assert (event.focus, event.patient) == (("Observation/1",), None)


@pytest.mark.parametrize("file", sorted((FOLDER / "refused").glob("*.json")), ids=lambda f: f.stem)
def test_what_is_no_notification_is_refused(file: Path) -> None:
    with pytest.raises(InvalidInput):
        told(file.read_bytes())


def mutated(value: Any, change: st.DataObject, junk: Any) -> Any:
    """The value with one random part of it replaced."""
    children = list(value.items()) if isinstance(value, dict) else []
    children = list(enumerate(value)) if isinstance(value, list) else children
    if not children or change.draw(st.integers(0, 5)) == 0:
        return junk
    key, child = change.draw(st.sampled_from(children))
    inner = mutated(child, change, junk)
    if isinstance(value, dict):
        return {**value, key: inner}
    return [*value[:key], inner, *value[key + 1 :]]


@settings(max_examples=300, deadline=None)
@given(
    st.data(),
    st.sampled_from(sorted(FOLDER.glob("*.json"))),
    st.none() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({}) | st.just([None]),
)
def test_a_broken_notification_is_read_or_refused(
    change: st.DataObject, file: Path, junk: Any
) -> None:
    try:
        notified = told(mutated(json.loads(file.read_bytes()), change, junk))
    except LasegueError:
        return
    assert notified.kind in NotifiedKind
