"""The shape of outgoing entries, checked with ``fhir.resources``; a shape seen before is not seen twice.

``fhir.resources`` judges names, nesting, types and the lexical form of each leaf, never what a leaf
says. So two entries that agree in names and nesting, and leaf by leaf in lexical form, get the same
verdict, and the form (which holds nothing a person could be known by) is all that is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

from service.fhir.canonical import Json
from service.fhir.pruning import Shared, SharedList

LIMIT = 20_000
LONGEST = 1_000_000

_LEXICAL = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"|(?P<midnight>\d{4}-\d\d-\d\dT00:00:00(?:Z|[+-]\d\d:\d\d))"
    r"|(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))"
    r"|(?P<doubtful>[+-]?\.?\d[\d.,:eE+_\-TZ]*|(?i:true|false|yes|no|on|off|t|f|y|n))"
    r"|(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"|(?P<token>\S+)"
    r"|(?P<code>\S+(?:[ \t\r\n]\S+)+)"
    r"|(?P<blank>[ \t\r\n]+)"
    r"|(?P<string>[ \r\n\t\S]+)"
)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_PLAIN_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,12})?")

TEXTS = frozenset({"code", "display", "text"})
"""Where FHIR always has a text: one that looks like a number or a truth value is decided there."""

DECIMALS = frozenset({"value", "probabilityDecimal"})
"""Where a number stands; one anywhere else is judged afresh each time."""

_accepted: set[Hashable] = set()


class Unsure(Exception):
    """A leaf, such as a text with an odd space, whose form does not decide the verdict."""


def misshapen(
    entries: Sequence[Json], references: Sequence[set[str]] = ()
) -> Iterator[tuple[str, str]]:
    """The places in a transaction's entries that are not FHIR, and why; nothing of what they say.

    ``references``, a set for each entry where given, is filled with what the entry refers to.
    """
    for number, entry in enumerate(entries):
        used = references[number] if references else set()
        try:
            shape = form(entry, "", used)
        except Unsure:
            _refer(entry, used)
            yield from _judge(entry, number)
            continue
        if shape not in _accepted:
            faults = _judge(entry, number)
            yield from faults
            if not faults:
                _remember(shape)


def _remember(shape: Hashable) -> None:
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


def _refer(node: Any, used: set[str]) -> None:
    """Add every reference in a tree."""
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            used.add(node["reference"])
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            _refer(inner, used)


def form(node: Any, name: str, used: set[str]) -> Hashable:
    """Names, nesting and lexical forms of a tree; of a list only its distinct items count.

    An object gives its names, then the forms of its values, and the type of a resource; a list
    begins with ``None``. Adds the references on the way to ``used``. Raises :class:`Unsure`.
    """
    kind = type(node)
    if kind is dict:
        return _object(node, used)
    if kind is Shared or kind is SharedList:
        return _seen(node, used)
    if isinstance(node, list):
        return (None, *dict.fromkeys([form(item, "", used) for item in node]))
    return _object(node, used) if isinstance(node, dict) else _leaf(node, name)


def _object(node: Json, used: set[str]) -> Hashable:
    parts: list[Hashable] = [*node]
    for key, value in node.items():
        parts.append(lexical(value, key) if type(value) is str else form(value, key, used))
    if "reference" in node and isinstance(node["reference"], str):
        used.add(node["reference"])
    elif "resourceType" in node:
        parts.append(node["resourceType"])
    return tuple(parts)


def _seen(node: Shared | SharedList, used: set[str]) -> Hashable:
    """The form of what is read-only, worked out when it is met for the first time."""
    try:
        seen, inside = node.seen
    except AttributeError:
        inside = set()
        seen = form(dict(node) if isinstance(node, dict) else list(node), "", inside)
        node.seen = seen, inside
    used |= inside
    return seen


def _leaf(node: Any, name: str) -> Hashable:
    if isinstance(node, str):
        return lexical(node, name)
    if isinstance(node, bool) or node is None:
        return ("constant", node)
    if name in DECIMALS and _PLAIN_NUMBER.fullmatch(repr(node)):
        return "decimal"
    raise Unsure


@lru_cache(maxsize=8192)
def lexical(text: str, name: str = "") -> str:
    """The name of the lexical form of a text; a date that does not exist is not a date.

    Raises :class:`Unsure` for a text whose form does not decide.
    """
    if not text:
        return "empty"
    if name == "id":
        if _ID.fullmatch(text):
            return "id"
        raise Unsure
    found = _LEXICAL.fullmatch(text)
    kind = found.lastgroup if found else None
    if kind is None or len(text) > LONGEST:
        raise Unsure
    if kind == "doubtful" and name not in TEXTS:
        if name in DECIMALS and _PLAIN_NUMBER.fullmatch(text):
            return "number"
        raise Unsure
    if kind in ("date", "midnight", "moment"):
        return kind if _exists(text) else f"no {kind}"
    return kind


def _exists(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
