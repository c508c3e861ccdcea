"""DetectedIssues: what disagrees, what must not wait, what stands against a step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.clinical.answer import Discordance, FlagRaised, Step
from service.clinical.findings import IssueKind, ReadingIssue
from service.fhir.canonical import Json, own
from service.fhir.draft import Draft, Written, titled
from service.fhir.elements import AUTHOR, capital, concept, reference_to, sentences
from service.fhir.steps import Planned

STEP_ISSUES = {
    "esi-blocked": ("contraindication", "high"),
    "esi-limit": ("contraindication", "moderate"),
    "drug-avoid": ("contraindication", "moderate"),
    "drug-caution": ("contraindication", "moderate"),
    "drug-review": ("contraindication", "low"),
    "conflict": ("guideline-conflict", "low"),
}
"""The pathway actions that are issues too: their kind and how grave they are."""

SEVERITIES = frozenset({"high", "moderate", "low"})


@dataclass(frozen=True, slots=True)
class _Issue:
    """One issue in the making; ``role`` tells it from its like."""

    kind: str
    role: str
    severity: str
    sentence: str
    action: str
    evidence: tuple[str, ...] = ()
    implicated: tuple[Json, ...] = ()
    code: tuple[Json, ...] = ()


def detected_issues(draft: Draft, steps: Sequence[Planned]) -> list[Written]:
    """Every issue, the red flags first; two of one kind and role are told apart by their number."""
    answer = draft.assessment
    issues = [
        *(_of_flag(draft, flag) for flag in answer.flags),
        *(_of_discordance(d) for d in answer.concordance.disagreements),
        *(_of_step(p.step, p) for p in steps if p.step.action in STEP_ISSUES),
        *(_of_conflict(issue) for issue in answer.issues if issue.kind is IssueKind.CONFLICT),
    ]
    seen: dict[tuple[str, str], int] = {}
    written: list[Written] = []
    for issue in issues:
        name = (issue.kind, issue.role)
        seen[name] = seen.get(name, 0) + 1
        again = () if seen[name] == 1 else (str(seen[name]),)
        written.append(_write(draft, issue, again))
    return written


def flag_sources(draft: Draft, flag: FlagRaised) -> tuple[str, ...]:
    """The versions of the records that a red flag's items were read from."""
    return tuple(
        dict.fromkeys(
            f.source.versioned
            for f in draft.case.findings
            if f.id in flag.items and f.source.reference
        )
    )


def _of_flag(draft: Draft, flag: FlagRaised) -> _Issue:
    asked = ", ".join(titled(draft, item) for item in flag.unanswered)
    action = sentences(flag.action, f"Not recorded: {asked}" if asked else "")
    met = flag.status == "met"
    return _Issue(
        kind="red-flag",
        role=flag.id,
        severity="high" if met and flag.stops else "moderate",
        sentence=sentences(flag.sentence, "" if met else "Suspected, not yet met"),
        action=action,
        evidence=flag_sources(draft, flag),
        code=(own("red-flag", flag.id, flag.label),),
    )


def _of_discordance(found: Discordance) -> _Issue:
    sources = tuple(s.versioned for s in found.sources if s.reference)
    return _Issue(
        kind=found.kind,
        role="|".join(sorted(s.reference for s in found.sources)),
        severity=found.severity,
        sentence=found.sentence,
        action=found.action,
        evidence=tuple(dict.fromkeys(sources)),
    )


def _of_step(step: Step, item: Planned) -> _Issue:
    kind, severity = STEP_ISSUES[step.action]
    return _Issue(
        kind=kind,
        role=step.rule,
        severity=severity,
        sentence=step.sentence,
        action=step.reason or step.detail,
        implicated=(item.order.reference,) if item.order else (),
        code=(own("pathway-action", step.action),),
    )


def _of_conflict(issue: ReadingIssue) -> _Issue:
    return _Issue(
        kind="conflicting-record",
        role=f"{issue.reference}|{issue.expression}",
        severity="moderate",
        sentence=issue.sentence,
        action="Correct the record, or record the item again; it was not used.",
        evidence=(issue.reference,) if issue.reference else (),
    )


def _write(draft: Draft, issue: _Issue, again: Iterable[str]) -> Written:
    who = draft.identity("DetectedIssue", "detected-issue", issue.kind, issue.role, *again)
    words = capital(issue.kind.replace("-", " "))
    severity = issue.severity if issue.severity in SEVERITIES else "moderate"
    body = {
        "status": "preliminary",
        "code": concept(own("detected-issue", issue.kind, words), *issue.code, text=words),
        "severity": severity,
        "patient": draft.subject,
        "identifiedDateTime": draft.when,
        "author": AUTHOR,
        "implicated": list(issue.implicated),
        "evidence": [{"detail": [reference_to(name) for name in issue.evidence]}],
        "detail": issue.sentence,
        "mitigation": [{"action": concept(text=issue.action)}],
    }
    return draft.write(who, body, words, [issue.sentence, issue.action])
