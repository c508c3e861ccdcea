"""Reads ``mappings/`` from the wheel, a checkout or a mounted folder, or refuses to start."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from service.clinical.model import Model
from service.errors import KnowledgeError
from service.knowledge.build import model_of
from service.knowledge.check import problems
from service.knowledge.pages import parse

DATA = (".toml", ".csv", ".json")
"""What counts as knowledge; prose beside it may change without a new digest."""


def load_model(root: Path | None = None) -> Model:
    """Read, check and freeze the knowledge under ``root``; by default what ships with the service.

    Raises :class:`KnowledgeError` whose message names file, row and rule of every fault found.
    """
    return model_from(read_contents(root))


def model_from(contents: Mapping[str, str]) -> Model:
    """Check and freeze the knowledge in these texts, by relative name; raises as :func:`load_model`."""
    pages = parse(contents)
    found = problems(pages)
    if found:
        raise KnowledgeError("; ".join(found))
    return model_of(pages, digest_of(contents))


def read_contents(root: Path | None = None) -> Mapping[str, str]:
    """The text of every data file under ``root``, by its name relative to it."""
    top: Traversable = files("mappings") if root is None else root
    if not top.is_dir():
        raise KnowledgeError(f"{top}: no such folder of knowledge")
    try:
        return dict(sorted(_walk(top, "")))
    except UnicodeDecodeError as error:
        raise KnowledgeError(f"{top}: a file is not UTF-8: {error.reason}") from error


def digest_of(contents: Mapping[str, str]) -> str:
    """SHA-256, in hex, over names and contents in the order of the names."""
    total = hashlib.sha256()
    for name, text in sorted(contents.items()):
        for part in (name, text):
            encoded = part.encode()
            total.update(len(encoded).to_bytes(8, "big") + encoded)
    return total.hexdigest()


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _walk(item, f"{prefix}{item.name}/")
        elif item.name.endswith(DATA):
            yield f"{prefix}{item.name}", item.read_text("utf-8")
