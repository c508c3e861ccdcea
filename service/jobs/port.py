"""The narrow port: all that the rest of the service may ask of durable work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from service.jobs.event import Event


class State(StrEnum):
    """The states a person sees."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class JobView:
    """One remembered event as an operator sees it: no body, no patient data but opaque ids.

    ``reason`` is why it is dead, or why its last attempt failed: an error code and a sentence.
    ``receipt`` is what the evaluation reported.
    """

    key: str
    peer: str
    kind: str
    state: State
    attempts: int
    occurred: datetime
    updated: datetime
    reason: str = ""
    patient: str | None = None
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Handlers:
    """What durable work calls; both may raise RetryableError or PermanentError.

    ``patients_of`` finds whom an event concerns (``Patient/1`` references; none when the event is of
    no interest). ``evaluate`` reads, thinks and writes for one patient of one peer, given every
    event that waited for that patient, oldest first; it returns a short receipt for people.
    """

    patients_of: Callable[[Event], tuple[str, ...]]
    evaluate: Callable[[str, str, tuple[Event, ...]], str]


class Jobs(Protocol):
    """Durable work."""

    def put(self, event: Event) -> bool:
        """Remember an event durably; false when it was remembered before.

        Raises StoreUnavailable when nothing durable can be written.
        """

    def status(self, key: str) -> JobView | None:
        """One remembered event."""

    def listing(self, state: State | None = None, limit: int = 100) -> tuple[JobView, ...]:
        """Remembered events in one state, or in any, the newest first."""

    def count(self) -> dict[State, int]:
        """How many events are in each state."""

    def replay(self, key: str) -> bool:
        """Make a dead event wait again with fresh attempts; false when it is not dead."""

    def discard(self, key: str) -> bool:
        """Give up a dead event for good; false when it is not dead."""

    def start(self, handlers: Handlers) -> None:
        """Begin to work in the background of this process."""

    def stop(self) -> None:
        """Finish what is running and stop; what waits is kept."""

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Wait until nothing is waiting or running; false when time ran out."""
