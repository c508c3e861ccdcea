"""Reads the wording of reports from ``mappings/reports``, or refuses to start."""

from __future__ import annotations

import tomllib
from pathlib import Path

from service.errors import KnowledgeError
from service.knowledge.files import read_contents
from service.reports.phrases import Phrases, phrases_from

FILE = "reports/phrases.toml"


def load_phrases(root: Path | None = None) -> Phrases:
    """Read and compile the phrases under ``root``; by default what ships with the service.

    Raises :class:`KnowledgeError` whose message names the file and what is wrong.
    """
    try:
        return phrases_from(tomllib.loads(read_contents(root)[FILE]))
    except KeyError as error:
        raise KnowledgeError(f"{FILE}: {error.args[0]} is missing") from error
    except ValueError as error:
        raise KnowledgeError(f"{FILE}: {error}") from error
