"""A process that works, or takes in, until it is killed; started by the crash tests.

``python -m tests.jobs.crash_child work STORE EXECUTOR FOLDER BEAT ATTEMPTS`` evaluates until nothing waits. It
kills itself once for each patient or event that asks for it: ``Patient/before-...`` before the
effect, ``Patient/after-...`` after it, ``Patient/lost-...`` while its event is being sorted.
``... put STORE FOLDER`` takes in events for ever and notes each one that was accepted.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from itertools import count
from pathlib import Path

from service.jobs.event import Event, key_for
from service.jobs.port import Handlers
from tests.jobs.builders import an_event, some_jobs


def append(file: Path, line: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)


def die_once(folder: Path, patient: str, moment: str) -> None:
    if not patient.startswith(f"Patient/{moment}"):
        return
    try:
        (folder / f"killed-{patient.removeprefix('Patient/')}").touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def handlers(folder: Path, executor: str) -> Handlers:
    def patients_of(event: Event) -> tuple[str, ...]:
        die_once(folder, event.patient or "", "lost")
        return (event.patient or "",)

    def evaluate(peer: str, patient: str, events: tuple[Event, ...]) -> str:
        begun = time.monotonic()
        die_once(folder, patient, "before")
        time.sleep(0.02)
        append(folder / "rounds", f"{patient} {begun} {time.monotonic()} {executor}")
        for event in events:
            append(folder / "effects", key_for(event))
        die_once(folder, patient, "after")
        return "done"

    return Handlers(patients_of, evaluate)


def work(store: str, executor: str, folder: Path, beat: float, attempts: float) -> int:
    jobs = some_jobs(store, executor=executor, attempts=int(attempts), beat_seconds=beat)
    jobs.start(handlers(folder, executor))
    idle = jobs.wait_until_idle(60)
    jobs.stop()
    return 0 if idle else 1


def put(store: str, folder: Path) -> int:
    jobs = some_jobs(store)
    for number in count():
        event = an_event(number, f"Patient/{number % 7}")
        jobs.put(event)
        append(folder / "accepted", key_for(event))
    return 1


if __name__ == "__main__":
    role, where, *rest = sys.argv[1:]
    if role == "work":
        sys.exit(work(where, rest[0], Path(rest[1]), *map(float, rest[2:])))
    sys.exit(put(where, Path(rest[0])))
