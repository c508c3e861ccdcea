"""Log lines: names of events, hashed ids, and nothing of a person."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from service import log


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root, ours = logging.getLogger(), logging.getLogger(log.NAME)
    before = (list(root.handlers), root.level, ours.level)
    out = io.StringIO()
    log.configure(out)
    yield out
    root.handlers, root.level, ours.level = before


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_object_on_one_line(stream: io.StringIO) -> None:
    log.note("notification-accepted", peer="hospital", fresh=True)
    (line,) = lines(stream)
    assert line["event"] == "notification-accepted"
    assert line["service"] == "lasegue"
    assert (line["peer"], line["fresh"], line["level"]) == ("hospital", True, "info")


def test_a_failure_is_logged_by_type_and_place_and_never_by_message(stream: io.StringIO) -> None:
    try:
        raise ValueError("Mrs Testperson, born 1950-01-01")
    except ValueError as error:
        log.failed("assessment-failed", error)
    (line,) = lines(stream)
    assert line["error"] == "ValueError"
    assert line["at"].startswith("tests.test_log:")
    assert "Testperson" not in stream.getvalue()


def test_a_third_party_is_heard_by_its_template_only(stream: io.StringIO) -> None:
    logging.getLogger("urllib3").warning("retry of %s", "http://x/Patient?name=Testperson")
    logging.getLogger("urllib3").warning("retry of Testperson")
    logging.getLogger("urllib3").info("quiet")
    first, second = lines(stream)
    assert first["template"] == "retry of %s"
    assert "Testperson" not in stream.getvalue()
    assert second["logger"] == "urllib3"


def test_the_exception_of_a_third_party_is_a_type(stream: io.StringIO) -> None:
    try:
        raise KeyError("Testperson")
    except KeyError:
        logging.getLogger("dbos").exception("failed")
    (line,) = lines(stream)
    assert line["error"] == "KeyError"
    assert "Testperson" not in stream.getvalue()


def test_hashed_ids_are_stable_and_do_not_show_the_id() -> None:
    assert log.hashed("Patient/1") == log.hashed("Patient/1") != log.hashed("Patient/2")
    assert log.hashed("Patient/1") != "1"
    assert len(log.hashed("Patient/1")) == 12


def test_a_salt_makes_hashes_differ_between_installations(stream: io.StringIO) -> None:
    plain = log.hashed("Patient/1")
    log.configure(stream, salt="pepper")
    salted = log.hashed("Patient/1")
    log.configure(stream)
    assert plain != salted
