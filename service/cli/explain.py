"""An assessment in plain text, for people: the answer, how sure, what moved it, what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import exp
from textwrap import wrap

from service.clinical.anatomy import RootSide
from service.clinical.answer import Assessment, Localisation, Step, Weight

BAR = 30
"""Columns of a bar that stands for certainty."""

WIDTH = 96
_SHOWN = 0.005


def explain(assessment: Assessment) -> str:
    """The whole assessment as text, ending with a line break."""
    parts = (
        _section("Answer", _answer(assessment)),
        _section("Must not wait", _flags(assessment)),
        _section("Probability that a root is compressed", _bars(assessment.localisation)),
        _section("What moved it", _ledger(assessment.localisation)),
        _section("Examination, imaging and order", _concordance(assessment)),
        _section(
            "Other explanations", (f"{label}: {text}" for _, label, text in assessment.rivals)
        ),
        _section("Worth recording next", _next(assessment)),
        _section("Proposed", (_step(s) for s in assessment.plan.steps if not s.against)),
        _section("Advised against", (_step(s) for s in assessment.plan.steps if s.against)),
        _section("Goals", (f"{g.label}: {g.target}" for g in assessment.plan.goals)),
        _section(
            "Not used", (f"{i.reference or i.expression}: {i.sentence}" for i in assessment.issues)
        ),
    )
    return "\n".join(part for part in parts if part)


def _section(title: str, lines: Iterable[str]) -> str:
    shown = [line for text in lines for line in _wrapped(text)]
    return "\n".join([title, "-" * len(title), *shown, ""]) if shown else ""


def _wrapped(text: str) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip()))
    return wrap(text.strip(), WIDTH, initial_indent=indent, subsequent_indent=indent + "    ")


def _answer(assessment: Assessment) -> Iterator[str]:
    found = assessment.localisation
    yield found.statement
    named = ", ".join(f"{at} {found.probability(at):.0%}" for at in found.named)
    candidates = ", ".join(str(at) for at in found.candidates)
    yield f"Named: {named}" if named else f"No root is named. Candidates: {candidates or 'none'}"
    yield (
        f"As of {assessment.as_of.isoformat()}, population {assessment.population or 'not stated'}, "
        f"profile {assessment.plan.profile}, knowledge {assessment.edition} "
        f"({assessment.digest[:12]})"
    )


def _flags(assessment: Assessment) -> Iterator[str]:
    for flag in assessment.flags:
        asked = f" Ask: {', '.join(flag.unanswered)}." if flag.unanswered else ""
        yield f"{flag.label} ({flag.status}): {flag.sentence} {flag.action}{asked}"


def _bars(found: Localisation) -> Iterator[str]:
    rows = sorted(found.probabilities, key=lambda row: (-row[1], row[0]))
    shown = [(str(at), p) for at, p in rows if p >= _SHOWN]
    for name, probability in [*shown, ("no root", found.none)]:
        yield f"{name:<10} {probability:>6.1%}  {'#' * round(probability * BAR)}".rstrip()


def _ledger(found: Localisation) -> Iterator[str]:
    subjects = found.named or found.candidates[:1]
    for at in subjects:
        moving = sorted(found.ledger, key=lambda line: -abs(line.for_root(at)))
        yield f"For {at}:"
        yield from _lines(moving, at, 1) or ["  nothing"]
        yield f"Against {at}:"
        yield from _lines(moving, at, -1) or ["  nothing"]
    if not subjects:
        yield from (f"  {line.sentence}" for line in found.ledger)
    if found.would_change:
        yield f"What would change it: {found.would_change}"


def _lines(ledger: Iterable[Weight], at: RootSide, sign: int) -> list[str]:
    found = []
    for line in ledger:
        ratio = line.for_root(at)
        if ratio * sign > 0:
            cited = "; ".join(part for part in (line.grade, ", ".join(line.sources)) if part)
            found.append(
                f"  x{exp(ratio):<6.2f} {line.sentence}" + (f" [{cited}]" if cited else "")
            )
    return found


def _concordance(assessment: Assessment) -> Iterator[str]:
    found = assessment.concordance
    yield f"{found.status.capitalize()}."
    for lesion in found.lesions:
        zone = f", {lesion.zone}" if lesion.zone else ""
        yield f"Imaging: {lesion.cause} at {lesion.level}{zone}, {lesion.root}, grade {lesion.grade:g}"
    for disagreement in found.disagreements:
        yield f"{disagreement.kind}: {disagreement.sentence} {disagreement.action}"


def _next(assessment: Assessment) -> Iterator[str]:
    for item in assessment.localisation.next_items:
        side = f" ({item.side})" if item.side else ""
        yield f"{item.label}{side}. {item.if_present} {item.if_absent}"
    for question in assessment.plan.questions:
        yield question.sentence


def _step(step: Step) -> str:
    targets = ", ".join(f"{t.root} through {t.foramen}" for t in step.targets)
    aimed = f" Target: {targets}." if targets else ""
    cited = ", ".join(part for part in (step.source, step.strength) if part)
    return f"{step.action} ({step.urgency}): {step.sentence}{aimed} {step.reason} [{cited}]"
