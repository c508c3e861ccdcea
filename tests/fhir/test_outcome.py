"""Errors and issues as OperationOutcome."""

from __future__ import annotations

import fhirkit
import pytest

from service.clinical.findings import IssueKind, ReadingIssue
from service.errors import InvalidInput, LasegueError, NotUnderstood, TooLarge, WrongType
from service.fhir.outcome import issues_outcome, outcome


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput("this is not JSON"), "structure"),
        (NotUnderstood("there are several patients"), "business-rule"),
        (TooLarge("it is too long"), "too-long"),
        (WrongType("XML is not taken"), "not-supported"),
        (LasegueError(""), "exception"),
    ],
)
def test_an_error_says_its_code_and_a_sentence(error: LasegueError, code: str) -> None:
    (issue,) = outcome(error)["issue"]
    assert (issue["severity"], issue["code"]) == ("error", code)
    text = issue["details"]["text"]
    assert text[0].isupper()
    assert text.endswith(".")
    assert "expression" not in issue


def test_an_error_names_the_element_where_there_is_one() -> None:
    (issue,) = outcome(InvalidInput("x", expression="Bundle.entry[3].resource"))["issue"]
    assert issue["expression"] == ["Bundle.entry[3].resource"]


def test_every_kind_of_issue_is_a_warning_with_its_place() -> None:
    issues = [
        ReadingIssue(kind, "Observation/1", "Not used.", "Observation.code") for kind in IssueKind
    ]
    listed = issues_outcome(issues)["issue"]
    assert {issue["severity"] for issue in listed} == {"warning"}
    assert {issue["details"]["text"] for issue in listed} == {"Observation/1: Not used."}
    assert len(listed) == len(IssueKind)


def test_outcomes_are_valid_fhir() -> None:
    issue = ReadingIssue(IssueKind.CONFLICT, "Observation/1", "Not used.", "Observation.bodySite")
    for made in (outcome(InvalidInput("x", expression="id")), issues_outcome([issue])):
        assert fhirkit.validate(made) == []


def test_an_outcome_without_issues_still_has_one() -> None:
    (issue,) = issues_outcome([])["issue"]
    assert issue["severity"] == "information"
