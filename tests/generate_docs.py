"""Writes the generated blocks of ``docs/`` again: ``python -m tests.generate_docs``.

A block stands between ``<!-- generated: name -->`` and ``<!-- end: name -->``; what is around it is
written by hand and left alone. The pictures in ``docs/pictures/`` are written whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.pages import cases, knowledge, operations

DOCS = Path(__file__).parents[1] / "docs"
PICTURES = DOCS / "pictures"

BLOCKS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "operations.md": {
        "settings": operations.settings_block,
        "commands": operations.commands_block,
        "doors": operations.doors_block,
        "states": operations.states_block,
    },
    "knowledge.md": {
        "populations": knowledge.populations_block,
        "findings": knowledge.findings_block,
        "combination": knowledge.combination_block,
        "flags": knowledge.flags_block,
        "rivals": knowledge.rivals_block,
        "rules": knowledge.rules_block,
        "sources": knowledge.sources_block,
    },
    "cases.md": {"cases": cases.cases_block},
}


def filled(text: str, name: str, block: str) -> str:
    """The text with the block of this name replaced; raises ValueError when it has no such place."""
    pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end: {name} -->)", re.S)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"no place, or more than one, for the block {name!r}")
    return pattern.sub(lambda found: f"{found[1]}\n{block}\n\n{found[2]}", text)


def page(name: str) -> str:
    """One page with its blocks as they must be."""
    text = (DOCS / name).read_text("utf-8")
    for block, made in BLOCKS[name].items():
        text = filled(text, block, made())
    return text


def draw() -> None:
    """Write the picture of every story, and drop those whose story is gone."""
    drawn = cases.pictures()
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.glob("*.svg"):
        if old.name not in drawn:
            old.unlink()
    for name, text in drawn.items():
        (PICTURES / name).write_text(text, "utf-8")


if __name__ == "__main__":
    draw()
    for name in BLOCKS:
        (DOCS / name).write_text(page(name), "utf-8")
