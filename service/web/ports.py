"""What the doors need of the rooms behind them, as narrow as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from service.jobs.event import Event
from service.jobs.port import State


class Inbox(Protocol):
    """Where events are remembered; durable work is one, a list in a test another."""

    def put(self, event: Event) -> bool:
        """Remember an event; false when it was remembered before. Raises StoreUnavailable."""


class Counted(Protocol):
    """What tells how many events are in each state."""

    def count(self) -> dict[State, int]:
        """How many events are in each state."""


Clock = Callable[[], datetime]
"""The time now, aware."""

View = Callable[..., Any]


def clock() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)
