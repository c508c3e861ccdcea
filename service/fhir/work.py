"""Flags and Tasks: what must not wait, and what a person is asked to look at."""

from __future__ import annotations

from collections.abc import Sequence

from service.clinical.answer import FlagRaised
from service.fhir.canonical import Json, hl7, own
from service.fhir.draft import Draft, Written, titled
from service.fhir.elements import AUTHOR, concept, note, reference_to, sentences
from service.fhir.identity import Identity
from service.fhir.issues import flag_sources
from service.fhir.reasoning import review_lines
from service.fhir.steps import plan_identity


def flags(draft: Draft) -> list[Written]:
    """One Flag for every red flag that is met."""
    return [_flag(draft, flag) for flag in _met(draft)]


def emergencies(draft: Draft) -> list[Written]:
    """One Task for every red flag that is met."""
    return [_emergency(draft, flag) for flag in _met(draft)]


def _met(draft: Draft) -> list[FlagRaised]:
    met = [flag for flag in draft.assessment.flags if flag.status == "met"]
    return sorted(met, key=lambda flag: not flag.stops)


def _flag_identity(draft: Draft, flag: FlagRaised) -> Identity:
    return draft.identity("Flag", "red-flag", flag.id)


def _flag(draft: Draft, flag: FlagRaised) -> Written:
    body = {
        "status": "active",
        "category": [concept(hl7("flag-category", "clinical", "Clinical"))],
        "code": concept(own("red-flag", flag.id, flag.label), text=flag.label),
        "subject": draft.subject,
        "period": {"start": draft.when},
        "author": AUTHOR,
    }
    return draft.write(_flag_identity(draft, flag), body, flag.label, [flag.sentence, flag.action])


def _emergency(draft: Draft, flag: FlagRaised) -> Written:
    who = draft.identity("Task", "emergency-review", flag.id)
    code, words = (
        ("emergency-review", "Emergency review")
        if flag.stops
        else ("urgent-review", "Urgent review")
    )
    sources = [reference_to(name) for name in flag_sources(draft, flag)]
    asked = ", ".join(titled(draft.model, item) for item in flag.unanswered)
    body = {
        **_task(draft, code, words, "stat" if flag.stops else "urgent"),
        "description": sentences(flag.sentence, flag.action),
        "focus": _flag_identity(draft, flag).reference,
        "reasonCode": concept(own("red-flag", flag.id, flag.label), text=flag.label),
        "note": [note(f"Not recorded: {asked}.")] if asked else [],
        "input": [
            {"type": concept(text="Record that matches"), "valueReference": source}
            for source in sources
        ],
    }
    return draft.write(who, body, words, [flag.sentence, flag.action])


def review(draft: Draft, problems: Sequence[Identity]) -> Written:
    """The Task that asks a clinician to accept, change or refuse the draft."""
    urgent = any(flag.stops for flag in draft.assessment.flags)
    grave = any(d.severity == "high" for d in draft.assessment.concordance.disagreements)
    ask = "Review the draft: accept, change or refuse each part"
    lines = review_lines(draft)
    body = {
        **_task(draft, "draft-review", "Review of the draft", _rank(urgent=urgent, grave=grave)),
        "description": sentences(ask, *lines),
        "focus": plan_identity(draft).reference,
        "reasonReference": problems[0].reference if problems else None,
    }
    who = draft.identity("Task", "draft-review")
    return draft.write(who, body, "Review of the draft", [ask, *lines])


def _rank(*, urgent: bool, grave: bool) -> str:
    return "urgent" if urgent or grave else "routine"


def _task(draft: Draft, code: str, words: str, priority: str) -> Json:
    return {
        "status": "requested",
        "intent": "proposal",
        "priority": priority,
        "code": concept(own("task", code, words), text=words),
        "for": draft.subject,
        "authoredOn": draft.when,
        "lastModified": draft.when,
        "requester": AUTHOR,
    }
