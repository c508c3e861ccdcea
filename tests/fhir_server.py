"""A real FHIR server on loopback, and the few requests that a test makes behind our back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import requests

from service.demo.fhir_server import DemoServer
from service.settings import Peer

Json = dict[str, Any]


class FhirServer(DemoServer):
    """The demonstration's server, with what a person at another system would do to it."""

    def peer(self, name: str = "ward", **settings: Any) -> Peer:
        """The settings that point at this server."""
        return Peer(name=name, base_url=self.url, **settings)

    def put(self, resource: Json) -> Json:
        """Write a resource under its own id, as somebody else would; returns what was stored."""
        url = f"{self.url}/{resource['resourceType']}/{resource['id']}"
        answer = requests.put(url, json=resource, timeout=10)
        answer.raise_for_status()
        stored: Json = answer.json()
        return stored

    def get(self, reference: str) -> Json:
        """Read a resource."""
        answer = requests.get(f"{self.url}/{reference}", timeout=10)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def delete(self, reference: str) -> None:
        """Delete a resource."""
        requests.delete(f"{self.url}/{reference}", timeout=10).raise_for_status()

    def versions(self, reference: str) -> int:
        """How many versions of a resource the server has seen."""
        total: int = self.get(f"{reference}/_history")["total"]
        return total

    def patient(self, **elements: Any) -> str:
        """A new patient of the test's own; returns the reference."""
        stored = self.put({"resourceType": "Patient", "id": f"p-{uuid4()}", **elements})
        return f"Patient/{stored['id']}"


@dataclass(frozen=True, slots=True)
class Request:
    """One request that a fake server got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class FakeServer:
    """A server that says what it was told to, to provoke faults that a good server has not."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    got: list[Request] = field(default_factory=list)
    hangs: threading.Event = field(default_factory=threading.Event)

    def says(self, status: int, body: bytes = b"{}", **headers: str) -> FakeServer:
        """Add an answer; the last one is repeated. Header names use ``_`` for ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, named, body))
        return self


@contextmanager
def fake_server() -> Iterator[FakeServer]:
    """A fake FHIR server on loopback, for the time of a test."""
    fake = FakeServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fake.got.append(Request(self.command, self.path, dict(self.headers), body))
            if not fake.answers:
                fake.hangs.wait(10)
            status, headers, content = fake.answers[0] if fake.answers else (500, {}, b"")
            if len(fake.answers) > 1:
                fake.answers.pop(0)
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        fake.hangs.set()
        server.shutdown()
        server.server_close()
        thread.join()
