"""The CarePlan: the next steps, a draft and a proposal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from service.clinical.answer import Step, Target
from service.clinical.model import Model
from service.fhir import concepts
from service.fhir.canonical import PATHWAY, Json, own
from service.fhir.conditions import Problem
from service.fhir.draft import Draft, Written
from service.fhir.elements import AUTHOR, concept, extension, note, sentences, slug
from service.fhir.pruning import SharedList, shared
from service.fhir.reasoning import impression_identity, risk_identity
from service.fhir.steps import (
    Planned,
    cited,
    description,
    plan_identity,
    target_concept,
    window,
)


def care_plan(
    draft: Draft,
    problems: Sequence[Problem],
    steps: Sequence[Planned],
    goals: Sequence[Written],
    issues: Sequence[Written],
) -> Written:
    """The plan: one activity a step, advice against as ``doNotPerform``."""
    plan = draft.assessment.plan
    reasons = SharedList(p.identity.reference for p in problems)
    informing = [risk_identity(draft), impression_identity(draft), *(i.identity for i in issues)]
    category = concepts.codings(draft.model, "category.careplan.assess-plan")
    body = {
        "instantiatesUri": [PATHWAY],
        "status": "draft",
        "intent": "proposal",
        "category": [concept(*map(concepts.as_json, category))],
        "title": "Sciatica: proposed next steps",
        "description": draft.assessment.localisation.statement,
        "subject": draft.subject,
        "period": {"start": draft.when},
        "created": draft.when,
        "author": AUTHOR,
        "addresses": reasons,
        "supportingInfo": [who.reference for who in informing],
        "goal": [g.identity.reference for g in goals],
        "activity": SharedList(_activity(draft, p, reasons) for p in steps),
        "note": [note(text) for text in _basis_notes(draft)],
    }
    lines = [_line(p.step) for p in steps]
    lines += [f"Asked for: {q.sentence}" for q in plan.questions]
    return draft.write(plan_identity(draft), body, "Proposed next steps, for review", lines)


def _line(step: Step) -> str:
    return f"{'Advised against: ' if step.against else ''}{step.sentence} ({step.source})"


def _basis_notes(draft: Draft) -> list[str]:
    """What the proposal rests on and what it lacks."""
    answer = draft.assessment
    profile = draft.model.profiles.get(answer.plan.profile, answer.plan.profile)
    missing = ", ".join(q.item for q in answer.plan.questions)
    return [
        sentences(
            f"Profile {profile}",
            f"Knowledge edition {answer.edition}",
            f"{len(draft.sources)} records were read, listed in the Provenance",
            f"Missing: {missing}" if missing else "",
        ),
        "Draft for review by a clinician; not for time-critical decisions and not an order.",
    ]


def _activity(draft: Draft, item: Planned, reasons: SharedList) -> Json:
    detail = dict(_proposed(draft.model, item.step))
    if reasons:
        detail["reasonReference"] = reasons
    if item.step.due_days is not None:
        detail["scheduledPeriod"] = window(draft, item.step.due_days)
    if item.order is None:
        return {"detail": detail}
    link = extension("service-request", valueReference=item.order.reference)
    return {"extension": [link], "detail": {"kind": "ServiceRequest", **detail}}


@lru_cache(maxsize=1024)
def _proposed(model: Model, step: Step) -> Json:
    """What a step says, whomever it is proposed for."""
    label = model.actions.get(step.action, step.action)
    return shared(
        extension=[_basis(model, step), *(_target(t) for t in step.targets)],
        code=concept(own("pathway-action", step.action, label), text=label),
        reasonCode=[concept(text=step.reason)],
        status="not-started",
        doNotPerform=step.against,
        description=description(model, step),
    )


def _target(target: Target) -> Json:
    return extension("target-site", valueCodeableConcept=target_concept(target))


def _basis(model: Model, step: Step) -> Json:
    """On what a step rests: rule, source, strength and profile as codes, and in words."""
    citation = cited(model, step.source)
    followed = model.profiles.get(step.profile, step.profile)
    codings = (
        own("rule", step.rule),
        own("topic", step.topic),
        own("source", step.source, citation),
        own("strength", slug(step.strength), step.strength),
        own("profile", step.profile, followed),
    )
    text = sentences(citation, step.strength, step.population, f"Profile: {followed}")
    coded = (coding for coding in codings if "code" in coding)
    return extension("step-basis", valueCodeableConcept=concept(*coded, text=text))
