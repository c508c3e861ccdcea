"""When a failed attempt is tried again, and what a person reads when it is not. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from service.errors import LasegueError, PermanentError, RetryableError


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait between attempts, in seconds.

    The n-th wait is ``first * factor ** (n - 1)``, at most ``cap``, moved by up to ``jitter`` of
    itself either way. ``patience`` bounds what a peer may ask for with ``Retry-After``.
    """

    first: float = 2.0
    factor: float = 4.0
    cap: float = 1800.0
    jitter: float = 0.2
    patience: float = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """Try again after this many seconds; ``reason`` says why the last attempt failed."""

    delay_seconds: float
    reason: str


def decide(
    error: Exception, attempts: int, limit: int, *, key: str = "", backoff: Backoff | None = None
) -> RetryDecision | None:
    """What follows the failed attempt number ``attempts`` of at most ``limit``: none means dead.

    ``key`` spreads the waits of different events; the same arguments give the same answer.
    """
    if isinstance(error, PermanentError) or attempts >= limit:
        return None
    backoff = backoff or Backoff()
    wait = min(backoff.cap, backoff.first * backoff.factor ** max(0, attempts - 1))
    wait *= 1 + backoff.jitter * _swing(key, attempts)
    asked = error.retry_after if isinstance(error, RetryableError) else None
    if asked is not None:
        wait = max(wait, min(asked, backoff.patience))
    return RetryDecision(wait, reason_for(error))


def reason_for(error: Exception) -> str:
    """An error as its code and message; of an error that is not ours only its class is told."""
    if isinstance(error, LasegueError):
        return f"{error.code}: {error}"
    return f"internal error: {type(error).__name__}"


def _swing(key: str, attempts: int) -> float:
    digest = hashlib.sha256(f"{key}/{attempts}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**31 - 1
