"""What a Subscription's sender says: a handshake, a heartbeat, or that something happened to what.

Everything is read leniently and by hand, since real senders break the profiles: status parts in
kebab or camel case, timestamps as ``valueDate``, entries without ``request``, doubled
``Patient/Patient/1``. Strictness here would only lose events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import msgspec

from service.errors import InvalidInput, NotUnderstood
from service.fhir.bundles import Entry, Split, checked, decoded, normal, parted
from service.fhir.gathered import OUR_IDS, READ_TYPES
from service.fhir.moments import moment
from service.fhir.shapes import Head
from service.fhir.status import Happened, Status, status_in

_HEAD = msgspec.json.Decoder(Head)
_NOT_EVENTS = READ_TYPES - {"Medication"}


class NotifiedKind(StrEnum):
    """What a notification is."""

    HANDSHAKE = "handshake"
    HEARTBEAT = "heartbeat"
    EVENTS = "events"
    IGNORED = "ignored"


class Form(StrEnum):
    """How an event was told: with a resource or its id, without either, as a Bundle, as a deletion."""

    RESOURCE = "resource"
    EMPTY = "empty"
    BUNDLE = "bundle"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Heard:
    """One event as it was told; the fields are those of the durable event that it becomes.

    ``identity`` is equal for two deliveries of one event and different for two events. ``version``
    and ``resource`` are there when they were sent.
    """

    peer: str
    kind: Form
    identity: str
    occurred: datetime
    focus: tuple[str, ...] = ()
    patient: str | None = None
    body: bytes | None = None
    version: str | None = None
    resource: bytes | None = None


@dataclass(frozen=True, slots=True)
class Notified:
    """One notification: what it is, the events in it, and what it says of its Subscription."""

    kind: NotifiedKind
    events: tuple[Heard, ...] = ()
    subscription: str = ""
    event_number: int | None = None


IGNORED = Notified(NotifiedKind.IGNORED)


def parse(
    body: bytes,
    *,
    peer: str,
    method: str,
    now: datetime,
    path: str = "",
    deleted: str | bool = "",
    max_depth: int = 100,
) -> Notified:
    """Read one delivery.

    ``path`` is what followed the endpoint (``Observation/77``, ``Observation`` or nothing);
    ``deleted`` is a resource that a header says is gone, or that the header was there. Raises
    InvalidInput for what is not JSON or no resource.
    """
    told = _Told(peer, now, normal(path))
    if deleted or method.upper() == "DELETE":
        named = normal(deleted) if isinstance(deleted, str) and "/" in deleted else told.path
        return told.deletion(named or _reference_in(body))
    if not body.strip():
        return told.nothing()
    parts = _parts(checked(body, max_depth=max_depth))
    status = status_in(parts)
    if status is not None:
        return _from_status(told, status, parts)
    if parts.type:
        return told.bundle(body, parts)
    return told.resource(parts.entries[0])


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of a delivery apart from its body."""

    peer: str
    now: datetime
    path: str

    def nothing(self) -> Notified:
        """An empty body: the path says what changed, or nobody does."""
        if "/" not in self.path:
            return _events(Heard(self.peer, Form.EMPTY, self.now.isoformat(), self.now))
        if not _is_read(self.path):
            return IGNORED
        identity = f"{self.path} {self.now.isoformat()}"
        return _events(Heard(self.peer, Form.RESOURCE, identity, self.now, (self.path,)))

    def deletion(self, reference: str) -> Notified:
        """Something is gone."""
        if "/" not in reference:
            return _events(Heard(self.peer, Form.EMPTY, self.now.isoformat(), self.now))
        if not _is_read(reference):
            return IGNORED
        identity = f"{reference} {self.now.isoformat()}"
        patient = reference if reference.startswith("Patient/") else None
        return _events(Heard(self.peer, Form.DELETE, identity, self.now, (reference,), patient))

    def resource(self, entry: Entry) -> Notified:
        """One resource in the body, under its own id or that of the path."""
        named = f"{entry.type}/" in self.path and not entry.id
        reference = self.path if named else entry.reference
        if entry.type not in _NOT_EVENTS or not _is_read(reference):
            return IGNORED
        return _events(self.heard(reference, entry.resource))

    def heard(self, reference: str, resource: bytes) -> Heard:
        """An event about a resource that was sent along; what it says of itself may be wrong."""
        try:
            head = decoded(_HEAD, resource)
        except InvalidInput:
            head = Head()
        version = str(head.meta.version_id) if head.meta and head.meta.version_id else None
        updated = moment(head.meta.last_updated) if head.meta else None
        identity = f"{reference}/_history/{version}"
        if version is None:
            identity = f"{reference} {_digest(resource)}"
            identity += "" if updated else f" {self.now.isoformat()}"
        return Heard(
            self.peer,
            Form.RESOURCE,
            identity,
            updated or self.now,
            (reference,) if "/" in reference else (),
            _patient(reference, head),
            version=version,
            resource=resource,
        )

    def bundle(self, body: bytes, parts: Split) -> Notified:
        """Resources in a Bundle, to be read instead of the server."""
        read = [e for e in parts.entries if e.type in _NOT_EVENTS and e.resource]
        if not any(_is_read(entry.reference) for entry in read):
            return IGNORED
        occurred = parts.timestamp or self.now
        return _events(Heard(self.peer, Form.BUNDLE, _digest(body), occurred, body=body))


def _parts(body: bytes) -> Split:
    try:
        return parted(body)
    except NotUnderstood:
        return Split("", entries=(Entry(body, "Parameters"),))


def _from_status(told: _Told, status: Status, parts: Split) -> Notified:
    kinds = {"handshake": NotifiedKind.HANDSHAKE, "heartbeat": NotifiedKind.HEARTBEAT}
    if status.type in kinds:
        return Notified(kinds[status.type], (), status.subscription, status.count)
    if status.type not in ("event-notification", "query-event", ""):
        return Notified(NotifiedKind.IGNORED, (), status.subscription, status.count)
    sent = MappingProxyType({entry.reference: entry for entry in parts.entries[1:]})
    heard = tuple(_heard(told, status, parts, sent))
    known = tuple(event for event in heard if not event.focus or _is_read(event.focus[0]))
    kind = NotifiedKind.EVENTS if known else NotifiedKind.IGNORED
    numbers = [event.number for event in status.events if event.number is not None]
    number = max(numbers, default=status.count)
    return Notified(kind, known, status.subscription, number)


def _heard(told: _Told, status: Status, parts: Split, sent: Mapping[str, Entry]) -> Iterator[Heard]:
    """One event for each focus; where no focus is named, for each resource that was sent."""
    events = status.events or ((Happened(status.count),) if not sent else ())
    focused = [event for event in events if event.focus]
    for event in focused:
        yield _of_focus(told, event, _identity(event, status, parts, told.now), parts, sent)
    if focused:
        return
    resources = [(reference, entry) for reference, entry in sent.items() if entry.resource]
    for reference, entry in resources:
        yield told.heard(reference, entry.resource)
    if not resources:
        for event in events:
            occurred = event.occurred or parts.timestamp or told.now
            identity = _identity(event, status, parts, told.now)
            yield Heard(told.peer, Form.EMPTY, identity, occurred)


def _of_focus(
    told: _Told, event: Happened, identity: str, parts: Split, sent: Mapping[str, Entry]
) -> Heard:
    entry = sent.get(event.focus)
    if entry is not None and entry.resource:
        return told.heard(event.focus, entry.resource)
    gone = entry is not None and entry.method.upper() == "DELETE"
    form = Form.DELETE if gone else Form.RESOURCE
    patient = event.focus if event.focus.startswith("Patient/") else None
    occurred = event.occurred or parts.timestamp or told.now
    return Heard(told.peer, form, identity, occurred, (event.focus,), patient)


def _identity(event: Happened, status: Status, parts: Split, now: datetime) -> str:
    """What makes this event this event; numbers alone restart with some senders."""
    when = event.occurred or parts.timestamp or now
    number = "" if event.number is None else str(event.number)
    return " ".join((event.focus, status.subscription, number, event.id, when.isoformat()))


def _events(*heard: Heard) -> Notified:
    return Notified(NotifiedKind.EVENTS, heard)


def _is_read(reference: str) -> bool:
    """Whether a reference is of a type that is read, and nothing that this service wrote."""
    kind, _, name = reference.partition("/")
    if reference.startswith("urn:"):
        return True
    return kind in _NOT_EVENTS and not name.startswith(OUR_IDS)


def _patient(reference: str, head: Head) -> str | None:
    pointed = head.subject or head.patient
    subject = reference if reference.startswith("Patient/") else ""
    subject = subject or normal(pointed.reference if pointed else None)
    return subject if subject.startswith("Patient/") else None


def _reference_in(body: bytes) -> str:
    """What a body names, where it is a resource with an id."""
    try:
        head = decoded(_HEAD, body)
    except InvalidInput:
        return ""
    return f"{head.resource_type}/{head.id}" if head.resource_type and head.id else ""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
