"""Taking bodies apart: what is refused, what is kept, and what one bad resource costs."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidInput, NotUnderstood
from service.fhir.bundles import depth, normal, split
from tests.fhir.made import bundle, observation, patient


def test_every_resource_of_a_bundle_keeps_its_bytes_and_how_it_was_sent() -> None:
    sent = {
        "fullUrl": "urn:uuid:1",
        "resource": patient(),
        "request": {"method": "PUT", "url": "Patient/1"},
    }
    parts = split(bundle(sent, observation("fever"), timestamp="2026-11-22T10:00:00+01:00"))
    assert [entry.reference for entry in parts.entries] == ["Patient/1", "Observation/1"]
    first = parts.entries[0]
    assert (first.full_url, first.method, first.url) == ("urn:uuid:1", "PUT", "Patient/1")
    assert json.loads(first.resource) == patient()
    assert parts.timestamp is not None
    assert parts.timestamp.isoformat() == "2026-11-22T10:00:00+01:00"


@pytest.mark.parametrize("kind", ["transaction", "batch", "message", "history", "searchset"])
def test_every_kind_of_bundle_is_taken_apart(kind: str) -> None:
    parts = split(bundle(patient(), type=kind))
    assert (parts.type, len(parts.entries)) == (kind, 1)


def test_a_lone_resource_is_taken_as_it_is() -> None:
    parts = split(json.dumps(patient()).encode())
    assert [(entry.type, entry.id) for entry in parts.entries] == [("Patient", "1")]


def test_bundles_inside_a_bundle_are_opened() -> None:
    parts = split(bundle(json.loads(bundle(patient())), observation("fever")))
    assert [entry.type for entry in parts.entries] == ["Patient", "Observation"]


def test_the_parameters_of_an_operation_are_read_with_their_resource() -> None:
    parameters = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "resource", "resource": json.loads(bundle(patient()))},
            {"name": "profile", "valueCode": "uk"},
            {"name": "population", "valueString": "primary-care"},
            {"name": "asOf", "valueDateTime": "2026-11-22"},
        ],
    }
    parts = split(json.dumps(parameters).encode())
    assert dict(parts.parameters) == {
        "profile": "uk",
        "population": "primary-care",
        "asOf": "2026-11-22",
    }
    assert [entry.type for entry in parts.entries] == ["Patient"]


def test_parameters_without_a_resource_are_not_understood() -> None:
    with pytest.raises(NotUnderstood):
        split(b'{"resourceType": "Parameters", "parameter": [{"name": "profile"}]}')


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<Bundle/>",
        b"null",
        b"[]",
        b'"Bundle"',
        b'{"resourceType": "Patient"} {}',
        b'{"resourceType": "Patient", "id": "\xff"}',
        b'{"id": "1"}',
        b'{"resourceType": 7}',
        b'{"resourceType": "Bundle", "entry": {}}',
        b'{"resourceType": "Patient", "id": "\\ud800"}',
    ],
)
def test_what_is_no_resource_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        split(body)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert split(b"\xef\xbb\xbf" + json.dumps(patient()).encode()).entries


def test_one_bad_resource_costs_that_resource_and_is_named() -> None:
    parts = split(
        bundle(
            {"resource": {"id": "9"}},
            {"resource": patient()},
            {"fullUrl": 7, "resource": patient()},
        )
    )
    assert [entry.type for entry in parts.entries] == ["Patient"]
    assert [issue.expression for issue in parts.issues] == [
        "Bundle.entry[0].resourceType",
        "Bundle.entry[2].fullUrl",
    ]


def test_two_thousand_levels_are_refused_without_harm() -> None:
    deep = b'{"resourceType": "Basic", "x": ' + b"[" * 2000 + b"]" * 2000 + b"}"
    with pytest.raises(InvalidInput, match="deeper than 100"):
        split(deep, max_depth=100)


def test_brackets_in_strings_are_no_nesting() -> None:
    assert depth(rb'{"a": "[[[\"[[\\", "b": [{}]}') == 3


def test_the_depth_of_a_million_quotes_is_found_in_linear_time() -> None:
    started = time.perf_counter()
    depth(b'"\\"' * 300_000)
    assert time.perf_counter() - started < 2


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_the_depth_found_is_the_depth_there_is(value: object) -> None:
    def really(part: object) -> int:
        if isinstance(part, dict):
            return 1 + max(map(really, part.values()), default=0)
        if isinstance(part, list):
            return 1 + max(map(really, part), default=0)
        return 0

    assert depth(json.dumps(value).encode()) == really(value)


@pytest.mark.parametrize(
    ("pointer", "meant"),
    [
        ("Patient/1", "Patient/1"),
        ("https://a.example/fhir/Patient/1", "Patient/1"),
        ("Patient/1/_history/7", "Patient/1"),
        ("Patient/Patient/1", "Patient/1"),
        ("urn:uuid:9a1c", "urn:uuid:9a1c"),
        ("#site", "#site"),
        (None, ""),
    ],
)
def test_every_way_of_pointing_at_a_resource_is_one_reference(
    pointer: str | None, meant: str
) -> None:
    assert normal(pointer) == meant
