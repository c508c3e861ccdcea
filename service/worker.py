"""Works on what waits until it is told to stop, then finishes what is running."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from service import log
from service.jobs.port import Handlers, Jobs

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def working(jobs: Jobs, handlers: Handlers) -> Iterator[None]:
    """Work in the background while the block runs; what is running then is finished."""
    jobs.start(handlers)
    log.note("worker-started")
    try:
        yield
    finally:
        jobs.stop()
        log.note("worker-stopped")


@contextmanager
def stop_signal() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; a second signal acts as it would without us."""
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def ask(number: int, _frame: FrameType | None) -> None:
        sent = signal.Signals(number)
        stop.set()
        signal.signal(sent, before[sent])

    for number in SIGNALS:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
