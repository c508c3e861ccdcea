"""Alive, ready, counted and described."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from service.jobs.port import State
from service.web.health import dead_share
from service.web.meter import Meter, sample
from tests.web.conftest import ListInbox, the_model
from tests.web.test_notifications import OBSERVATION, knock, refusal


def test_it_is_alive_whatever_the_store_does(client: FlaskClient, inbox: ListInbox) -> None:
    inbox.broken = True
    assert client.get("/healthz").status_code == 200


def test_it_is_ready_and_says_with_what_knowledge(client: FlaskClient, inbox: ListInbox) -> None:
    inbox.counts = {State.WAITING: 3}
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json["knowledge"]["digest"] == the_model().digest
    assert answer.json["events"]["waiting"] == 3


def test_it_is_not_ready_when_nothing_can_be_written(client: FlaskClient, inbox: ListInbox) -> None:
    inbox.broken = True
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["store"] == "not writable"


def test_it_is_not_ready_when_most_of_what_ended_is_dead(
    client: FlaskClient, inbox: ListInbox
) -> None:
    inbox.counts = {State.DEAD: 30, State.DONE: 10}
    assert client.get("/readyz").status_code == 503


@pytest.mark.parametrize(
    ("dead", "done", "share"), [(0, 0, 0.0), (3, 0, 0.0), (10, 10, 0.5), (1, 99, 0.01)]
)
def test_few_events_say_nothing_about_the_share_of_dead_ones(
    dead: int, done: int, share: float
) -> None:
    assert dead_share({State.DEAD: dead, State.DONE: done}) == share


def test_the_metrics_count_what_was_taken_and_what_was_refused(
    client: FlaskClient, inbox: ListInbox
) -> None:
    inbox.counts = {State.DONE: 7}
    for _ in range(2):
        knock(client, "ward", OBSERVATION)
    knock(client, "nobody", OBSERVATION)
    answer = client.get("/metrics")
    assert answer.mimetype == "text/plain"
    assert 'lasegue_events{state="done"} 7' in answer.text
    assert 'lasegue_events_accepted_total{peer="ward",fresh="true"} 1' in answer.text
    assert 'lasegue_events_accepted_total{peer="ward",fresh="false"} 1' in answer.text
    assert 'lasegue_requests_refused_total{status="404"} 1' in answer.text


def test_the_metrics_are_in_the_text_format_and_hold_no_ids(client: FlaskClient) -> None:
    knock(client, "ward/Observation/77", OBSERVATION, method="PUT")
    text = client.get("/metrics").text
    line = re.compile(r'(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)*\})? [0-9.e+]+)')
    assert all(line.fullmatch(row) for row in text.splitlines())
    assert "77" not in text
    assert "Patient" not in text


def test_the_metrics_do_without_a_store(client: FlaskClient, inbox: ListInbox) -> None:
    inbox.broken = True
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "lasegue_build_info" in answer.text


def test_a_label_cannot_break_out_of_its_quotes() -> None:
    assert sample("m", {"a": 'x"\n\\'}, 1) == 'm{a="x\\"\\n\\\\"} 1'
    assert Meter().lines()


def test_every_door_is_described(client: FlaskClient) -> None:
    described = client.get("/openapi.json").json["paths"]
    application = client.application
    rules = {r.rule for r in application.url_map.iter_rules()} - {"/openapi.json"}
    assert {re.sub(r"<(\w+)>", r"{\1}", rule) for rule in rules} == set(described)
    for path in described.values():
        for verb, operation in path.items():
            assert verb == "parameters" or operation["summary"]
            assert verb == "parameters" or "default" not in operation["responses"]


def test_the_page_of_doors_needs_no_other_server(client: FlaskClient) -> None:
    answer = client.get("/docs")
    assert answer.mimetype == "text/html"
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_page_that_is_not_there_is_an_operation_outcome(client: FlaskClient) -> None:
    refusal(client.get("/nowhere"), 404)
    refusal(client.delete("/fhir/metadata"), 405)
