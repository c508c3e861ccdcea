"""Events and handlers for tests of durable work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from service.jobs.engine import DurableJobs
from service.jobs.event import Event, EventKind
from service.jobs.port import Handlers
from service.jobs.retry import Backoff

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
QUICK = Backoff(first=0.01, factor=1.0, jitter=0.0)


def an_event(
    number: int = 1, patient: str | None = "Patient/1", *, after: float = 0.0, **changes: Any
) -> Event:
    values: dict[str, Any] = {
        "peer": "clinic",
        "kind": EventKind.RESOURCE,
        "identity": f"Observation/{number}/_history/1",
        "occurred": MORNING + timedelta(seconds=after or number),
        "focus": (f"Observation/{number}",),
        "patient": patient,
    }
    return Event(**{**values, **changes})


def some_jobs(store_url: str, **changes: Any) -> DurableJobs:
    values: dict[str, Any] = {
        "executor": "one",
        "workers": 4,
        "coalesce_seconds": 0.0,
        "attempts": 3,
        "backoff": QUICK,
        "beat_seconds": 0.1,
    }
    return DurableJobs(store_url, **{**values, **changes})


class Recorder:
    """Handlers that remember what they were asked; ``fail`` may raise on a round."""

    def __init__(
        self,
        *,
        seconds: float = 0.0,
        fail: Callable[[str, tuple[Event, ...]], None] | None = None,
        sort: Callable[[Event], tuple[str, ...]] | None = None,
    ) -> None:
        self.rounds: list[tuple[str, tuple[str, ...]]] = []
        self.at_once: dict[str, int] = {}
        self.most_of_one = 0
        self.most_of_all = 0
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()
        self._seconds = seconds
        self._fail = fail
        self._sort = sort
        self._lock = threading.Lock()

    @property
    def handlers(self) -> Handlers:
        return Handlers(patients_of=self.patients_of, evaluate=self.evaluate)

    def patients_of(self, event: Event) -> tuple[str, ...]:
        if self._sort is not None:
            return self._sort(event)
        return (event.patient,) if event.patient else ()

    def evaluate(self, peer: str, patient: str, events: tuple[Event, ...]) -> str:
        with self._inside(patient):
            self.began.set()
            assert self.may_end.wait(20)
            time.sleep(self._seconds)
            with self._lock:
                self.rounds.append((patient, tuple(event.focus[0] for event in events)))
            if self._fail is not None:
                self._fail(patient, events)
        return f"{len(events)} events"

    @contextmanager
    def _inside(self, patient: str):
        with self._lock:
            self.at_once[patient] = self.at_once.get(patient, 0) + 1
            self.most_of_one = max(self.most_of_one, *self.at_once.values())
            self.most_of_all = max(self.most_of_all, sum(self.at_once.values()))
        try:
            yield
        finally:
            with self._lock:
                self.at_once[patient] -= 1


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'lasegue.db'}"
