"""Who may call, decided in constant time and before anything of the body is read."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable

from flask import request

from service.errors import NotAllowed
from service.settings import Peer


class Forbidden(NotAllowed):
    """It is known who calls, and no credential would help (403)."""

    code = "forbidden"


def check_peer(peer: Peer) -> None:
    """Raise NotAllowed unless the request carries one of the peer's secrets; it may have none."""
    if peer.secrets and not _among(request.headers.get(peer.secret_header, ""), peer.secrets):
        raise NotAllowed(f"The header {peer.secret_header} is missing or holds another secret.")


def check_token(token: str) -> None:
    """Raise NotAllowed unless the request carries the bearer token.

    While no token is set, callers on this machine are served and all others are refused.
    """
    if not token:
        if not _from_this_machine(request.remote_addr):
            raise Forbidden("No api_token is set, so only callers on the same machine are served.")
        return
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not _among(given.strip(), (token,)):
        raise NotAllowed("A bearer token is needed, and it was missing or another one.")


def _among(given: str, secrets: Iterable[str]) -> bool:
    raw = given.encode("latin-1", "replace")
    matches = [hmac.compare_digest(raw, secret.encode()) for secret in secrets]
    return any(matches)


def _from_this_machine(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False
