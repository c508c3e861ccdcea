"""The port on DBOS Transact: durable queues, recovery, lanes of one and timers are the engine's.

Ours are the tables of events and patients, the grouping of commits, the judging of failures and the
rescue of dead processes. See :mod:`service.jobs.rounds` for why no event can be left waiting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from dbos import DBOS, DBOSConfig

from service.jobs.event import Event
from service.jobs.intake import Intake
from service.jobs.keeper import Keeper
from service.jobs.ledger import Ledger
from service.jobs.port import Handlers, JobView, State
from service.jobs.records import Records
from service.jobs.retry import Backoff
from service.jobs.rounds import Rounds
from service.jobs.runner import Runner
from service.jobs.sorting import Sorting
from service.jobs.store import APPLICATION, EVALUATE, SORT, VERSION, Store, make_engine

_POLL_SECONDS = 0.05
_LISTEN_SECONDS = 0.25
_DRAIN_SECONDS = 60

_one_engine_a_process = threading.Lock()


def now_utc() -> datetime:
    """The time."""
    return datetime.now(UTC)


class DurableJobs:
    """Durable work in one SQLite file or one PostgreSQL database; implements ``Jobs``.

    ``executor`` names this process among those that work on the store and should be the same after
    a restart; ``workers`` is how many patients are evaluated at once; events of one patient that
    arrive within ``coalesce_seconds`` are evaluated together; ``attempts`` bounds the attempts.
    A process is taken for dead after six ``beat_seconds`` of silence. What finished more than
    ``keep_days`` ago is pruned now and then.
    """

    def __init__(
        self,
        store_url: str,
        *,
        executor: str,
        workers: int,
        coalesce_seconds: float,
        attempts: int,
        clock: Callable[[], datetime] = now_utc,
        backoff: Backoff | None = None,
        beat_seconds: float = 5.0,
        keep_days: float = 30.0,
    ) -> None:
        """Open the store; raises StoreUnavailable."""
        self._store = Store(store_url)
        self._clock = clock
        self._executor = executor
        self._workers = workers
        self._attempts = attempts
        self._backoff = backoff or Backoff()
        self._beat_seconds = beat_seconds
        self._keep = timedelta(days=keep_days)
        self._intake = Intake(self._store, clock)
        self._sorting = Sorting(self._store, clock, coalesce_seconds)
        self._records = Records(self._store, self._sorting, clock)
        self._keeper: Keeper | None = None
        self._dispose: Callable[[], None] = _nothing
        self.ledger = Ledger(self._store)

    def put(self, event: Event) -> bool:
        """Remember an event durably; see ``Jobs.put``."""
        return self._intake.put(event)

    def status(self, key: str) -> JobView | None:
        """One remembered event."""
        return self._records.status(key)

    def listing(self, state: State | None = None, limit: int = 100) -> tuple[JobView, ...]:
        """Remembered events in one state, or in any, the newest first."""
        return self._records.listing(state, limit)

    def count(self) -> dict[State, int]:
        """How many events are in each state."""
        return self._records.count()

    def replay(self, key: str) -> bool:
        """Make a dead event wait again with fresh attempts; false when it is not dead."""
        return self._records.replay(key)

    def discard(self, key: str) -> bool:
        """Give up a dead event for good; false when it is not dead."""
        return self._records.discard(key)

    def prune(self, before: datetime) -> int:
        """Drop what finished before then; see ``Records.prune``."""
        return self._records.prune(before)

    def start(self, handlers: Handlers) -> None:
        """Begin to work in the background; one at a time in a process."""
        if not _one_engine_a_process.acquire(blocking=False):
            raise RuntimeError("durable work has already been started in this process")
        try:
            self._start(handlers)
        except BaseException:
            self._halt(0)
            _one_engine_a_process.release()
            raise

    def stop(self) -> None:
        """Finish what is running and stop; what waits is kept. Closes the store's connections."""
        self._intake.close()
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            self._halt(_DRAIN_SECONDS if keeper.running() else 0)
            keeper.stop()
            _one_engine_a_process.release()
        self._store.close()

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Wait until nothing is waiting or running; false when time ran out."""
        deadline = time.monotonic() + timeout_seconds
        while not self._records.idle():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _halt(self, drain_seconds: int) -> None:
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=drain_seconds)
        self._dispose()

    def _start(self, handlers: Handlers) -> None:
        rounds = Rounds(self._store, self._clock)
        runner = Runner(
            handlers, self._sorting, rounds, attempts=self._attempts, backoff=self._backoff
        )
        keeper = Keeper(self._store, self._sorting, self._clock, self._beat_seconds)
        client, poll = self._store.client, _POLL_SECONDS
        client.register_queue(SORT, worker_concurrency=self._workers, polling_interval_sec=poll)
        client.register_queue(
            EVALUATE,
            worker_concurrency=self._workers,
            partition_concurrency=1,
            polling_interval_sec=poll,
        )
        engine = make_engine(self._store.url, plain=True)
        self._dispose = engine.dispose
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": engine,
            "executor_id": keeper.enlist(self._executor),
            "application_version": VERSION,
            "run_migrations": False,
            "notification_listener_polling_interval_sec": _LISTEN_SECONDS,
            "use_listen_notify": False,
            "enable_otlp": False,
            "log_level": "WARNING",
        }
        DBOS(config=config)
        _register(runner)
        DBOS.launch()
        keeper.start(lambda: self.prune(self._clock() - self._keep))
        self._keeper = keeper


def _register(runner: Runner) -> None:
    """Tell the engine what its two kinds of work are; it must never give up on one by itself."""

    @DBOS.workflow(name=SORT, max_recovery_attempts=None)
    def sort() -> None:
        runner.sort(DBOS.workflow_id or "")

    @DBOS.workflow(name=EVALUATE, max_recovery_attempts=None)
    def evaluate(peer: str, patient: str) -> None:
        runner.evaluate(peer, patient, DBOS.workflow_id or "")


def _nothing() -> None:
    """Nothing to give back yet."""
