"""Goals: what to aim for, with the change that means something and when to look."""

from __future__ import annotations

from collections.abc import Sequence

from service.clinical.answer import GoalSet
from service.fhir import concepts
from service.fhir.canonical import UCUM, own
from service.fhir.conditions import Problem
from service.fhir.draft import Draft, Written, titled
from service.fhir.elements import concept, days_after, note, sentences
from service.fhir.steps import cited


def goals(draft: Draft, problems: Sequence[Problem]) -> list[Written]:
    """One proposed Goal for every outcome to look at."""
    return [_goal(draft, problems, goal) for goal in draft.assessment.plan.goals]


def _goal(draft: Draft, problems: Sequence[Problem], goal: GoalSet) -> Written:
    day = draft.assessment.as_of
    label = titled(draft, goal.measure)
    standard = concepts.codings(draft.model, f"measure.{goal.measure}")
    measure = own("finding", goal.measure, label)
    body = {
        "lifecycleStatus": "proposed",
        "description": concept(own("goal", goal.id, goal.label), text=goal.label),
        "subject": draft.subject,
        "startDate": days_after(day, 0),
        "target": [
            {
                "measure": concept(
                    measure, *map(concepts.as_json, standard), text=f"{label}: change from today"
                ),
                "detailQuantity": {
                    "value": goal.value,
                    "comparator": ">=",
                    "unit": f"{goal.unit.strip('{}')} change",
                    "system": UCUM,
                    "code": goal.unit,
                },
                "dueDate": days_after(day, goal.due_days),
            }
        ],
        "addresses": [p.identity.reference for p in problems],
        "note": [note(sentences(goal.target, f"Source: {cited(draft.model, goal.source)}"))],
    }
    return draft.write(
        draft.identity("Goal", "goal", goal.id), body, goal.label, [sentences(goal.target)]
    )
