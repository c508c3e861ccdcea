"""The doors over a list that takes events."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.app import create_app
from service.clinical.model import Model
from service.errors import StoreUnavailable
from service.jobs.event import Event, key_for
from service.jobs.port import State
from service.knowledge.files import load_model
from service.settings import Peer, Settings
from service.web import assess, bundles, conformance, docs, health, notifications
from service.web.meter import Meter

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SECRET = "a long secret"
WARD = Peer("ward", "http://127.0.0.1:9/fhir", secrets=(SECRET, "the old secret"))
OPEN = Peer("open", "http://127.0.0.1:9/fhir")
LIMIT = 200_000


class ListInbox:
    """Remembers events in a list; can be told to fail."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.counts: dict[State, int] = {}
        self.broken = False

    def put(self, event: Event) -> bool:
        self.check()
        fresh = key_for(event) not in map(key_for, self.events)
        if fresh:
            self.events.append(event)
        return fresh

    def count(self) -> dict[State, int]:
        self.check()
        return self.counts

    def check(self) -> None:
        if self.broken:
            raise StoreUnavailable("the store cannot be used (OperationalError)")


@cache
def the_model() -> Model:
    return load_model()


def echo(body: bytes, wanted: assess.Wish) -> dict[str, Any]:
    """Stands for the assessment where a test is about the door."""
    if b"explode" in body:
        raise RuntimeError("Testperson, born 1950-01-01")
    return {"resourceType": "Bundle", "type": "transaction", "entry": [], "wish": wanted.profile}


def doors(inbox: ListInbox, settings: Settings) -> Flask:
    meter = Meter()
    depth, token = settings.max_depth, settings.api_token
    edition = health.Edition("1.2.3", the_model().edition, the_model().digest)
    return create_app(
        notifications.blueprint(
            inbox, settings.peers, max_depth=depth, meter=meter, now=lambda: NOW
        ),
        bundles.blueprint(
            inbox, settings.default_peer, token=token, max_depth=depth, meter=meter, now=lambda: NOW
        ),
        assess.blueprint(echo, the_model(), token=token, max_depth=depth),
        conformance.blueprint(the_model(), url=settings.url, version="1.2.3", since=NOW),
        health.blueprint(edition, inbox, inbox.check, meter),
        docs.blueprint(),
        max_body_bytes=settings.max_body_bytes,
        meter=meter,
    )


def some_settings(**others: Any) -> Settings:
    defaults: dict[str, Any] = {
        "peers": {"ward": WARD, "open": OPEN},
        "default_peer": "ward",
        "max_body_bytes": LIMIT,
        "port": 0,
    }
    return Settings(**(defaults | others))


@pytest.fixture
def inbox() -> ListInbox:
    return ListInbox()


@pytest.fixture
def client(inbox: ListInbox) -> FlaskClient:
    return doors(inbox, some_settings()).test_client()
