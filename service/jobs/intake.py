"""Group commit: whatever waits is written by one thread in one transaction."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

import sqlalchemy as sa

from service.errors import StoreUnavailable
from service.jobs.event import Event, key_for
from service.jobs.store import SORT, Store
from service.jobs.tables import events, to_row

_BATCH = 256

_Item = tuple[str, Event, "Future[bool]"]


class Intake:
    """Remembers events; any number of threads may call it at once."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._waiting: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, event: Event) -> bool:
        """Remember an event; when this returns it is on the disk. False when it was known.

        Raises StoreUnavailable.
        """
        answer: Future[bool] = Future()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="intake", daemon=True)
                self._thread.start()
            self._waiting.put((key_for(event), event, answer))
        return answer.result()

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

    def _answer(self, batch: list[_Item]) -> None:
        unique = {key: event for key, event, _ in reversed(batch)}
        try:
            new = self._commit(unique)
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller must hear of it
            for _, _, answer in batch:
                answer.set_exception(_fresh(error))
            return
        for key, _, answer in batch:
            answer.set_result(key in new)
            new.discard(key)

    def _commit(self, unique: dict[str, Event]) -> set[str]:
        now = self._clock()
        with self._store.writing() as connection:
            wake = self._store.enqueue(connection, SORT)
            rows = [to_row(key, event, now, wake) for key, event in unique.items()]
            insert = self._store.insert(events).on_conflict_do_nothing(index_elements=["key"])
            connection.execute(insert, rows)
            new = set(connection.scalars(sa.select(events.c.key).where(events.c.wake == wake)))
            if not new:
                connection.rollback()
        return new


def _fresh(error: Exception) -> StoreUnavailable:
    said = str(error) if isinstance(error, StoreUnavailable) else type(error).__name__
    fresh = StoreUnavailable(said)
    fresh.__cause__ = error
    return fresh
