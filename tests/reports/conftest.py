from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from service.reports.phrases import Phrases, phrases_from

MAPPINGS = Path(__file__).parents[2] / "mappings" / "reports" / "phrases.toml"


@pytest.fixture(scope="session")
def phrases() -> Phrases:
    return phrases_from(tomllib.loads(MAPPINGS.read_text("utf-8")))
