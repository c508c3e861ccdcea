"""What of a write-back Bundle must be sent, given what the server holds: pure, no I/O.

A resource is ours to change when the server holds the version we last wrote, or when its seal (a
digest of its content, in an extension) still fits its content: then nobody has changed it since,
even if we died before we could note the version. Anything else is somebody's edit and is left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from service.fhir.canonical import Json, structure
from service.fhir.withdrawal import withdraw

SEAL = structure("content-digest")
"""The extension that holds a digest of the content it was written with."""

NAMES_ITS_EVENT = ("GuidanceResponse", "requestIdentifier")
"""The element that says which event led to a run: another event with the same answer writes nothing."""


class LastWritten(Protocol):
    """What was noted when a resource was last written: the server's version and our digest."""

    @property
    def version(self) -> str:
        """The version the server gave it."""

    @property
    def digest(self) -> str:
        """The :func:`digest` of what was sent."""


@dataclass(frozen=True, slots=True)
class Current:
    """What the server holds under one reference; ``gone`` when it was deleted there."""

    resource: Json | None = None
    version: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class WrittenNow:
    """One resource as just written: ``Condition/1``, the server's version, the digest of our content."""

    reference: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a commit did. ``edited`` are references (with the version, unless it was deleted)."""

    written: tuple[WrittenNow, ...] = ()
    unchanged: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()


@dataclass(slots=True)
class Plan:
    """The entries to send, and what becomes of the others."""

    entries: list[Json] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)

    @property
    def bundle(self) -> Json:
        """The transaction to send."""
        return {"resourceType": "Bundle", "type": "transaction", "entry": self.entries}


def references(bundle: Json, known: Mapping[str, LastWritten]) -> tuple[str, ...]:
    """What must be read before deciding: what the Bundle writes and what was written before."""
    wanted = [reference_of(entry) for entry in bundle.get("entry", [])]
    return tuple(dict.fromkeys([*wanted, *sorted(known)]))


def reference_of(entry: Json) -> str:
    """``Condition/1`` of an entry that is a PUT with an id."""
    url: str = entry["request"]["url"]
    return url


def plan(bundle: Json, current: Mapping[str, Current], known: Mapping[str, LastWritten]) -> Plan:
    """Decide on every entry, and on everything written earlier that is no longer among them."""
    made = Plan()
    entries: list[Json] = bundle.get("entry", [])
    places = {e["fullUrl"]: reference_of(e) for e in entries if e.get("fullUrl")}
    for entry in entries:
        reference = reference_of(entry)
        resource = refer(entry["resource"], places)
        _decide(made, resource, entry, current[reference], known.get(reference))
    for reference in sorted(set(known) - {reference_of(e) for e in entries}):
        there = current[reference].resource
        taken_back = withdraw(without_seal(there)) if there else None
        if taken_back is not None:
            entry = {"resource": taken_back, "request": {"url": reference}}
            _decide(made, taken_back, entry, current[reference], known[reference])
    left_out = {url: place for url, place in places.items() if place not in dict(made.sent)}
    made.entries = [refer(entry, left_out) for entry in made.entries]
    return made


def _decide(
    made: Plan, resource: Json, entry: Json, there: Current, last: LastWritten | None
) -> None:
    """Leave one resource out as unchanged or edited, or add its entry to what is sent.

    ``resource`` is that of the entry with its references resolved, as the server will hold it.
    """
    reference, ours = reference_of(entry), digest(resource)
    if there.resource is not None and (
        _as_noted(there, last, ours) or same(there.resource, resource)
    ):
        made.unchanged.append(reference)
    elif there.gone or (there.resource is not None and not _is_ours(there, last)):
        made.edited.append(_versioned(reference, there))
    else:
        request = {"method": "PUT", "url": reference}
        if there.version:
            request["ifMatch"] = f'W/"{there.version}"'
        body = sealed(entry["resource"], ours)
        made.entries.append({**entry, "resource": body, "request": request})
        made.sent.append((reference, ours))


def _as_noted(there: Current, last: LastWritten | None, ours: str) -> bool:
    """Whether the server holds the version in which we wrote this very content."""
    return last is not None and (last.version, last.digest) == (there.version, ours)


def _is_ours(there: Current, last: LastWritten | None) -> bool:
    """Whether nobody has changed it since we wrote it."""
    if last is not None and last.version == there.version:
        return True
    return there.resource is not None and seal_of(there.resource) == digest(there.resource)


def _versioned(reference: str, there: Current) -> str:
    return f"{reference}/_history/{there.version}" if there.version else reference


def refer(node: Any, places: Mapping[str, str]) -> Any:
    """A copy of a resource in which references to ``places`` are replaced by what they stand for."""
    if isinstance(node, dict):
        return {
            k: places.get(v, v) if k == "reference" and isinstance(v, str) else refer(v, places)
            for k, v in node.items()
        }
    return [refer(item, places) for item in node] if isinstance(node, list) else node


def same(theirs: Json, ours: Json) -> bool:
    """Whether the server holds what we would write, but for what servers add or reformat."""
    kept = {k: v for k, v in theirs.items() if k in ours or k not in ("meta", "text")}
    if "meta" in ours:
        kept["meta"] = _meta_of_ours(theirs.get("meta", {}), ours["meta"])
    return bool(_plain(_answer(kept)) == _plain(_answer(ours)))


def _meta_of_ours(theirs: Json, ours: Json) -> Json:
    """Their meta without what we never said: servers add tags, profiles, versions and times."""
    return {
        k: [item for item in theirs.get(k, []) if item in v]
        if isinstance(v, list)
        else theirs.get(k)
        for k, v in ours.items()
    }


def digest(resource: Json) -> str:
    """A digest of the content: without meta and seal, and however numbers and keys are laid out."""
    content = {k: v for k, v in _answer(resource).items() if k != "meta"}
    text = orjson.dumps(_plain(content), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:32]


def sealed(resource: Json, code: str) -> Json:
    """The resource with its seal, as the last of its extensions."""
    bare = without_seal(resource)
    return {**bare, "extension": [*bare.get("extension", []), {"url": SEAL, "valueString": code}]}


def seal_of(resource: Json) -> str | None:
    """The seal a resource carries, if any."""
    marks = (x for x in resource.get("extension", []) if x.get("url") == SEAL)
    return next((mark.get("valueString") for mark in marks), None)


def without_seal(resource: Json) -> Json:
    """The resource as it was before it was sealed."""
    rest = [x for x in resource.get("extension", []) if x.get("url") != SEAL]
    bare = {k: v for k, v in resource.items() if k != "extension"}
    return {**bare, "extension": rest} if rest else bare


def _answer(resource: Json) -> Json:
    """The resource without its seal and without the name of the event that it answers."""
    kind, element = NAMES_ITS_EVENT
    bare = without_seal(resource)
    if bare.get("resourceType") != kind:
        return bare
    return {k: v for k, v in bare.items() if k != element}


def _plain(node: Any) -> Any:
    """The same tree with whole numbers as integers: 1.0 and 1 are one value."""
    if isinstance(node, dict):
        return {k: _plain(v) for k, v in node.items()}
    if isinstance(node, list):
        return [_plain(item) for item in node]
    return int(node) if isinstance(node, float) and node.is_integer() else node
