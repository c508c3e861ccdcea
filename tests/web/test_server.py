"""The doors on a real socket: giant, chunked, slow and broken requests, and a clean stop."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse

import pytest

from service.app import READ_AND_REFUSED, Server
from tests.web.conftest import LIMIT, SECRET, ListInbox, doors, some_settings
from tests.web.test_notifications import OBSERVATION

BODY = json.dumps(OBSERVATION).encode()


@contextmanager
def served(inbox: ListInbox) -> Iterator[Server]:
    settings = some_settings(threads=2)
    server, stop = Server(doors(inbox, settings), settings), threading.Event()
    thread = threading.Thread(target=server.run, args=(stop,))
    thread.start()
    try:
        yield server
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def server(inbox: ListInbox) -> Iterator[Server]:
    with served(inbox) as running:
        yield running


def raw(server: Server, *parts: bytes) -> tuple[int, dict[str, object]]:
    """Send bytes as they are and read the answer."""
    with closing(socket.create_connection(("127.0.0.1", server.port), 10)) as line:
        for part in parts:
            line.sendall(part)
        return read(line)


def read(line: socket.socket) -> tuple[int, dict[str, object]]:
    answer = HTTPResponse(line)
    answer.begin()
    assert answer.getheader("Content-Type") == "application/fhir+json"
    return answer.status, json.loads(answer.read())


def head(*lines: str, path: str = "/notifications/ward") -> bytes:
    known = (f"POST {path} HTTP/1.1", "Host: x", f"X-Lasegue-Secret: {SECRET}")
    return "\r\n".join((*known, *lines, "", "")).encode()


def chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


def code(outcome: dict[str, object]) -> object:
    assert outcome["resourceType"] == "OperationOutcome"
    issues = outcome["issue"]
    assert isinstance(issues, list)
    return issues[0]["code"]


def test_a_chunked_notification_is_taken(server: Server, inbox: ListInbox) -> None:
    parts = (chunk(BODY[:10]), chunk(BODY[10:]), chunk(b""))
    status, _ = raw(server, head("Transfer-Encoding: chunked"), *parts)
    assert status == 200
    assert len(inbox.events) == 1


def test_a_declared_giant_is_refused_before_it_is_sent(server: Server, inbox: ListInbox) -> None:
    status, outcome = raw(server, head("Content-Length: 99999999999"))
    assert (status, code(outcome)) == (413, "too-long")
    assert inbox.events == []


def test_a_body_of_some_times_the_limit_is_read_and_refused(server: Server) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    with closing(connection):
        body = b" " * (LIMIT * (READ_AND_REFUSED - 1))
        connection.request("POST", "/notifications/ward", body, {"X-Lasegue-Secret": SECRET})
        answer = connection.getresponse()
        assert (answer.status, code(json.loads(answer.read()))) == (413, "too-long")


def test_a_chunked_giant_is_cut_off_while_it_is_read(server: Server, inbox: ListInbox) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.port), 10)) as line:
        line.sendall(head("Transfer-Encoding: chunked"))
        sent = 0
        while sent <= LIMIT * READ_AND_REFUSED:
            line.sendall(chunk(b" " * 50_000))
            sent += 50_000
        status, outcome = read(line)
    assert (status, code(outcome)) == (413, "too-long")
    assert inbox.events == []


@pytest.mark.parametrize("size", ["-1", "ten", "1, 2"])
def test_a_size_that_is_none_is_refused(server: Server, size: str) -> None:
    status, outcome = raw(server, head(f"Content-Length: {size}"), BODY)
    assert (status, code(outcome)) == (400, "structure")


def test_broken_chunks_are_refused(server: Server) -> None:
    status, outcome = raw(server, head("Transfer-Encoding: chunked"), b"zz\r\n{}\r\n")
    assert (status, code(outcome)) == (400, "structure")


def test_endless_headers_are_refused(server: Server) -> None:
    status, _ = raw(server, head(*(f"X-{n}: {'x' * 1000}" for n in range(400))))
    assert status == 431


def test_a_slow_sender_does_not_keep_others_waiting(server: Server, inbox: ListInbox) -> None:
    slow = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(5)]
    for line in slow:
        line.sendall(head(f"Content-Length: {len(BODY)}") + BODY[:5])
    started = time.monotonic()
    status, _ = raw(server, head(f"Content-Length: {len(BODY)}"), BODY)
    assert status == 200
    assert time.monotonic() - started < 5
    slow[0].sendall(BODY[5:])
    assert read(slow[0])[0] == 200
    for line in slow:
        line.close()


def test_what_is_under_way_when_it_stops_is_answered(inbox: ListInbox) -> None:
    entered, go_on = threading.Event(), threading.Event()
    put = inbox.put

    def slowly(event: object) -> bool:
        entered.set()
        go_on.wait(10)
        return put(event)  # type: ignore[arg-type]

    inbox.put = slowly  # type: ignore[method-assign, assignment]
    with socket.socket() as line:
        with served(inbox) as server:
            line.connect(("127.0.0.1", server.port))
            line.settimeout(10)
            line.sendall(head(f"Content-Length: {len(BODY)}") + BODY)
            assert entered.wait(10)
            threading.Timer(0.5, go_on.set).start()
        assert read(line)[0] == 200
    assert len(inbox.events) == 1
