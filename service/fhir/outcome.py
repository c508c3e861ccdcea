"""Our errors and reading issues as OperationOutcome: a code, a place and a sentence, no patient data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service.clinical.findings import IssueKind, ReadingIssue
from service.errors import LasegueError

_CODES = {
    IssueKind.NOT_UNDERSTOOD: "not-supported",
    IssueKind.CONFLICT: "business-rule",
    IssueKind.REFUSED: "business-rule",
    IssueKind.NOT_READ: "incomplete",
    IssueKind.OTHER_PATIENT: "security",
}


def outcome(error: LasegueError) -> dict[str, Any]:
    """An OperationOutcome for an error."""
    return _outcome([_issue("error", error.code, sentence(error), error.expression)])


def issues_outcome(issues: Iterable[ReadingIssue]) -> dict[str, Any]:
    """An OperationOutcome for what was left out; one that says all is well when nothing was."""
    listed = [
        _issue("warning", _CODES[issue.kind], _named(issue), issue.expression) for issue in issues
    ]
    return _outcome(listed or [_issue("information", "informational", "Everything was read.", "")])


def sentence(error: LasegueError) -> str:
    """The error's message as a sentence."""
    text = str(error).strip() or "Something went wrong"
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def _named(issue: ReadingIssue) -> str:
    return f"{issue.reference}: {issue.sentence}" if issue.reference else issue.sentence


def _outcome(issues: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(severity: str, code: str, text: str, expression: str) -> dict[str, Any]:
    issue = {"severity": severity, "code": code, "details": {"text": text}, "diagnostics": text}
    return issue | ({"expression": [expression]} if expression else {})
