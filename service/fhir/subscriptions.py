"""The Subscriptions that we own on a peer: made when missing, woken when they stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from service.fhir.client import FhirClient
from service.fhir.wire import FHIR_JSON
from service.settings import Peer


@dataclass(frozen=True, slots=True)
class Declared:
    """One Subscription as the server holds it now. ``outcome`` is created, kept or renewed."""

    criteria: str
    id: str
    status: str
    outcome: str


def endpoint_of(peer: Peer, public_url: str) -> str:
    """Where this peer sends its notifications."""
    return f"{public_url.rstrip('/')}/notifications/{peer.name}"


def wanted(peer: Peer, public_url: str, criteria: str) -> dict[str, Any]:
    """The R4 rest-hook Subscription for one criterion, with the peer's first secret."""
    channel: dict[str, Any] = {
        "type": "rest-hook",
        "endpoint": endpoint_of(peer, public_url),
        "payload": FHIR_JSON,
    }
    if peer.secrets:
        channel["header"] = [f"{peer.secret_header}: {peer.secrets[0]}"]
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "Sources of a nerve root assessment",
        "criteria": criteria,
        "channel": channel,
    }


def declare(client: FhirClient, peer: Peer, public_url: str) -> list[Declared]:
    """Make the peer's Subscriptions be there and awake; a second call changes nothing.

    Ours are known by endpoint and criteria. One that is off, in error, or has another header or
    payload is asked for again. Raises what the client raises.
    """
    endpoint = endpoint_of(peer, public_url)
    there: dict[str, dict[str, Any]] = {}
    for found in map(orjson.loads, client.search("Subscription?_count=200")):
        if found.get("channel", {}).get("endpoint") == endpoint:
            there.setdefault(found.get("criteria", ""), found)
    return [
        _declare(client, wanted(peer, public_url, criteria), there.get(criteria))
        for criteria in peer.criteria
    ]


def _declare(
    client: FhirClient, subscription: dict[str, Any], found: dict[str, Any] | None
) -> Declared:
    criteria = subscription["criteria"]
    if found is None:
        reference, outcome = client.create(subscription), "created"
    elif _is_awake(found, subscription):
        return Declared(criteria, found["id"], found.get("status", ""), "kept")
    else:
        reference, outcome = f"Subscription/{found['id']}", "renewed"
        kept = {k: v for k, v in found.items() if k != "error"}
        client.update({**kept, **subscription})
    now = orjson.loads(client.read(reference) or b"{}")
    return Declared(criteria, reference.split("/")[1], now.get("status", ""), outcome)


def _is_awake(found: dict[str, Any], subscription: dict[str, Any]) -> bool:
    """Active or asked for, by the channel we want; a server may hide the header."""
    channel, ours = found.get("channel", {}), subscription["channel"]
    as_wanted = channel.get("payload") == ours["payload"] and (
        "header" not in channel or channel["header"] == ours.get("header")
    )
    return as_wanted and found.get("status") in ("active", "requested")
