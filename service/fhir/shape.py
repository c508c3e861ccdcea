"""The shape of outgoing entries, checked with ``fhir.resources``; a shape seen before is not seen twice.

``fhir.resources`` judges names, nesting, types and the lexical form of each leaf, never what a leaf
says. So two entries that agree in names and nesting, and leaf by leaf in lexical form, get the same
verdict, and the form (which holds nothing a person could be known by) is all that is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

from service.fhir.canonical import Json

LIMIT = 20_000
LONGEST = 1_000_000

_LEXICAL = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"|(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d))"
    r"|(?P<month>\d{4}-\d\d)"
    r"|(?P<number>[+-]?\d*\.?\d*(?:[eE][+-]?\d+)?)"
    r"|(?P<truth>(?i:true|false|yes|no|on|off|t|f|y|n))"
    r"|(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"|(?P<time>\d\d:\d\d.*)"
    r"|(?P<token>\S+)"
    r"|(?P<code>\S+(?: \S+)+)"
    r"|(?P<string>[ \r\n\t\S]+)"
)

_accepted: set[Hashable] = set()


def misshapen(entries: Sequence[Json]) -> Iterator[tuple[str, str]]:
    """The places in a transaction's entries that are not FHIR, and why; nothing of what they say."""
    for number, entry in enumerate(entries):
        shape = form(entry)
        if shape in _accepted:
            continue
        faults = _judge(entry, number)
        yield from faults
        if not faults:
            if len(_accepted) >= LIMIT:
                _accepted.clear()
            _accepted.add(shape)


def _judge(entry: Json, number: int) -> list[tuple[str, str]]:
    """The verdict of ``fhir.resources``, which raises KeyError or TypeError on a type it lacks."""
    try:
        Bundle.model_validate({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return [(_path(fault["loc"], number), f"not FHIR ({fault['type']})") for fault in found]
    except (KeyError, TypeError):
        return [(f"Bundle.entry[{number}].resource", "not FHIR (resource_type)")]
    if not _extensions_hold(entry):
        return [(f"Bundle.entry[{number}]", "ext-1: an extension has a value or extensions")]
    return []


def _extensions_hold(node: Any) -> bool:
    """ext-1: an extension has a value or further extensions, never both, never neither."""
    if isinstance(node, list):
        return all(_extensions_hold(item) for item in node)
    if not isinstance(node, dict):
        return True
    for inner in node.get("extension", ()):
        valued = any(name.startswith("value") for name in inner)
        if valued == ("extension" in inner):
            return False
    return all(_extensions_hold(value) for value in node.values())


def _path(place: Sequence[int | str], number: int) -> str:
    parts = [f"[{p}]" if isinstance(p, int) else f".{p}" for p in place[2:]]
    return f"Bundle.entry[{number}]{''.join(parts)}"


def form(node: Any, name: str = "") -> Hashable:
    """Names, nesting and lexical forms of a tree; of a list only its distinct items count."""
    if isinstance(node, str):
        return node if name == "resourceType" else lexical(node)
    if isinstance(node, dict):
        return tuple([(key, form(value, key)) for key, value in node.items()])
    if isinstance(node, list):
        return ("list", *dict.fromkeys([form(item) for item in node]))
    if isinstance(node, bool) or node is None:
        return str(type(node))
    return type(node), node == int(node), (node > 0) - (node < 0)


def lexical(text: str) -> str:
    """The name of the lexical form of a text; a date that does not exist is not a date."""
    if len(text) > LONGEST:
        return "long"
    found = _LEXICAL.fullmatch(text)
    kind = (found.lastgroup if found else None) or "other"
    if kind in ("date", "moment"):
        return kind if _exists(text, kind) else f"no {kind}"
    return kind


def _exists(text: str, kind: str) -> bool:
    try:
        (date if kind == "date" else datetime).fromisoformat(text)
    except ValueError:
        return False
    return True
