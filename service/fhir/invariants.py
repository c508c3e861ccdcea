"""Invariants of FHIR R4 on the resources that this service writes, and its own laws beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.fhir.canonical import Json

PROBABILITY_LIMIT = 1
_ABATED = frozenset({"inactive", "remission", "resolved"})

Check = Callable[[Json], bool]


def broken(resource: Json) -> Iterator[tuple[str, str]]:
    """The invariants that a resource breaks: its type and the name of the rule."""
    kind = str(resource.get("resourceType"))
    for rule, holds in INVARIANTS.get(kind, {}).items():
        if not holds(resource):
            yield kind, rule


def _codes(concept: Any) -> frozenset[str]:
    codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
    return frozenset(coding.get("code", "") for coding in codings)


def _in_error(condition: Json) -> bool:
    return "entered-in-error" in _codes(condition.get("verificationStatus"))


def _is_problem(condition: Json) -> bool:
    return any("problem-list-item" in _codes(c) for c in condition.get("category", ()))


def _con_3(condition: Json) -> bool:
    return "clinicalStatus" in condition or _in_error(condition) or not _is_problem(condition)


def _con_4(condition: Json) -> bool:
    abated = any(name.startswith("abatement") for name in condition)
    return not abated or bool(_codes(condition.get("clinicalStatus")) & _ABATED)


def _con_5(condition: Json) -> bool:
    return not (_in_error(condition) and "clinicalStatus" in condition)


def _evidence(condition: Json) -> bool:
    return all("code" in e or "detail" in e for e in condition.get("evidence", ()))


def _activities(plan: Json) -> bool:
    return all(("reference" in a) != ("detail" in a) for a in plan.get("activity", ()))


def _targets(goal: Json) -> bool:
    return all(
        "measure" in target or not any(name.startswith("detail") for name in target)
        for target in goal.get("target", ())
    )


def _probabilities(risk: Json) -> bool:
    return all(
        0 <= prediction.get("probabilityDecimal", 0) <= PROBABILITY_LIMIT
        for prediction in risk.get("prediction", ())
    )


def _filters(guidance: Json) -> bool:
    return all(
        ("path" in wanted) != ("searchParam" in wanted)
        for data in guidance.get("dataRequirement", ())
        for wanted in data.get("codeFilter", ())
    )


def _times(task: Json) -> bool:
    return bool(task.get("lastModified", "9") >= task.get("authoredOn", ""))


INVARIANTS: Mapping[str, Mapping[str, Check]] = {
    "Condition": {
        "con-2: evidence has a code or details": _evidence,
        "con-3: a problem that is not in error has a clinical status": _con_3,
        "con-4: what is abated is not active": _con_4,
        "con-5: what is in error has no clinical status": _con_5,
        "a level is never written as a stage": lambda condition: "stage" not in condition,
    },
    "CarePlan": {"cpl-3: an activity has a reference or a detail": _activities},
    "Goal": {"gol-1: a detail needs a measure": _targets},
    "RiskAssessment": {"ras-2: a probability is between 0 and 1": _probabilities},
    "GuidanceResponse": {"drq-1: a filter has a path or a search parameter": _filters},
    "Task": {"inv-1: last modified is not before authored": _times},
}
"""By resource type: the rule's name and whether a resource keeps it."""
