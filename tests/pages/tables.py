"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable

Rows = Iterable[Iterable[object]]


def table(heads: Iterable[str], rows: Rows) -> str:
    """A table in Markdown; cells keep to one line."""
    lines = [list(heads), None, *(list(row) for row in rows)]
    width = len(lines[0] or ())
    return "\n".join(
        "|" + "---|" * width if row is None else "| " + " | ".join(map(_cell, row)) + " |"
        for row in lines
    )


def _cell(value: object) -> str:
    text = " ".join(str(value).split()).replace("|", "\\|")
    pieces = text.split("`")
    pieces[::2] = [piece.replace("<", "&lt;") for piece in pieces[::2]]
    return "`".join(pieces) or "-"
