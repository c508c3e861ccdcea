"""Trees without what FHIR does not allow: empty texts, lists, objects, nulls, odd characters.

What many write-backs have in common, such as a coding or a step of the pathway, is pruned once and
then shared, read-only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from copy import deepcopy
from typing import Any, NoReturn

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ODD_SPACE = re.compile(r"[^\S \r\n\t]")
_FIXED = frozenset({"system", "url", "reference", "resourceType", "status", "method"})
"""Elements whose texts are ours and need no cleaning."""


def _refuse(self: Any, *_: Any, **__: Any) -> NoReturn:
    raise TypeError("shared by every write-back: make a copy to change it")


class Shared(dict[str, Any]):
    """An object, pruned, that many trees share: it and all in it can only be read.

    Its hash is its identity, so that what is built of it can be remembered. The gate notes its shape
    as ``form``, and what it refers to as ``inside``.
    """

    __slots__ = ("form", "inside")
    form: Hashable
    inside: set[str]

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __deepcopy__(self, _: dict[int, Any]) -> dict[str, Any]:
        return deepcopy(dict(self))


class SharedList(list[Any]):
    """A list, pruned already; read-only, as :class:`Shared` is."""

    __slots__ = ("form", "inside")
    form: Hashable
    inside: set[str]

    def __deepcopy__(self, _: dict[int, Any]) -> list[Any]:
        return deepcopy(list(self))


for _kind, _changes in (
    (Shared, "__setitem__ __delitem__ __ior__ clear pop popitem setdefault update"),
    (
        SharedList,
        "__setitem__ __delitem__ __iadd__ __imul__ append clear extend insert pop remove"
        " reverse sort",
    ),
):
    for _change in _changes.split():
        setattr(_kind, _change, _refuse)


READ_ONLY = frozenset({Shared, SharedList})


def shared(**elements: Any) -> Shared:
    """The object of these elements, pruned once and read-only."""
    return Shared({name: _read_only(value) for name, value in pruned(elements).items()})


def _read_only(node: Any) -> Any:
    kind = type(node)
    if kind is dict:
        return Shared({name: _read_only(value) for name, value in node.items()})
    return SharedList([_read_only(item) for item in node]) if kind is list else node


def plain(text: str) -> str:
    """The text without characters that neither XML nor FHIR can carry, and without outer space."""
    return (text if text.isprintable() else _ODD_SPACE.sub(" ", _NOT_XML.sub("", text))).strip()


def pruned(node: Any) -> Any:
    """A new tree that says the same without empty texts, lists, objects and nulls."""
    return _CLEANED.get(type(node), _other)(node)


def _object(node: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in node.items():
        kind = type(value)
        if kind is str:
            if name not in _FIXED:
                value = value.strip() if value.isprintable() else plain(value)
        elif kind not in READ_ONLY:
            value = _CLEANED.get(kind, _other)(value)
        if value or value is False or value == 0:
            kept[name] = value
    return kept


def _list(node: list[Any]) -> list[Any]:
    items = [item if type(item) in READ_ONLY else pruned(item) for item in node]
    if all(items):
        return items
    return [item for item in items if item or item is False or item == 0]


def _other(node: Any) -> Any:
    return plain(node) if isinstance(node, str) else node


_CLEANED: Mapping[type, Callable[[Any], Any]] = {dict: _object, list: _list, str: plain}
