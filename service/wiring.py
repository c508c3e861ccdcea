"""The one place that chooses the concrete things: the only module that knows every class.

WSGI servers other than ours can run ``service.wiring:application()``; the worker is then
``lasegue work``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from service import log, workflow
from service.app import create_app
from service.clinical.findings import Case
from service.clinical.model import Model
from service.errors import StoreUnavailable, UnknownPeer
from service.fhir.client import FhirClient
from service.jobs.engine import DurableJobs
from service.jobs.event import Event
from service.jobs.ledger import Ledger
from service.jobs.port import Handlers
from service.jobs.store import make_engine
from service.knowledge.files import load_model
from service.knowledge.site_codes import with_site_codes
from service.knowledge.wording import load_phrases
from service.memory import settle_memory
from service.reports.phrases import Phrases
from service.settings import Peer, Settings, load, version
from service.web import assess, bundles, conformance, docs, health, notifications
from service.web.assess import Wish
from service.web.meter import Meter
from service.web.ports import clock


def model(settings: Settings) -> Model:
    """The knowledge; raises KnowledgeError."""
    return load_model(_mappings(settings))


def phrases(settings: Settings) -> Phrases:
    """The wording that is understood in reports; raises KnowledgeError."""
    return load_phrases(_mappings(settings))


def _mappings(settings: Settings) -> Path | None:
    return Path(settings.mappings_dir) if settings.mappings_dir else None


def model_for(peer: Peer, known: Model) -> Model:
    """The knowledge with the codes of a peer's own laid over it; raises KnowledgeError."""
    return with_site_codes(known, Path(peer.site_codes)) if peer.site_codes else known


def jobs(settings: Settings) -> DurableJobs:
    """Durable work; raises StoreUnavailable."""
    return DurableJobs(
        settings.store,
        executor=settings.executor,
        workers=settings.workers,
        coalesce_seconds=settings.coalesce_seconds,
        attempts=settings.attempts,
    )


def ledger(work: DurableJobs) -> Ledger:
    """What was written where, in the same store."""
    return work.ledger


def client(peer: Peer) -> FhirClient:
    """The way to one peer."""
    return FhirClient(peer)


@dataclass(frozen=True, slots=True)
class Mind:
    """What it takes to think: the knowledge, and the wording of reports."""

    model: Model
    phrases: Phrases
    max_depth: int = 100

    def assess(self, body: bytes, wanted: Wish) -> dict[str, Any]:
        """The write-back Bundle for a body; raises InvalidInput or NotUnderstood."""
        return workflow.assess_bundle(body, **self._words(wanted))

    def think(self, body: bytes, wanted: Wish) -> tuple[Case, Any]:
        """The case and its assessment, for people; raises InvalidInput or NotUnderstood."""
        return workflow.think(body, **self._words(wanted))

    def _words(self, wanted: Wish) -> dict[str, Any]:
        return {
            "model": self.model,
            "phrases": self.phrases,
            "profile": wanted.profile,
            "population": wanted.population,
            "as_of": wanted.as_of,
            "max_depth": self.max_depth,
        }


def mind(settings: Settings) -> Mind:
    """What it takes to think; raises KnowledgeError."""
    return Mind(model(settings), phrases(settings), settings.max_depth)


@dataclass(frozen=True, slots=True)
class Rooms:
    """Everything that a running service is made of, made once."""

    settings: Settings
    mind: Mind
    jobs: DurableJobs
    since: datetime


def open_rooms(settings: Settings) -> Rooms:
    """Load the knowledge and open the store; raises KnowledgeError or StoreUnavailable."""
    thinking = mind(settings)
    log.note("knowledge", edition=thinking.model.edition, digest=thinking.model.digest)
    rooms = Rooms(settings, thinking, jobs(settings), clock())
    settle_memory()
    return rooms


def handlers(rooms: Rooms) -> Handlers:
    """What durable work calls, for the peers of the settings; raises KnowledgeError."""
    peers = {name: _at(peer, rooms) for name, peer in rooms.settings.peers.items()}

    def known(name: str) -> Mapping[str, Any]:
        if name not in peers:
            raise UnknownPeer(f"no peer is called {name!r} any more")
        return peers[name]

    def patients_of(event: Event) -> tuple[str, ...]:
        return workflow.patients_of(event, known(event.peer)["client"])

    def evaluate(name: str, patient: str, events: tuple[Event, ...]) -> str:
        receipt = workflow.evaluate(name, patient, events, **known(name))
        log.note("evaluated", peer=name, patient=log.hashed(patient), events=len(events))
        return receipt

    return Handlers(patients_of, evaluate)


def _at(peer: Peer, rooms: Rooms) -> Mapping[str, Any]:
    return {
        "client": client(peer),
        "model": model_for(peer, rooms.mind.model),
        "phrases": rooms.mind.phrases,
        "ledger": ledger(rooms.jobs),
    }


def web_app(rooms: Rooms) -> Flask:
    """The doors over these rooms."""
    settings, meter, known = rooms.settings, Meter(), rooms.mind.model
    depth, token = settings.max_depth, settings.api_token
    edition = health.Edition(version(), known.edition, known.digest)
    return create_app(
        notifications.blueprint(rooms.jobs, settings.peers, max_depth=depth, meter=meter),
        bundles.blueprint(
            rooms.jobs, settings.default_peer, token=token, max_depth=depth, meter=meter
        ),
        assess.blueprint(_assessor(rooms), known, token=token, max_depth=depth),
        conformance.blueprint(known, url=settings.url, version=version(), since=rooms.since),
        health.blueprint(edition, rooms.jobs, partial(_write_nothing, rooms), meter),
        docs.blueprint(),
        max_body_bytes=settings.max_body_bytes,
        meter=meter,
    )


def _assessor(rooms: Rooms) -> assess.Assess:
    """Assesses with the codes of the default peer, as a Bundle for it would be."""
    peer = rooms.settings.peers.get(rooms.settings.default_peer)
    known = model_for(peer, rooms.mind.model) if peer else rooms.mind.model
    return replace(rooms.mind, model=known).assess


def _write_nothing(rooms: Rooms) -> None:
    """Take the store's write lock and let it go; raises StoreUnavailable."""
    ledger(rooms.jobs).forget("", "", ())


def probe(settings: Settings) -> str:
    """Take the store's write lock and let it go; tells how it keeps its log, such as ``wal``.

    Raises StoreUnavailable.
    """
    engine = make_engine(sa.make_url(settings.store))
    sqlite = engine.dialect.name == "sqlite"
    try:
        with engine.begin() as connection:
            asked = "PRAGMA journal_mode" if sqlite else "SELECT 'write-ahead log of the server'"
            return str(connection.exec_driver_sql(asked).scalar_one())
    except sa.exc.SQLAlchemyError as error:
        kind = type(error).__name__
        raise StoreUnavailable(f"{settings.store}: cannot be written ({kind})") from error
    finally:
        engine.dispose()


def application() -> Flask:
    """The doors with the settings of the environment, for another WSGI server."""
    settings = load()
    log.configure(level=settings.log_level, salt=settings.log_salt)
    return web_app(open_rooms(settings))
