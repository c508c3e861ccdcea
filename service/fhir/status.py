"""A Subscription's status, as Parameters (R4 backport) or as SubscriptionStatus (R4B, R5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from service.errors import InvalidInput
from service.fhir.bundles import Split, decoded, normal, plain
from service.fhir.moments import moment
from service.fhir.shapes import Parameter, Reference, Shape

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


class Event(Shape):
    """One event of a SubscriptionStatus."""

    id: str | None = None
    event_number: str | int | None = None
    timestamp: str | None = None
    focus: Reference | None = None


class SubscriptionStatus(Shape):
    """The status resource of R4B and R5."""

    type: str | None = None
    events_since_subscription_start: str | int | None = None
    notification_event: list[Event] | None = None
    subscription: Reference | None = None


class Parameters(Shape):
    """The status resource of R4."""

    parameter: list[Parameter] | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """One event: its number, its own id if it has one, what it is about, and when it was."""

    number: int | None = None
    id: str = ""
    focus: str = ""
    occurred: datetime | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What a status says: its type, the Subscription, the count, and the events."""

    type: str
    subscription: str
    count: int | None
    events: tuple[Happened, ...] = ()


_STATUS = msgspec.json.Decoder(SubscriptionStatus)
_PARAMETERS = msgspec.json.Decoder(Parameters)


def status_in(parts: Split) -> Status | None:
    """The status that a Bundle begins with, or that the body is; ``None`` when there is none."""
    first = parts.entries[0] if parts.entries else None
    if first is None:
        return None
    try:
        if first.type == "SubscriptionStatus":
            return _of_resource(decoded(_STATUS, first.resource))
        if first.type == "Parameters":
            return _of_parameters(decoded(_PARAMETERS, first.resource).parameter or ())
    except InvalidInput:
        return Status("", "", None)
    return None


def _of_resource(status: SubscriptionStatus) -> Status:
    events = (
        Happened(
            _number(event.event_number),
            event.id or "",
            normal(event.focus.reference if event.focus else None),
            moment(event.timestamp),
        )
        for event in status.notification_event or ()
    )
    return Status(
        status.type or "",
        normal(status.subscription.reference if status.subscription else None),
        _number(status.events_since_subscription_start),
        tuple(events),
    )


def _of_parameters(parameters: Iterable[Parameter]) -> Status | None:
    """A status from named parts; ``None`` when they are the Parameters of something else."""
    parts = tuple(parameters)
    named = _named(parts)
    if not {"subscription", "type", "status"} & named.keys():
        return None
    events = (_named(p.part or ()) for p in parts if _kebab(p.name) == "notification-event")
    return Status(
        _text(named, "type"),
        _reference(named, "subscription"),
        _number(_text(named, "events-since-subscription-start")),
        tuple(
            Happened(
                _number(_text(event, "event-number")),
                _text(event, "id"),
                _reference(event, "focus"),
                moment(_text(event, "timestamp")),
            )
            for event in events
        ),
    )


def _named(parameters: Iterable[Parameter]) -> dict[str, Parameter]:
    return {_kebab(parameter.name): parameter for parameter in parameters}


def _kebab(name: str | None) -> str:
    """Part names in one spelling: ``eventNumber`` is ``event-number``."""
    return _CAPITAL.sub(r"-\1", name or "").lower()


def _text(named: dict[str, Parameter], name: str) -> str:
    return plain(named[name]) if name in named else ""


def _reference(named: dict[str, Parameter], name: str) -> str:
    part = named.get(name)
    pointed = part.value_reference if part else None
    return normal(pointed.reference if pointed else None) or normal(_text(named, name))


def _number(text: str | int | None) -> int | None:
    try:
        return int(text) if text not in (None, "") else None
    except ValueError:
        return None
