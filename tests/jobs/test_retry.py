"""When a failed attempt is tried again."""

from __future__ import annotations

import pytest

from service.errors import Conflict, NotUnderstood, PeerUnavailable
from service.jobs.retry import Backoff, decide, reason_for

EVEN = Backoff(first=2.0, factor=4.0, cap=100.0, jitter=0.0, patience=500.0)


@pytest.mark.parametrize(("attempts", "wait"), [(1, 2), (2, 8), (3, 32), (4, 100), (7, 100)])
def test_waits_grow_up_to_a_cap(attempts: int, wait: float) -> None:
    decision = decide(Conflict("changed"), attempts, 8, backoff=EVEN)
    assert decision is not None
    assert decision.delay_seconds == wait
    assert decision.reason == "conflict: changed"


@pytest.mark.parametrize("error", [Conflict("changed"), ValueError("x")])
def test_the_last_attempt_is_the_last(error: Exception) -> None:
    assert decide(error, 7, 8) is not None
    assert decide(error, 8, 8) is None


def test_what_will_fail_again_is_not_tried_again() -> None:
    assert decide(NotUnderstood("no"), 1, 8) is None


@pytest.mark.parametrize(("asked", "wait"), [(1.0, 2.0), (60.0, 60.0), (9999.0, 500.0)])
def test_a_server_may_ask_for_more_patience_within_reason(asked: float, wait: float) -> None:
    decision = decide(PeerUnavailable("wait", retry_after=asked), 1, 8, backoff=EVEN)
    assert decision is not None
    assert decision.delay_seconds == wait


def test_waits_of_different_events_differ_and_each_is_always_the_same() -> None:
    waits = [decide(Conflict("x"), 1, 8, key=f"key-{n}") for n in range(50)]
    assert waits == [decide(Conflict("x"), 1, 8, key=f"key-{n}") for n in range(50)]
    seconds = [wait.delay_seconds for wait in waits if wait is not None]
    assert len(set(seconds)) == 50
    assert min(seconds) >= 1.6
    assert max(seconds) <= 2.4


def test_a_foreign_error_is_told_by_its_class() -> None:
    assert reason_for(KeyError("Mrs Example")) == "internal error: KeyError"
