"""GuidanceResponse: that the pathway was asked, what it answered, and what it still asks for."""

from __future__ import annotations

from collections.abc import Sequence

from service.clinical.findings import IssueKind, ReadingIssue
from service.fhir.canonical import PATHWAY, Json, identifier_system, own
from service.fhir.draft import Draft, Written, titled
from service.fhir.elements import AUTHOR, note
from service.fhir.identity import Identity, key
from service.fhir.steps import plan_identity

ISSUE_CODES = {
    IssueKind.NOT_UNDERSTOOD: "code-invalid",
    IssueKind.CONFLICT: "conflict",
    IssueKind.REFUSED: "business-rule",
    IssueKind.NOT_READ: "incomplete",
    IssueKind.OTHER_PATIENT: "business-rule",
}
"""FHIR's issue type for everything that was not used."""

RECORDS = {
    "condition": "Condition",
    "allergy": "AllergyIntolerance",
    "medicine": "MedicationStatement",
    "medication": "MedicationStatement",
    "treatment": "Procedure",
    "procedure": "Procedure",
    "report": "DiagnosticReport",
    "order-aim": "ServiceRequest",
}
"""The type of record that answers a question, by the area of its word or, without one, by the word
itself; otherwise an Observation."""

OUTCOME = "not-used"


def guidance_response(draft: Draft, problems: Sequence[Identity]) -> Written:
    """The answer of the pathway.

    ``data-requested`` says that there is an answer and that more would make it better;
    ``data-required`` that nothing could be proposed without it.
    """
    asked = _asked(draft)
    outcome = _outcome(draft.assessment.issues)
    body = {
        "contained": [outcome] if outcome else [],
        "requestIdentifier": _request(draft),
        "moduleUri": PATHWAY,
        "status": _status(draft, asked),
        "subject": draft.subject,
        "occurrenceDateTime": draft.when,
        "performer": AUTHOR,
        "reasonReference": [who.reference for who in problems],
        "note": [note(sentence) for sentence in asked.values()],
        "evaluationMessage": [{"reference": f"#{OUTCOME}"}] if outcome else [],
        "result": plan_identity(draft).reference,
        "dataRequirement": [_requirement(draft, item) for item in asked],
    }
    who = draft.identity("GuidanceResponse", "guidance-response")
    return draft.write(
        who, body, "Items asked for" if asked else "No item is missing", asked.values()
    )


def _request(draft: Draft) -> Json:
    answer = draft.assessment
    given = draft.event or key(answer.patient, draft.episode, draft.when, answer.digest)
    return {"system": identifier_system("event"), "value": given}


def _status(draft: Draft, asked: dict[str, str]) -> str:
    if not asked:
        return "success"
    return "data-requested" if draft.assessment.plan.steps else "data-required"


def _asked(draft: Draft) -> dict[str, str]:
    """Every missing item, once, with the sentence that asks for it; those of red flags first."""
    suspected = [f for f in draft.assessment.flags if f.status == "suspected"]
    asked = {
        item: f"Record {titled(draft.model, item)}: {flag.label} is suspected."
        for flag in suspected
        for item in flag.unanswered
    }
    return asked | {q.item: q.sentence for q in draft.assessment.plan.questions}


def _requirement(draft: Draft, item: str) -> Json:
    """What is asked for, as a query that a server can answer."""
    if item in draft.model.findings:
        return _data("Observation", own("finding", item, titled(draft.model, item)))
    meanings = draft.model.codes.context.meanings.values()
    area = next((area for area, word in meanings if word == item), "")
    label = item.replace("-", " ").replace(".", " ")
    return _data(RECORDS.get(area or item, "Observation"), own("context", item, label))


def _data(kind: str, code: Json) -> Json:
    path = "medication" if kind == "MedicationStatement" else "code"
    return {"type": kind, "codeFilter": [{"path": path, "code": [code]}]}


def _outcome(issues: Sequence[ReadingIssue]) -> Json:
    """What was not used, as a contained OperationOutcome; nothing when all was used."""
    if not issues:
        return {}
    return {
        "resourceType": "OperationOutcome",
        "id": OUTCOME,
        "issue": [
            {
                "severity": "warning",
                "code": ISSUE_CODES[issue.kind],
                "details": {"text": issue.sentence},
                "diagnostics": issue.reference,
                "expression": [issue.expression],
            }
            for issue in issues
        ],
    }
