"""Concepts of resources as codings of the core, and what the reviewed tables make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import _lru_cache_wrapper, lru_cache
from typing import Any, NamedTuple, TypeVar

import msgspec

from service.clinical.anatomy import Side
from service.clinical.coding import PROJECT_BASE, CodeMap, Coding
from service.clinical.findings import IssueKind
from service.clinical.model import CodedFinding, Model
from service.fhir import shapes

T = TypeVar("T")

FINDING_SYSTEM = f"{PROJECT_BASE}/CodeSystem/finding"
PRESENCE_SYSTEM = f"{PROJECT_BASE}/CodeSystem/presence"
IDENTIFIER_BASE = f"{PROJECT_BASE}/identifier/"

_SYSTEMS = {
    "urn:oid:2.16.840.1.113883.6.96": "http://snomed.info/sct",
    "urn:oid:2.16.840.1.113883.6.1": "http://loinc.org",
}
WORTH_REMEMBERING = 300
"""Longer codings are read afresh each time, so that nobody can fill the memory with them."""

BILATERAL = "bilateral"
_SUFFIXES = (*Side, BILATERAL)


class Unusable(Exception):
    """Something cannot be used; caught where it becomes a reading issue."""

    def __init__(
        self, sentence: str, expression: str = "", kind: IssueKind = IssueKind.NOT_UNDERSTOOD
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.expression = expression
        self.kind = kind


class Meaning(NamedTuple):
    """What a code says: the finding, the sides it carries, and a presence if it carries one.

    ``own`` tells the project's own code, which names a finding, from others that may name the thing
    that is examined.
    """

    finding: str
    sides: tuple[str, ...] = ()
    present: bool | None = None
    own: bool = False


def codings(*concepts: shapes.Concept | None) -> tuple[Coding, ...]:
    """Every complete coding of the concepts, in order."""
    return tuple(
        [_coding(c) for each in concepts if each and each.coding for c in each.coding if c.code]
    )


def _coding(coding: shapes.Coding) -> Coding:
    system, code, display = coding.system or "", coding.code or "", coding.display or ""
    if len(system) + len(code) + len(display) <= WORTH_REMEMBERING:
        return known_coding(system, code, display)
    return known_coding.__wrapped__(system, code, display)


@lru_cache(maxsize=8192)
def known_coding(system: str, code: str, display: str = "") -> Coding:
    """A coding of the core, with the system spelled as the tables spell it."""
    system = system.split("|")[0].strip().rstrip("/")
    return Coding(_SYSTEMS.get(system, system), code.strip(), display)


def codes(concepts: Iterable[shapes.Concept] | shapes.Concept | None) -> frozenset[str]:
    """The bare codes of concepts whose systems do not matter, such as categories and statuses."""
    if concepts is None:
        return frozenset()
    listed = (concepts,) if isinstance(concepts, shapes.Concept) else concepts
    return frozenset([c.code.strip() for each in listed for c in each.coding or () if c.code])


def words(*concepts: shapes.Concept | None) -> tuple[str, ...]:
    """Every text and display of the concepts."""
    found: list[str | None] = []
    for concept in concepts:
        if concept is not None:
            found.append(concept.text)
            found += [c.display for c in concept.coding or ()]
    return tuple([text for text in found if text])


def looked_up(look: _lru_cache_wrapper[T], place: object, coding: shapes.Coding) -> T:
    """What one coding means; only short ones are remembered."""
    system, code = coding.system or "", coding.code or ""
    if len(system) + len(code) <= WORTH_REMEMBERING:
        return look(place, system, code)
    return look.__wrapped__(place, system, code)


@lru_cache(maxsize=8192)
def _meant(get: Callable[[Coding], Any], system: str, code: str) -> Any:
    return get(known_coding(system, code))


def meanings(table: CodeMap[T], *concepts: shapes.Concept | None) -> tuple[T, ...]:
    """What the codes of the concepts mean in a table, in the order given, without repeats."""
    get = table.get
    found = [
        meant
        for concept in concepts
        if concept is not None and concept.coding
        for coding in concept.coding
        if coding.code and (meant := looked_up(_meant, get, coding)) is not None
    ]
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


def meaning(
    concept: shapes.Concept | None, model: Model, site_codes: Mapping[Coding, CodedFinding]
) -> Meaning | None:
    """What an examination code means: the project's own code first, then the site's, then standard.

    Raises Unusable when two codes of one concept contradict each other.
    """
    if concept is None or not concept.coding:
        return None
    if not site_codes:
        known = [
            found
            for coding in concept.coding
            if coding.code and (found := looked_up(_finding, model, coding)) is not None
        ]
        if len(known) <= 1:
            return known[0] if known else None
    return _reconciled(codings(concept), model, site_codes)


def _reconciled(
    given: Iterable[Coding], model: Model, site_codes: Mapping[Coding, CodedFinding]
) -> Meaning | None:
    """One meaning out of those of several codings."""
    known = [(c, found) for c in given if (found := _lookup(c, model, site_codes))]
    if not known:
        return None
    known.sort(key=lambda pair: (not pair[1].own, pair[0] not in site_codes))
    own = {found.finding for _, found in known if found.own}
    if len(own) > 1:
        raise Unusable("Its codes name two findings.", "code", IssueKind.CONFLICT)
    chosen = known[0][1].finding
    same = [found for _, found in known if found.finding == chosen]
    presences = {found.present for found in same} - {None}
    if len(presences) > 1:
        raise Unusable("Its codes say both present and absent.", "code", IssueKind.CONFLICT)
    sides = tuple(side for found in same for side in found.sides)
    return Meaning(chosen, sides, next(iter(presences), None), own=bool(own))


@lru_cache(maxsize=8192)
def _finding(model: Model, system: str, code: str) -> Meaning | None:
    return _lookup(known_coding(system, code), model, {})


def _lookup(
    coding: Coding, model: Model, site_codes: Mapping[Coding, CodedFinding]
) -> Meaning | None:
    own = coding.system == FINDING_SYSTEM
    meanings = model.codes.findings.meanings
    found = site_codes.get(coding) or meanings.get(coding)
    if found and found.finding in model.findings:
        return Meaning(found.finding, (found.side,) if found.side else (), found.present, own)
    if not own:
        return None
    if coding.code in model.findings:
        return Meaning(coding.code, own=True)
    stem, _, suffix = coding.code.rpartition("-")
    plain = meanings.get(Coding(FINDING_SYSTEM, stem), CodedFinding(stem))
    if suffix in _SUFFIXES and plain.finding in model.findings:
        return Meaning(plain.finding, (suffix,), plain.present, own=True)
    return None


def concept_of(element: dict[str, Any] | None) -> shapes.Concept | None:
    """A concept from an element that is a Coding, a CodeableConcept or a CodeableReference."""
    if element is None:
        return None
    element = element.get("concept", element)
    try:
        if isinstance(element, dict) and "code" in element:
            element = {"coding": [element]}
        return msgspec.convert(element, shapes.Concept)
    except msgspec.ValidationError:
        return None
