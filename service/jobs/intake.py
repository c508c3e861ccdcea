"""Group commit: whatever waits is written by one thread in one transaction."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.errors import StoreUnavailable
from service.jobs.event import Event, key_for
from service.jobs.port import State
from service.jobs.store import SORT, Store
from service.jobs.tables import events, stamp, to_row

_BATCH = 256
_SEATS = 32
"""How many events one workflow may be given while it has not begun."""


class _Delivery:
    """One call of ``put``: the caller waits until the gate opens, then reads the answer."""

    __slots__ = ("error", "event", "gate", "key", "new")

    def __init__(self, event: Event) -> None:
        self.key = key_for(event)
        self.event = event
        self.new = False
        self.error: Exception | None = None
        self.gate = threading.Lock()
        self.gate.acquire()


class Intake:
    """Remembers events; any number of threads may call it at once."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._waiting: queue.SimpleQueue[_Delivery | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake = ""
        self._seats = 0

    def put(self, event: Event) -> bool:
        """Remember an event; when this returns it is on the disk. False when it was known.

        Raises StoreUnavailable.
        """
        delivery = _Delivery(event)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="intake", daemon=True)
                self._thread.start()
            self._waiting.put(delivery)
        delivery.gate.acquire()
        if delivery.error is not None:
            raise _fresh(delivery.error)
        return delivery.new

    def close(self) -> None:
        """Commit what waits and end the thread; a later put starts it again."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._waiting.put(None)
                thread.join()

    def _serve(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch, last = [first], False
            while len(batch) < _BATCH and not last:
                try:
                    item = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    last = True
                else:
                    batch.append(item)
            self._answer(batch)
            if last:
                return

    def _answer(self, batch: list[_Delivery]) -> None:
        try:
            new = self._commit({delivery.key: delivery.event for delivery in reversed(batch)})
            for delivery in batch:
                delivery.new = delivery.key in new
                new.discard(delivery.key)
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller must hear of it
            for delivery in batch:
                delivery.error = error
        for delivery in batch:
            delivery.gate.release()

    def _commit(self, unique: dict[str, Event]) -> set[str]:
        now = stamp(self._clock())
        if self._wake and self._seats >= len(unique):
            with self._store.writing() as connection:
                if self._still_waits(connection):
                    rows = [to_row(key, event, now, self._wake) for key, event in unique.items()]
                    if insert_new(connection, rows) == len(rows):
                        self._seats -= len(rows)
                        return set(unique)
                connection.rollback()
        return self._commit_anew(unique, now)

    def _commit_anew(self, unique: dict[str, Event], now: str) -> set[str]:
        with self._store.writing() as connection:
            wake = self._store.enqueue(connection, SORT)
            rows = [to_row(key, event, now, wake) for key, event in unique.items()]
            new = set(unique)
            if insert_new(connection, rows) < len(rows):
                new = set(connection.scalars(sa.select(events.c.key).where(events.c.wake == wake)))
            if not new:
                connection.rollback()
        if new:
            self._wake, self._seats = wake, _SEATS - len(new)
        return new

    def _still_waits(self, connection: sa.Connection) -> bool:
        """Whether the last workflow has not begun yet; it cannot while this transaction lasts."""
        waiting = sa.and_(events.c.wake == self._wake, events.c.state == State.WAITING)
        query = sa.select(events.c.seq).where(waiting).limit(1).with_for_update()
        return connection.execute(query).first() is not None


def insert_new(connection: sa.Connection, rows: list[dict[str, Any]]) -> int:
    """Insert what is not known by its key, in one statement; gives the number of new rows.

    Composed by hand: one call to the driver costs a fraction of one for each row while many
    threads want the interpreter.
    """
    columns = list(rows[0])
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    one = f"({', '.join([mark] * len(columns))})"
    statement = (
        f"INSERT INTO {events.name} ({', '.join(columns)}) VALUES "  # noqa: S608 - our own names
        f"{', '.join([one] * len(rows))} ON CONFLICT (key) DO NOTHING"
    )
    values = tuple(value for row in rows for value in row.values())
    return connection.exec_driver_sql(statement, values).rowcount


def _fresh(error: Exception) -> StoreUnavailable:
    said = str(error) if isinstance(error, StoreUnavailable) else type(error).__name__
    fresh = StoreUnavailable(said)
    fresh.__cause__ = error
    return fresh
