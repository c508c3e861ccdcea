"""What every test has: no network but loopback, and a real FHIR server when asked for."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.fhir_server import FhirServer

_LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
            raise RuntimeError(f"a test may not leave this machine: {address[0]}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def fhir_server() -> Iterator[FhirServer]:
    """One real FHIR server for the whole run; tests share it, so each uses its own patients."""
    with FhirServer() as server:
        yield server
