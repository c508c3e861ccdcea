"""The synchronous door."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.errors import NotUnderstood
from service.web.assess import wish
from tests.web.conftest import ListInbox, the_model
from tests.web.test_bundles import bundle
from tests.web.test_notifications import FHIR, OBSERVATION, refusal

ASSESS = "/fhir/$assess"


def parameters(**values: str) -> dict[str, Any]:
    plain = [{"name": name, "valueString": value} for name, value in values.items()]
    whole = {"name": "resource", "resource": bundle(OBSERVATION)}
    return {"resourceType": "Parameters", "parameter": [whole, *plain]}


def test_a_bundle_is_answered_with_a_bundle_and_nothing_is_remembered(
    client: FlaskClient, inbox: ListInbox
) -> None:
    answer = client.post(f"{ASSESS}?profile=UK", json=bundle(OBSERVATION))
    assert (answer.status_code, answer.mimetype) == (200, FHIR)
    assert answer.json["wish"] == "UK"
    assert inbox.events == []


def test_parameters_say_the_same_as_the_query(client: FlaskClient) -> None:
    answer = client.post(ASSESS, json=parameters(profile="DK"))
    assert answer.json["wish"] == "DK"


@pytest.mark.parametrize(
    ("name", "word", "said"),
    [
        ("profile", "XX", "default"),
        ("population", "everybody", "primary-care"),
        ("asOf", "yesterday", "dateTime"),
        ("fhirVersion", "1.0", "4.0"),
        ("popluation", "primary-care", "population"),
    ],
)
def test_a_word_that_is_not_known_is_refused_with_those_that_are(
    client: FlaskClient, name: str, word: str, said: str
) -> None:
    by_query = client.post(ASSESS, query_string={name: word}, json=bundle(OBSERVATION))
    by_body = client.post(ASSESS, json=parameters(**{name: word}))
    assert said in refusal(by_query, 422)
    assert by_query.json == by_body.json


def test_a_wish_is_read_from_its_words() -> None:
    words = {"population": "primary-care", "asOf": "2026-03-01", "fhirVersion": "4.3.0"}
    read = wish(words, the_model())
    assert (read.profile, read.population) == ("default", "primary-care")
    assert read.as_of == datetime(2026, 3, 1, tzinfo=UTC)
    assert wish({"profile": "uk"}, the_model()).profile == "UK"
    assert wish({"asof": "2026-03-01"}, the_model()).as_of == read.as_of
    with pytest.raises(NotUnderstood):
        wish({"profile": "nowhere"}, the_model())


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", FHIR, 400),
        (b"", FHIR, 400),
        (b"<Bundle/>", "application/fhir+xml", 415),
        (b'{"resourceType":"Parameters","parameter":[]}', FHIR, 422),
        (b"[" * 2000 + b"]" * 2000, FHIR, 400),
    ],
)
def test_bad_input_is_refused_with_the_right_status(
    client: FlaskClient, body: bytes, kind: str, status: int
) -> None:
    refusal(client.post(ASSESS, data=body, content_type=kind), status)


def test_what_nobody_expected_is_answered_without_its_message(client: FlaskClient) -> None:
    answer = client.post(ASSESS, json=bundle(OBSERVATION | {"id": "explode"}))
    said = refusal(answer, 500)
    assert "Testperson" not in said
    assert "Testperson" not in answer.text
