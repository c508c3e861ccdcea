"""The last look before anything leaves: shape, required codes, references, invariants, exclusions.

The shape is checked with ``fhir.resources``. It has R4B, not R4; the types that this service writes
are the same in both. No message holds what a resource says, only where.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from service.errors import PermanentError
from service.fhir.allowed import EVERYWHERE, OURS, REQUIRED
from service.fhir.canonical import ICD10CM, Json
from service.fhir.elements import LITERAL
from service.fhir.exclusions import NOT_BILLABLE, clashes
from service.fhir.invariants import broken
from service.fhir.shape import misshapen

METHODS = frozenset({"PUT", "POST", "DELETE"})


class NotSendable(PermanentError):
    """What was built breaks a rule of FHIR or of this service: a fault of ours, never sent."""

    code = "invariant"


def check_outgoing(bundle: Json) -> None:
    """Raise :class:`NotSendable` with the first fault; the Bundle is not changed."""
    fault = next(faults(bundle), None)
    if fault is not None:
        where, rule = fault
        raise NotSendable(f"{where}: {rule}", expression=where)


def faults(bundle: Json) -> Iterator[tuple[str, str]]:
    """Every fault as a place and the rule it breaks; after a fault of shape nothing else is looked at."""
    entries = bundle.get("entry")
    if bundle.get("type") != "transaction" or not isinstance(entries, list) or not entries:
        yield "Bundle", "a transaction with entries is wanted"
        return
    used: list[set[str]] = [set() for _ in entries]
    odd = tuple(misshapen(entries, used))
    if odd:
        yield from odd
        return
    yield from _entries(entries)
    yield from _references(entries, used)
    resources = [entry["resource"] for entry in entries if "resource" in entry]
    for resource in resources:
        yield from _codes(resource)
        yield from broken(resource)
    yield from _exclusions(resources)


def _entries(entries: Sequence[Json]) -> Iterator[tuple[str, str]]:
    """Bundle rules: a request on each entry, and no identity twice (bdl-3, bdl-7, bdl-8)."""
    for number, entry in enumerate(entries):
        yield from _request(f"Bundle.entry[{number}]", entry)
    yield from _twice("fullUrl", (e["fullUrl"] for e in entries if "fullUrl" in e))
    yield from _twice("request.url", (e["request"]["url"] for e in entries if "request" in e))
    yield from _twice(
        "resource.identifier",
        (
            f"{e['resource'].get('resourceType')}|{i.get('system')}|{i.get('value')}"
            for e in entries
            for i in e.get("resource", {}).get("identifier", ())
        ),
    )


def _request(where: str, entry: Json) -> Iterator[tuple[str, str]]:
    request, resource = entry.get("request"), entry.get("resource")
    if request is None:
        yield where, "bdl-3: an entry of a transaction has a request"
        return
    if request.get("method") not in METHODS:
        yield f"{where}.request.method", "not a method that writes"
    if (resource is None) != (request.get("method") == "DELETE"):
        yield where, "a resource is wanted, except to delete"
    if resource is not None and request.get("method") == "PUT" and "?" not in request["url"]:
        place = f"{resource.get('resourceType')}/{resource.get('id')}"
        if request["url"] != place:
            yield f"{where}.request.url", "does not name the resource"
    full_url = entry.get("fullUrl", "urn:uuid:")
    if not full_url.startswith(("urn:uuid:", "http://", "https://")) or "/_history/" in full_url:
        yield f"{where}.fullUrl", "bdl-8: not a plain address"


def _twice(what: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    every = list(names)
    if len(set(every)) < len(every):
        yield f"Bundle.entry.{what}", "stands more than once"


def _references(
    entries: Sequence[Json], references: Sequence[set[str]]
) -> Iterator[tuple[str, str]]:
    sound = {entry["fullUrl"] for entry in entries if "fullUrl" in entry}
    for entry, used in zip(entries, references, strict=True):
        resource = entry.get("resource", {})
        kind = str(resource.get("resourceType"))
        inside = {f"#{held.get('id')}" for held in resource.get("contained", ())}
        others = used - sound - inside
        lost = {name for name in others if not LITERAL.fullmatch(name)}
        sound |= others - lost
        if lost:
            places = (where for where, name in _found(resource, kind) if name in lost)
            yield from ((where, "refers to nothing") for where in places)
        if inside - used:
            yield f"{kind}.contained", "dom-3: not referred to"


def _found(node: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every reference below a node, with its place: slower, so only where one leads nowhere."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "reference" and isinstance(value, str):
                yield where, value
            elif isinstance(value, dict | list):
                yield from _found(value, f"{where}.{name}")
    elif isinstance(node, list):
        for item in node:
            if isinstance(item, dict | list):
                yield from _found(item, where)


def _codes(resource: Json) -> Iterator[tuple[str, str]]:
    kind = str(resource.get("resourceType"))
    for path, allowed, rule in _TABLES.get(kind, _TABLES[""]):
        held = resource.get(path[0])
        if held is None or (type(held) is str and held in allowed):
            continue
        if not allowed.issuperset(_at(resource, path)):
            yield f"{kind}.{'.'.join(path)}", rule


def _table(kind: str) -> tuple[tuple[tuple[str, ...], frozenset[str], str], ...]:
    """What a type of resource may say: a path, the codes allowed there and the rule."""
    tables = (
        (REQUIRED.get(kind, {}), "not in the required value set"),
        (EVERYWHERE, "not in the required value set"),
        (OURS.get(kind, {}), "more than a draft may say"),
    )
    return tuple(
        (tuple(path.split(".")), allowed, rule)
        for table, rule in tables
        for path, allowed in table.items()
    )


_TABLES = {kind: _table(kind) for kind in ("", *REQUIRED, *OURS)}


def _at(node: Json, path: Sequence[str]) -> Iterable[str]:
    """The codes at a path, through lists, and through the codings of a concept at its end."""
    found: list[Any] = [node]
    for name in path:
        below: list[Any] = []
        for item in found:
            held = item.get(name)
            if isinstance(held, list):
                below += held
            elif held is not None:
                below.append(held)
        found = below
    return (code for item in found for code in _said(item))


def _said(item: Any) -> Iterable[str]:
    """A code itself, or the codes of a concept's codings."""
    if not isinstance(item, dict):
        return (item,)
    return [coding.get("code", "") for coding in item.get("coding", ())]


def _exclusions(resources: Sequence[Json]) -> Iterator[tuple[str, str]]:
    """ICD-10-CM over all Conditions that stand: no Excludes1 pair, no code that was split."""
    codes = {
        coding.get("code", "")
        for resource in resources
        if resource.get("resourceType") == "Condition" and "clinicalStatus" in resource
        for coding in resource.get("code", {}).get("coding", ())
        if coding.get("system") == ICD10CM
    }
    for general, special in clashes(codes):
        yield "Condition.code", f"Excludes1: {general} stands beside {special}"
    for code in sorted(codes & NOT_BILLABLE):
        yield "Condition.code", f"ICD-10-CM {code} was split or does not exist"
