"""What ``lasegue doctor`` looks at, one line a check. It changes nothing anywhere."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from enum import IntEnum
from urllib.parse import urlsplit

import orjson

from service import wiring
from service.errors import LasegueError
from service.fhir.client import FhirClient
from service.fhir.subscriptions import endpoint_of
from service.settings import Peer, Settings


class Level(IntEnum):
    """How well something is."""

    OK = 0
    WARN = 1
    FAIL = 2


Line = tuple[Level, str, str]

READS = ("Patient", "Observation", "DiagnosticReport", "ImagingStudy", "Condition")
WRITES = ("Condition", "CarePlan", "RiskAssessment", "ClinicalImpression", "Provenance")


def examine(settings: Settings) -> Iterator[Line]:
    """Every check, in the order in which trouble is best mended."""
    yield from _knowledge(settings)
    yield from _store(settings)
    yield from _doors(settings)
    if not settings.peers:
        yield Level.WARN, "peers", "none is configured; only lasegue assess and $assess will work"
    for peer in settings.peers.values():
        yield from _peer(peer, settings)


def _knowledge(settings: Settings) -> Iterator[Line]:
    try:
        model = wiring.model(settings)
    except LasegueError as error:
        yield Level.FAIL, "knowledge", str(error)
        return
    yield Level.OK, "knowledge", f"edition {model.edition}, digest {model.digest[:12]}"
    for peer in settings.peers.values():
        yield from _words(peer, set(model.populations), set(model.profiles))
        try:
            wiring.model_for(peer, model)
        except LasegueError as error:
            yield Level.FAIL, f"peer {peer.name}", str(error)


def _words(peer: Peer, populations: set[str], profiles: set[str]) -> Iterator[Line]:
    known = (
        ("population", peer.population, populations | {""}),
        ("profile", peer.profile, profiles),
    )
    for name, word, words in known:
        if word not in words:
            there = ", ".join(sorted(words - {""}))
            yield Level.FAIL, f"peer {peer.name}", f"{name} {word!r} is not one of {there}"


def _store(settings: Settings) -> Iterator[Line]:
    try:
        mode = wiring.probe(settings)
    except LasegueError as error:
        yield Level.FAIL, "store", str(error)
        return
    yield Level.OK, "store", f"writable ({mode})"


def _doors(settings: Settings) -> Iterator[Line]:
    if not settings.api_token and not _is_local(settings.host):
        words = "api_token is empty, so /fhir serves callers on this machine only"
        yield Level.WARN, "doors", words
    elif not settings.api_token and not _is_local(urlsplit(settings.url).hostname):
        words = "api_token is empty: whoever passes a proxy on this machine may use /fhir"
        yield Level.WARN, "doors", words
    for peer in settings.peers.values():
        if not peer.secrets:
            yield Level.WARN, f"peer {peer.name}", "has no secret: anyone can send notifications"
    yield from public_url_lines(settings)


def public_url_lines(settings: Settings) -> Iterator[Line]:
    """Whether the peers can reach us at the address that we give them."""
    url = urlsplit(settings.url)
    name = "public_url" if settings.public_url else "public_url (from host and port)"
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
        yield Level.FAIL, name, f"{settings.url} is not an http or https address"
        return
    away = [p.name for p in settings.peers.values() if not _is_local(urlsplit(p.base_url).hostname)]
    if url.hostname in ("0.0.0.0", "::"):  # noqa: S104 - refused, not bound
        yield Level.FAIL, name, f"{settings.url} is no address that a peer can reach"
    elif away and _is_local(url.hostname):
        yield Level.FAIL, name, f"{settings.url} cannot be reached by {', '.join(away)}"
    elif away and url.scheme == "http":
        yield Level.WARN, name, f"{settings.url} is not encrypted"
    else:
        yield Level.OK, name, settings.url


def _is_local(host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def _peer(peer: Peer, settings: Settings) -> Iterator[Line]:
    name, client = f"peer {peer.name}", wiring.client(peer)
    try:
        able = client.capability()
        yield Level.OK, name, f"answers: {able.software or 'unnamed'}, FHIR {able.fhir_version}"
        unread = [kind for kind in READS if not able.supports(kind, "search-type")]
        unwritten = [kind for kind in WRITES if not able.supports(kind, "update")]
        if unread:
            yield Level.WARN, name, f"does not say that it can search {', '.join(unread)}"
        if unwritten:
            yield Level.WARN, name, f"does not say that it takes {', '.join(unwritten)}"
        yield from _subscriptions(client, peer, settings)
    except LasegueError as error:
        yield Level.FAIL, name, str(error)


def _subscriptions(client: FhirClient, peer: Peer, settings: Settings) -> Iterator[Line]:
    endpoint = endpoint_of(peer, settings.url)
    found = [orjson.loads(raw) for raw in client.search("Subscription?_count=200")]
    ours = {s.get("criteria"): s for s in found if s.get("channel", {}).get("endpoint") == endpoint}
    for criteria in peer.criteria:
        what = f"subscription {peer.name} {criteria}"
        status = ours.get(criteria, {}).get("status", "missing")
        if status == "active":
            yield Level.OK, what, "active"
        else:
            yield Level.FAIL, what, f"{status}; run lasegue subscribe {peer.name}"
