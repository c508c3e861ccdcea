"""The human-readable text of a resource: short, generated, escaped."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from html import escape

from service.fhir.canonical import Json
from service.fhir.pruning import plain

_OPEN = '<div xmlns="http://www.w3.org/1999/xhtml">'


@lru_cache(maxsize=2048)
def _item(line: str) -> str:
    said = plain(line)
    return f"<li>{escape(said, quote=False)}</li>" if said else ""


def narrative(title: str, lines: Iterable[str] = ()) -> Json:
    """A Narrative with one heading line and, where there are any, one list."""
    head = f"<p><b>{escape(plain(title), quote=False)}</b></p>"
    items = "".join(map(_item, lines))
    body = f"<ul>{items}</ul>" if items else ""
    return {"status": "generated", "div": f"{_OPEN}{head}{body}</div>"}
