"""One FHIR server: read, search, gather, commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import requests

from service.errors import PeerRefused
from service.fhir import refusals, transaction
from service.fhir.capability import Capability, parse
from service.fhir.envelope import Entry, bundle_of, current_of, head_of
from service.fhir.transaction import Current, LastWritten, Receipt, WrittenNow
from service.fhir.wire import Wire
from service.settings import Peer

MOST_PAGES = 500
_BATCH = 100
_GONE = 410
_ABSENT = (404, _GONE)
_FOR_A_PERSON = ("login", "security")
"""Refusals that no other request would escape: they end the work instead of costing one type."""


@dataclass(frozen=True, slots=True)
class Found:
    """Everything found of one patient, and the types that the server refused, with its code."""

    resources: tuple[bytes, ...]
    refused: tuple[tuple[str, str], ...] = ()


class FhirClient:
    """One peer. Threads may share it: it holds nothing but a pool of connections.

    Every method raises PeerUnavailable, Conflict or PeerRefused when the server does not do what it
    was asked.
    """

    def __init__(self, peer: Peer, session: requests.Session | None = None) -> None:
        self.peer = peer
        self._wire = Wire(peer, session)

    def read(self, reference: str) -> bytes | None:
        """The bytes of ``Observation/1``; ``None`` when it is not there or was deleted."""
        asked = f"read {_kind(reference)}"
        answer = self._wire.ask("GET", self._wire.url(reference), asked=asked, allow=_ABSENT)
        return None if answer.status in _ABSENT else answer.content

    def search(self, query: str) -> Iterator[bytes]:
        """What ``Observation?patient=Patient/1`` finds, page after page; outcomes are left out.

        Takes ``Observation/1/_history`` as well. Raises PeerRefused when the pages lead to another
        origin, go round in a circle or do not end.
        """
        asked, url, seen = f"search {_kind(query)}", self._wire.url(query), set[str]()
        while url:
            if url in seen or len(seen) == MOST_PAGES:
                raise PeerRefused(f"{asked}: the pages do not end")
            seen.add(url)
            page = bundle_of(self._wire.ask("GET", url, asked=asked).content, asked)
            for entry in page.entry:
                resource = bytes(entry.resource)
                if resource and head_of(resource).resource_type != "OperationOutcome":
                    yield resource
            following = page.following()
            url = self._wire.same_origin(url, following, asked) if following else ""

    def gather(self, patient: str, queries: Iterable[str]) -> Found:
        """The patient, and everything that the queries find, each resource once.

        A type that the server refuses is noted and costs that type only; so is a resource without
        an id.
        """
        person = self.read(patient)
        found = {} if person is None else {patient: person}
        refused: dict[tuple[str, str], None] = {}
        for query in queries:
            try:
                for resource in self.search(query):
                    head = head_of(resource)
                    if head.id:
                        found.setdefault(head.reference, resource)
                    else:
                        refused[(_kind(query), "structure")] = None
            except PeerRefused as error:
                if error.code in _FOR_A_PERSON:
                    raise
                refused[(_kind(query), error.code)] = None
        return Found(tuple(found.values()), tuple(refused))

    def commit(self, bundle: dict[str, Any], known: Mapping[str, LastWritten]) -> Receipt:
        """Write what is new or changed, in one transaction; send nothing when nothing is.

        ``known`` is what was last written for this patient: what of it the Bundle no longer holds
        is withdrawn. Resources that somebody changed or deleted are left alone and named.
        """
        current = self._current(transaction.references(bundle, known))
        made = transaction.plan(bundle, current, known)
        written = self._transact(made.bundle, made.sent) if made.entries else ()
        return Receipt(written, tuple(made.unchanged), tuple(made.edited))

    def capability(self) -> Capability:
        """What the server says it can do."""
        asked = "read the CapabilityStatement"
        return parse(self._wire.ask("GET", self._wire.url("metadata"), asked=asked).content)

    def create(self, resource: dict[str, Any]) -> str:
        """Create a resource under an id of the server's choice; returns such as ``Subscription/1``."""
        kind: str = resource["resourceType"]
        body = orjson.dumps(resource)
        answer = self._wire.ask("POST", self._wire.url(kind), body, asked=f"create {kind}")
        place = answer.headers.get("Location", "").split("/_history")[0]
        return f"{kind}/{place.rsplit('/', 1)[-1] or head_of(answer.content).id}"

    def update(self, resource: dict[str, Any]) -> None:
        """Replace a resource, if the server still holds the version that its meta names."""
        kind, seen = resource["resourceType"], resource.get("meta", {}).get("versionId")
        headers = {"If-Match": f'W/"{seen}"'} if seen else {}
        url, body = self._wire.url(f"{kind}/{resource['id']}"), orjson.dumps(resource)
        self._wire.ask("PUT", url, body, asked=f"update {kind}", headers=headers)

    def _current(self, wanted: tuple[str, ...]) -> dict[str, Current]:
        """What the server holds of each reference: in batches, or one by one where it has none."""
        found: dict[str, Current] = {}
        for start in range(0, len(wanted), _BATCH):
            some = wanted[start : start + _BATCH]
            try:
                found.update(self._current_by_batch(some))
            except PeerRefused as error:
                if error.code in _FOR_A_PERSON:
                    raise
                found.update({reference: self._current_of(reference) for reference in some})
        return found

    def _current_by_batch(self, wanted: tuple[str, ...]) -> dict[str, Current]:
        entries = [{"request": {"method": "GET", "url": reference}} for reference in wanted]
        batch = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        found = {}
        for reference, entry in zip(wanted, self._post(batch, "read", len(wanted)), strict=True):
            asked, body = f"read {_kind(reference)}", bytes(entry.resource)
            if entry.status in _ABSENT:
                found[reference] = Current(gone=entry.status == _GONE)
            else:
                refusals.check(entry.status, {}, body, asked)
                found[reference] = current_of(body, asked)
        return found

    def _current_of(self, reference: str) -> Current:
        asked = f"read {_kind(reference)}"
        answer = self._wire.ask("GET", self._wire.url(reference), asked=asked, allow=_ABSENT)
        if answer.status in _ABSENT:
            return Current(gone=answer.status == _GONE)
        return current_of(answer.content, asked)

    def _transact(
        self, bundle: dict[str, Any], sent: list[tuple[str, str]]
    ) -> tuple[WrittenNow, ...]:
        written = []
        entries = self._post(bundle, "commit", len(sent))
        for entry, (reference, digest) in zip(entries, sent, strict=True):
            refusals.check(entry.status, {}, b"", f"write {_kind(reference)}")
            version = entry.version or self._current_of(reference).version
            written.append(WrittenNow(reference, version, digest))
        return tuple(written)

    def _post(self, bundle: dict[str, Any], asked: str, expected: int) -> list[Entry]:
        headers = {"Prefer": "return=minimal"} if bundle["type"] == "transaction" else {}
        url, body = self._wire.url(""), orjson.dumps(bundle)
        answer = self._wire.ask("POST", url, body, asked=asked, headers=headers)
        entries = bundle_of(answer.content, asked).entry
        if len(entries) != expected:
            raise PeerRefused(f"{asked}: {len(entries)} answers to {expected} entries")
        return entries


def _kind(query: str) -> str:
    """The resource type that a reference or a query begins with."""
    return query.partition("?")[0].partition("/")[0]
