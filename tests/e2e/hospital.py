"""A hospital in small: a real FHIR server, the service beside it, and a wire that can be watched."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from service.demo.lasegue_server import SECRET, LasegueServer
from tests.fhir_server import FhirServer

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
HEADERS = {"Content-Type": "application/fhir+json", "X-Lasegue-Secret": SECRET}
WRITTEN = (
    "Condition", "RiskAssessment", "ClinicalImpression", "CarePlan", "ServiceRequest", "Goal",
    "DetectedIssue", "GuidanceResponse", "Flag", "Task", "Provenance",
)  # fmt: skip
Json = dict[str, Any]


def resources(story: str, suffix: str = "") -> list[Json]:
    """The resources of a story, each id with a suffix so that tests do not meet."""
    text = (CASES / story / "bundle.json").read_text("utf-8")
    bundle = json.loads(text)
    ids = {e["resource"]["id"] for e in bundle["entry"]}
    for id_ in sorted(ids, key=len, reverse=True):
        text = text.replace(f'/{id_}"', f'/{id_}{suffix}"').replace(
            f'"id": "{id_}"', f'"id": "{id_}{suffix}"'
        )
    return [e["resource"] for e in json.loads(text)["entry"]]


def notify(service: LasegueServer, resource: Json) -> requests.Response:
    """Deliver a notification as a FHIR server's rest-hook would."""
    path = f"notifications/demo/{resource['resourceType']}/{resource['id']}"
    return requests.put(f"{service.url}/{path}", json=resource, headers=HEADERS, timeout=10)


def ours(server: FhirServer, patient: str) -> dict[str, Json]:
    """Everything the service wrote for a patient, by reference."""
    found: dict[str, Json] = {}
    for type_ in WRITTEN:
        url: str | None = f"{server.url}/{type_}?_count=1000"
        answer = requests.get(url, timeout=10).json()
        for entry in answer.get("entry", ()):
            resource = entry["resource"]
            if resource["id"].startswith("lasegue-") and patient in json.dumps(resource):
                found[f"{type_}/{resource['id']}"] = resource
    return found


def versions(written: dict[str, Json]) -> dict[str, str]:
    return {reference: r["meta"]["versionId"] for reference, r in written.items()}


def wait_for(condition: Callable[[], object], seconds: float = 40.0) -> None:
    """Wait until a condition holds; fails the test when time runs out."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@contextmanager
def wire(server: FhirServer) -> Iterator[Wire]:
    """A wire between the service and the server, for the time of a test."""
    watched = Wire(server.url)
    thread = threading.Thread(target=watched.listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield watched
    finally:
        watched.listener.shutdown()
        watched.listener.server_close()
        thread.join()


class Wire:
    """Passes every request on unchanged; ``after_commit`` is called before a commit's answer goes back."""

    def __init__(self, target: str) -> None:
        self.after_commit: Callable[[], None] | None = None
        self.commits = 0
        passing = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                keep = ("Content-Type", "Accept", "If-Match", "Prefer")
                headers = {name: self.headers[name] for name in keep if name in self.headers}
                url = target.removesuffix("/fhir") + self.path
                answer = requests.request(self.command, url, data=body, headers=headers, timeout=30)
                if b'"transaction"' in body:
                    passing.committed()
                try:
                    self.pass_back(answer)
                except OSError:
                    self.close_connection = True

            def pass_back(self, answer: requests.Response) -> None:
                self.send_response_only(answer.status_code)
                self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.listener.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.listener.server_address[1]}/fhir"

    def committed(self) -> None:
        self.commits += 1
        if self.after_commit is not None:
            self.after_commit()
