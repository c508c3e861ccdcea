"""The same promises on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.jobs.contract import JobsContract
from tests.jobs.postgres import fresh_database


@pytest.mark.postgres
class TestPostgres(JobsContract):
    """Everything of the contract."""

    @pytest.fixture
    def store_url(self) -> Iterator[str]:
        with fresh_database() as url:
            yield url
