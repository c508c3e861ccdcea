"""The human-readable text of a resource: short, generated, escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from service.fhir.canonical import Json
from service.fhir.elements import plain

_OPEN = '<div xmlns="http://www.w3.org/1999/xhtml">'


def narrative(title: str, lines: Iterable[str] = ()) -> Json:
    """A Narrative with one heading line and, where there are any, one list."""
    head = f"<p><b>{_text(title)}</b></p>"
    items = "".join(f"<li>{_text(line)}</li>" for line in lines if plain(line))
    body = f"<ul>{items}</ul>" if items else ""
    return {"status": "generated", "div": f"{_OPEN}{head}{body}</div>"}


def _text(text: str) -> str:
    return escape(plain(text), quote=False)
