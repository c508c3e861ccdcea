"""``/notifications/{peer}``: every sender of Subscription notifications, in whatever form it sends.

Who calls, how much, and whether it is JSON are looked at, in this order; then it is made durable;
then it is answered. What it leads to is worked out later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from service import log
from service.errors import UnknownPeer
from service.fhir.notification import Heard, Notified, parse
from service.jobs.event import Event, EventKind
from service.settings import Peer
from service.web import openapi
from service.web.answers import received
from service.web.auth import check_peer
from service.web.bodies import check_type, read_body
from service.web.meter import Meter
from service.web.ports import Clock, Inbox, clock

METHODS = ["POST", "PUT", "DELETE"]
PATHS = (
    "/notifications/<peer>",
    "/notifications/<peer>/<kind>",
    "/notifications/<peer>/<kind>/<name>",
)
DELETED = "X-Medplum-Deleted-Resource"


def blueprint(
    inbox: Inbox,
    peers: Mapping[str, Peer],
    *,
    max_depth: int,
    meter: Meter,
    now: Clock = clock,
) -> Any:
    """The door for notifications of these peers, which are remembered in ``inbox``."""
    made = Blueprint("notifications", __name__, description="Notifications of FHIR servers")

    def notify(peer: str, kind: str = "", name: str = "") -> Response:
        """Take a notification: a handshake, a heartbeat, an event in any form, or nothing at all.

        It is durable before the answer. An event that is of no interest is answered alike.
        """
        known = peers.get(peer)
        if known is None:
            raise UnknownPeer("No peer of this name is configured.")
        check_peer(known)
        body = read_body()
        check_type(body)
        notified = _parsed(peer, kind, name, body)
        for event in map(to_event, notified.events):
            fresh = inbox.put(event)
            meter.accepted(peer, fresh=fresh)
            log.note("event-accepted", peer=peer, kind=event.kind, fresh=fresh)
        if not notified.events:
            meter.heard(peer, notified.kind)
            log.note("notification-received", peer=peer, kind=notified.kind)
        return received()

    def _parsed(peer: str, kind: str, name: str, body: bytes) -> Notified:
        return parse(
            body,
            peer=peer,
            method=request.method,
            path="/".join(part for part in (kind, name) if part),
            deleted=request.headers.get(DELETED, ""),
            now=now(),
            max_depth=max_depth,
        )

    for rule in PATHS:
        openapi.route(made, rule, notify, METHODS, openapi.NOTIFICATION)
    return made


def to_event(heard: Heard) -> Event:
    """What is remembered of an event as it was told: the resource is read from its server again."""
    return Event(
        heard.peer,
        EventKind(heard.kind),
        heard.identity,
        heard.occurred,
        heard.focus,
        heard.patient,
        heard.body,
    )
