"""The demonstration, step by step: three patients on a real FHIR server, three write-backs."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import requests

from service.demo.fhir_server import DemoServer
from service.demo.lasegue_server import LasegueServer
from service.demo.story import Story, stories
from service.demo.writeback import WriteBack, read_back
from service.errors import LasegueError
from service.fhir.client import FhirClient
from service.fhir.subscriptions import declare

WAIT_SECONDS = 45.0
FHIR_JSON = {"Content-Type": "application/fhir+json"}


def run() -> int:
    """Run it all and print the result; 0 when every write-back is there and correct, else 1."""
    try:
        told = stories()
        with tempfile.TemporaryDirectory(prefix="lasegue-demo-") as folder:
            _say("starting a FHIR server (sekmet-fhir)")
            with DemoServer() as server:
                _say(f"FHIR server at {server.url}; starting Lasegue")
                with LasegueServer(Path(folder), server.url) as lasegue:
                    return _show(server.url, lasegue, told)
    except (LasegueError, requests.RequestException) as error:
        _say(f"failed: {error}")
        return 1


def _show(base: str, lasegue: LasegueServer, told: tuple[Story, ...]) -> int:
    declared = declare(FhirClient(lasegue.peer), lasegue.peer, lasegue.url)
    _say(f"Lasegue at {lasegue.url}; {len(declared)} Subscriptions registered")
    for story in told:
        _load(base, story)
    _say(f"{len(told)} patients loaded; waiting for the write-back")
    written = _wait(base, lasegue, told)
    correct = 0
    for story, writeback in zip(told, written, strict=True):
        correct += _is_correct(story, writeback)
        _print(story, writeback)
    print(f"{correct} of {len(told)} written back")
    return 0 if correct == len(told) else 1


def _load(base: str, story: Story) -> None:
    """Put every resource of a story on the server, one by one, as a hospital's systems would."""
    for resource in story.resources:
        url = f"{base}/{resource['resourceType']}/{resource['id']}"
        with requests.put(url, json=resource, headers=FHIR_JSON, timeout=30) as answer:
            if not answer.ok:
                raise LasegueError(f"the FHIR server refused a resource ({answer.status_code})")


def _wait(base: str, lasegue: LasegueServer, told: tuple[Story, ...]) -> list[WriteBack]:
    """Read back until every story is correct and no event waits, or time runs out."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        written = [read_back(base, story.patient) for story in told]
        correct = all(map(_is_correct, told, written))
        if (correct and lasegue.is_idle) or time.monotonic() > deadline:
            return written
        time.sleep(0.5)


def _is_correct(story: Story, writeback: WriteBack) -> bool:
    return writeback.root == story.expected and writeback.is_named and bool(writeback.next_step())


def _print(story: Story, writeback: WriteBack) -> None:
    print(f"\n{story.title}")
    if not writeback.root:
        print("  nothing was written back")
        return
    root, side = writeback.root.split("-")
    print(f"  root {root.upper()}, side {side}, probability {writeback.probability:.2f}")
    for finding in writeback.strongest():
        print(f"  - {finding}")
    print(f"  next: {writeback.next_step()}")
    for url in writeback.urls():
        print(f"  {url}")


def _say(sentence: str) -> None:
    print(f"lasegue demo: {sentence}", file=sys.stderr, flush=True)
