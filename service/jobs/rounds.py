"""The second step: evaluating a patient, one round at a time. State changes only.

A patient's row says which workflow will evaluate what waits (``wake``) and which one is at it
(``run``). Both change in the transactions that hand the workflow to the engine or settle its
events, so that no event waits without a workflow that will come for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.jobs.event import Event
from service.jobs.port import State
from service.jobs.store import EVALUATE, Store
from service.jobs.tables import UNFINISHED, events, patients, stamp, targets, to_event


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one event of a round.

    ``delay`` in seconds is for what waits again; ``uncounted`` takes the attempt back.
    """

    state: State
    reason: str = ""
    receipt: str = ""
    delay: float = 0.0
    uncounted: bool = False


def wake_patient(
    store: Store,
    connection: sa.Connection,
    peer: str,
    patient: str,
    *,
    delay: float = 0.0,
    instead: bool = False,
) -> None:
    """See to it that one evaluation of this patient is on its way.

    One that is on its way already is enough, unless it is to be replaced (``instead``).
    """
    blank = {"peer": peer, "patient": patient, "wake": "", "run": "", "singly": False}
    connection.execute(store.insert(patients).on_conflict_do_nothing(), blank)
    row = lock_patient(connection, peer, patient)
    if row is None or (row.wake and not instead):
        return
    lane = hashlib.sha256(f"{peer}\n{patient}".encode()).hexdigest()[:32]
    wake = store.enqueue(connection, EVALUATE, peer, patient, delay=delay, lane=lane)
    connection.execute(sa.update(patients).where(_is(patients, peer, patient)).values(wake=wake))


def lock_patient(connection: sa.Connection, peer: str, patient: str) -> sa.Row[Any] | None:
    """The patient's row, held until the transaction ends."""
    query = sa.select(patients).where(_is(patients, peer, patient)).with_for_update()
    return connection.execute(query).one_or_none()


def refresh(connection: sa.Connection, keys: Iterable[str], now: datetime) -> None:
    """Derive the state of events from what became of them for each of their patients."""
    listed = sorted(keys)
    mine = events.c.key.in_(listed)
    lock = sa.select(events.c.key).where(mine).order_by(events.c.key).with_for_update()
    connection.execute(lock).all()
    rows = connection.execute(sa.select(targets).where(targets.c.key.in_(listed))).all()
    for key in listed:
        own = [row for row in rows if row.key == key]
        if own:
            change = _summary(own) | {"updated": stamp(now)}
            connection.execute(sa.update(events).where(events.c.key == key).values(change))


class Rounds:
    """Claims and settles rounds of evaluation."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def interrupted(self, peer: str, patient: str, run: str) -> bool:
        """Whether this workflow was at it before, in a process that died."""
        mine = sa.and_(_is(patients, peer, patient), patients.c.run == run)
        with self._store.reading() as connection:
            return connection.execute(sa.select(patients.c.run).where(mine)).first() is not None

    def claim(self, peer: str, patient: str, run: str) -> tuple[tuple[str, Event, int], ...]:
        """The key, event and attempt number of what waits for a patient, the oldest first.

        Nothing when another workflow has replaced this one.
        """
        with self._store.writing() as connection:
            row = lock_patient(connection, peer, patient)
            if row is None or run not in (row.wake, row.run):
                return ()
            found = self._unfinished(connection, peer, patient)
            if row.singly:
                found = found[:1]
            wake = "" if run == row.wake else row.wake
            change = {"wake": wake, "run": run if found else ""}
            connection.execute(
                sa.update(patients).where(_is(patients, peer, patient)).values(change)
            )
            keys = [key for key, _, _ in found]
            mine = sa.and_(_is(targets, peer, patient), targets.c.key.in_(keys))
            more = {"state": State.RUNNING, "attempts": targets.c.attempts + 1}
            connection.execute(sa.update(targets).where(mine).values(more))
            refresh(connection, keys, self._clock())
        return tuple(found)

    def settle(self, peer: str, patient: str, run: str, verdicts: Mapping[str, Verdict]) -> None:
        """Note what became of a round, and see to what waits now."""
        with self._store.writing() as connection:
            row = lock_patient(connection, peer, patient)
            if row is None or row.run != run:
                return
            for key, verdict in verdicts.items():
                self._note(
                    connection, sa.and_(_is(targets, peer, patient), targets.c.key == key), verdict
                )
            refresh(connection, verdicts, self._clock())
            left = bool(self._unfinished(connection, peer, patient))
            apart = any(verdict.uncounted for verdict in verdicts.values())
            change = {"run": "", "singly": left and (apart or row.singly)}
            connection.execute(
                sa.update(patients).where(_is(patients, peer, patient)).values(change)
            )
            delay = max((verdict.delay for verdict in verdicts.values()), default=0.0)
            if left:
                wake_patient(self._store, connection, peer, patient, delay=delay, instead=delay > 0)

    def _unfinished(
        self, connection: sa.Connection, peer: str, patient: str
    ) -> list[tuple[str, Event, int]]:
        columns = (*events.c, targets.c.attempts.label("tried"))
        query = (
            sa.select(*columns)
            .join(targets, targets.c.key == events.c.key)
            .where(_is(targets, peer, patient), targets.c.state.in_(UNFINISHED))
            .order_by(events.c.seq)
        )
        rows = connection.execute(query).all()
        found = [(row.key, to_event(row), row.tried + 1) for row in rows]
        return sorted(found, key=lambda entry: entry[1].occurred)

    def _note(
        self, connection: sa.Connection, which: sa.ColumnElement[bool], verdict: Verdict
    ) -> None:
        change: dict[str, Any] = {
            "state": verdict.state,
            "reason": verdict.reason,
            "receipt": verdict.receipt,
        }
        if verdict.uncounted:
            change["attempts"] = targets.c.attempts - 1
        connection.execute(sa.update(targets).where(which).values(change))


def _is(table: sa.Table, peer: str, patient: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.peer == peer, table.c.patient == patient)


_PRECEDENCE = (State.RUNNING, State.WAITING, State.DEAD, State.DISCARDED, State.DONE)


def _summary(rows: list[sa.Row[Any]]) -> dict[str, Any]:
    state = next(state for state in _PRECEDENCE if any(row.state == state for row in rows))
    return {
        "state": state,
        "attempts": max(row.attempts for row in rows),
        "reason": next((row.reason for row in rows if row.reason), ""),
        "receipt": "; ".join(row.receipt for row in rows if row.receipt),
    }
