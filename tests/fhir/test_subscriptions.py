import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from service.fhir.client import FhirClient
from service.fhir.subscriptions import Declared, declare, wanted
from service.settings import Peer
from tests.fhir_server import FakeServer, FhirServer, fake_server

pytestmark = pytest.mark.server
REPLY = b'{"resourceType":"Bundle","type":"transaction-response"}'


@pytest.fixture
def listener() -> Iterator[FakeServer]:
    with fake_server() as made:
        yield made.says(200, REPLY, Content_Type="application/fhir+json")


@pytest.fixture
def peer(fhir_server: FhirServer) -> Iterator[Peer]:
    made = fhir_server.peer(f"ward-{uuid4()}", secrets=("k:3y",), criteria=("Observation?",))
    yield made
    for resource in FhirClient(made).search("Subscription?_count=100"):
        found = json.loads(resource)
        if found["channel"]["endpoint"].endswith(made.name):
            fhir_server.delete(f"Subscription/{found['id']}")


def declared(peer: Peer, listener: FakeServer) -> list[Declared]:
    return declare(FhirClient(peer), peer, listener.url)


def change(server: FhirServer, done: Declared, **elements: Any) -> None:
    server.put(server.get(f"Subscription/{done.id}") | elements)


def test_declaring_twice_keeps_what_is_there(peer: Peer, listener: FakeServer) -> None:
    (first,) = declared(peer, listener)
    (second,) = declared(peer, listener)
    assert (first.outcome, first.status) == ("created", "active")
    assert second == Declared("Observation?", first.id, "active", "kept")


def test_each_criterion_has_its_own_subscription(
    fhir_server: FhirServer, listener: FakeServer, peer: Peer
) -> None:
    more = Peer(peer.name, peer.base_url, criteria=("Observation?", "ImagingStudy?"))
    done = declared(more, listener)
    assert [d.criteria for d in done] == ["Observation?", "ImagingStudy?"]
    assert len({d.id for d in done}) == 2


def test_a_subscription_that_stopped_is_asked_for_again(
    fhir_server: FhirServer, listener: FakeServer, peer: Peer
) -> None:
    (first,) = declared(peer, listener)
    change(fhir_server, first, status="error", error="Delivery failed")
    (again,) = declared(peer, listener)
    assert again == Declared("Observation?", first.id, "active", "renewed")
    assert "error" not in fhir_server.get(f"Subscription/{first.id}")


def test_a_new_secret_reaches_the_subscription(
    fhir_server: FhirServer, listener: FakeServer, peer: Peer
) -> None:
    (first,) = declared(peer, listener)
    rotated = Peer(peer.name, peer.base_url, secrets=("new", "k:3y"), criteria=peer.criteria)
    (again,) = declared(rotated, listener)
    assert again.outcome == "renewed"
    channel = fhir_server.get(f"Subscription/{first.id}")["channel"]
    assert channel["header"] == ["X-Lasegue-Secret: new"]


def test_a_server_that_hides_the_header_is_not_asked_again_and_again(
    fhir_server: FhirServer, listener: FakeServer, peer: Peer
) -> None:
    (first,) = declared(peer, listener)
    channel = wanted(peer, listener.url, "Observation?")["channel"]
    hidden = {k: v for k, v in channel.items() if k != "header"}
    change(fhir_server, first, channel=hidden)
    assert declared(peer, listener)[0].outcome == "kept"


def test_the_server_really_delivers_with_our_secret(
    fhir_server: FhirServer, listener: FakeServer, peer: Peer
) -> None:
    declared(peer, listener)
    patient = fhir_server.patient()
    stored = fhir_server.put(
        {
            "resourceType": "Observation",
            "id": f"o-{uuid4()}",
            "status": "final",
            "code": {"text": "ankle jerk"},
            "subject": {"reference": patient},
        }
    )
    for _ in range(100):
        if listener.got:
            break
        time.sleep(0.05)
    (request,) = listener.got
    assert request.method == "PUT"
    assert request.path == f"/notifications/{peer.name}/Observation/{stored['id']}"
    assert request.headers["X-Lasegue-Secret"] == "k:3y"
    assert json.loads(request.body) == stored
