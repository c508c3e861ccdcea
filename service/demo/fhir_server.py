"""The FHIR server of the demonstration: sekmet-fhir as a child process on loopback.

sekmet-fhir comes with the ``demo`` extra. It keeps everything in one folder, with no login and with
its own simulator of laboratories and radiology off, so that only Lasegue answers.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

import requests

from service.errors import LasegueError

_SERVE = "import sys; from sekmet.cli import app; sys.argv[0] = 'sekmet'; app()"


class DemoServer:
    """A real FHIR R4 server on a loopback port, as a context manager.

    ``directory`` holds its settings, database and log; without one, a temporary folder is made and
    removed at the end. ``port`` 0 takes any free port. Raises LasegueError when sekmet-fhir is not
    installed or does not answer in time.
    """

    def __init__(
        self, directory: Path | None = None, port: int = 0, wait_seconds: float = 60.0
    ) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="lasegue-") if not directory else None
        self.directory = directory or Path(self._scratch.name if self._scratch else ".")
        self.port = port or free_port()
        self._wait_seconds = wait_seconds
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The base address of its FHIR interface, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}/fhir"

    def start(self) -> DemoServer:
        """Start the server and wait until it answers."""
        if find_spec("sekmet") is None:
            raise LasegueError("sekmet-fhir is not installed: pip install 'lasegue[demo]'")
        settings = self.directory / "sekmet.yaml"
        settings.write_text(json.dumps(self._settings()), "utf-8")
        command = [sys.executable, "-c", _SERVE, "serve", "--config", str(settings)]
        with (self.directory / "sekmet.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
                command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            self._wait_until_ready(self._process)
        except LasegueError:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server; does nothing when it is not running."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._scratch is not None:
            self._scratch.cleanup()

    def __enter__(self) -> DemoServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _settings(self) -> dict[str, object]:
        """The server's settings, in JSON, which is YAML too."""
        return {
            "base_url": self.url,
            "host": "127.0.0.1",
            "port": self.port,
            "data_dir": str(self.directory / "data"),
            "server_auth": {"types": ["none"]},
            "simulator": {"enabled": False},
            "subscriptions": {"notify_method": "put-resource", "retries": 3},
            "log_inbound": False,
        }

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        for _ in range(round(self._wait_seconds * 10)):
            if process.poll() is not None:
                raise LasegueError(
                    f"the FHIR server ended at once with status {process.returncode}"
                )
            if _answers(f"{self.url}/metadata"):
                return
            time.sleep(0.1)
        raise LasegueError(f"the FHIR server did not answer within {self._wait_seconds:g} s")


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with requests.get(url, timeout=2) as response:
            return response.ok
    except requests.RequestException:
        return False
