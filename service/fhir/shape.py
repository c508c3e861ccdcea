"""The shape of outgoing entries, checked with ``fhir.resources``; a shape seen before is not seen twice.

``fhir.resources`` judges names, nesting, types and the lexical form of each leaf, never what a leaf
says. So two entries that agree in names and nesting, and leaf by leaf in lexical form, get the same
verdict, and the form (which holds nothing a person could be known by) is all that is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import datetime
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

DOUBTFUL = "doubtful"
"""The form of a number, and of a text that may be a number or a truth value: the element decides."""

_accepted: set[Hashable] = set()
_lexical: dict[str, str] = {}


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
            shape = form(entry, used)
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


def lexical(text: str) -> str:
    """The name of the lexical form of a text, for a while remembered.

    Raises :class:`Unsure` for a text whose form does not decide.
    """
    kind = _kind(text)
    if len(_lexical) >= LIMIT:
        _lexical.clear()
    _lexical[text] = kind
    return kind


def _kind(text: str) -> str:
    """As :func:`lexical`; a date that does not exist is not a date."""
    found = _LEXICAL.fullmatch(text)
    kind = found.lastgroup if found else None if text else "empty"
    if kind is None or len(text) > LONGEST:
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


def form(node: Any, used: set[str]) -> Hashable:
    """Names, nesting and lexical forms of a tree; of a list only its distinct items count.

    An object gives its names, then the forms of its values, and the type of a resource; a list
    begins with ``False``. Adds the references on the way to ``used``. Raises :class:`Unsure`.
    """
    return _FORMS.get(type(node), _leaf)(node, used)


def _object(node: Json, used: set[str]) -> Hashable:
    forms = [
        (_lexical.get(value) or lexical(value))
        if type(value) is str
        else _FORMS.get(type(value), _leaf)(value, used)
        for value in node.values()
    ]
    if DOUBTFUL in forms:
        named = zip(node.items(), forms, strict=True)
        forms = [_decided(*leaf) if found == DOUBTFUL else found for leaf, found in named]
    reference = node.get("reference")
    if type(reference) is str:
        used.add(reference)
    return (*node, *forms, node.get("resourceType"))


def _list(node: list[Any], used: set[str]) -> Hashable:
    forms = [_FORMS.get(type(item), _leaf)(item, used) for item in node]
    if DOUBTFUL in forms:
        raise Unsure
    return (False, *dict.fromkeys(forms))


def _seen(node: Shared | SharedList, used: set[str]) -> Hashable:
    """The form of what is read-only, worked out when it is met for the first time."""
    try:
        known = node.form
    except AttributeError:
        node.inside = set()
        known = _FORMS[dict if isinstance(node, dict) else list](node, node.inside)
        node.form = known
    if node.inside:
        used |= node.inside
    return known


def _leaf(node: Any, used: set[str]) -> Hashable:
    if isinstance(node, bool) or node is None:
        return ("constant", node)
    if isinstance(node, int | float):
        return DOUBTFUL
    raise Unsure


def _decided(name: str, leaf: Any) -> Hashable:
    """The form of a doubtful leaf by the name of its element; raises :class:`Unsure`."""
    if name in TEXTS and isinstance(leaf, str):
        return DOUBTFUL
    if name == "id" and isinstance(leaf, str) and _ID.fullmatch(leaf):
        return "id"
    if name in DECIMALS and _PLAIN_NUMBER.fullmatch(str(leaf)):
        return "number" if isinstance(leaf, str) else "decimal"
    raise Unsure


_FORMS: Mapping[type, Callable[[Any, set[str]], Hashable]] = {
    dict: _object,
    list: _list,
    str: lambda text, _: lexical(text),
    Shared: _seen,
    SharedList: _seen,
}
