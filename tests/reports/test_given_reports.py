"""The made-up reports with gold facts that stand beside the repository, where they are at hand."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from service.reports import Phrases, Reading, read_report
from tests.reports import scoring

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "reports"
FLOORS = {
    "level and type": 0.90,
    "level, type and side": 0.82,
    "level and zone": 0.85,
    "severity": 0.80,
    "root, side and relation": 0.85,
    "denied": 0.85,
}


@pytest.fixture(scope="module")
def read(phrases: Phrases) -> list[tuple[dict[str, Any], Reading]]:
    if not FOLDER.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the reports with gold facts are missing: {FOLDER}")
        pytest.skip(f"NOT MEASURED: the reports with gold facts are not at {FOLDER}")
    pairs = []
    for line in (FOLDER / "gold.jsonl").read_text("utf-8").splitlines():
        gold = json.loads(line)
        file = FOLDER / gold["file"]
        text = file.read_text("utf-8")
        assert hashlib.sha256(" ".join(text.split()).encode()).hexdigest() == gold["sha256_ws"]
        kind = "text/html" if file.suffix == ".html" else "text/plain"
        pairs.append((gold, read_report(text, phrases, content_type=kind)))
    return pairs


def records(reading: Reading) -> list[scoring.Record]:
    return [scoring.record_of(fact) for fact in reading.facts]


def test_every_measure_is_above_its_floor(read: list[tuple[dict[str, Any], Reading]]) -> None:
    totals: dict[str, scoring.Count] = {}
    for gold, reading in read:
        scoring.count(gold["facts"], records(reading), totals)
    below = {
        n: (round(totals[n].f1, 3), totals[n].wrong) for n in FLOORS if totals[n].f1 < FLOORS[n]
    }
    assert not below


def test_nothing_resolved_comes_out_as_current(read: list[tuple[dict[str, Any], Reading]]) -> None:
    for gold, reading in read:
        assert scoring.resolved_as_current(gold["facts"], records(reading)) == set(), gold["id"]


def test_nothing_changes_its_polarity_or_its_side(
    read: list[tuple[dict[str, Any], Reading]],
) -> None:
    for gold, reading in read:
        assert scoring.reversed_polarity(gold["facts"], records(reading)) == (set(), set())
        assert scoring.wrong_sides(gold["facts"], records(reading)) == set(), gold["id"]


def test_the_modality_is_found(read: list[tuple[dict[str, Any], Reading]]) -> None:
    assert [r.modality for _, r in read] == [gold["modality"] for gold, _ in read]


def test_a_stated_count_of_vertebrae_is_noticed(read: list[tuple[dict[str, Any], Reading]]) -> None:
    for gold, reading in read:
        numbering = gold.get("numbering")
        doubtful = bool(numbering and numbering.get("needs_confirmation"))
        expected = "doubtful" if doubtful else "stated" if numbering else "unstated"
        assert reading.numbering == expected, gold["id"]
