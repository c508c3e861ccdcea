"""One request to one peer: its address, its headers, its time limit, and what can go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urljoin, urlsplit

import requests

from service.errors import PeerRefused, PeerUnavailable
from service.fhir import refusals
from service.settings import Peer

FHIR_JSON = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer of a server."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Wire:
    """The way to one peer. Redirects are not followed, and no other origin is ever asked."""

    def __init__(self, peer: Peer, session: requests.Session | None = None) -> None:
        self._peer = peer
        self._base = peer.base_url.rstrip("/") + "/"
        self._session = session or requests.Session()

    def url(self, path: str) -> str:
        """The absolute address of a path below the base; the base itself for an empty one."""
        return self._base + path.lstrip("/") if path else self._base.rstrip("/")

    def same_origin(self, url: str, link: str, asked: str) -> str:
        """The absolute address of a link found at ``url``; PeerRefused when it leads elsewhere."""
        target = urljoin(url, link)
        if _origin(target) != _origin(self._base):
            refused = PeerRefused(f"{asked}: a link of the server leads to another origin")
            refused.code = "security"
            raise refused
        return target

    def ask(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        *,
        asked: str,
        headers: Mapping[str, str] | None = None,
        allow: tuple[int, ...] = (),
    ) -> Answer:
        """Send one request and check the answer; statuses in ``allow`` are never errors.

        Raises PeerUnavailable, Conflict or PeerRefused.
        """
        try:
            answer = self._session.request(
                method,
                url,
                data=body,
                headers={**_OURS, **self._peer.headers, **(headers or {})},
                timeout=(min(10.0, self._peer.timeout_seconds), self._peer.timeout_seconds),
                allow_redirects=False,
                verify=self._peer.verify_tls,
            )
        except requests.RequestException as error:
            kind = type(error).__name__
            raise PeerUnavailable(f"{asked}: no answer from the server ({kind})") from None
        if answer.status_code not in allow:
            refusals.check(answer.status_code, answer.headers, answer.content, asked)
        return Answer(answer.status_code, answer.headers, answer.content)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or default


def _version() -> str:
    try:
        return version("lasegue")
    except PackageNotFoundError:
        return "0"


_OURS: Mapping[str, str] = {
    "Accept": FHIR_JSON,
    "Content-Type": FHIR_JSON,
    "User-Agent": f"lasegue/{_version()}",
}
