"""What is asked of a server for one patient."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from service.fhir.gathered import SUBJECT_TYPES
from service.fhir.search import OBSERVATION_CATEGORIES, TYPES, plan, plan_by_category


def test_everything_that_is_read_is_asked_for() -> None:
    asked = [query.partition("?")[0] for query in plan("Patient/1")]
    assert asked == ["Observation", *TYPES]
    assert SUBJECT_TYPES - set(asked) == {"QuestionnaireResponse"}


def test_only_plain_parameters_are_used() -> None:
    for query in (*plan("Patient/1"), *plan_by_category("Patient/1")):
        parameters = parse_qs(urlsplit(query).query)
        assert parameters["patient"] == ["Patient/1"]
        assert parameters["_count"] == ["100"]
        assert set(parameters) <= {"patient", "_count", "category"}


def test_servers_that_want_a_category_are_asked_by_category() -> None:
    categories = [
        parse_qs(urlsplit(query).query)["category"][0]
        for query in plan_by_category("Patient/1")
        if query.startswith("Observation?")
    ]
    assert categories == list(OBSERVATION_CATEGORIES)
    others = {q for q in plan_by_category("Patient/1") if not q.startswith("Observation?")}
    assert others < set(plan("Patient/1"))
