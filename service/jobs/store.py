"""The store: one SQLite file, or one PostgreSQL database, for our tables and the engine's own.

SQLite is put into WAL with ``synchronous=FULL`` before anything else opens it: a commit is on the
disk when it returns, also when the power fails a moment later.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, EnqueueOptions, WorkflowSerializationFormat
from dbos import error as engine_error
from sqlalchemy.dialects import postgresql, sqlite

from service import log
from service.errors import StoreUnavailable
from service.jobs.tables import metadata

APPLICATION = "lasegue"
VERSION = "1"
"""The shape of the workflows; raised when running ones could not be taken over any more."""

SORT = "lasegue-sort"
EVALUATE = "lasegue-evaluate"
"""The two kinds of work; each name is both a workflow and the queue it waits in."""

_BUSY_MS = 30_000
_SCHEMA_LOCK = 7_305_808


class Store:
    """Connections to one store. Everything it raises on purpose is StoreUnavailable."""

    def __init__(self, url: str) -> None:
        """Open the store and bring its tables up to date."""
        _quieten()
        self.url = sa.make_url(url)
        self.engine = make_engine(self.url)
        self._reads = self.engine.execution_options(reads=True)
        sqlite_file = self.url.get_backend_name() == "sqlite"
        self._turn = threading.Lock() if sqlite_file else contextlib.nullcontext()
        try:
            with translated():
                self._prepare()
            self.client = DBOSClient(
                system_database_engine=self.engine,
                application_name=APPLICATION,
                retry_connection_errors=False,
                lazy=True,
            )
        except BaseException:
            self.engine.dispose()
            raise

    def _prepare(self) -> None:
        plain = self.url.set(drivername=self.url.get_backend_name())
        with self.writing() as connection:
            connection.execute(sa.select(sa.literal(1)))
        DBOS.migrate(plain.render_as_string(hide_password=False))
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
            metadata.create_all(connection)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction: all of it is durable when the block ends, or none.

        SQLite has one writer at a time; the threads of this process queue for it here, for its own
        way of waiting is to sleep and try again.
        """
        with self._turn, translated(), self.engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One transaction that writes nothing and waits for no writer."""
        with translated(), self._reads.begin() as connection:
            yield connection

    def insert(self, table: sa.Table) -> Any:
        """An INSERT that can be told what to do about a conflict."""
        if self.engine.dialect.name == "sqlite":
            return sqlite.insert(table)
        return postgresql.insert(table)

    def enqueue(
        self, connection: sa.Connection, kind: str, *args: str, delay: float = 0.0, lane: str = ""
    ) -> str:
        """Hand work to the engine within a transaction of ours; gives the workflow's id.

        ``delay`` is in seconds; work of one ``lane`` is done one at a time.
        """
        wake = uuid4().hex
        options: EnqueueOptions = {
            "workflow_name": kind,
            "queue_name": kind,
            "workflow_id": wake,
            "app_version": VERSION,
            "serialization_type": WorkflowSerializationFormat.PORTABLE,
        }
        if delay > 0:
            options["delay_seconds"] = delay
        if lane:
            options["queue_partition_key"] = lane
        self.client.enqueue_in_transaction(connection, options, *args)
        return wake

    def close(self) -> None:
        """Give the connections back; the next use opens new ones."""
        self.engine.dispose()


def make_engine(url: sa.URL, *, plain: bool = False) -> sa.Engine:
    """An engine whose commits are durable. ``plain`` leaves the transactions to the driver."""
    if url.get_backend_name() != "sqlite":
        url = url.set(drivername="postgresql+psycopg")
        return sa.create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=10)
    engine = sa.create_engine(url, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.isolation_level = "IMMEDIATE" if plain else None

    if not plain:
        sa.event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: sa.Connection) -> None:
    reads = connection.get_execution_options().get("reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Whatever the database or the engine refuses becomes StoreUnavailable."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, sqlite3.Error, engine_error.DBOSException) as error:
        raise StoreUnavailable(f"the store cannot be used ({type(error).__name__})") from error


class _Quiet(logging.Handler):
    """Passes on that the engine complained and where, not what it said: that may name patients."""

    def emit(self, record: logging.LogRecord) -> None:
        """Note the place and the type of the exception, if there is one."""
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        place = f"{record.module}:{record.lineno}"
        log.note("durable-engine", level=record.levelno, at=place, error=error)


def _quieten() -> None:
    logger = logging.getLogger("dbos")
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    if not any(isinstance(handler, _Quiet) for handler in logger.handlers):
        logger.handlers = [_Quiet()]
