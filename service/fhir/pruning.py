"""Trees without what FHIR does not allow: empty texts, lists, objects, nulls, odd characters."""

from __future__ import annotations

import re
from typing import Any

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ODD_SPACE = re.compile(r"[^\S \r\n\t]")
_FIXED = frozenset({"system", "url", "reference", "resourceType", "status", "method"})
"""Elements whose texts are ours and need no cleaning."""


class Flat(dict[str, str]):
    """An object of clean texts only, as a coding is: :func:`pruned` copies it and looks no further."""

    __slots__ = ()


def flat(**texts: str) -> Flat:
    """The object of these texts, cleaned once; it may be remembered, as every tree gets a copy."""
    return Flat(pruned(texts))


def plain(text: str) -> str:
    """The text without characters that neither XML nor FHIR can carry, and without outer space."""
    return (text if text.isprintable() else _ODD_SPACE.sub(" ", _NOT_XML.sub("", text))).strip()


def pruned(node: Any) -> Any:
    """A new tree that says the same without empty texts, lists, objects and nulls."""
    kind = type(node)
    if kind is dict:
        return _object(node)
    if kind is Flat:
        return dict(node)
    if kind is list:
        items = [dict(item) if type(item) is Flat else pruned(item) for item in node]
        return [item for item in items if item or item is False or item == 0]
    return plain(node) if isinstance(node, str) else node


def _object(node: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in node.items():
        kind = type(value)
        if kind is str:
            if name not in _FIXED:
                value = value.strip() if value.isprintable() else plain(value)
        else:
            value = dict(value) if kind is Flat else pruned(value)
        if value or value is False or value == 0:
            kept[name] = value
    return kept
