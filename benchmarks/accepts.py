"""Durable accepts over HTTP against their floor: the same answers without the durable write.

``python -m benchmarks.accepts`` sends notifications of 2 kB from 16 concurrent connections to a
server of 16 threads, once with the durable write and once without, in turns, and prints the rates,
their ratio and the 99th percentile; then again with 4 ms added to every fsync. Server and client
are processes of their own. ``--app minimal`` measures three lines of Flask instead of the service.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask, request

from service import log
from service.app import Server
from service.jobs.engine import DurableJobs
from service.jobs.event import Event, EventKind
from service.settings import Peer, Settings
from service.wiring import jobs, open_rooms, web_app

BAR = 0.4
PATH = "/notifications/bench"
BODY_BYTES = 2048
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static int slow(const char *name, int fd) {
    const char *wait = getenv("SLOW_FSYNC_US");
    if (wait) usleep((useconds_t)atoi(wait));
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(fd);
}
int fsync(int fd) { return slow("fsync", fd); }
int fdatasync(int fd) { return slow("fdatasync", fd); }
"""


# The server


class Forgetful:
    """Takes events like durable work does and forgets them at once; the rest is the real thing."""

    def __init__(self, real: DurableJobs) -> None:
        self._real = real

    def put(self, event: Event) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def minimal_app(work: Any) -> Flask:
    """The least that a server has to do: parse, remember, answer."""
    app = Flask("minimal")

    @app.post(PATH)
    def notify() -> dict[str, str]:
        resource = json.loads(request.get_data())
        identity = f"Observation/{resource['id']}"
        event = Event(
            "bench", EventKind.RESOURCE, identity, datetime.now(UTC), (identity,), "Patient/1"
        )
        work.put(event)
        return {"resourceType": "Bundle", "type": "transaction-response"}

    return app


def serve(app_name: str, folder: str, durable: bool, threads: int) -> None:
    """Serve until killed; prints the port."""
    log.configure(level="ERROR")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    settings = Settings(
        port=0,
        threads=threads,
        store=f"sqlite:///{folder}/bench.db",
        peers={"bench": Peer("bench", "http://127.0.0.1:1/fhir")},
        default_peer="bench",
    )
    if app_name == "minimal":
        real = jobs(settings)
        app = minimal_app(real if durable else Forgetful(real))
    else:
        rooms = open_rooms(settings)
        inbox: Any = rooms.jobs if durable else Forgetful(rooms.jobs)
        app = web_app(replace(rooms, jobs=inbox))
    server = Server(app, settings)
    print(server.port, flush=True)
    server.run(threading.Event())


# The client


def request_for(number: int) -> bytes:
    """One notification as a whole HTTP request; always the same length, never the same resource."""
    resource = {
        "resourceType": "Observation",
        "id": f"{number:012d}",
        "meta": {"versionId": "1", "lastUpdated": "2026-03-02T08:00:00Z"},
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8716-3"}]},
        "subject": {"reference": f"Patient/{number % 997:06d}"},
        "effectiveDateTime": "2026-03-02T08:00:00Z",
        "note": [{"text": ""}],
    }
    resource["note"] = [{"text": "n" * (BODY_BYTES - len(json.dumps(resource)))}]
    body = json.dumps(resource).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass(slots=True)
class Connection:
    """One client: sends, waits for the whole answer, sends again."""

    socket: socket.socket
    sent: float = 0.0
    heard: bytes = b""

    def send(self, number: int) -> None:
        self.heard = b""
        self.sent = time.perf_counter()
        self.socket.sendall(request_for(number))

    def answered(self) -> bool:
        self.heard += self.socket.recv(65536)
        head, found, body = self.heard.partition(b"\r\n\r\n")
        if not found:
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"refused: {self.heard[:300]!r}")
        length = next(line for line in head.lower().split(b"\r\n") if b"content-length" in line)
        return len(body) >= int(length.split(b":")[1])


def drive(port: int, clients: int, seconds: float, answer: Any) -> None:
    """Keep so many requests under way; puts the rate and the percentiles into ``answer``."""
    selector = selectors.DefaultSelector()
    numbers = iter(range(10**11))
    for _ in range(clients):
        connection = Connection(socket.create_connection(("127.0.0.1", port)))
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(next(numbers))
    begin = time.perf_counter()
    warm, end = begin + 0.2 * seconds, begin + 1.2 * seconds
    times: list[float] = []
    while (now := time.perf_counter()) < end:
        for key, _ in selector.select(timeout=0.1):
            connection = key.data
            if connection.answered():
                now = time.perf_counter()
                if now > warm:
                    times.append(now - connection.sent)
                connection.send(next(numbers))
    times.sort()
    answer.put((len(times) / seconds, times[len(times) // 2], times[int(len(times) * 0.99)]))


# Both


@dataclass(frozen=True, slots=True)
class Run:
    """One run: accepts a second, median and 99th percentile in seconds."""

    rate: float
    median: float
    p99: float


def measure(arguments: argparse.Namespace, durable: bool, environment: dict[str, str]) -> Run:
    """Start a server on an empty store, drive it, end it."""
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        command = [sys.executable, "-m", "benchmarks.accepts", "--app", arguments.app]
        command += ["--threads", str(arguments.threads), "--serve", folder]
        command += [] if durable else ["--forget"]
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, env={**os.environ, **environment}
        )
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            answer: Any = multiprocessing.Queue()
            client = multiprocessing.Process(
                target=drive, args=(port, arguments.clients, arguments.seconds, answer)
            )
            client.start()
            found = Run(*answer.get(timeout=60 + 2 * arguments.seconds))
            client.join()
        finally:
            server.kill()
            server.communicate()
    return found


def compare(title: str, arguments: argparse.Namespace, environment: dict[str, str]) -> float:
    """Measure both in turns, print them, give the ratio of the rates."""
    runs: dict[bool, list[Run]] = {False: [], True: []}
    for _ in range(arguments.rounds):
        for durable in runs:
            runs[durable].append(measure(arguments, durable, environment))
    print(f"\n{title}")
    rates = {}
    for durable, name in ((False, "without the write"), (True, "durable")):
        rates[durable] = median(run.rate for run in runs[durable])
        middle = median(run.median for run in runs[durable]) * 1000
        slowest = median(run.p99 for run in runs[durable]) * 1000
        print(
            f"  {name:18} {rates[durable]:7.0f} /s   median {middle:6.1f} ms   p99 {slowest:6.1f} ms"
        )
    ratio = rates[True] / rates[False]
    print(f"  ratio {ratio:.2f}")
    return ratio


def fsync_floor(folder: str | None) -> float:
    """How often this disk makes 4 kB durable in a second, one after the other."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        begin, count = time.perf_counter(), 0
        while time.perf_counter() < begin + 0.5:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            count += 1
    return count / 0.5


def shim(folder: str, milliseconds: float) -> dict[str, str]:
    """Compile what slows fsync down; gives the environment that puts it in place."""
    source, library = Path(folder, "slow.c"), Path(folder, "slow.so")
    source.write_text(SHIM)
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True, timeout=60
    )
    return {"LD_PRELOAD": str(library), "SLOW_FSYNC_US": str(int(milliseconds * 1000))}


def arguments_of(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.accepts")
    parser.add_argument("--app", choices=("real", "minimal"), default="real")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5.0, help="the length of one run")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each kind; medians are told")
    parser.add_argument(
        "--slow-ms", type=float, default=4.0, help="added to fsync; 0 leaves it out"
    )
    parser.add_argument("--folder", default=None, help="the disk to measure: where stores are made")
    parser.add_argument("--serve", metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("--forget", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(given)


def main(given: list[str] | None = None, *, say: Callable[[str], None] = print) -> int:
    """Exit code 0 when the ratio on the disk as it is reaches the bar."""
    arguments = arguments_of(given)
    if arguments.serve:
        serve(arguments.app, arguments.serve, not arguments.forget, arguments.threads)
        return 0
    say(f"floor of the disk: {fsync_floor(arguments.folder):.0f} fsync/s of 4 kB")
    ratio = compare("the disk as it is", arguments, {})
    if arguments.slow_ms > 0:
        with tempfile.TemporaryDirectory() as folder:
            slow = shim(folder, arguments.slow_ms)
            compare(f"{arguments.slow_ms:g} ms added to every fsync", arguments, slow)
    say(f"\nratio {ratio:.2f}, bar {BAR}: {'reached' if ratio >= BAR else 'MISSED'}")
    return 0 if ratio >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
