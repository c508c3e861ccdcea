"""Conditions: the radiculopathies that are proposed, and the causes seen for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from service.clinical.anatomy import RootSide, Side, Zone
from service.clinical.answer import Lesion
from service.clinical.coding import Coding
from service.clinical.model import Model
from service.fhir import concepts
from service.fhir.canonical import DUE_TO, ICD10CM, Json, hl7, own
from service.fhir.draft import Draft, Written
from service.fhir.elements import (
    capital,
    concept,
    note,
    reference_to,
    references_to,
    root_coding,
    sentences,
)
from service.fhir.exclusions import dropped
from service.fhir.identity import Identity

NUMBERING = "numbering-uncertain"


@dataclass(frozen=True, slots=True)
class Problem:
    """One root that is proposed, and the lesion that explains it; ``cause`` is its kind's code."""

    root: RootSide
    identity: Identity
    lesion: Lesion | None = None
    cause: str | None = None


def problems(draft: Draft) -> tuple[Problem, ...]:
    """The roots to write: those named, else every candidate.

    There is none when no root is likely to be compressed, or when nothing was recorded that moves
    the answer.
    """
    found = draft.assessment.localisation
    informed = any(line.informs for line in found.ledger)
    unlikely = found.none >= draft.model.combination.name_at
    roots = found.named or (found.candidates if informed and not unlikely else ())
    return tuple(_problem(draft, root) for root in roots)


def _problem(draft: Draft, root: RootSide) -> Problem:
    who = draft.identity("Condition", "radiculopathy", root.code)
    seen = [x for x in draft.assessment.concordance.lesions if x.root == root]
    for lesion in sorted(seen, key=lambda x: -x.grade):
        cause = concepts.cause_of(lesion, draft.case)
        if cause is not None:
            return Problem(root, who, lesion, cause)
    return Problem(root, who)


def conditions(draft: Draft, chosen: Sequence[Problem]) -> list[Written]:
    """The Conditions of the chosen problems, each cause after the radiculopathies."""
    standard = {
        p.identity: concepts.radiculopathy_codings(draft.model, p.root, p.lesion, draft.case)
        for p in chosen
    }
    causes = {
        cause_identity(draft, p): (p, p.cause, p.lesion) for p in chosen if p.cause and p.lesion
    }
    for who, (_, cause, lesion) in causes.items():
        standard[who] = concepts.cause_codings(draft.model, cause, lesion, draft.case)
    written = [_radiculopathy(draft, p, _compatible(standard, p.identity)) for p in chosen]
    for who, (problem, _, _) in causes.items():
        written.append(_cause(draft, problem, who, _compatible(standard, who)))
    return written


def _compatible(standard: dict[Identity, list[Coding]], who: Identity) -> list[Coding]:
    """The codes of one Condition without those that clash with any of the person's others."""
    every = [c.code for codes in standard.values() for c in codes if c.system == ICD10CM]
    out = dropped(every)
    return [c for c in standard[who] if c.system != ICD10CM or c.code not in out]


def cause_identity(draft: Draft, problem: Problem) -> Identity:
    """Who the cause of a problem is: kind, level, zone and side, whatever roots it presses on."""
    lesion = problem.lesion
    side = _side_of(problem)
    place = (lesion.level, lesion.zone, side) if lesion else ()
    role = tuple(str(x) for x in place if x is not None)
    return draft.identity("Condition", "cause", problem.cause or "", *role)


def _side_of(problem: Problem) -> Side | None:
    central = problem.lesion is not None and problem.lesion.zone is Zone.CENTRAL
    return None if central else problem.root.side


def _radiculopathy(draft: Draft, problem: Problem, standard: list[Coding]) -> Written:
    root, found = problem.root, draft.assessment.localisation
    text = problem_text(draft, problem)
    code = own("radiculopathy", f"radiculopathy-{root.code}", f"{capital(str(root))} radiculopathy")
    chance = sentences(
        f"Probability {found.probability(root):.2f} that the {root} root is compressed",
        found.statement,
        "Draft for review: a clinician decides",
    )
    onset = draft.case.person.onset
    due_to = cause_identity(draft, problem).reference if problem.cause else None
    body = {
        "extension": [{"url": DUE_TO, "valueReference": due_to}] if due_to else [],
        **_status(draft, certain=bool(found.named)),
        "code": concept(code, *map(concepts.as_json, standard), text=text),
        "bodySite": [root_site(draft.model, root)],
        "subject": draft.subject,
        "onsetDateTime": onset.isoformat() if onset else None,
        "recordedDate": draft.when,
        "evidence": _evidence(_moved_by(draft, root), problem.lesion),
        "note": [note(chance)],
    }
    return draft.write(problem.identity, body, text, [chance])


def _cause(draft: Draft, problem: Problem, who: Identity, standard: list[Coding]) -> Written:
    lesion, cause = problem.lesion, problem.cause
    if lesion is None or cause is None:
        raise ValueError("a cause is written for a lesion")
    text = capital(" ".join(filter(None, (_side_of(problem), cause_text(draft, problem)))))
    certain = lesion.certain and bool(draft.assessment.localisation.named)
    body = {
        **_status(draft, certain=certain),
        "code": concept(
            own("cause", cause, capital(concepts.CAUSES[cause])),
            *map(concepts.as_json, standard),
            text=text,
        ),
        "bodySite": [_disc_site(draft, problem)],
        "subject": draft.subject,
        "recordedDate": draft.when,
        "evidence": [{"detail": references_to([lesion.source])}] if lesion.source.reference else [],
        "note": [note("As reported by imaging. Draft for review: a clinician decides.")],
    }
    return draft.write(who, body, text, ["As reported by imaging."])


def _status(draft: Draft, *, certain: bool) -> Json:
    word = "provisional" if certain and not draft.stopped else "differential"
    return {
        "clinicalStatus": concept(hl7("condition-clinical", "active", "Active")),
        "verificationStatus": concept(hl7("condition-ver-status", word, capital(word))),
        "category": [concept(hl7("condition-category", "problem-list-item", "Problem List Item"))],
    }


def problem_text(draft: Draft, problem: Problem) -> str:
    """What the problem is, in the words of a problem list."""
    head = f"{capital(str(problem.root))} radiculopathy"
    if problem.lesion is None or problem.cause is None:
        return head
    link = "due to" if problem.lesion.certain else "possibly due to"
    return f"{head} {link} {cause_text(draft, problem)}"


def cause_text(draft: Draft, problem: Problem) -> str:
    """The cause and its level; where the count of vertebrae is in doubt, the level as reported."""
    words = concepts.CAUSES[problem.cause or ""]
    level = problem.lesion.level if problem.lesion else None
    if level is None:
        return words
    if any(d.kind == NUMBERING for d in draft.assessment.concordance.disagreements):
        return f"{words} at the level reported as {level} (numbering in doubt)"
    return f"{level} {words}"


@lru_cache(maxsize=64)
def root_site(model: Model, root: RootSide) -> Json:
    """Root and side as a body site: the project's exact code, then the broader standard ones."""
    broader = concepts.root_codings(model, root)
    text = f"{capital(str(root))} nerve root"
    return concept(root_coding(root), *map(concepts.as_json, broader), text=text)


def _disc_site(draft: Draft, problem: Problem) -> Json:
    level = problem.lesion.level if problem.lesion else None
    side = _side_of(problem)
    sides = concepts.side_codings(draft.model, side)
    if level is None:
        return concept(*map(concepts.as_json, sides), text=f"{side or ''}")
    discs = concepts.disc_codings(draft.model, level)
    text = capital(" ".join(filter(None, (side, f"{level} level"))))
    exact = own("disc-level", level.lower(), f"{level} disc level")
    return concept(exact, *map(concepts.as_json, [*discs, *sides]), text=text)


def _moved_by(draft: Draft, root: RootSide) -> list[str]:
    """The versions read that speak for a root, the strongest first."""
    lines = [w for w in draft.assessment.localisation.ledger if w.source and w.for_root(root) > 0]
    lines.sort(key=lambda w: -w.for_root(root))
    return list(dict.fromkeys(w.source.versioned for w in lines if w.source))


def _evidence(literals: list[str], lesion: Lesion | None) -> list[Json]:
    seen = [lesion.source.versioned] if lesion and lesion.source.reference else []
    named = dict.fromkeys([*literals, *seen])
    return [{"detail": [reference_to(x) for x in named if x]}] if any(named) else []
