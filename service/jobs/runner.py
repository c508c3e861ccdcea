"""What the engine calls: sorts events to patients and evaluates patients, and judges failures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from service import log
from service.errors import LasegueError, PermanentError, RetryableError
from service.jobs.event import Event
from service.jobs.port import Handlers, State
from service.jobs.retry import Backoff, decide, reason_for
from service.jobs.rounds import Rounds, Verdict
from service.jobs.sorting import Sorting

_FLUSH_SECONDS = 0.25
_GAVE_OUT = "the process ended each time while it worked on this"

Claimed = tuple[tuple[str, Event, int], ...]


class Runner:
    """Runs the handlers. Whatever they raise ends in a verdict, never in the engine.

    Work that was interrupted by the death of its process is taken up again one piece at a time: what
    killed the process is then counted, and what only happened to run beside it is not.
    """

    def __init__(
        self,
        handlers: Handlers,
        sorting: Sorting,
        rounds: Rounds,
        *,
        attempts: int,
        backoff: Backoff,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._handlers = handlers
        self._sorting = sorting
        self._rounds = rounds
        self._attempts = attempts
        self._backoff = backoff
        self._monotonic = monotonic
        self._alone = threading.Lock()

    def sort(self, wake: str) -> None:
        """Find the patients of every event of one commit; a failing one does not hold up others."""
        with self._turn(self._sorting.interrupted(wake)):
            self._sort(wake)

    def evaluate(self, peer: str, patient: str, run: str) -> None:
        """One round of one patient."""
        with self._turn(self._rounds.interrupted(peer, patient, run)):
            self._evaluate(peer, patient, run)

    def _turn(self, interrupted: bool) -> AbstractContextManager[object]:
        return self._alone if interrupted else nullcontext()

    def _sort(self, wake: str) -> None:
        claimed = self._sorting.claim(wake)
        found: dict[str, tuple[str, tuple[str, ...]]] = {}
        flushed = self._monotonic()
        for place, (key, event, attempt) in enumerate(claimed):
            patients, error = self._patients_of(event, attempt)
            if error is None:
                found[key] = (event.peer, patients)
            else:
                self._sort_failed(wake, key, attempt, error)
            if isinstance(error, RetryableError):
                self._sorting.deal_out(wake, [later for later, _, _ in claimed[place + 1 :]])
                break
            if self._monotonic() - flushed > _FLUSH_SECONDS:
                self._sorting.sorted(wake, found)
                found, flushed = {}, self._monotonic()
        if found:
            self._sorting.sorted(wake, found)

    def _evaluate(self, peer: str, patient: str, run: str) -> None:
        claimed = self._rounds.claim(peer, patient, run)
        if not claimed:
            return
        fit = tuple(entry for entry in claimed if entry[2] <= self._attempts)
        verdicts = {
            key: Verdict(State.DEAD, reason_for(LasegueError(_GAVE_OUT)))
            for key, _, n in claimed
            if n > self._attempts
        }
        if fit:
            verdicts |= self._round(peer, patient, fit)
        for verdict in verdicts.values():
            if verdict.state is State.DEAD:
                log.note("event-dead", peer=peer, reason=verdict.reason)
        self._rounds.settle(peer, patient, run, verdicts)

    def _round(self, peer: str, patient: str, claimed: Claimed) -> dict[str, Verdict]:
        try:
            receipt = self._handlers.evaluate(peer, patient, tuple(e for _, e, _ in claimed))
        except Exception as error:  # noqa: BLE001 - judged like any other failure, told by its class
            _tell("evaluation-failed", error, peer)
            return self._judge(claimed, error)
        return {key: Verdict(State.DONE, receipt=receipt) for key, _, _ in claimed}

    def _judge(self, claimed: Claimed, error: Exception) -> dict[str, Verdict]:
        if isinstance(error, PermanentError) and len(claimed) > 1:
            return {key: Verdict(State.WAITING, uncounted=True) for key, _, _ in claimed}
        verdicts = {}
        for key, _, attempt in claimed:
            again = decide(error, attempt, self._attempts, key=key, backoff=self._backoff)
            if again is None:
                verdicts[key] = Verdict(State.DEAD, reason_for(error))
            else:
                verdicts[key] = Verdict(State.WAITING, again.reason, delay=again.delay_seconds)
        return verdicts

    def _patients_of(self, event: Event, attempt: int) -> tuple[tuple[str, ...], Exception | None]:
        if attempt > self._attempts:
            return (), LasegueError(_GAVE_OUT)
        try:
            return self._handlers.patients_of(event), None
        except Exception as error:  # noqa: BLE001 - judged like any other failure, told by its class
            _tell("event-not-sorted", error, event.peer)
            return (), error

    def _sort_failed(self, wake: str, key: str, attempt: int, error: Exception) -> None:
        again = decide(error, attempt, self._attempts, key=key, backoff=self._backoff)
        if again is None:
            self._sorting.bury(wake, key, reason_for(error))
        else:
            self._sorting.put_off(wake, key, again.delay_seconds, again.reason)


def _tell(event: str, error: Exception, peer: str) -> None:
    if isinstance(error, LasegueError):
        log.note(event, peer=peer, reason=reason_for(error))
    else:
        log.failed(event, error, peer=peer)
