"""What a FHIR server says it can do, read leniently: what it does not say, it cannot do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from service.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class TypeSupport:
    """What a server does with one resource type."""

    interactions: frozenset[str] = frozenset()
    search_params: frozenset[str] = frozenset()
    update_create: bool = False
    conditional_create: bool = False


@dataclass(frozen=True, slots=True)
class Capability:
    """What a server can do. ``fhir_version`` is such as ``4.0.1``; ``software`` is for people."""

    fhir_version: str
    software: str
    system: frozenset[str]
    types: Mapping[str, TypeSupport]

    def supports(self, kind: str, interaction: str) -> bool:
        """Whether a type can be met with an interaction such as ``update`` or ``search-type``."""
        return interaction in self._type(kind).interactions

    def update_create(self, kind: str) -> bool:
        """Whether a PUT under an id of our own choice creates."""
        return self._type(kind).update_create

    def conditional_create(self, kind: str) -> bool:
        """Whether a POST may say ``If-None-Exist``."""
        return self._type(kind).conditional_create

    def searchable(self, kind: str, parameter: str) -> bool:
        """Whether a type can be searched by a parameter such as ``_lastUpdated``."""
        return parameter in self._type(kind).search_params

    @property
    def transaction(self) -> bool:
        """Whether a transaction Bundle is taken."""
        return "transaction" in self.system

    def _type(self, kind: str) -> TypeSupport:
        return self.types.get(kind, TypeSupport())


def parse(body: bytes) -> Capability:
    """Read a CapabilityStatement; raises InvalidInput when it is none. Broken parts are skipped."""
    try:
        statement = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput("the CapabilityStatement is not JSON") from error
    if not isinstance(statement, dict) or statement.get("resourceType") != "CapabilityStatement":
        raise InvalidInput("the server's metadata is not a CapabilityStatement")
    rest = [r for r in _objects(statement, "rest") if r.get("mode", "server") == "server"]
    software = statement.get("software")
    name = software.get("name") if isinstance(software, dict) else ""
    return Capability(
        fhir_version=str(statement.get("fhirVersion", "")),
        software=str(name or ""),
        system=frozenset(code for r in rest for code in _words(r, "interaction", "code")),
        types={str(t.get("type")): _support(t) for r in rest for t in _objects(r, "resource")},
    )


def _support(entry: Mapping[str, Any]) -> TypeSupport:
    return TypeSupport(
        interactions=frozenset(_words(entry, "interaction", "code")),
        search_params=frozenset(_words(entry, "searchParam", "name")),
        update_create=entry.get("updateCreate") is True,
        conditional_create=entry.get("conditionalCreate") is True,
    )


def _objects(holder: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    items = holder.get(name)
    yield from (i for i in (items if isinstance(items, list) else ()) if isinstance(i, dict))


def _words(holder: Mapping[str, Any], name: str, key: str) -> Iterator[str]:
    yield from (i[key] for i in _objects(holder, name) if isinstance(i.get(key), str))
