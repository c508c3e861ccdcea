"""The promises on a SQLite file, and what is particular to it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.errors import StoreUnavailable
from service.jobs.store import make_engine
from service.jobs.tables import events
from tests.jobs.builders import an_event, some_jobs, sqlite_url
from tests.jobs.contract import JobsContract


class TestSqlite(JobsContract):
    """Everything of the contract."""

    @pytest.fixture
    def store_url(self, tmp_path: Path) -> str:
        return sqlite_url(tmp_path)


@pytest.mark.parametrize("plain", [True, False])
def test_every_connection_commits_to_the_disk(tmp_path: Path, plain: bool) -> None:
    engine = make_engine(sa.make_url(sqlite_url(tmp_path)), plain=plain)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()


def test_what_waits_while_a_commit_is_on_its_way_is_committed_together(tmp_path: Path) -> None:
    jobs = some_jobs(sqlite_url(tmp_path))
    threads = [threading.Thread(target=jobs.put, args=(an_event(n),)) for n in range(30)]
    with jobs._store.writing():
        for thread in threads:
            thread.start()
        time.sleep(0.3)
    for thread in threads:
        thread.join()
    with jobs._store.reading() as connection:
        commits = connection.scalar(sa.select(sa.func.count(events.c.wake.distinct())))
        assert connection.scalar(sa.select(sa.func.count(events.c.key))) == 30
    jobs.stop()
    assert commits <= 3


def test_a_store_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        some_jobs(sqlite_url(tmp_path / "missing"))


def test_the_engines_tables_hold_neither_bodies_nor_pickles(tmp_path: Path) -> None:
    jobs = some_jobs(sqlite_url(tmp_path))
    jobs.put(an_event(body=b"Mrs Example"))
    jobs.stop()
    with contextlib.closing(sqlite3.connect(tmp_path / "lasegue.db")) as connection:
        inputs = connection.execute("SELECT inputs FROM workflow_input").fetchall()
        kinds = connection.execute("SELECT serialization FROM workflow_status").fetchall()
    assert kinds == [("portable_json",)]
    assert "Example" not in str(inputs)
