"""An assessment becomes one transaction Bundle: the same input, the same bytes.

Every entry is a PUT to an id that derives from patient, episode and role; entries refer to each
other by ``urn:uuid``. Nothing is confirmed, nothing is active but red flags: all is a draft.
"""

from __future__ import annotations

from service.clinical.answer import Assessment
from service.clinical.findings import Case
from service.clinical.model import Model
from service.fhir import issues, work
from service.fhir.canonical import Json
from service.fhir.careplan import care_plan
from service.fhir.conditions import conditions, problems
from service.fhir.draft import Draft, Written
from service.fhir.goals import goals
from service.fhir.guidance import guidance_response
from service.fhir.orders import service_requests
from service.fhir.provenance import provenance
from service.fhir.reasoning import clinical_impression, risk_assessment
from service.fhir.steps import planned

__all__ = ["Draft", "to_transaction"]


def to_transaction(
    assessment: Assessment,
    case: Case,
    model: Model,
    *,
    episode: str = "1",
    event: str = "",
    software: str = "",
) -> Json:
    """The write-back Bundle, as a plain dict.

    ``event`` is the key of the event that led here (derived from patient, time and knowledge when
    empty), ``software`` the version of this service. What must not wait comes first.
    """
    draft = Draft(assessment, case, model, episode, event, software)
    written = _written(draft)
    entries = [w.entry for w in (*written, provenance(draft, written))]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _written(draft: Draft) -> list[Written]:
    chosen = problems(draft)
    who = [problem.identity for problem in chosen]
    steps = planned(draft)
    found = issues.detected_issues(draft, steps)
    aims = goals(draft, chosen)
    return [
        *work.flags(draft),
        *work.emergencies(draft),
        *conditions(draft, chosen),
        risk_assessment(draft, chosen),
        clinical_impression(draft, chosen),
        *found,
        care_plan(draft, chosen, steps, aims, found),
        *service_requests(draft, chosen, steps),
        *aims,
        guidance_response(draft, who),
        work.review(draft, who),
    ]
