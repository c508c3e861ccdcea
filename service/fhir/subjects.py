"""Whom raw resources are about, and which of them we wrote ourselves."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from service.errors import InvalidInput
from service.fhir.bundles import Entry, decoded, normal
from service.fhir.envelope import head_of
from service.fhir.shapes import Head

OURS = "lasegue-"
"""What the id of everything that we write begins with."""

_HEAD = msgspec.json.Decoder(Head)


def is_ours(reference: str) -> bool:
    """Whether a reference such as ``Condition/lasegue-1f`` leads to something that we wrote."""
    return reference.partition("/")[2].startswith(OURS)


def entries_of(resources: Iterable[bytes]) -> list[Entry]:
    """Resources as a server gave them; what has no type is left out, nothing else is judged."""
    heads = ((resource, head_of(resource)) for resource in resources)
    return [Entry(raw, head.resource_type, head.id) for raw, head in heads if head.resource_type]


def subject_of(entry: Entry) -> str:
    """Whom a resource says it is about: a Patient about itself; empty when it does not say."""
    if entry.type == "Patient":
        return entry.reference
    try:
        head = decoded(_HEAD, entry.resource, entry.type)
    except InvalidInput:
        return ""
    pointed = head.subject or head.patient
    return normal(pointed.reference) if pointed else ""


def about(entries: Iterable[Entry], patient: str) -> list[Entry]:
    """The entries about one patient, and those that are about nobody, such as a deletion."""
    listed = list(entries)
    aliases = _aliases(listed)
    said = ((entry, subject_of(entry) if entry.resource else "") for entry in listed)
    return [entry for entry, whom in said if aliases.get(whom, whom) in ("", patient)]


def patients_in(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Every patient that the resources are about, such as ``Patient/1``, in order, once each.

    A patient who is known inside the Bundle only is a ``urn:``.
    """
    listed = [entry for entry in entries if entry.resource and not is_ours(entry.reference)]
    aliases = _aliases(listed)
    subjects = (subject_of(entry) for entry in listed)
    patients = {aliases.get(whom, whom) for whom in subjects}
    return tuple(sorted(p for p in patients if p.startswith(("Patient/", "urn:"))))


def _aliases(entries: Iterable[Entry]) -> dict[str, str]:
    return {e.full_url: e.reference for e in entries if e.full_url and e.resource}
