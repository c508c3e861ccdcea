"""The stories of ``fixtures/cases``: one folder, four files, three seams."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from service.clinical.anatomy import RootSide
from service.clinical.answer import Assessment
from service.clinical.findings import Case
from service.clinical.model import Model
from service.fhir.writing import to_transaction
from service.knowledge.files import load_model
from service.knowledge.wording import load_phrases
from service.reports.phrases import Phrases
from service.workflow import think

FOLDER = Path(__file__).parents[2] / "fixtures" / "cases"
ANY_DIGEST = "digest-of-the-edition"
"""Stands for the digest, which any change of knowledge moves: a diff should show what it changed."""

SHOWN = 6
"""How many hypotheses a file shows: the rest are small and would drown the diff."""


@dataclass
class Story:
    """One folder of ``fixtures/cases``, read, thought about and written."""

    folder: Path
    model: Model
    phrases: Phrases

    @cached_property
    def body(self) -> bytes:
        return (self.folder / "bundle.json").read_bytes()

    @cached_property
    def thought(self) -> tuple[Case, Assessment]:
        return think(self.body, model=self.model, phrases=self.phrases)

    @property
    def case(self) -> Case:
        return self.thought[0]

    @property
    def assessment(self) -> Assessment:
        return self.thought[1]

    @cached_property
    def writeback(self) -> dict[str, Any]:
        return to_transaction(*reversed(self.thought), self.model, event=self.folder.name)

    def results(self) -> dict[str, str]:
        """The three files that follow from ``bundle.json``, by name."""
        thought = plain(self.assessment)
        thought["localisation"]["hypotheses"] = thought["localisation"]["hypotheses"][:SHOWN]
        texts = {
            "case.json": written(plain(self.case)),
            "assessment.json": written(thought),
            "writeback.json": written(self.writeback),
        }
        digest = self.model.digest
        return {name: text.replace(digest, ANY_DIGEST) for name, text in texts.items()}


def stories() -> list[Story]:
    model, phrases = load_model(), load_phrases()
    return [Story(folder, model, phrases) for folder in sorted(FOLDER.iterdir()) if folder.is_dir()]


def written(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def plain(value: Any) -> Any:  # noqa: PLR0911 - one return a kind
    """Turn values of the core into what JSON can hold; empty fields are left out."""
    if isinstance(value, RootSide):
        return value.code
    if is_dataclass(value) or hasattr(value, "_fields"):
        names = getattr(value, "_fields", None) or [f.name for f in fields(value)]
        pairs = ((name, plain(getattr(value, name))) for name in names)
        return {name: item for name, item in pairs if item not in (None, "", [], {})}
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value
