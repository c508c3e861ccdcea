"""ServiceRequests: the orders that steps ask for, as drafts that a person must sign."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from service.clinical.answer import Step
from service.clinical.coding import Coding
from service.clinical.model import Model
from service.fhir import concepts
from service.fhir.canonical import PATHWAY, Json, own
from service.fhir.conditions import Problem, root_site
from service.fhir.draft import Draft, Written
from service.fhir.elements import AUTHOR, concept, note, sentences
from service.fhir.identity import Identity
from service.fhir.pruning import shared
from service.fhir.steps import (
    Planned,
    aim,
    description,
    plan_identity,
    priority,
    target_concept,
    window,
)

_IMAGES = {
    "emerg-mri": "order.mri-lumbar",
    "mri-24h": "order.mri-lumbar",
    "mri-plain": "order.mri-lumbar-plain",
    "mri-contrast": "order.mri-lumbar-contrast",
    "img-other": "",
}


def service_requests(
    draft: Draft, problems: Sequence[Problem], steps: Sequence[Planned]
) -> list[Written]:
    """One draft order for every step that asks for one."""
    return [_order(draft, problems, p.step, p.order) for p in steps if p.order]


def _order(draft: Draft, problems: Sequence[Problem], step: Step, who: Identity) -> Written:
    model = draft.model
    body = {
        **_asked(model, step),
        "basedOn": [plan_identity(draft).reference],
        "subject": draft.subject,
        "occurrencePeriod": window(draft, step.due_days),
        "authoredOn": draft.when,
        "reasonReference": [p.identity.reference for p in problems],
    }
    label = model.actions.get(step.action, step.action)
    return draft.write(who, body, label, [description(model, step)])


@lru_cache(maxsize=1024)
def _asked(model: Model, step: Step) -> Json:
    """What an order says, whomever it is for."""
    label = model.actions.get(step.action, step.action)
    action = own("pathway-action", step.action, label)
    text = sentences(label, *(aim(target) for target in step.targets))
    category = concepts.codings(model, f"category.order.{step.order}")
    return shared(
        instantiatesUri=[PATHWAY],
        status="draft",
        intent="proposal",
        category=[concept(*map(concepts.as_json, category))],
        priority=priority(step.urgency),
        code=concept(*map(concepts.as_json, _order_codes(model, step)), action, text=text),
        orderDetail=[target_concept(target) for target in step.targets],
        requester=AUTHOR,
        reasonCode=[concept(text=step.reason)],
        bodySite=_sites(model, step),
        note=[note(description(model, step))],
    )


def _order_codes(model: Model, step: Step) -> list[Coding]:
    if step.order == "imaging":
        return concepts.codings(model, _IMAGES.get(step.action, "order.imaging"))
    return concepts.codings(model, f"order.{step.order}")


def _sites(model: Model, step: Step) -> list[Json]:
    if step.targets:
        return [root_site(model, target.root) for target in step.targets]
    spine = concepts.codings(model, "bodysite.lumbar-spine") if step.order == "imaging" else []
    return [concept(*map(concepts.as_json, spine))]
