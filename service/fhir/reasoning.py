"""RiskAssessment and ClinicalImpression: how likely each root is, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache

from service.clinical.anatomy import RootSide
from service.clinical.answer import NextItem, Weight
from service.fhir.canonical import PATHWAY, Json, own
from service.fhir.conditions import Problem
from service.fhir.draft import Draft, Written, titled
from service.fhir.elements import (
    AUTHOR,
    capital,
    concept,
    note,
    root_coding,
    sentences,
    source_reference,
    type_of,
)
from service.fhir.identity import Identity
from service.fhir.pruning import Shared

REASONS_SHOWN = 3
DIGITS = 4
EXAMINED = frozenset({"Observation", "QuestionnaireResponse", "FamilyMemberHistory"})
IMAGED = frozenset({"DiagnosticReport", "ImagingStudy", "Media"})
_LEADING = {
    "finding": "finding",
    "imaging": "imaging",
    "rival": "rival",
}
"""The code system that names a ledger line, by its kind."""


def risk_identity(draft: Draft) -> Identity:
    """Who the RiskAssessment is."""
    return draft.identity("RiskAssessment", "root-probabilities")


def impression_identity(draft: Draft) -> Identity:
    """Who the ClinicalImpression is."""
    return draft.identity("ClinicalImpression", "reasoning")


def risk_assessment(draft: Draft, problems: Sequence[Problem]) -> Written:
    """One prediction for every root and side and one for none, the likeliest root first."""
    found = draft.assessment.localisation
    moved = _moved(found.ledger)
    predictions = [
        _prediction(root_coding(root), chance, _reasons(moved[root]))
        for root, chance in found.probabilities
    ]
    none = own("nerve-root", "none", "No compressed nerve root")
    rivals = sentences(*(text for _, _, text in draft.assessment.rivals))
    predictions.append(_prediction(none, found.none, rivals))
    body = {
        "status": "preliminary",
        "method": concept(_population(draft), text="Bayesian localisation of the nerve root"),
        "code": concept(own("lasegue", "root-localisation"), text="Compressed nerve root"),
        "subject": draft.subject,
        "occurrenceDateTime": draft.when,
        "condition": problems[0].identity.reference if len(problems) == 1 else None,
        "performer": AUTHOR,
        "basis": draft.read,
        "prediction": predictions,
        "note": [note(found.statement)],
    }
    lines = [_percent(p["outcome"]["text"], p["probabilityDecimal"]) for p in predictions]
    return draft.write(risk_identity(draft), body, found.statement, lines)


def _prediction(outcome: Shared, chance: float, rationale: str) -> Json:
    return {
        "outcome": concept(outcome, text=outcome["display"]),
        "probabilityDecimal": round(chance, DIGITS),
        "rationale": rationale,
    }


def _percent(what: str, chance: float) -> str:
    return f"{what}: {100 * chance:.0f} %"


def _population(draft: Draft) -> Shared:
    known = draft.model.populations.get(draft.assessment.population)
    name = draft.assessment.population or "mixed"
    return own("population", name, known.label if known else "Mixture of all populations")


def _moved(ledger: Sequence[Weight]) -> Mapping[RootSide, list[tuple[float, str]]]:
    """The log ratios of each root, with what each line says."""
    moved: dict[RootSide, list[tuple[float, str]]] = defaultdict(list)
    for line in ledger:
        for root, by in line.towards:
            moved[root].append((by, line.sentence))
    return moved


def _reasons(moved: Sequence[tuple[float, str]]) -> str:
    """The few ledger lines that moved a root most, each with its log ratio."""
    most = sorted(moved, key=lambda line: -abs(line[0]))[:REASONS_SHOWN]
    return sentences(*[f"{said.rstrip('.')} ({by:+.2f})" for by, said in most if by])


def clinical_impression(draft: Draft, problems: Sequence[Problem]) -> Written:
    """The reasoning record.

    It stays ``in-progress``: it is complete only when a clinician has judged it.
    """
    found = draft.assessment.localisation
    lines = [line for line in found.ledger if line.kind in _LEADING]
    body = {
        "status": "in-progress",
        "code": concept(own("lasegue", "root-reasoning"), text="Localisation of the nerve root"),
        "description": found.statement,
        "subject": draft.subject,
        "effectiveDateTime": draft.when,
        "date": draft.when,
        "problem": [p.identity.reference for p in problems],
        "investigation": _investigations(draft),
        "protocol": [PATHWAY],
        "summary": _summary(draft),
        "finding": [_finding(line) for line in lines],
        "supportingInfo": [risk_identity(draft).reference],
        "note": _notes(draft),
    }
    shown = [line.sentence for line in lines]
    return draft.write(impression_identity(draft), body, found.statement, shown)


def _finding(line: Weight) -> Json:
    item = own(_LEADING[line.kind], line.id)
    observed = line.source is not None and type_of(line.source) == "Observation"
    return {
        "itemCodeableConcept": concept(item, text=line.sentence),
        "itemReference": source_reference(line.source) if observed and line.source else None,
        "basis": _basis(line),
    }


def _basis(line: Weight) -> str:
    moved = ", ".join([f"{root!s} {x:+.2f}" for root, x in line.towards])
    return sentences(
        f"Log ratio against no compressed root: {moved}" if moved else "It moved no root",
        _grounds(line.group, line.grade, line.sources),
        f"Read from {line.source.versioned}" if line.source and line.source.reference else "",
    )


@lru_cache(maxsize=1024)
def _grounds(group: str, grade: str, sources: tuple[str, ...]) -> str:
    """What a line rests on, whomever it is about."""
    return sentences(
        f"Group {group}" if group else "",
        f"Evidence {grade}" if grade else "",
        f"Source {', '.join(sources)}" if sources else "",
    )


def _investigations(draft: Draft) -> list[Json]:
    """The records that were read, by kind; only types that this element may refer to."""
    kinds = (("Examination and questionnaires", EXAMINED), ("Imaging", IMAGED))
    read = [(type_of(s), what) for s, what in zip(draft.sources, draft.read, strict=True)]
    sorted_out = [(text, [what for kind, what in read if kind in types]) for text, types in kinds]
    return [{"code": concept(text=text), "item": items} for text, items in sorted_out if items]


def _summary(draft: Draft) -> str:
    found = draft.assessment.localisation
    chances = ", ".join(f"{root} {chance:.2f}" for root, chance in found.probabilities)
    agreement = f"Examination and imaging: {draft.assessment.concordance.status}"
    chances = f"Probabilities: {chances}, none {found.none:.2f}"
    return sentences(found.statement, chances, agreement)


def _notes(draft: Draft) -> list[Json]:
    answer, found = draft.assessment, draft.assessment.localisation
    texts = [
        *(_next(draft, item) for item in found.next_items),
        found.would_change and f"What would change it: {found.would_change}",
        *(f"Worse: {change.sentence}" for change in answer.progression),
        *(f"To consider: {label}. {sentence}" for _, label, sentence in answer.rivals),
        *(f"Not excluded: {label}. {sentence}" for _, label, sentence in answer.open_rivals),
        *(f"Not used ({issue.kind}): {issue.sentence}" for issue in answer.issues),
    ]
    return [note(text) for text in texts if text]


def _next(draft: Draft, item: NextItem) -> str:
    side = f" on the {item.side}" if item.side else ""
    label = item.label or titled(draft.model, item.finding)
    return sentences(f"Worth recording: {label}{side}", item.if_present, item.if_absent)


def review_lines(draft: Draft) -> list[str]:
    """What a reviewer is asked to look at, in few lines."""
    found, concordance = draft.assessment.localisation, draft.assessment.concordance
    return [
        capital(found.statement),
        *(d.sentence for d in concordance.disagreements),
        *(f.sentence for f in draft.assessment.flags),
    ]
