"""What the command shows: exit codes, complaints and progress."""

from __future__ import annotations

import sys
import time
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    BROKEN = 3


class UsageError(Exception):
    """The command was called with something that cannot be used, such as a missing file."""


def complain(sentence: str) -> None:
    """Say on standard error what is wrong."""
    print(f"lasegue: {sentence}", file=sys.stderr)


class Progress:
    """Says on standard error how far long work is: first after two seconds, then every two."""

    def __init__(self, what: str, every_seconds: float = 2.0) -> None:
        self._what = what
        self._every = every_seconds
        self._due = time.monotonic() + every_seconds
        self._done = 0

    def step(self, many: int = 1) -> None:
        """Count work that is done, and say so when it is time."""
        self._done += many
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + self._every
            print(f"lasegue: {self._done} {self._what}", file=sys.stderr, flush=True)
