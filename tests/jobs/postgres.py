"""A fresh PostgreSQL database for each test that needs one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
import sqlalchemy as sa

_REASON = "POSTGRES_URL is not set: the promises were NOT checked on PostgreSQL"


@contextmanager
def fresh_database() -> Iterator[str]:
    """The address of a database that exists for the length of the block."""
    server = os.environ.get("POSTGRES_URL")
    if not server:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(_REASON)
        pytest.skip(_REASON)
    url = sa.make_url(server)
    name = f"lasegue_test_{uuid4().hex[:12]}"
    _run(url, f"CREATE DATABASE {name}")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        _run(url, f"DROP DATABASE {name} WITH (FORCE)")


def _run(url: sa.URL, statement: str) -> None:
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
