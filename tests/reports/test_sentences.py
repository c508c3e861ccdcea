from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from service.reports import Phrases, read_report
from tests.reports.shown import lines

SENTENCES = tomllib.loads((Path(__file__).parent / "sentences.toml").read_text("utf-8"))["sentence"]


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: str(sentence["text"])[:60])
def test_the_sentence_states_these_facts_and_no_others(
    sentence: dict[str, object], phrases: Phrases
) -> None:
    assert lines(read_report(str(sentence["text"]), phrases).facts) == sentence["facts"]


def test_the_sentences_cover_many_styles() -> None:
    assert len(SENTENCES) >= 60
