"""The steps of the pathway as the plan and its orders share them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from service.clinical.answer import Step, Target
from service.clinical.model import Model
from service.fhir.canonical import Json, own
from service.fhir.draft import Draft
from service.fhir.elements import (
    capital,
    concept,
    days_after,
    foramen_coding,
    root_coding,
    sentences,
)
from service.fhir.identity import Identity
from service.fhir.pruning import shared

ORDERS = frozenset(
    {"imaging", "physiotherapy", "injection", "referral", "electrodiagnosis", "orthosis"}
)
"""The kinds of order for which a ServiceRequest is drafted."""

PRIORITIES = frozenset({"routine", "urgent", "asap", "stat"})


@dataclass(frozen=True, slots=True)
class Planned:
    """One step with its identity as an order, if it has one."""

    step: Step
    order: Identity | None


def plan_identity(draft: Draft) -> Identity:
    """Who the CarePlan is."""
    return draft.identity("CarePlan", "care-plan")


def priority(urgency: str) -> str:
    """FHIR's request priority for a word of urgency; an unknown word is routine."""
    return urgency if urgency in PRIORITIES else "routine"


def planned(draft: Draft) -> tuple[Planned, ...]:
    """The steps, each with the identity of the order it drafts; the rule names it."""
    seen: dict[tuple[str, ...], int] = {}
    steps: list[Planned] = []
    for step in draft.assessment.plan.steps:
        role = (step.rule, step.order)
        seen[role] = seen.get(role, 0) + 1
        again = () if seen[role] == 1 else (str(seen[role]),)
        ordered = step.order in ORDERS and not step.against
        who = draft.identity("ServiceRequest", "order", *role, *again) if ordered else None
        steps.append(Planned(step, who))
    return tuple(steps)


def window(draft: Draft, due_days: int | None) -> Json:
    """From today to so many days on, as a Period; nothing without a date."""
    if due_days is None:
        return {}
    day = draft.assessment.as_of
    return shared(start=days_after(day, 0), end=days_after(day, due_days))


@lru_cache(maxsize=1024)
def description(model: Model, step: Step) -> str:
    """The step with its reason, source, strength and the people it was studied in."""
    return sentences(
        step.sentence,
        step.detail,
        *(aim(target) for target in step.targets),
        f"Reason: {step.reason}" if step.reason else "",
        f"Source: {cited(model, step.source)}" if step.source else "",
        f"Strength: {step.strength}" if step.strength else "",
        f"Studied in: {step.population}" if step.population else "",
    )


def aim(target: Target) -> str:
    """Where a step is aimed, in words."""
    root = target.root
    return f"Target: {root} root, reached at the {root.side} {target.foramen} foramen"


def cited(model: Model, source: str) -> str:
    """The citation of a source, or its key."""
    known = model.citations.get(source)
    return known.text if known else source


def target_concept(target: Target) -> Json:
    """The root, its side and the foramen that reaches it, coded, with the aim in words."""
    root, side = target.root, target.root.side
    codings = (
        root_coding(root),
        own("side", side, capital(side)),
        foramen_coding(target.foramen, side),
    )
    return concept(*codings, text=aim(target))
