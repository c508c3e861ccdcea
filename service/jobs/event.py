"""What happened elsewhere, as a value with an identity."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """How an event reached us.

    ``resource``: a resource or its id; ``empty``: something changed, ask what; ``bundle``: resources
    in the body, to be read instead of the server; ``delete``: a resource is gone.
    """

    RESOURCE = "resource"
    EMPTY = "empty"
    BUNDLE = "bundle"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one peer.

    ``focus`` are references such as ``Observation/1``; ``patient`` is ``Patient/1`` where the
    payload said so. ``occurred`` is the event's own time, aware. ``identity`` makes two deliveries
    of the same thing equal (type, id and version, or a digest of the body). ``body`` holds the
    resources of a bundle.
    """

    peer: str
    kind: EventKind
    identity: str
    occurred: datetime
    focus: tuple[str, ...] = ()
    patient: str | None = None
    body: bytes | None = None


def key_for(event: Event) -> str:
    """The key under which an event is remembered; equal for two deliveries of one event."""
    text = "\n".join((event.peer, event.kind, event.identity))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
