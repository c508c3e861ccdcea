"""Whether the service lives, whether it is ready, and how much it has done. No patient data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Response
from flask_smorest import Blueprint

from service import log
from service.errors import StoreUnavailable
from service.jobs.port import State
from service.web import meter as metrics
from service.web import openapi
from service.web.meter import Meter
from service.web.ports import Counted

MANY = 20
"""So many events must have ended before the share of dead ones says anything."""

TOO_MANY_DEAD = 0.5
"""From this share of dead events on, the fault is more likely ours than theirs."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What is running: the version of the service, and the knowledge it thinks with."""

    version: str
    knowledge: str
    digest: str


def blueprint(
    edition: Edition, counted: Counted, store_writable: Callable[[], None], meter: Meter
) -> Any:
    """The doors for whoever runs the service. ``store_writable`` raises StoreUnavailable when not."""
    made = Blueprint("operation", __name__, description="Is it alive, is it ready, what did it do")

    def healthz() -> Response:
        """Say that the process answers; nothing else is looked at."""
        return _json({"status": "alive", "version": edition.version}, 200)

    def readyz() -> Response:
        """Say whether work can be taken: knowledge loaded, store writable, not everything dying."""
        report = readiness(edition, counted, store_writable)
        return _json(report, 200 if report["ready"] else 503)

    def metrics_text() -> Response:
        """Give counts in the Prometheus text format."""
        lines = [*_edition(edition), *_backlog(counted), *meter.lines()]
        return Response("\n".join(lines) + "\n", mimetype="text/plain", content_type=_PROMETHEUS)

    not_ready = openapi.answer("Ready", "application/json", status_503="Not ready, and why")
    alive = openapi.answer("Alive", "application/json")
    openapi.route(made, "/healthz", healthz, ["GET"], alive)
    openapi.route(made, "/readyz", readyz, ["GET"], not_ready)
    openapi.route(made, "/metrics", metrics_text, ["GET"], openapi.answer("Counts", "text/plain"))
    return made


def readiness(
    edition: Edition, counted: Counted, store_writable: Callable[[], None]
) -> dict[str, Any]:
    """What ``/readyz`` answers; ``ready`` is the sum of it."""
    counts: Mapping[State, int] = {}
    try:
        store_writable()
        counts = counted.count()
        store = "writable"
    except StoreUnavailable as error:
        log.failed("store-unavailable", error)
        store = "not writable"
    dead = dead_share(counts)
    return {
        "ready": store == "writable" and dead < TOO_MANY_DEAD,
        "version": edition.version,
        "knowledge": {"edition": edition.knowledge, "digest": edition.digest},
        "store": store,
        "events": {state.value: counts.get(state, 0) for state in State},
        "dead_share": round(dead, 3),
    }


def dead_share(counts: Mapping[State, int]) -> float:
    """The share of dead events among those that ended; 0 while only few have ended."""
    dead, done = counts.get(State.DEAD, 0), counts.get(State.DONE, 0)
    return dead / (dead + done) if dead + done >= MANY else 0.0


_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def _edition(edition: Edition) -> list[str]:
    labels = {
        "version": edition.version,
        "knowledge": edition.knowledge,
        "digest": edition.digest[:12],
    }
    text = "What is running"
    return [
        *metrics.header("lasegue_build_info", "gauge", text),
        metrics.sample("lasegue_build_info", labels, 1),
    ]


def _backlog(counted: Counted) -> list[str]:
    try:
        counts = counted.count()
    except StoreUnavailable:
        return []
    return [
        *metrics.header("lasegue_events", "gauge", "Remembered events by state"),
        *(metrics.sample("lasegue_events", {"state": s}, counts.get(s, 0)) for s in State),
    ]


def _json(content: Mapping[str, Any], status: int) -> Response:
    return Response(orjson.dumps(content), status, mimetype="application/json")
