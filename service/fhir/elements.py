"""FHIR's small building blocks as plain dicts: concepts, references, notes, dates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from service.clinical.anatomy import RootSide, Side
from service.clinical.findings import Source
from service.fhir.canonical import Json, identifier_system, own, structure
from service.fhir.pruning import Shared, plain, shared

LITERAL = re.compile(r"https?://\S+|[A-Z][A-Za-z]+/[A-Za-z0-9.\-]{1,64}(/_history/[\w.\-]{1,64})?")

AUTHOR = shared(
    type="Device",
    identifier={"system": identifier_system("device"), "value": "lasegue"},
    display="Lasegue",
)
"""This service, where FHIR wants an author."""


@lru_cache(maxsize=4096)
def concept(*codings: Shared, text: str = "") -> Shared:
    """A CodeableConcept of remembered codings; remembered itself, and read-only."""
    return shared(coding=list(codings), text=text)


def sentences(*parts: str) -> str:
    """The parts that say something, each closed by a full stop, in one line."""
    said = [part if part[-1] in ".!?" else f"{part}." for part in map(str.strip, parts) if part]
    return " ".join(said)


def note(text: str) -> Json:
    """An Annotation by this service; nothing when there is nothing to say."""
    return {"authorString": "Lasegue", "text": text} if plain(text) else {}


@lru_cache(maxsize=4096)
def reference_to(literal: str) -> Shared:
    """A reference to something outside the Bundle; a local name becomes a logical reference."""
    if LITERAL.fullmatch(literal):
        return Shared(reference=literal)
    return shared(identifier={"system": "urn:ietf:rfc:3986", "value": literal})


def source_reference(source: Source) -> Json:
    """A reference to the version that was read."""
    return reference_to(source.versioned)


def references_to(sources: Iterable[Source | None]) -> list[Json]:
    """References to the versions read, in the order given, each once."""
    named = dict.fromkeys(s.versioned for s in sources if s is not None and s.reference)
    return [reference_to(literal) for literal in named]


def type_of(source: Source) -> str:
    """The resource type a source's reference names, or empty."""
    return source.reference.rpartition("/")[0].rpartition("/")[2]


def timestamp(when: datetime) -> str:
    """A FHIR dateTime or instant; ``when`` is aware."""
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


def days_after(when: datetime, days: int) -> str:
    """A FHIR date, so many days after the day of ``when``; the last day there is when too many."""
    try:
        return (when.date() + timedelta(days=days)).isoformat()
    except OverflowError:
        return date.max.isoformat()


def extension(name: str, **value: Any) -> Json:
    """One of the project's own extensions with one value, such as ``valueString``."""
    return {"url": structure(name), **value}


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def slug(text: str) -> str:
    """The text as a code: lower case, with hyphens."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))


@lru_cache(maxsize=64)
def root_coding(root: RootSide) -> Shared:
    """The project's coding of a root on a side."""
    return own("nerve-root", root.code, f"{capital(str(root))} nerve root")


def foramen_coding(foramen: str, side: Side) -> Shared:
    """The project's coding of a foramen on a side, such as ``l5-s1-right``."""
    return own("foramen", f"{slug(foramen)}-{side}", f"{capital(side)} {foramen} foramen")
