"""A table of outcomes written to a file, and the command run on it."""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from service import log
from service.cli import main
from service.recalibration.trial import Trial, try_out
from tests.recalibration.people import people, sample_of

Rows = Sequence[dict[str, str]]
Run = Callable[..., int]
Table = Callable[[Rows], Path]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger(log.NAME)
    before = (list(root.handlers), root.level, ours.level)
    yield
    root.handlers, root.level, ours.level = before


@pytest.fixture
def table(tmp_path: Path) -> Table:
    def written(rows: Rows) -> Path:
        file = tmp_path / "outcomes.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]) if rows else ["truth", "bundle"])
            writer.writeheader()
            writer.writerows(rows)
        return file

    return written


@pytest.fixture
def run(tmp_path: Path) -> Run:
    settings = tmp_path / "lasegue.toml"
    settings.write_text(f'store = "sqlite:///{tmp_path}/lasegue.db"\n', "utf-8")
    return lambda *words: main(["--config", str(settings), "recalibrate", *map(str, words)])


@pytest.fixture(scope="session")
def trial() -> Trial:
    """Of a site where findings count half, and leg pain often has no compressed root."""
    return try_out(sample_of(people(400, 0.5, 0.5)))
