"""Lasegue itself as a child process, as an operator would start it: ``lasegue serve``."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from service.demo.fhir_server import free_port
from service.errors import LasegueError
from service.settings import Peer

PEER = "demo"
SECRET = "shown-to-everyone"  # noqa: S105 - the demonstration's own server, on loopback
_CONFIG = """\
port = {port}
store = "{store}"
coalesce_seconds = 0.5

[peers.{peer}]
base_url = "{base}"
secrets = ["{secret}"]
"""


class LasegueServer:
    """The service on a loopback port with one peer, as a context manager.

    ``folder`` holds its settings and log, and its job store unless ``store`` names another. Raises
    LasegueError when it does not become ready in time.
    """

    def __init__(
        self, folder: Path, fhir_base: str, store: str = "", wait_seconds: float = 60.0
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.peer = Peer(PEER, fhir_base, secrets=(SECRET,))
        self._store = store or f"sqlite:///{folder}/lasegue.db"
        self._wait_seconds = wait_seconds
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address peers reach it at."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the service with its own settings only, and wait until it is ready."""
        config = self.folder / "lasegue.toml"
        config.write_text(
            _CONFIG.format(
                port=self.port,
                store=self._store,
                peer=PEER,
                base=self.peer.base_url,
                secret=SECRET,
            ),
            "utf-8",
        )
        ours = {k: v for k, v in os.environ.items() if not k.startswith("LASEGUE_")}
        with (self.folder / "lasegue.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "service", "serve"],
                env={**ours, "LASEGUE_CONFIG": str(config)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """Ask the service to finish what is running, and wait for it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End the service at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> LasegueServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def is_idle(self) -> bool:
        """Whether no event waits or is being worked on."""
        events = self.readiness().get("events", {})
        return bool(events) and events["waiting"] == 0 and events["running"] == 0

    def readiness(self) -> dict[str, Any]:
        """What ``/readyz`` says; empty while it does not answer."""
        try:
            with requests.get(f"{self.url}/readyz", timeout=5) as answer:
                found: dict[str, Any] = answer.json()
        except requests.RequestException:
            return {}
        return found

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        for _ in range(round(self._wait_seconds * 10)):
            if process.poll() is not None:
                break
            if self.readiness().get("ready"):
                return
            time.sleep(0.1)
        raise LasegueError(f"the service did not become ready; see {self.folder / 'lasegue.log'}")
