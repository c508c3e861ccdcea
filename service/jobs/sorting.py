"""The first step of an event: whom it concerns. State changes only; nothing is called from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.jobs.event import Event
from service.jobs.port import State
from service.jobs.rounds import wake_patient
from service.jobs.store import SORT, Store
from service.jobs.tables import UNFINISHED, events, stamp, targets, to_event


class Sorting:
    """Claims and settles events whose patients are not known yet."""

    def __init__(self, store: Store, clock: Callable[[], datetime], coalesce: float) -> None:
        self._store = store
        self._clock = clock
        self._coalesce = coalesce

    def interrupted(self, wake: str) -> bool:
        """Whether this workflow was at it before, in a process that died."""
        mine = sa.and_(events.c.wake == wake, events.c.state == State.RUNNING)
        with self._store.reading() as connection:
            return connection.execute(sa.select(events.c.seq).where(mine)).first() is not None

    def claim(self, wake: str) -> tuple[tuple[str, Event, int], ...]:
        """The key, event and attempt number of all that this workflow has to sort.

        What was already claimed once, by a process that died, is dealt out singly, so that an event
        that kills its process does not take others with it. The rows are read twice: the intake may
        have added to them while the first reading waited for its lock.
        """
        with self._store.writing() as connection:
            self._held(connection, wake)
            rows = self._held(connection, wake)
            keys = [row.key for row in rows]
            if len(rows) > 1 and any(row.state == State.RUNNING for row in rows):
                self._deal_out(connection, keys)
                return ()
            change = {"state": State.RUNNING, "attempts": events.c.attempts + 1}
            self._change(connection, keys, change)
        return tuple((row.key, to_event(row), row.attempts + 1) for row in rows)

    def sorted(self, wake: str, found: Mapping[str, tuple[str, tuple[str, ...]]]) -> None:
        """Settle events by key: each with its peer and the patients it concerns."""
        with self._store.writing() as connection:
            held = {row.key for row in self._held(connection, wake)}
            pairs = [
                (peer, patient, key)
                for key, (peer, concerned) in found.items()
                for patient in concerned
                if key in held
            ]
            self._add(connection, pairs)
            waiting = {key for _, _, key in pairs}
            change = {"wake": "", "attempts": 0, "reason": ""}
            self._change(connection, waiting, change | {"state": State.WAITING})
            done = {key for key in found if key in held} - waiting
            self._change(connection, done, change | {"state": State.DONE})

    def put_off(self, wake: str, key: str, delay: float, reason: str) -> None:
        """Try one event again later."""
        with self._store.writing() as connection:
            if any(row.key == key for row in self._held(connection, wake)):
                fresh = self._store.enqueue(connection, SORT, delay=delay)
                change = {"state": State.WAITING, "wake": fresh, "reason": reason}
                self._change(connection, [key], change)

    def bury(self, wake: str, key: str, reason: str) -> None:
        """Give up one event until a person looks."""
        with self._store.writing() as connection:
            if any(row.key == key for row in self._held(connection, wake)):
                change = {"state": State.DEAD, "wake": "", "reason": reason}
                self._change(connection, [key], change)

    def deal_out(self, wake: str, keys: Sequence[str]) -> None:
        """Let each of these events go its own way, at once; the claim does not count."""
        with self._store.writing() as connection:
            held = [row.key for row in self._held(connection, wake) if row.key in keys]
            self._deal_out(connection, held)
            self._change(connection, held, {"attempts": events.c.attempts - 1})

    def wake_again(self, connection: sa.Connection, keys: Iterable[str]) -> None:
        """Begin anew with events whose workflow is gone or that were dead."""
        self._deal_out(connection, sorted(keys))

    def _held(self, connection: sa.Connection, wake: str) -> Sequence[sa.Row[Any]]:
        mine = sa.and_(events.c.wake == wake, events.c.state.in_(UNFINISHED))
        query = sa.select(events).where(mine).order_by(events.c.seq).with_for_update()
        return connection.execute(query).all()

    def _add(self, connection: sa.Connection, pairs: list[tuple[str, str, str]]) -> None:
        for peer, patient in sorted({(peer, patient) for peer, patient, _ in pairs}):
            wake_patient(self._store, connection, peer, patient, delay=self._coalesce)
        blank = {"state": State.WAITING.value, "attempts": 0, "reason": "", "receipt": ""}
        rows = [{"peer": p, "patient": s, "key": k, **blank} for p, s, k in pairs]
        if rows:
            connection.execute(self._store.insert(targets).on_conflict_do_nothing(), rows)

    def _deal_out(self, connection: sa.Connection, keys: Sequence[str]) -> None:
        for key in keys:
            wake = self._store.enqueue(connection, SORT)
            self._change(connection, [key], {"state": State.WAITING, "wake": wake})

    def _change(
        self, connection: sa.Connection, keys: Iterable[str], change: Mapping[str, Any]
    ) -> None:
        listed = sorted(keys)
        if listed:
            values = {**change, "updated": stamp(self._clock())}
            connection.execute(sa.update(events).where(events.c.key.in_(listed)).values(values))
