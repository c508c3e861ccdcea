"""Our own tables, and how a row and an event turn into each other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from service.jobs.event import Event, EventKind
from service.jobs.port import JobView, State

metadata = sa.MetaData()

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

events = sa.Table(
    "lasegue_event",
    metadata,
    sa.Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("peer", sa.Text, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("identity", sa.Text, nullable=False),
    sa.Column("patient", sa.Text),
    sa.Column("focus", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary),
    sa.Column("occurred", sa.String(40), nullable=False),
    sa.Column("received", sa.String(40), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("receipt", sa.Text, nullable=False),
    sa.Column("updated", sa.String(40), nullable=False),
    sa.Column("wake", sa.String(40), nullable=False),
    sa.Index("lasegue_event_state", "state", "seq"),
    sa.Index("lasegue_event_wake", "wake"),
)
"""What was accepted. ``wake`` names the workflow that will find whom it concerns, until it has."""

targets = sa.Table(
    "lasegue_target",
    metadata,
    sa.Column("peer", sa.Text, primary_key=True),
    sa.Column("patient", sa.Text, primary_key=True),
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("receipt", sa.Text, nullable=False),
    sa.Index("lasegue_target_key", "key"),
)
"""One event of one patient: what has to be evaluated."""

patients = sa.Table(
    "lasegue_patient",
    metadata,
    sa.Column("peer", sa.Text, primary_key=True),
    sa.Column("patient", sa.Text, primary_key=True),
    sa.Column("wake", sa.String(40), nullable=False),
    sa.Column("run", sa.String(40), nullable=False),
    sa.Column("singly", sa.Boolean, nullable=False),
)
"""``wake`` is the workflow that will evaluate what waits, ``run`` the one that is at it.

``singly`` while events that failed together are tried one by one.
"""

executors = sa.Table(
    "lasegue_executor",
    metadata,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("holder", sa.String(40), nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("beat", sa.String(40), nullable=False),
)
"""The processes that work, and when each was last heard of."""

written = sa.Table(
    "lasegue_written",
    metadata,
    sa.Column("peer", sa.Text, primary_key=True),
    sa.Column("patient", sa.Text, primary_key=True),
    sa.Column("reference", sa.Text, primary_key=True),
    sa.Column("identifier", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("event_keys", sa.Text, nullable=False),
    sa.Column("at", sa.String(40), nullable=False),
)
"""What this service wrote where."""

UNFINISHED = (State.WAITING, State.RUNNING)


def stamp(moment: datetime) -> str:
    """An aware time as text that sorts like the time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def to_row(key: str, event: Event, now: str, wake: str) -> dict[str, Any]:
    """A new event as the values of its row."""
    return {
        "key": key,
        "peer": event.peer,
        "kind": event.kind.value,
        "identity": event.identity,
        "patient": event.patient,
        "focus": orjson.dumps(event.focus).decode(),
        "body": event.body,
        "occurred": event.occurred.isoformat(),
        "received": now,
        "state": State.WAITING.value,
        "attempts": 0,
        "reason": "",
        "receipt": "",
        "updated": now,
        "wake": wake,
    }


def to_event(row: sa.Row[Any]) -> Event:
    """The event that a row remembers."""
    return Event(
        peer=row.peer,
        kind=EventKind(row.kind),
        identity=row.identity,
        occurred=datetime.fromisoformat(row.occurred),
        focus=tuple(orjson.loads(row.focus)),
        patient=row.patient,
        body=None if row.body is None else bytes(row.body),
    )


def to_view(row: sa.Row[Any]) -> JobView:
    """A row as an operator sees it."""
    return JobView(
        key=row.key,
        peer=row.peer,
        kind=row.kind,
        state=State(row.state),
        attempts=row.attempts,
        occurred=datetime.fromisoformat(row.occurred),
        updated=datetime.fromisoformat(row.updated),
        reason=row.reason,
        patient=row.patient,
        receipt=row.receipt,
    )
