"""Goals: what to aim for, with the change that means something and when to look."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from service.clinical.answer import GoalSet
from service.clinical.model import Model
from service.fhir import concepts
from service.fhir.canonical import UCUM, Json, own
from service.fhir.conditions import Problem
from service.fhir.draft import Draft, Written, titled
from service.fhir.elements import concept, days_after, note, sentences
from service.fhir.pruning import shared
from service.fhir.steps import cited


def goals(draft: Draft, problems: Sequence[Problem]) -> list[Written]:
    """One proposed Goal for every outcome to look at."""
    return [_goal(draft, problems, goal) for goal in draft.assessment.plan.goals]


def _goal(draft: Draft, problems: Sequence[Problem], goal: GoalSet) -> Written:
    day = draft.assessment.as_of
    said = sentences(goal.target, f"Source: {cited(draft.model, goal.source)}")
    body = {
        "lifecycleStatus": "proposed",
        "description": concept(own("goal", goal.id, goal.label), text=goal.label),
        "subject": draft.subject,
        "startDate": days_after(day, 0),
        "target": [{**_target(draft.model, goal), "dueDate": days_after(day, goal.due_days)}],
        "addresses": [p.identity.reference for p in problems],
        "note": [note(said)],
    }
    return draft.write(
        draft.identity("Goal", "goal", goal.id), body, goal.label, [sentences(goal.target)]
    )


@lru_cache(maxsize=256)
def _target(model: Model, goal: GoalSet) -> Json:
    """The change that a goal wants, whoever is to reach it."""
    label = titled(model, goal.measure)
    standard = concepts.codings(model, f"measure.{goal.measure}")
    codings = (own("finding", goal.measure, label), *map(concepts.as_json, standard))
    return shared(
        measure=concept(*codings, text=f"{label}: change from today"),
        detailQuantity={
            "value": goal.value,
            "comparator": ">=",
            "unit": f"{goal.unit.strip('{}')} change",
            "system": UCUM,
            "code": goal.unit,
        },
    )
