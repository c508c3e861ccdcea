"""An assessment in plain text, for people: the answer, how sure, what moved it, what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from service.clinical.answer import Assessment, Step
from service.clinical.certainty import LEVEL, Interval
from service.clinical.model import Model
from service.picture.figures import chance, factor
from service.picture.reasons import Reason, Row, group_name, rows

WIDTH = 96
BAR = 30
"""Columns of a bar that stands for certainty, where there is room."""

MOST = 8
"""Reasons shown each way for each root; what is left over is one more."""

_NAME, _CHANCE, _LEAST_BAR = 20, 21, 8


def explain(assessment: Assessment, model: Model, width: int = WIDTH) -> str:
    """The whole assessment as text of at most ``width`` columns, ending with a line break."""
    shown = rows(assessment, model, most=MOST)
    found, plan = assessment.localisation, assessment.plan
    sections = (
        ("Answer", _answer(assessment)),
        ("Must not wait", _flags(assessment)),
        (f"Probability that a root is compressed, {LEVEL:.0%} interval", _bars(shown, width)),
        ("What moved it", _reasons(shown)),
        ("What would change it", filter(None, [found.would_change])),
        ("Worse than before", (change.sentence for change in assessment.progression)),
        ("Examination, imaging and order", _concordance(assessment)),
        ("Other explanations", _rivals(assessment)),
        ("Worth recording next", _next(assessment)),
        ("Proposed", (_step(step) for step in plan.steps if not step.against)),
        ("Advised against", (_step(step) for step in plan.steps if step.against)),
        ("Goals", (f"{goal.label}: {goal.target}" for goal in plan.goals)),
        ("Not used", _unused(assessment)),
        ("Sources of what moved it", _sources(shown, model)),
    )
    parts = (_section(title, lines, width) for title, lines in sections)
    return "\n".join(part for part in parts if part)


def _section(title: str, lines: Iterable[str], width: int) -> str:
    shown = [line for text in lines for line in _wrapped(text, width)]
    heads = wrap(title, width)
    return "\n".join([*heads, "-" * len(heads[0]), *shown, ""]) if shown else ""


def _wrapped(text: str, width: int) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip()))
    return wrap(text.strip(), width, initial_indent=indent, subsequent_indent=indent + "    ")


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


def _bars(shown: Iterable[Row], width: int) -> Iterator[str]:
    """One line a row: ``#`` up to the interval, ``=`` within it, ``|`` the probability, ``-`` beyond."""
    columns = min(BAR, width - _NAME - _CHANCE - 1)
    for row in shown:
        mark = "*" if row.named else " "
        said = chance(row.probability, row.interval)
        drawn = _bar(row.probability, row.interval, columns) if columns >= _LEAST_BAR else ""
        yield f"{mark + row.name:<{_NAME}}{said:<{_CHANCE}} {drawn}".rstrip()
    if columns >= _LEAST_BAR:
        yield "* named; | the probability; = and - how far the interval reaches below and above it."


def _bar(p: float, around: Interval, columns: int) -> str:
    low, middle, high = (round(x * (columns - 1)) for x in (around.low, p, around.high))
    return "#" * low + "=" * (middle - low) + "|" + "-" * (high - middle)


def _reasons(shown: Sequence[Row]) -> Iterator[str]:
    told = [row for row in shown if row.told and row.at]
    for row in told:
        for direction, reasons in (("For", row.towards), ("Against", row.against)):
            yield f"{direction} {row.name}:"
            yield from map(_reason, reasons) if reasons else ["  nothing"]
    lines = [r.line for row in told for r in (*row.towards, *row.against) if r.line]
    if lines:
        yield "A factor is what one line does to the odds of that root alone against no compressed root."
    if any(line.kind == "overlap" for line in lines):
        yield (
            "Findings of one group share a cause: a line for what they share takes back what they "
            "would count twice, or gives back what they would hide."
        )


def _reason(reason: Reason) -> str:
    words = f"  {factor(reason.ratio):<7} {reason.words}."
    if reason.line is None:
        return words
    group = group_name(reason.line.group) if reason.line.kind == "finding" else ""
    cited = "; ".join(filter(None, (group, reason.line.grade, ", ".join(reason.line.sources))))
    return f"{words} [{cited}]" if cited else words


def _concordance(assessment: Assessment) -> Iterator[str]:
    found = assessment.concordance
    yield f"{found.status.capitalize()}."
    for lesion in found.lesions:
        zone = f", {lesion.zone}" if lesion.zone else ""
        yield f"Imaging: {lesion.cause} at {lesion.level}{zone}, {lesion.root}, grade {lesion.grade:g}"
    for disagreement in found.disagreements:
        yield f"{disagreement.kind}: {disagreement.sentence} {disagreement.action}"


def _rivals(assessment: Assessment) -> Iterator[str]:
    """What has signs, then what fits so far and was not examined for."""
    yield from (f"{label}: {sentence}" for _, label, sentence in assessment.rivals)
    for _, label, sentence in assessment.open_rivals:
        yield f"Not ruled out, {label}: {sentence}"


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


def _unused(assessment: Assessment) -> Iterator[str]:
    for issue in assessment.issues:
        yield f"{issue.reference or issue.expression}: {issue.sentence}"


def _sources(shown: Iterable[Row], model: Model) -> Iterator[str]:
    """The sources that the reasons cite by key, in full and in order of key."""
    lines = (r.line for row in shown for r in (*row.towards, *row.against))
    keys = {key for line in lines if line for key in line.sources}
    for key in sorted(keys & model.citations.keys()):
        cited = model.citations[key]
        yield f"{key}: {'; '.join(filter(None, (cited.text, cited.identifier)))}"
