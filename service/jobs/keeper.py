"""Nobody's work is left behind: heartbeats, rescue of dead processes, a sweep, and retention."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from dbos import WorkflowStatus

from service import log
from service.errors import StoreUnavailable
from service.jobs.rounds import lock_patient, wake_patient
from service.jobs.sorting import Sorting
from service.jobs.store import APPLICATION, Store, translated
from service.jobs.tables import UNFINISHED, events, executors, patients, stamp

_STALE_BEATS = 6
_TIDY_BEATS = 700
_CHUNK = 500


class Keeper:
    """Keeps one process on the list of living ones and looks after those that fell off it."""

    def __init__(
        self, store: Store, sorting: Sorting, clock: Callable[[], datetime], beat_seconds: float
    ) -> None:
        self._store = store
        self._sorting = sorting
        self._clock = clock
        self._every = beat_seconds
        self._holder = uuid4().hex
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.name = ""

    def enlist(self, wanted: str) -> str:
        """Take a name for this process: the one it wants, or one beside it while that is alive."""
        for number in count(1):
            name = wanted if number == 1 else f"{wanted}.{number}"
            if self._take(name):
                break
        self.name = name
        return name

    def start(self, tidy: Callable[[], object]) -> None:
        """Begin to beat; ``tidy`` is called about every seven hundred beats."""
        self._thread = threading.Thread(
            target=self._serve, args=(tidy,), name="keeper", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Leave the list: whatever is left of this process may be taken over at once."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        mine = executors.c.holder == self._holder
        try:
            with self._store.writing() as connection:
                connection.execute(sa.update(executors).where(mine).values(beat="", holder=""))
        except StoreUnavailable as error:
            log.failed("keeper", error)

    def beat(self) -> None:
        """Say that this process lives."""
        with self._store.writing() as connection:
            connection.execute(
                self._store.insert(executors).on_conflict_do_update(
                    index_elements=["name"], set_=self._row(self.name)
                ),
                self._row(self.name),
            )

    def running(self) -> bool:
        """Whether the engine still has work of this process under way, as far as can be told."""
        try:
            return bool(self._pending(self.name))
        except StoreUnavailable:
            return True

    def rescue(self) -> int:
        """Give the work of silent processes back to the queues; the number of workflows."""
        rescued = 0
        with self._store.reading() as connection:
            quiet = sa.and_(executors.c.beat < self._limit(), executors.c.name != self.name)
            names = list(connection.scalars(sa.select(executors.c.name).where(quiet)))
        for name in names:
            if self._take(name, only_silent=True):
                rescued += self._requeue(name)
                with self._store.writing() as connection:
                    mine = sa.and_(executors.c.name == name, executors.c.holder == self._holder)
                    connection.execute(sa.delete(executors).where(mine))
        return rescued

    def sweep(self) -> int:
        """Wake what waits for a workflow that no longer exists; the number of things woken."""
        waiting = sa.and_(events.c.wake != "", events.c.state.in_(UNFINISHED))
        with self._store.reading() as connection:
            unsorted = connection.execute(
                sa.select(events.c.key, events.c.wake).where(waiting)
            ).all()
            busy = connection.execute(
                sa.select(patients).where(sa.or_(patients.c.wake != "", patients.c.run != ""))
            ).all()
        alive = self._alive({row.wake for row in unsorted} | {row.wake or row.run for row in busy})
        lost = [row for row in busy if (row.wake or row.run) not in alive]
        stray = [row for row in unsorted if row.wake not in alive]
        woken = [self._wake(row) for row in lost]
        return sum(woken) + sum(self._sort_again(row.key, row.wake) for row in stray)

    def _serve(self, tidy: Callable[[], object]) -> None:
        for turn in count():
            try:
                self.beat()
                if turn % 2 == 1:
                    self.rescue()
                if turn % _STALE_BEATS == _STALE_BEATS - 1:
                    self.sweep()
                if turn % _TIDY_BEATS == _TIDY_BEATS // 2:
                    tidy()
            except StoreUnavailable as error:
                log.failed("keeper", error)
            if self._stopping.wait(self._every):
                return

    def _take(self, name: str, *, only_silent: bool = False) -> bool:
        query = sa.select(executors).where(executors.c.name == name).with_for_update()
        with self._store.writing() as connection:
            held = connection.execute(query).one_or_none()
            silent = held is not None and held.beat < self._limit()
            if not silent and (only_silent or (held is not None and not _is_dead(held))):
                return False
            connection.execute(
                self._store.insert(executors).on_conflict_do_update(
                    index_elements=["name"], set_=self._row(name)
                ),
                self._row(name),
            )
        return True

    def _row(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "holder": self._holder,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "beat": stamp(self._clock()),
        }

    def _limit(self) -> str:
        return stamp(self._clock() - timedelta(seconds=_STALE_BEATS * self._every))

    def _requeue(self, name: str) -> int:
        found = self._pending(name)
        for kind in sorted({row.name for row in found}):
            ids = [row.workflow_id for row in found if row.name == kind]
            with translated():
                self._store.client.resume_workflows(ids, queue_name=kind)
        if found:
            log.note("rescued", executor=name, workflows=len(found))
        return len(found)

    def _pending(self, name: str) -> list[WorkflowStatus]:
        with translated():
            return self._store.client.list_workflows(
                status="PENDING",
                executor_id=name,
                application_name=APPLICATION,
                load_input=False,
                load_output=False,
            )

    def _alive(self, ids: Iterable[str]) -> set[str]:
        alive: set[str] = set()
        listed = sorted(ids)
        for start in range(0, len(listed), _CHUNK):
            with translated():
                found = self._store.client.list_workflows(
                    workflow_ids=listed[start : start + _CHUNK],
                    status=["ENQUEUED", "DELAYED", "PENDING"],
                    load_input=False,
                    load_output=False,
                )
            alive |= {row.workflow_id for row in found}
        return alive

    def _wake(self, seen: sa.Row[Any]) -> int:
        with self._store.writing() as connection:
            row = lock_patient(connection, seen.peer, seen.patient)
            if row is None or (row.wake, row.run) != (seen.wake, seen.run):
                return 0
            wake_patient(self._store, connection, seen.peer, seen.patient, instead=True)
        return 1

    def _sort_again(self, key: str, wake: str) -> int:
        same = sa.and_(events.c.key == key, events.c.wake == wake)
        with self._store.writing() as connection:
            query = sa.select(events.c.key).where(same).with_for_update()
            if connection.execute(query).one_or_none() is None:
                return 0
            self._sorting.wake_again(connection, [key])
        return 1


def _is_dead(held: sa.Row[Any]) -> bool:
    """Whether the process that holds a name is surely gone; only told on its own host."""
    if held.host != socket.gethostname() or os.name != "posix":
        return False
    if held.pid == os.getpid():
        return True
    try:
        os.kill(held.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
