"""What an operator may see of remembered events and do with the dead ones; and retention."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from service.jobs.port import JobView, State
from service.jobs.rounds import refresh, wake_patient
from service.jobs.sorting import Sorting
from service.jobs.store import APPLICATION, Store, translated
from service.jobs.tables import UNFINISHED, events, stamp, targets, to_view

_FINISHED = (State.DONE, State.DISCARDED)
_CHUNK = 500
_SHOWN = tuple(column for column in events.c if column.name != "body")


class Records:
    """The remembered events of one store."""

    def __init__(self, store: Store, sorting: Sorting, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._sorting = sorting
        self._clock = clock

    def status(self, key: str) -> JobView | None:
        """One remembered event."""
        with self._store.reading() as connection:
            query = sa.select(*_SHOWN).where(events.c.key == key)
            row = connection.execute(query).one_or_none()
        return None if row is None else to_view(row)

    def listing(self, state: State | None, limit: int) -> tuple[JobView, ...]:
        """Remembered events in one state, or in any, the newest first."""
        query = sa.select(*_SHOWN).order_by(events.c.seq.desc()).limit(limit)
        if state is not None:
            query = query.where(events.c.state == state)
        with self._store.reading() as connection:
            return tuple(to_view(row) for row in connection.execute(query))

    def count(self) -> dict[State, int]:
        """How many events are in each state."""
        query = sa.select(events.c.state, sa.func.count()).group_by(events.c.state)
        with self._store.reading() as connection:
            found = {State(state): number for state, number in connection.execute(query)}
        return {state: found.get(state, 0) for state in State}

    def idle(self) -> bool:
        """Whether nothing is waiting or running."""
        query = sa.select(events.c.seq).where(events.c.state.in_(UNFINISHED)).limit(1)
        with self._store.reading() as connection:
            return connection.execute(query).first() is None

    def replay(self, key: str) -> bool:
        """Make a dead event wait again, at once and with fresh attempts."""
        with self._store.writing() as connection:
            if not self._is_dead(connection, key):
                return False
            dead = sa.and_(targets.c.key == key, targets.c.state == State.DEAD)
            concerned = connection.execute(sa.select(targets).where(dead)).all()
            for row in sorted(concerned, key=lambda row: (row.peer, row.patient)):
                wake_patient(self._store, connection, row.peer, row.patient, instead=True)
            fresh = {"state": State.WAITING, "attempts": 0, "reason": ""}
            connection.execute(sa.update(targets).where(dead).values(fresh))
            if concerned:
                refresh(connection, [key], self._clock())
            else:
                connection.execute(sa.update(events).where(events.c.key == key).values(fresh))
                self._sorting.wake_again(connection, [key])
        return True

    def discard(self, key: str) -> bool:
        """Give up a dead event for good."""
        with self._store.writing() as connection:
            if not self._is_dead(connection, key):
                return False
            dead = sa.and_(targets.c.key == key, targets.c.state == State.DEAD)
            connection.execute(sa.update(targets).where(dead).values(state=State.DISCARDED))
            change = {"state": State.DISCARDED, "updated": stamp(self._clock())}
            connection.execute(sa.update(events).where(events.c.key == key).values(change))
        return True

    def prune(self, before: datetime) -> int:
        """Drop the bodies of events that finished before then, and the engine's own records.

        The events themselves stay, so that a late second delivery is still known. Gives the number
        of events that became smaller.
        """
        old = sa.and_(events.c.state.in_(_FINISHED), events.c.updated < stamp(before))
        keys = sa.select(events.c.key).where(old)
        with self._store.writing() as connection:
            connection.execute(sa.delete(targets).where(targets.c.key.in_(keys)))
            bulky = sa.and_(old, events.c.body.is_not(None))
            lightened = connection.execute(sa.update(events).where(bulky).values(body=None))
        while self._prune_engine(before):
            pass
        return lightened.rowcount

    def _prune_engine(self, before: datetime) -> bool:
        with translated():
            found = self._store.client.list_workflows(
                status=["SUCCESS", "ERROR", "CANCELLED"],
                completed_before=before.isoformat(),
                application_name=APPLICATION,
                limit=_CHUNK,
                load_input=False,
                load_output=False,
            )
            if found:
                self._store.client.delete_workflows([row.workflow_id for row in found])
        return len(found) == _CHUNK

    def _is_dead(self, connection: sa.Connection, key: str) -> bool:
        query = sa.select(events.c.state).where(events.c.key == key)
        return connection.scalar(query) == State.DEAD
