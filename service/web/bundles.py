"""``POST /fhir``: Bundles of source resources from integration engines, remembered and then assessed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from service import log
from service.clinical.findings import ReadingIssue
from service.errors import NotUnderstood
from service.fhir.bundles import Split, split
from service.fhir.outcome import outcome
from service.jobs.event import Event, EventKind
from service.web import openapi
from service.web.answers import fhir
from service.web.auth import check_token
from service.web.bodies import read_json
from service.web.meter import Meter
from service.web.ports import Clock, Inbox, clock

TYPES = ("transaction", "batch", "collection")
_INDEX = re.compile(r"Bundle\.entry\[(\d+)\]")


def blueprint(
    inbox: Inbox, peer: str, *, token: str, max_depth: int, meter: Meter, now: Clock = clock
) -> Any:
    """The door for Bundles; what they lead to is written to ``peer``."""
    made = Blueprint("bundles", __name__, description="Bundles of source resources")

    def accept_bundle() -> Response:
        """Take a transaction, batch or collection Bundle of source resources.

        It is remembered durably before the answer; the assessment is written to the default peer.
        An entry that cannot be read is refused alone.
        """
        check_token(token)
        body, content = read_json()
        parts = split(body, max_depth=max_depth)
        if parts.type not in TYPES:
            raise NotUnderstood(
                f"Send a Bundle of type {', '.join(TYPES)}.", expression="Bundle.type"
            )
        if not parts.entries:
            raise NotUnderstood("No entry holds a resource that can be read.")
        if not peer:
            raise NotUnderstood("No peer is configured to write to; set default_peer.")
        _remember(body, parts)
        return fhir(_answer(len(content["entry"]), parts.issues))

    def _remember(body: bytes, parts: Split) -> None:
        digest = hashlib.sha256(body).hexdigest()
        event = Event(peer, EventKind.BUNDLE, digest, parts.timestamp or now(), body=body)
        fresh = inbox.put(event)
        meter.accepted(peer, fresh=fresh)
        log.note("bundle-accepted", peer=peer, entries=len(parts.entries), fresh=fresh)

    openapi.route(made, "/fhir", accept_bundle, ["POST"], openapi.BUNDLE_IN)
    return made


def _answer(entries: int, issues: Iterable[ReadingIssue]) -> dict[str, Any]:
    refused = {
        int(found[1]): issue for issue in issues if (found := _INDEX.match(issue.expression))
    }
    responses = [_refusal(refused[n]) if n in refused else _accepted() for n in range(entries)]
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": responses}


def _accepted() -> dict[str, Any]:
    return {"response": {"status": "202 Accepted"}}


def _refusal(issue: ReadingIssue) -> dict[str, Any]:
    error = NotUnderstood(issue.sentence, expression=issue.expression)
    return {"response": {"status": "422 Unprocessable Content", "outcome": outcome(error)}}
